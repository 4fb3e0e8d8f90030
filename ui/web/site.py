"""The plain pages, put together: library, article, gaps, cases."""

from __future__ import annotations

from fastapi import APIRouter

from eval.casebook import Casebook
from ui.keeper import Keeper
from ui.records.grouping import Similar, alike
from ui.service import Service
from ui.web.cases import cases_router
from ui.web.gaps import gaps_router
from ui.web.library import library_router
from ui.web.pages import files_router
from ui.web.reading import reading_router
from ui.web.rights import Rights
from ui.web.syncing import SyncState


def site_router(
    service: Service, keeper: Keeper | None = None, rights: Rights | None = None,
    sync: SyncState | None = None,
) -> APIRouter:  # fmt: skip
    """Every page beside the chat.

    Args:
        service: where articles are looked up and answers kept.
        keeper: changes the library; without it the pages only show.
        rights: who may do what; by default what the keeper's settings say.
        sync: how the sources stand that are kept in step, where some are.
    """
    if rights is None:
        rights = Rights.of(keeper.settings) if keeper else Rights()
    grouping = Similar(keeper.embedder) if keeper else alike
    casebook = Casebook(keeper.settings.library) if keeper else None
    router = APIRouter()
    router.include_router(files_router())
    router.include_router(library_router(service.library, keeper, rights.change, sync))
    router.include_router(reading_router(service.library, service.records))
    router.include_router(gaps_router(service.records, grouping, casebook, rights.review))
    router.include_router(cases_router(service.library, service.records, casebook, rights.review))
    return router
