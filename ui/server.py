"""The web server: the chat page, the articles behind its quotes, and a health check."""

from __future__ import annotations

import errno
import socket
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import click
import uvicorn
from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.domain import Span
from rag.errors import NotFoundError, UsageError
from ui import render
from ui.chat import Answering, build_page, import_gradio, page_options

_HEADERS = {
    # Gradio's page carries inline scripts and styles, and compiles its HTML templates at run time.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class SecurityHeaders:
    """Adds the security headers to every response; plain ASGI, so that streams stay streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Args:
            scope: what is asked for.
            receive: where the request comes from.
            send: where the response goes.
        """

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)


def create_app(assistant: Answering, examples: Sequence[str] = ()) -> FastAPI:
    """The web application.

    Args:
        assistant: who answers; called from several threads.
        examples: questions that the empty chat page offers.

    Returns:
        An application with the chat page at "/", "/article" and "/health".
    """
    app = FastAPI(title="Pullquote", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)

    @app.get("/article")
    def article(
        source: str,
        start: int | None = None,
        end: int | None = None,
        revision: str | None = None,
        also: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        try:
            found = assistant.library.article(source)
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
        articles, passages = assistant.library.count()
        return {"status": "ok", "articles": articles, "passages": passages}

    gradio = import_gradio()
    gradio.mount_gradio_app(
        app,
        build_page(assistant, examples),
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


def serve(
    assistant: Answering,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    examples: Sequence[str] = (),
) -> None:
    """Serve the chat page until interrupted.

    Args:
        assistant: who answers.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        open_browser: whether to open the page once it is there.
        examples: questions that the empty chat page offers.

    Raises:
        UsageError: nothing can listen on that address and port.
    """
    with _listening(host, port) as listener:
        app = create_app(assistant, examples)
        port = listener.getsockname()[1]
        shown = "127.0.0.1" if host in ("0.0.0.0", "", "::") else host  # noqa: S104
        address = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
        # Open pages hold a connection for as long as they live: do not wait for them to leave.
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        server = _Server(config, address, open_browser)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says where the page is once connections are accepted, not before."""

    def __init__(self, config: uvicorn.Config, address: str, open_browser: bool) -> None:
        super().__init__(config)
        self._address = address
        self._open_browser = open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        click.echo(f"Pullquote is at {self._address}", err=True)
        if self._open_browser:
            threading.Thread(target=webbrowser.open, args=(self._address,), daemon=True).start()


def _listening(host: str, port: int) -> socket.socket:
    """A socket bound to `host` and `port`, or a UsageError that says what to change."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} of {host} is taken: choose another with --port."
            ) from error
        raise UsageError(
            f"Cannot listen on {host}, port {port} ({error.strerror or error}): "
            "choose others with --host and --port."
        ) from error
    except OverflowError as error:
        raise UsageError(f"{port} is no port: give --port a number up to 65535.") from error


def _span(text: str) -> Span:
    """The span that `text`, such as "120-231", writes; ValueError where it is none."""
    start, end = text.split("-")
    return Span(int(start), int(end))
