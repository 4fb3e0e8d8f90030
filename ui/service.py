"""Asking as every way in does it, page, API or widget: answer, keep, recall. No Gradio here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from rag.domain import Answer
from rag.errors import LibraryError, NotFoundError
from rag.filters import EVERYTHING, Filter
from rag.verify import Checked, verify_answer
from ui.records import Record, Records, Verdict

_LOG = logging.getLogger(__name__)


class Answering(Protocol):
    """What asking needs of a `rag.assistant.Assistant`."""

    @property
    def library(self) -> Any:
        """A `rag.library.Library`, where articles are looked up."""
        ...

    def quoting(self) -> Answering:
        """The same in quotes mode: it asks no model."""
        ...

    @property
    def model(self) -> str | None:
        """The model that words answers; None in quotes mode."""
        ...

    def answer(
        self, question: str, history: Sequence[Mapping[str, str]] = (), where: Filter = EVERYTHING
    ) -> Answer:
        """The complete answer, or a `rag.errors.PullquoteError` that says what to mend."""
        ...

    def stream(
        self,
        question: str,
        history: Sequence[Mapping[str, str]] = (),
        where: Filter = EVERYTHING,
        page: str = "",
    ) -> Iterator[Answer]:
        """An answer as it grows, or a `rag.errors.PullquoteError` that says what to mend."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer so far. The complete one is said once more, with its id, unless nothing is kept."""

    answer: Answer
    complete: bool = False
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """A kept answer and, for each of its quotes in `verify_answer`'s order, what became of it."""

    record: Record
    checked: tuple[Checked, ...]


class Service:
    """Answers, and keeps what it answered. Safe to use from several threads."""

    def __init__(self, assistant: Answering, records: Records | None = None) -> None:
        """Answer by `assistant`; keep answers in `records`, or not at all."""
        self.assistant = assistant
        self.records = records
        self.watchers: list[Callable[[Reply], None]] = []
        self._lock = threading.Lock()
        self._running = 0

    @property
    def running(self) -> int:
        """How many answers are being made."""
        return self._running

    @property
    def library(self) -> Any:
        """Where articles are looked up."""
        return self.assistant.library

    def stream(
        self, question: str, history: Sequence[Mapping[str, str]] = (), where: Filter = EVERYTHING,
        conversation: str = "", who: str = "", quotes_only: bool = False, page: str = "",
    ) -> Generator[Reply, None, None]:  # fmt: skip
        """The reply to `question` as it grows; the last is complete and kept.

        Args:
            question: what is asked.
            history: the conversation before it, as OpenAI-style messages, oldest first.
            where: the articles to answer from.
            conversation: an id that the turns of a conversation share.
            who: who asks, where the server knows.
            quotes_only: whether no model shall be asked, though there is one.
            page: the address of the page that the reader is on, whose article is favoured.

        Raises:
            PullquoteError: it cannot be answered; the error says what to mend.
        """
        assistant = self.assistant.quoting() if quotes_only else self.assistant
        answer: Answer | None = None
        with self._counted():
            for answer in assistant.stream(question, history, where, page):
                yield Reply(answer)
            if answer is not None:
                reply = Reply(answer, True, self._keep(answer, where, conversation, who))
                for watcher in self.watchers:
                    watcher(reply)
                yield reply

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def recall(self, number: str) -> Recalled:
        """The kept answer `number`, and what has become of its quotes since.

        Raises:
            NotFoundError: it is not kept.
        """
        if self.records is None:
            raise NotFoundError("answers are not kept here")
        record = self.records.find(number)
        return Recalled(record, tuple(verify_answer(record.contract, self.library)))

    def say(self, number: str, verdict: Verdict, comment: str = "") -> None:
        """Keep a reader's verdict on the answer `number`.

        Raises:
            NotFoundError: it is not kept.
        """
        if self.records is None:
            raise NotFoundError("answers are not kept here")
        self.records.say(number, verdict, comment)

    def _keep(self, answer: Answer, where: Filter, conversation: str, who: str) -> str | None:
        if self.records is None:
            return None
        try:
            return self.records.keep(answer, conversation, who, where.as_dict())
        except LibraryError:
            # A full disk must not cost a reader the answer; only its link is lost.
            _LOG.exception("an answer could not be kept")
            return None
