"""Figures for Prometheus: requests, answers, tokens, the library's size. No text, no names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from ui.service import Reply, Service

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# Paths hold names of articles and ids of answers: only which way in it was is counted.
_WAYS = (
    "/api/ask", "/api", "/v1", "/mcp", "/gradio_api", "/article", "/widget", "/embed.js", "/login",
    "/health", "/ready", "/metrics",
)  # fmt: skip


class Metrics:
    """The figures of one server."""

    def __init__(
        self, service: Service, waiting: Callable[[], int],
        sync: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> None:  # fmt: skip
        """Count what `service` answers.

        Args:
            service: who answers.
            waiting: how many questions wait for their turn.
            sync: how the sources stand that are kept in step, as `ingest.sync.sync_state` has it.
        """
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "pullquote_requests", "Requests answered.", ["way", "status"], registry=registry
        )
        self._seconds = Histogram(
            "pullquote_request_seconds", "From a request to the end of its response.", ["way"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._answers = Counter(
            "pullquote_answers", "Answers given.", ["mode", "outcome"], registry=registry
        )
        self._thinking = Histogram(
            "pullquote_answer_seconds", "From a question to its complete answer.", ["mode"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._withheld = Counter(
            "pullquote_withheld", "Sentences of a model that were not shown.", registry=registry
        )
        self._tokens = Counter(
            "pullquote_model_tokens", "Tokens of the model.", ["direction"], registry=registry
        )
        for name, words, value in (
            ("articles", "Articles in the library.", lambda: service.library.count()[0]),
            ("passages", "Passages in the library.", lambda: service.library.count()[1]),
            ("answers_running", "Answers being made.", lambda: service.running),
            ("answers_waiting", "Questions that wait for their turn.", waiting),
            ("sync_sources", "Sources that are kept in step.", lambda: len(sync())),
            ("sync_failing", "Those whose last sync failed.",
             lambda: sum(bool(source["failures"]) for source in sync())),
        ):  # fmt: skip
            Gauge(f"pullquote_{name}", words, registry=registry).set_function(value)
        ProcessCollector(registry=registry)
        service.watchers.append(self._answered)

    def requested(self, path: str, status: int, seconds: float) -> None:
        """Count a request to `path` that was answered with `status`."""
        way = next((w for w in _WAYS if path == w or path.startswith(f"{w}/")), "other")
        self._requests.labels(way, str(status)).inc()
        self._seconds.labels(way).observe(seconds)

    def text(self) -> bytes:
        """All figures, in Prometheus's text form."""
        return generate_latest(self._registry)

    def _answered(self, reply: Reply) -> None:
        answer = reply.answer
        outcome = "refused" if answer.refused else "answered"
        self._answers.labels(answer.mode, outcome).inc()
        self._thinking.labels(answer.mode).observe(answer.timings_ms.get("total", 0.0) / 1000)
        self._withheld.inc(len(answer.withheld))
        for direction in ("prompt", "completion"):
            count = (answer.usage or {}).get(f"{direction}_tokens") or 0
            self._tokens.labels(direction).inc(count)


def metrics_router(metrics: Metrics) -> APIRouter:
    """The route ``/metrics``.

    Args:
        metrics: what it shows.

    Returns:
        A router to include in the application.
    """
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    def show() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
