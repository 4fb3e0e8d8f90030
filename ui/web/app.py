"""The web application: the chat page, the articles behind its quotes, and a health check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from rag.domain import Span
from rag.errors import NotFoundError
from ui import render
from ui.chat import build_page, import_gradio, page_options
from ui.keeper import Keeper
from ui.service import Service
from ui.web.headers import SecurityHeaders
from ui.web.site import site_router


def create_app(
    service: Service, examples: Sequence[str] = (), keeper: Keeper | None = None
) -> FastAPI:
    """The web application.

    Args:
        service: who answers; called from several threads.
        examples: questions that the empty chat page offers.
        keeper: changes the library from its page; without it that only shows.

    Returns:
        An application with the chat page at "/", the plain pages, "/article" and "/health".
    """
    app = FastAPI(title="Pullquote", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    app.include_router(site_router(service, keeper))

    @app.get("/article")
    def article(
        source: str,
        start: int | None = None,
        end: int | None = None,
        revision: str | None = None,
        also: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        try:
            found = service.library.article(source)
        except NotFoundError:
            return PlainTextResponse("This article is no longer in the library.", 404)
        if revision is not None and revision != found.revision:
            # Its offsets count in a text that is gone: a highlight would mark other words.
            words = "This article has changed since it was quoted. Ask again to see it as it is."
            return PlainTextResponse(words, 409)
        try:
            span = None if start is None and end is None else _span(f"{start}-{end}")
            page = render.article_html(found, span, [_span(other) for other in also or ()])
        except ValueError:
            return PlainTextResponse("There is no such place in this article.", 422)
        return HTMLResponse(page)

    @app.get("/health")
    def health() -> dict[str, Any]:
        articles, passages = service.library.count()
        return {"status": "ok", "articles": articles, "passages": passages}

    gradio = import_gradio()
    gradio.mount_gradio_app(
        app,
        build_page(service, examples),
        "/",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        max_file_size=1,  # the page takes no files, and neither should its upload route
        **page_options(),
    )
    return app


def _span(text: str) -> Span:
    """The span that `text`, such as "120-231", writes; ValueError where it is none."""
    start, end = text.split("-")
    return Span(int(start), int(end))
