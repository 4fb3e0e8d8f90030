"""Questions of many readers at once, a bounded number answered and a bounded number waiting."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from rag.contract import answer_dict
from rag.filters import EVERYTHING, Filter
from ui.fragment import linked
from ui.service import Reply, Service
from ui.web.failures import OverloadedError, failure, status_and_words

# nginx's name for a client that did not wait; nobody is there to read it, but the log
LEFT = 499
EVENT_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came, checked: what `ui.service.Service.stream` takes."""

    question: str
    history: Sequence[Mapping[str, str]] = ()
    where: Filter = field(default=EVERYTHING)
    conversation: str = ""
    page: str = ""
    quotes_only: bool = False


class Asker:
    """Answers in threads of its own, so that a busy model never blocks the server.

    Belongs to one event loop, the one in which its first question is asked.
    """

    def __init__(self, service: Service, at_once: int = 8, waiting: int = 100) -> None:
        """Answer by `service`, `at_once` questions at a time, at most `waiting` behind them."""
        self.service = service
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="answer")
        self._slots = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        return self._waiting

    async def stream(self, asked: Asked, who: str = "") -> AsyncGenerator[Reply]:
        """The reply as it grows; the last is complete.

        Left before its end, as where a client has gone, it stops the work behind it.

        Args:
            asked: the question.
            who: who asks, where the server knows.

        Raises:
            OverloadedError: too many questions wait already.
            PullquoteError: it cannot be answered; the error says what to mend.
        """
        await self._take_turn()
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[Reply | None] = asyncio.Queue()
        left = threading.Event()

        def work() -> None:
            # All of an answer in one thread, which also ends it: nothing is closed under its feet.
            with closing(self._replies(asked, who)) as growing:
                for reply in growing:
                    if left.is_set():
                        return
                    loop.call_soon_threadsafe(replies.put_nowait, reply)

        running = loop.run_in_executor(self._pool, work)

        def done(future: asyncio.Future[None]) -> None:
            self._slots.release()
            replies.put_nowait(None)
            if not future.cancelled():
                future.exception()  # asked for here, since a reader who left never will

        running.add_done_callback(done)
        try:
            while (reply := await replies.get()) is not None:
                yield reply
            await running
        finally:
            left.set()

    def _replies(self, asked: Asked, who: str) -> Generator[Reply, None, None]:
        return self.service.stream(
            asked.question, asked.history, asked.where, asked.conversation, who,
            quotes_only=asked.quotes_only, page=asked.page,
        )  # fmt: skip

    def check_room(self) -> None:
        """Raise OverloadedError where a question asked now would be turned away."""
        if self._slots.locked() and self._waiting >= self._most_waiting:
            raise OverloadedError(
                f"{self._waiting} questions wait already: ask again in a few seconds"
            )

    async def _take_turn(self) -> None:
        self.check_room()
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1


def reply_dict(reply: Reply, links: bool = False) -> dict[str, Any]:
    """The contract's object with the id of the kept answer before it, None where none is kept.

    With `links` each quote has a ``link`` to its page at the words, None where it is on none.
    """
    answer = answer_dict(reply.answer)
    return {"id": reply.id, **(linked(answer) if links else answer)}


async def complete(replies: AsyncGenerator[Reply], request: Request) -> Reply | None:
    """The complete reply, or None where the client has left before it was.

    Args:
        replies: what `Asker.stream` gives.
        request: the request it is the reply to.

    Raises:
        PullquoteError: as `Asker.stream`.
    """
    last: Reply | None = None
    async with aclosing(replies):
        async for last in replies:
            if not last.complete and await request.is_disconnected():
                return None
    return last


async def events(replies: AsyncGenerator[Reply], links: bool = False) -> AsyncGenerator[str]:
    """Server-sent events of an answer: `partial` whenever a model's words have grown, `answer`.

    `links` is as for `reply_dict`. An `error` comes in place of the answer, with the API's error
    object as its data.
    """
    shown = ""
    try:
        async with aclosing(replies):
            async for reply in replies:
                answer = reply.answer
                if reply.complete:
                    yield event("answer", reply_dict(reply, links))
                elif answer.mode != "quotes" and answer.text and answer.text != shown:
                    shown = answer.text
                    yield event("partial", reply_dict(reply, links))
    except Exception as error:
        # The status is sent already: this is how an event stream tells of an error.
        yield event("error", failure(*status_and_words(error)))


def event(name: str, data: Mapping[str, Any]) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
