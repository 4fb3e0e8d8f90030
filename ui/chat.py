"""The chat: what a turn is and how it is answered, without Gradio.

The browser keeps a conversation as the ids of its answers; what they say is read from the records.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rag.domain import Answer
from rag.errors import NotFoundError, PullquoteError, UsageError
from rag.filters import EVERYTHING, Filter, read_filter
from ui import render
from ui.service import Service
from ui.turns import reply_html

_LOG = logging.getLogger(__name__)
# More turns than these before a question do not change what it means.
_MOST_TURNS = 12
_BROKEN = "Something went wrong while answering. The server's log says what."


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """A question and its reply: as text for the assistant's history, as HTML for the page.

    `reply` is empty until it is complete and for a turn that failed: such a turn is shown but not
    remembered. `id` is the kept answer's; `done` says that no more comes.
    """

    question: str
    reply: str
    html: str
    model: str | None = None
    id: str | None = None
    done: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The turn as JSON, for the page's script."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Context:
    """What the browser sends beside a question; `turns` are ids of answers, or turns not kept."""

    turns: tuple[Any, ...] = ()
    where: Filter = EVERYTHING
    conversation: str = ""


def read_context(text: str) -> Context:
    """What the page's script wrote.

    Args:
        text: a JSON object with `turns`, `filter` and `conversation`, all optional; "" for none.

    Raises:
        UsageError: it is none, or its filter has no such dates.
    """
    try:
        data = json.loads(text or "{}")
    except ValueError as error:
        raise UsageError("the page sent something that is not JSON: load it anew") from error
    if not isinstance(data, Mapping):
        raise UsageError("the page sent something that is not an object: load it anew")
    turns = data.get("turns")
    return Context(
        tuple(turns[-_MOST_TURNS:]) if isinstance(turns, list) else (),
        read_filter(data.get("filter")),
        str(data.get("conversation") or "")[:64],
    )


def history_of(turns: Sequence[ChatTurn]) -> list[dict[str, str]]:
    """A conversation as the assistant takes it.

    Args:
        turns: oldest first.

    Returns:
        OpenAI-style messages, oldest first, without turns that failed.
    """
    return [
        {"role": role, "content": content}
        for turn in turns
        if turn.reply
        for role, content in (("user", turn.question), ("assistant", turn.reply))
    ]


def recalled_turns(service: Service, turns: Sequence[Any]) -> list[ChatTurn]:
    """The turns that a browser names, those that are no longer kept left out.

    Args:
        service: whose records hold them.
        turns: ids of answers, or objects with the `question` and `reply` of one not kept.
    """
    found = []
    for turn in turns:
        if isinstance(turn, Mapping):
            found.append(ChatTurn(str(turn.get("question", "")), str(turn.get("reply", "")), ""))
        elif service.records is not None:
            try:
                answer = service.records.find(str(turn)).answer
            except NotFoundError:
                continue
            found.append(ChatTurn(answer.question, answer.text, ""))
    return found


def respond(
    service: Service, message: str, history: Sequence[Mapping[str, str]] = (),
    where: Filter = EVERYTHING, conversation: str = "", who: str = "",
) -> Iterator[ChatTurn | None]:  # fmt: skip
    """Answer one message as the answer comes.

    Args:
        service: who answers.
        message: what was typed.
        history: OpenAI-style messages before it, oldest first.
        where: the articles to answer from.
        conversation: an id that the turns of a conversation share.
        who: who asks, where the server knows.

    Yields:
        The turn so far whenever it has grown, None while it has not; the last is complete. Errors
        become a readable reply, so that a conversation survives them.
    """
    answer: Answer | None = None
    number: str | None = None
    try:
        for reply in service.stream(message, history, where, conversation, who):
            grown = reply.answer
            number = reply.id
            if reply.complete:
                pass
            elif grown.mode != "quotes" and grown.text and grown is not answer:
                yield ChatTurn(message, "", render.partial_html(grown))
            else:
                yield None
            answer = grown
    except PullquoteError as error:
        yield failed(message, str(error))
        return
    except Exception:
        # The page is the last to hear of it: a reader gets words, the log gets the traceback.
        _LOG.exception("a question got no answer")
        yield failed(message, _BROKEN)
        return
    if answer is not None:
        model = None if answer.mode == "quotes" else answer.model
        shown = reply_html(answer, number)
        yield ChatTurn(message, answer.text, shown, model, number, done=True)


def failed(message: str, words: str) -> ChatTurn:
    """The turn of a question that got `words` instead of an answer."""
    return ChatTurn(message, "", render.message_html(words), done=True)


def chat(service: Service, message: str, context: str, who: str = "") -> Iterator[ChatTurn | None]:
    """Answer one message of the page: `respond` with what the browser sent beside it.

    Args:
        service: who answers.
        message: what was typed.
        context: as `read_context` takes it.
        who: who asks, where the server knows.

    Yields:
        As `respond`.
    """
    try:
        known = read_context(context)
        history = history_of(recalled_turns(service, known.turns))
    except PullquoteError as error:
        yield failed(message, str(error))
        return
    yield from respond(service, message, history, known.where, known.conversation, who)
