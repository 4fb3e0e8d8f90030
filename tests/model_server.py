"""A model endpoint on loopback that says what a test has scripted: replies in, requests out."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.serving import served

Body = dict[str, Any]


@dataclass
class Reply:
    """What the server does with one request.

    `raw` goes out as it is, after `status`; else `text` is streamed word by word, with `usage` at
    the end unless `no_usage`. `breaks_off` closes the connection before the end; `wait` is seconds
    before every piece, `endless` never stops.
    """

    text: str = ""
    status: int = 200
    raw: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    breaks_off: bool = False
    endless: bool = False
    no_usage: bool = False


@dataclass
class Script:
    """Replies to come, the last for ever, or a function of the request.

    `requests` is what was asked, `sent` when each piece of a reply went out, `left` how many
    readers left before the end.
    """

    replies: list[Reply | str] | Callable[[Body], Reply | str]
    requests: list[Body] = field(default_factory=list)
    left: int = 0
    address: str = ""
    sent: list[float] = field(default_factory=list)

    def reply(self, body: Body) -> Reply:
        self.requests.append(body)
        if callable(self.replies):
            chosen = self.replies(body)
        else:
            chosen = self.replies[min(len(self.requests), len(self.replies)) - 1]
        return Reply(chosen) if isinstance(chosen, str) else chosen

    @property
    def environ(self) -> dict[str, str]:
        return {"OPENAI_BASE_URL": f"{self.address}/v1", "PULLQUOTE_MODEL": "scripted"}


def prompt_of(body: Body) -> str:
    """All that a request says, as one text, the example that comes before the question aside."""
    first, *_, last = (str(m["content"]) for m in body["messages"])
    return f"{first}\n{last}"


def first_line(body: Body) -> str:
    """The text of evidence 1, and that as a sentence with its number."""
    line = next(x for x in prompt_of(body).splitlines() if x.startswith("[1] ("))
    return f"{re.sub(r'^.*?[)] ', '', line, count=1)} [1]"


def app(script: Script) -> Starlette:
    async def complete(request: Request) -> Response:
        body = await request.json()
        reply = script.reply(body)
        if reply.raw is not None or reply.status != 200:
            await asyncio.sleep(reply.wait)
            return Response(
                reply.raw or json.dumps({"error": {"message": "scripted", "type": "scripted"}}),
                reply.status,
                headers={"content-type": "application/json", **reply.headers},
            )
        return StreamingResponse(stream(reply), media_type="text/event-stream")

    async def stream(reply: Reply) -> AsyncIterator[str]:
        def event(delta: Body, **more: Any) -> str:
            chunk = {
                "id": "x",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": "scripted",
                "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
                **more,
            }
            return f"data: {json.dumps(chunk)}\n\n"

        try:
            yield event({"role": "assistant", "content": ""})
            pieces = re.findall(r"\s*\S+|\s+$", reply.text)
            while True:
                for piece in pieces:
                    await asyncio.sleep(reply.wait)
                    script.sent.append(time.perf_counter())
                    yield event({"content": piece})
                if not reply.endless:
                    break
                await asyncio.sleep(0)
            if reply.breaks_off:
                raise ConnectionResetError("scripted")
            if not reply.no_usage:
                usage = {"prompt_tokens": 100, "completion_tokens": len(pieces), "total_tokens": 0}
                yield event({}, choices=[], usage=usage)
            yield "data: [DONE]\n\n"
        except asyncio.CancelledError:
            script.left += 1
            raise

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "scripted-1", "object": "model"}]})

    async def embeddings(request: Request) -> Response:
        body = await request.json()
        script.requests.append(body)
        rows = [
            {"object": "embedding", "index": i, "embedding": bag_of_letters(text)}
            for i, text in enumerate(body["input"])
        ]
        # Out of order, as the protocol allows.
        return JSONResponse({"object": "list", "data": rows[::-1], "model": body["model"]})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/v1/models", models),
            Route("/v1/embeddings", embeddings, methods=["POST"]),
        ]
    )


def bag_of_letters(text: str) -> list[float]:
    """A vector by which texts of the same letters are near one another."""
    return [1.0 + text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]


@contextmanager
def scripted(
    replies: list[Reply | str] | Callable[[Body], Reply | str],
) -> Iterator[Script]:
    """A scripted endpoint on a free port."""
    script = Script(replies)
    with served(app(script)) as address:
        script.address = address
        yield script
