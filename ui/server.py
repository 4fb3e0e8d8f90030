"""The web server: where it listens, how it starts and stops."""

from __future__ import annotations

import errno
import socket
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import suppress

import click
import uvicorn

from rag.errors import UsageError
from ui.keeper import Keeper
from ui.service import Service
from ui.web.app import create_app


def serve(
    service: Service,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    examples: Sequence[str] = (),
    keeper: Keeper | None = None,
) -> None:
    """Serve the chat page until interrupted.

    Args:
        service: who answers.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        open_browser: whether to open the page once it is there.
        examples: questions that the empty chat page offers.
        keeper: changes the library from its page.

    Raises:
        UsageError: nothing can listen on that address and port.
    """
    with _listening(host, port) as listener:
        app = create_app(service, examples, keeper)
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
