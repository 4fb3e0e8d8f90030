"""Errors as the API tells them: OpenAI's form, with a status that says whose turn it is to mend."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from rag.errors import (
    LibraryBusyError,
    LibraryError,
    ModelError,
    NotFoundError,
    PullquoteError,
    UsageError,
)
from ui.web.identity import route

_LOG = logging.getLogger(__name__)
BROKEN = "Something went wrong while answering. The server's log says what."
_STATUS: tuple[tuple[type[PullquoteError], int], ...] = (
    (UsageError, 400),
    (NotFoundError, 404),
    (LibraryBusyError, 503),
    (LibraryError, 503),
    (ModelError, 502),
)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    421: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
}


class OverloadedError(PullquoteError):
    """As many questions wait as may wait: try again later."""


def failure(status: int, message: str, param: str | None = None) -> dict[str, Any]:
    """An error as an object: ``{"error": {"message", "type", "param", "code"}}``.

    Args:
        status: the HTTP status that goes with it.
        message: what is wrong and how to mend it.
        param: the field that is wrong, where one is.

    Returns:
        The object, in the form that OpenAI's clients read.
    """
    kind = _TYPES.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


def failed(
    status: int, message: str, param: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The response that carries `failure`."""
    return JSONResponse(failure(status, message, param), status, headers=headers)


def status_and_words(error: Exception) -> tuple[int, str]:
    """The HTTP status of `error`, and what a caller is told of it.

    What nobody meant to raise goes to the log, and the caller hears no more than that it happened.
    """
    if isinstance(error, OverloadedError):
        return 503, str(error)
    if isinstance(error, PullquoteError):
        return next((s for kind, s in _STATUS if isinstance(error, kind)), 500), str(error)
    _LOG.error("a request failed", exc_info=error)
    return 500, BROKEN


def install(app: FastAPI) -> None:
    """Make `app`, whose routes are all there, tell every error of theirs in this form."""

    async def tell(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
        status, words = status_and_words(error)
        return failed(status, words, headers={"Retry-After": "2"} if status == 503 else None)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if not _is_api(request):
            return await request_validation_exception_handler(request, error)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query"))
        words = first["msg"]
        if first["type"] == "json_invalid":
            place, words = "", "the body is not JSON"
        status = 400 if route(request.scope).startswith("/v1/") else 422
        return failed(status, f"{place}: {words}" if place else words, place or None)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not _is_api(request):
            return await http_exception_handler(request, error)
        return failed(error.status_code, str(error.detail), headers=error.headers)

    # Named here, or the chat page, which is mounted at the top, would answer in its own way.
    for prefix in ("/api", "/v1"):

        @app.api_route(prefix + "/{rest:path}", methods=_METHODS, include_in_schema=False)
        async def nowhere(request: Request) -> JSONResponse:
            words = f"no such way in: {request.method} {request.url.path}; see /api/docs"
            return failed(404, words)

    app.add_exception_handler(PullquoteError, tell)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)


def _is_api(request: Request) -> bool:
    return route(request.scope).startswith(("/api/", "/v1/"))
