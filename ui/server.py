"""The web server: where it listens, how it starts and stops."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
import webbrowser
from contextlib import suppress

import click
import uvicorn
from uvicorn.config import LOGGING_CONFIG

from rag.errors import UsageError
from rag.settings import Settings
from ui.impatient import Impatient
from ui.keeper import Keeper
from ui.service import Service
from ui.web.app import create_app
from ui.web.logs import log_as_json
from ui.web.policy import read_policy

# Each open page has one, and each answer under way.
_MOST_CONNECTIONS = 1000
# How long a stop waits for answers under way, in seconds.
_PATIENCE = 5.0


def serve(
    service: Service,
    settings: Settings,
    open_browser: bool = False,
    keeper: Keeper | None = None,
) -> None:
    """Serve every way in until interrupted.

    Args:
        service: who answers.
        settings: where to listen (port 0 takes a free one), who may come in, what is logged.
        open_browser: whether to open the page once it is there.
        keeper: changes the library from its page.

    Raises:
        SettingsError: one of the settings cannot be what it is.
        UsageError: nothing can listen on that address and port, or others could reach it and
            nothing says who may come in.
    """
    host, port = settings.host, settings.port
    read_policy(settings)  # says so before a port is taken
    if settings.log:
        log_as_json()
    with _listening(host, port) as listener:
        app = create_app(service, settings, keeper)
        port = listener.getsockname()[1]
        shown = "127.0.0.1" if host in ("0.0.0.0", "", "::") else host  # noqa: S104
        address = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
        config = uvicorn.Config(
            app,
            http=Impatient,
            ws="none",
            log_level="warning",
            # Ours writes every record of the process, uvicorn's among them.
            log_config=None if settings.log else LOGGING_CONFIG,
            # `ui.web.app` takes a proxy's word itself, where it is told to.
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            # Open pages hold a connection for as long as they live: do not wait for them to leave.
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, service, f"{address}{settings.root_path}", open_browser)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says where the page is once connections are accepted, and lets running answers end."""

    def __init__(
        self, config: uvicorn.Config, service: Service, address: str, open_browser: bool
    ) -> None:
        super().__init__(config)
        self._service = service
        self._address = address
        self._open_browser = open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        click.echo(f"Pullquote is at {self._address}", err=True)
        if self._open_browser:
            threading.Thread(target=webbrowser.open, args=(self._address,), daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        end = time.monotonic() + _PATIENCE
        while self._service.running and time.monotonic() < end and not self.force_exit:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


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
