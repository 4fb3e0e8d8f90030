"""A line of JSON for each request and each answer, without what was asked unless told so."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.service import Reply
from ui.web.failures import BROKEN, failed
from ui.web.identity import identity_of, route
from ui.web.metrics import Metrics

_LOG = logging.getLogger("pullquote.server")
# Whoever watches the server asks these several times a minute.
_QUIET = ("/health", "/ready", "/metrics")


class JsonLines(logging.Formatter):
    """Each record as an object on one line; what it was given as `fields` is among its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """Write every log record of this process to stderr as a line of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _LOG.setLevel(logging.INFO)


def log(message: str, fields: Mapping[str, Any]) -> None:
    """Log `message` with `fields`, where requests are logged."""
    _LOG.info(message, extra={"fields": {k: v for k, v in fields.items() if v is not None}})


def log_answer(reply: Reply, with_question: bool) -> None:
    """Log a complete answer, what was asked, or any word of it, only `with_question`."""
    answer = reply.answer
    notice = answer.notice if with_question else answer.notice.removeprefix(answer.read_as).strip()
    log("answer", {
        "answer": reply.id,
        "mode": answer.mode,
        "model": answer.model,
        "refused": answer.refused,
        "citations": len(answer.citations),
        "withheld": len(answer.withheld),
        "milliseconds": round(answer.timings_ms.get("total", 0.0), 1),
        "notice": notice or None,
        "question": answer.question if with_question else None,
    })  # fmt: skip


class Watched:
    """Counts and logs each request, and turns whatever breaks into an error that can be read."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as every ASGI application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            _LOG.exception("a request failed")
            if status:
                raise  # half a response is out: only a cut connection can tell
            await failed(500, BROKEN)(scope, receive, noted)
        finally:
            self._done(scope, status or 499, time.perf_counter() - start)

    def _done(self, scope: Scope, status: int, seconds: float) -> None:
        path = route(scope)
        self._metrics.requested(path, status, seconds)
        if path in _QUIET:
            return
        identity = identity_of(scope)
        log("request", {
            "method": scope["method"],
            "path": path,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "address": (scope.get("client") or ("",))[0],
            "way": identity and identity.way.value,
            "who": (identity and identity.who) or None,
        })  # fmt: skip
