"""Tools for models by the Model Context Protocol: ask, search, show. Gradio's server speaks it.

Gradio serves a page and an interface of its own beside the protocol; of all that only the protocol
is reached, at ``/mcp``.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any, get_type_hints

from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import UsageError
from rag.filters import make_filter
from ui.page import import_gradio
from ui.service import Reply, Service
from ui.web.asking import Asked, Asker, reply_dict
from ui.web.failures import failed
from ui.web.identity import route, who_asks

PATH = "/mcp"
_MOUNT = "/tools"
_ENDPOINT = f"{_MOUNT}/gradio_api/mcp/"
_MOST_FOUND = 20
_MOST_CHARACTERS = 50_000


def mount_tools(app: FastAPI, service: Service, asker: Asker) -> None:
    """Serve the tools at ``/mcp``.

    Args:
        app: the application to add them to, before anything is mounted at its top.
        service: where articles are looked up.
        asker: the door for questions.
    """
    gradio = import_gradio()

    async def answer(asked: Asked, request: Any) -> Reply:
        # Gradio hands on the request as it came, or in a wrapper of its own.
        scope = getattr(request, "request", request).scope
        async with aclosing(asker.stream(asked, who_asks(scope))) as replies:
            *_, complete = [reply async for reply in replies]
        return complete

    async def ask(
        question: str, request: Any, source: str = "", since: str = "", until: str = ""
    ) -> str:
        """Answer a question from the team's own articles, every sentence backed by a
        word-for-word quote. Cite the quotes as they are. A refused answer means that the articles
        don't say; then near_misses has what came nearest.

        Args:
            question: a full question in words.
            source: only articles whose source matches this pattern, such as reports/*.
            since: only articles published since this date, such as 2025-03.
            until: only articles published until this date.
        """
        where = make_filter((source,) if source else (), (), since or None, until or None)
        found = reply_dict(await answer(Asked(question, where=where), request))
        for name in ("passages", "timings_ms", "usage", "probability"):
            found.pop(name)
        return _json(found)

    async def search(words: str, request: Any, most: int = 5) -> str:
        """Find the passages of the team's own articles that are nearest to some words.

        Args:
            words: what to look for, as a question or in key words.
            most: how many passages to give at most, up to 20.
        """
        reply = await answer(Asked(words, quotes_only=True), request)
        found = []
        for hit in reply.answer.hits[: max(1, min(most, _MOST_FOUND))]:
            article, span = hit.passage.article, hit.passage.span
            found.append(
                {
                    "source": article.source,
                    "title": article.metadata.title,
                    "publisher": article.metadata.publisher,
                    "published": article.metadata.published,
                    "url": article.metadata.url,
                    "start": span.start,
                    "end": span.end,
                    "text": span.of(article.text),
                }
            )
        return _json(found)

    def show(source: str, start: int = 0, characters: int = 10_000) -> str:
        """Read an article's own text, as it is stored.

        Args:
            source: the article's source, as ask and search give it.
            start: the first character to give.
            characters: how many to give at most, up to 50000.
        """
        if start < 0:
            raise UsageError("start must not be negative")
        article = service.library.article(source)
        end = start + max(1, min(characters, _MOST_CHARACTERS))
        return _json({
            "source": article.source,
            "title": article.metadata.title,
            "publisher": article.metadata.publisher,
            "published": article.metadata.published,
            "url": article.metadata.url,
            "revision": article.revision,
            "characters": len(article.text),
            "start": start,
            "text": article.text[start:end],
        })  # fmt: skip

    with gradio.Blocks(title="Pullquote", analytics_enabled=False) as blocks:
        for tool in (ask, search, show):
            # By its annotations Gradio describes a tool, and knows what is no parameter of it.
            kinds = get_type_hints(tool)
            tool.__annotations__ = kinds | (
                {"request": gradio.Request} if "request" in kinds else {}
            )
            # Out of Gradio's queue, whose way back to itself is over the network.
            gradio.api(tool, queue=False)
    gradio.mount_gradio_app(
        app, blocks, _MOUNT, footer_links=[], run_history=False, enable_monitoring=False,
        mcp_server=True, ssr_mode=False, max_file_size=1,
    )  # fmt: skip
    app.add_middleware(OnlyProtocol)


class OnlyProtocol:
    """Leads ``/mcp`` to Gradio's endpoint, and nothing else to what Gradio serves beside it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as every ASGI application."""
        path = route(scope) if scope["type"] == "http" else ""
        if path == _MOUNT or path.startswith(f"{_MOUNT}/"):
            await failed(404, f"nothing is here; tools are at {PATH}")(scope, receive, send)
            return
        if path in (PATH, f"{PATH}/"):
            accepts = dict(scope["headers"]).get(b"accept", b"")
            if scope["method"] == "GET" and b"text/event-stream" not in accepts:
                words = "Give this address to a client of the Model Context Protocol.\n"
                await PlainTextResponse(words, 405)(scope, receive, send)
                return
            scope = {**scope, "path": scope.get("root_path", "") + _ENDPOINT}
            scope["raw_path"] = scope["path"].encode()
        await self._app(scope, receive, send)


def _json(found: object) -> str:
    """What a tool gives, as text: of an object Gradio would show Python's own form."""
    return json.dumps(found, ensure_ascii=False)
