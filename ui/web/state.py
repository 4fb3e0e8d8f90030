"""Whether the server lives, and whether it can answer: for whoever starts and watches it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from rag.errors import PullquoteError
from ui.service import Service
from ui.web.identity import identity_of


def state_router(service: Service, guarded: bool = False) -> APIRouter:
    """The routes ``/health`` and ``/ready``, which need no access.

    Args:
        service: what answers.
        guarded: whether what is in the library is told only to those who have access.

    Returns:
        A router to include in the application.
    """
    router = APIRouter()

    @router.get("/health")
    def health(request: Request) -> dict[str, Any]:
        """Whether the server lives."""
        if guarded and identity_of(request.scope) is None:
            return {"status": "ok"}
        articles, passages = service.library.count()
        return {"status": "ok", "articles": articles, "passages": passages}

    @router.get("/ready", responses={503: {"description": "not yet, or no longer"}})
    def ready(request: Request) -> JSONResponse:
        """Whether questions are answered from the latest articles: 200, or 503 and why not."""
        # The embedding model was loaded before the server began to listen.
        library = service.library
        reason: str | None = None
        try:
            library.refresh()
            if not library.is_current():
                reason = "the indexes are being brought up to date by another process"
        except PullquoteError as error:
            reason = str(error)
        except OSError as error:
            reason = f"the library cannot be read: {error.strerror}"
        ready = reason is None
        if guarded and identity_of(request.scope) is None:
            reason = None  # it may name folders
        body = {"ready": ready, "reason": reason}
        return JSONResponse(body, 200 if ready else 503)

    return router
