"""What the tests of the plain pages share: a library of their own, its answers, a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from playwright.sync_api import Locator, Page

from ingest.job import ingest
from rag.assistant import Assistant
from rag.embed import OnnxEmbedder
from rag.library import Library
from rag.settings import Settings, load
from tests.serving import served
from ui.keeper import Job, Keeper
from ui.records import Records
from ui.service import Reply, Service
from ui.web.headers import SecurityHeaders
from ui.web.site import site_router

HARBOUR = """---
title: The harbour opens a second pier
publisher: Quay Gazette
date: 2025-03-04
---

# The harbour opens a second pier

The second pier of Porto Almar opened on 3 March 2025 after four years of building.
It cost 48 million euros, the harbour master Ilda Ferraz said. Ferries to the islands leave from it
every two hours.

- A ticket costs 12 euros.
- Children under six travel free.
"""
MUSEUM = """---
title: Museum of Salt to close for repairs
publisher: Évora Courier
date: 2025-05-20
---

# Museum of Salt to close for repairs

The Museum of Salt in Porto Almar closes on 1 June 2025 for repairs to its roof.
Its director, Tomás Reis, expects it to open again in the autumn. The collection moves to the town
hall, where it can be seen free of charge.
"""
# What is said of the pier's cost, what no article tells, and a file that a reader brings.
COST = "It cost 48 million euros, the harbour master Ilda Ferraz said."
REFUSED = "Who is the mayor of Porto Almar?"
LIGHTHOUSE = b"# The lighthouse of Sines\n\nThe lighthouse of Sines was lit first on 9 May 1880.\n"
# What must stay text: in bodies, titles, publishers and names.
HOSTILE = (
    "---\ntitle: '<img src=x onerror=window.hacked=1> & \u202ereversed'\n"
    "publisher: '\"><script>window.hacked=1</script>'\nurl: 'javascript:window.hacked=1'\n---\n\n"
    "# Otters <svg onload=window.hacked=1>\n\n"
    "The harbour otters ate forty herrings <script>window.hacked=1</script> on Monday.\r\n\r\n"
    "![x](http://evil.example/x.png) [y](javascript:window.hacked=1) </div></mark></article>\n\n"
    "The otters sleep \u202edrawkcab\u202c in the harbour, "
    "<b onmouseover=window.hacked=1>afloat</b>.\n"
)
Browse = Callable[..., Page]


@dataclass(frozen=True)
class Site:
    """A library with the plain pages over it; `address` is where they are served."""

    folder: Path
    settings: Settings
    service: Service
    records: Records
    keeper: Keeper
    address: str

    @property
    def library(self) -> Library:
        return self.service.library

    def ask(self, question: str, history: Any = (), conversation: str = "") -> Reply:
        *_, last = self.service.stream(question, history, conversation=conversation)
        return last


@contextmanager
def open_site(
    folder: Path, embedder: OnnxEmbedder, app: Any = None, prefix: str = "", **flags: Any
) -> Iterator[Site]:
    """A site over two articles in `folder`.

    Args:
        folder: for the articles and the library.
        embedder: the embedding model.
        app: makes the application of a service and a keeper; the plain pages alone by default.
        prefix: the path under which a proxy in front shows it.
        flags: settings.
    """
    articles = folder / "articles"
    articles.mkdir()
    (articles / "harbour.md").write_text(HARBOUR, encoding="utf-8")
    (articles / "museum.md").write_text(MUSEUM, encoding="utf-8")
    settings = load({}, folder, library=folder / "library", **flags)
    library = Library(settings.library, create=True)
    ingest([articles], library, embedder, settings)
    records = Records(settings.library)
    service = Service(Assistant(library, embedder, settings), records)
    keeper = Keeper(settings, embedder)
    made = app(service, keeper) if app else pages_alone(service, keeper)
    with served(behind(made, prefix) if prefix else made) as address:
        yield Site(folder, settings, service, records, keeper, address + prefix)
    library.close()


def finished(job: Job) -> Job:
    """`job` once it has come to its end."""
    for _ in range(4000):
        if job.state in ("done", "failed"):
            return job
        time.sleep(0.03)
    raise AssertionError(f"{job.name} is still {job.state}")


def pages_alone(service: Service, keeper: Keeper | None) -> FastAPI:
    app = FastAPI()
    app.add_middleware(SecurityHeaders)
    app.include_router(site_router(service, keeper))
    return app


def behind(app: Any, prefix: str) -> Any:
    """`app` as a reverse proxy shows it under a path, of which the app is told nothing."""

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"].startswith(f"{prefix}/"):
            path = scope["path"].removeprefix(prefix)
            inner = {**scope, "path": path, "raw_path": path.encode()}
            await app(inner, receive, send)
        else:
            await PlainTextResponse("Outside.", 404)(scope, receive, send)

    return proxy


def file(name: str, data: bytes) -> dict[str, object]:
    """What Chromium is given as a file that a reader chooses."""
    return {"name": name, "mimeType": "", "buffer": data}


def names(page: Page) -> list[str]:
    """The titles that the library page lists."""
    return listed(page).all_inner_texts()


def listed(page: Page) -> Locator:
    """The links of the articles that the library page lists, for what waits till they are there."""
    return page.locator("#articles tbody th a")
