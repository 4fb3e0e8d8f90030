"""The web application: every way in, on one server."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from rag.domain import Span
from rag.errors import NotFoundError
from ui import render
from ui.chat import build_page, import_gradio, page_options
from ui.service import Service
from ui.web.api import api_router
from ui.web.api_docs import docs_router
from ui.web.asking import Asker
from ui.web.failures import install
from ui.web.headers import SecurityHeaders
from ui.web.openai_form import openai_router
from ui.web.state import state_router


def create_app(service: Service, examples: Sequence[str] = ()) -> FastAPI:
    """The web application.

    Args:
        service: who answers; called from several threads.
        examples: questions that the empty chat page offers.

    Returns:
        An application with the chat page at "/", "/article", the API under "/api" and "/health".
    """
    app = FastAPI(
        title="Pullquote",
        description="Answers from your own articles, every sentence a word-for-word quote.",
        version=version("pullquote"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    # Without one of its own here, Gradio's page lets every origin read it.
    app.add_middleware(CORSMiddleware)
    app.add_middleware(SecurityHeaders)
    asker = Asker(service)
    app.include_router(api_router(service, asker))
    app.include_router(openai_router(service, asker))
    app.include_router(docs_router(app))
    app.include_router(state_router(service))
    install(app)

    @app.get("/article", include_in_schema=False)
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
