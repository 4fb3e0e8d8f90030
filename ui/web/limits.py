"""How much one reader may send and ask, how large and how slow a request may be."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from cachetools import LRUCache, TTLCache
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.web.failures import failed
from ui.web.identity import route

# Buckets and failures kept at a time: what is forgotten first has been quiet longest.
_KEPT = 50_000
_PASSWORD_TRIES = 5
_LONGEST_WAIT = 300.0
Clock = Callable[[], float]


def neighbourhood(address: str) -> str:
    """What addresses are counted by: one of IPv6 has as many neighbours as it likes."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((address, 64), strict=False)) if parsed.version == 6 else address


class Buckets:
    """A bucket of tokens a reader, filled evenly, holding a minute's worth."""

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        """Let each reader do something `per_minute` times a minute; 0 for no limit."""
        self._size = float(per_minute)
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(_KEPT)
        self._lock = threading.Lock()

    def take(self, who: str) -> float:
        """Take a token of `who`.

        Returns:
            0, or after how many seconds there will be one.
        """
        if not self._size:
            return 0.0
        now, rate = self._clock(), self._size / 60
        with self._lock:
            left, then = self._buckets.get(who, (self._size, now))
            left = min(self._size, left + (now - then) * rate)
            enough = left >= 1
            self._buckets[who] = (left - enough, now)
        return 0.0 if enough else (1 - left) / rate


class Slowdown:
    """Makes whoever gives wrong passwords wait, twice as long each time."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._failures: TTLCache[str, tuple[int, float]] = TTLCache(_KEPT, 3600, clock)
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """After how many seconds `address` may try again; 0 for now."""
        with self._lock:
            _, until = self._failures.get(neighbourhood(address), (0, 0.0))
        return max(0.0, until - self._clock())

    def failed(self, address: str) -> None:
        """Note a wrong password from `address`."""
        key = neighbourhood(address)
        with self._lock:
            count = self._failures.get(key, (0, 0.0))[0] + 1
            over = count - _PASSWORD_TRIES
            wait = 0.0 if over < 0 else min(_LONGEST_WAIT, 2.0**over)
            self._failures[key] = (count, self._clock() + wait)

    def succeeded(self, address: str) -> None:
        """Forget the wrong passwords from `address`."""
        with self._lock:
            self._failures.pop(neighbourhood(address), None)


class Bodies:
    """Reads a request's body whole before anything works on it, within a size and a time.

    `streamed` are paths of uploads, which read their own bodies, as large as they allow.
    """

    def __init__(
        self, app: ASGIApp, most: int, seconds: float, streamed: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Args:
            scope: what is asked for.
            receive: where the request comes from.
            send: where the response goes.
        """
        reads = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if not reads or route(scope).startswith(self._streamed):
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._most:
            await self._too_large()(scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return  # the client has left
                    body += message.get("body", b"")
                    if len(body) > self._most:
                        await self._too_large()(scope, receive, send)
                        return
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            words = f"the request took longer than {self._seconds:g} seconds to come"
            response = failed(408, words, headers={"Connection": "close"})
            await response(scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, replay, send)

    def _too_large(self) -> ASGIApp:
        words = f"the request is larger than {self._most // 1024} kB (max_body_kb)"
        return failed(413, words, headers={"Connection": "close"})


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to come again."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
