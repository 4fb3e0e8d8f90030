"""The web application: the chat page, the articles behind its quotes, and a health check."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from ui.page import build_page, import_gradio, page_options
from ui.service import Service
from ui.web.answers import answer_routes
from ui.web.headers import SecurityHeaders


def create_app(service: Service) -> FastAPI:
    """The web application.

    Args:
        service: who answers; called from several threads.

    Returns:
        An application with the chat page at "/", "/article" and "/health".
    """
    app = FastAPI(title="Pullquote", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)

    app.include_router(answer_routes(service))

    @app.get("/health")
    def health() -> dict[str, Any]:
        articles, passages = service.library.count()
        return {"status": "ok", "articles": articles, "passages": passages}

    gradio = import_gradio()
    gradio.mount_gradio_app(
        app,
        build_page(service),
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
