"""Pullquote as a model in OpenAI's form: /v1/models and /v1/chat/completions.

The last user message is the question, those before it the conversation. System messages are not
followed: an answer is what the articles say, whatever a prompt would like it to be.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from rag.contract import answer_dict
from rag.errors import NotFoundError, UsageError
from rag.filters import read_filter
from rag.tokens import MESSAGE_TOKENS, TokenCounter
from ui.service import Reply, Service
from ui.web.asking import EVENT_HEADERS, LEFT, Asked, Asker, complete
from ui.web.failures import failure, status_and_words
from ui.web.footnotes import body, foot, without_foot
from ui.web.identity import who_asks

MODEL, QUOTES = "pullquote", "pullquote-quotes"
# Whose encoding usage is counted in: clients budget with it, and it is at hand without a network.
_COUNTED_AS = "gpt-4o"
_MOST_MESSAGES = 400


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: str | None = None


class Message(BaseModel):
    """A message of the conversation."""

    role: str = Field(examples=["user"])
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """What it says; its parts that are not text say nothing."""
        if isinstance(self.content, list):
            return "\n".join(p.text for p in self.content if p.type == "text" and p.text)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream shall carry besides."""

    include_usage: bool = False


class Completion(BaseModel):
    """A request in OpenAI's form. Fields that have no meaning here, such as temperature, do none.

    `filter` is this server's own, as in POST /api/ask.
    """

    model_config = ConfigDict(extra="allow")

    model: str = Field(examples=[MODEL])
    messages: list[Message] = Field(max_length=_MOST_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    filter: dict[str, Any] | None = None

    def asked(self) -> Asked:
        """What the service is asked.

        Raises:
            UsageError: there is no question in it, or the filter is none.
        """
        spoken = [m for m in self.messages if m.role in ("user", "assistant")]
        if not spoken or spoken[-1].role != "user":
            raise UsageError("messages: the last one must be the user's question")
        history = [
            {"role": m.role, "content": without_foot(m.text) if m.role == "assistant" else m.text}
            for m in spoken[:-1]
        ]
        where = read_filter(self.filter)
        return Asked(spoken[-1].text, history, where, quotes_only=self.model == QUOTES)


def openai_router(service: Service, asker: Asker) -> APIRouter:
    """The routes under ``/v1``.

    Args:
        service: what answers.
        asker: the door to it for questions.

    Returns:
        A router to include in the application.
    """
    router = APIRouter(prefix="/v1")
    started = int(time.time())

    def known() -> list[dict[str, Any]]:
        names = [MODEL, QUOTES] if service.assistant.model else [MODEL]
        return [
            {"id": name, "object": "model", "created": started, "owned_by": "pullquote"}
            for name in names
        ]

    def find(name: str) -> dict[str, Any]:
        for model in known():
            if model["id"] == name:
                return model
        names = " and ".join(model["id"] for model in known())
        raise NotFoundError(f"the model {name!r} does not exist here; there is {names}")

    @router.get("/models")
    def models() -> dict[str, Any]:
        """The names under which Pullquote answers."""
        return {"object": "list", "data": known()}

    @router.get("/models/{name}")
    def model(name: str) -> dict[str, Any]:
        """One of them."""
        return find(name)

    @router.post("/chat/completions")
    async def completions(request: Request, ask: Completion) -> Response:
        """Answer the last user message, quotes and sources at the foot of the text.

        `citations` beside `choices`, in the last chunk of a stream, are as in POST /api/ask.
        """
        find(ask.model)
        asker.check_room()
        replies = asker.stream(ask.asked(), who_asks(request.scope))
        frame = {"id": f"chatcmpl-{secrets.token_urlsafe(12)}", "created": int(time.time()),
                 "model": ask.model}  # fmt: skip
        if not ask.stream:
            reply = await complete(replies, request)
            return JSONResponse(_whole(ask, frame, reply)) if reply else Response(status_code=LEFT)
        # Awaited here, what is wrong with the question has a status of its own.
        first = await anext(replies)
        chunks = _chunks(ask, frame, first, replies)
        return StreamingResponse(chunks, media_type="text/event-stream", headers=EVENT_HEADERS)

    return router


def _whole(ask: Completion, frame: dict[str, Any], reply: Reply) -> dict[str, Any]:
    text = body(reply.answer) + foot(reply.answer)
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        **frame,
        "object": "chat.completion",
        "choices": [choice],
        "usage": _usage(ask.messages, text),
        **_extension(reply),
    }


async def _chunks(
    ask: Completion, frame: dict[str, Any], first: Reply, rest: AsyncGenerator[Reply]
) -> AsyncGenerator[str]:
    frame = {**frame, "object": "chat.completion.chunk"}
    with_usage = ask.stream_options is not None and ask.stream_options.include_usage
    if with_usage:
        frame["usage"] = None

    def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _data({**frame, "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    sent = ""
    try:
        async with aclosing(rest):
            reply = first
            while True:
                said = body(reply.answer) + (foot(reply.answer) if reply.complete else "")
                if new := _new(sent, said):
                    yield chunk({"content": new})
                    sent += new
                if reply.complete:
                    break
                reply = await anext(rest)
        yield chunk({}, "stop", **_extension(reply))
        if with_usage:
            yield _data({**frame, "choices": [], "usage": _usage(ask.messages, sent)})
        yield "data: [DONE]\n\n"
    except Exception as error:
        yield _data(failure(*status_and_words(error)))


def _new(sent: str, said: str) -> str:
    """What to send after `sent`, so that `said` stands there whole."""
    if said.startswith(sent):
        return said[len(sent) :]
    # What is sent cannot be taken back: only a reply that came to another end is said anew.
    return f"\n\n{said}"


def _extension(reply: Reply) -> dict[str, Any]:
    """What OpenAI's form has no field for."""
    answer = answer_dict(reply.answer)
    kept = ("refused", "mode", "near_misses", "withheld", "notice", "standalone_question")
    return {
        "citations": answer["citations"],
        "pullquote": {"id": reply.id, **{name: answer[name] for name in kept}},
    }


def _usage(messages: Sequence[Message], text: str) -> dict[str, int]:
    """Tokens of what came in and went out here, whatever answering took."""
    counter = TokenCounter(_COUNTED_AS)
    into = sum(counter.count(m.text) + MESSAGE_TOKENS for m in messages)
    out = counter.count(text)
    return {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}


def _data(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
