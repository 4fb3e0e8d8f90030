"""A small wiki of another site with the widget in it, and the Pullquote that answers from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.requests import Request

from ingest.sources import Registry, make_source
from ingest.sync import Syncer
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import load
from tests.serving import served
from ui.service import Service
from ui.web.api import api_router
from ui.web.asking import Asker
from ui.web.widget import widget_router

PAGES = {
    "boathouse": "The boathouse opens at half past seven on weekdays. It is locked at dusk.",
    "crane": "The harbour crane lifts twelve tonnes. Only Ida Brandt may drive it.",
    "bells": "The bell of the north quay was cast in 1911. It weighs two tonnes.",
    "ferry": "The ferry to Skerry leaves pier two at nine. A ticket costs 4 euros.",
    "tariff": "| Boat | Fee |\n|---|---|\n| dinghy | 5 euros |\n| ketch | 19 euros |\n",
}


@dataclass
class Wiki:
    """What a test sets of the wiki, and what it saw of the requests to Pullquote."""

    url: str = ""
    pullquote: str = ""
    service: Any = None
    attributes: str = ""
    token: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    refuse: Callable[[Request], int | None] = lambda _: None
    # What comes in an answer's place, byte for byte, where a test says so.
    stream: Callable[[], Iterator[bytes]] | None = None

    def page(self, name: str) -> str:
        far = "<div style='height: 3000px'></div>"
        body = f"<h1>{name.title()}</h1>{far}<p>{escape(PAGES.get(name, ''))}</p>{far}"
        script = f'<script src="{self.pullquote}/embed.js" defer {self.attributes}></script>'
        return (
            f"<!doctype html><html lang=en><title>{name}</title><body>"
            f'<a id=first href="#">Contents</a><div id=here></div>{body}{script}'
        )


def wiki_app(wiki: Wiki) -> FastAPI:
    app = FastAPI()

    @app.get("/token")
    def token() -> PlainTextResponse:
        return PlainTextResponse(wiki.token, headers={"Cache-Control": "no-store"})

    @app.get("/wiki/{name}")
    def page(name: str) -> HTMLResponse:
        return HTMLResponse(wiki.page(name))

    return app


def pullquote_app(service: Service, wiki: Wiki) -> FastAPI:
    """The API and the widget under a prefix, without what guards them; what is asked is noted."""
    app, inner = FastAPI(), FastAPI()
    inner.include_router(api_router(service, Asker(service)))
    inner.include_router(widget_router())

    @inner.middleware("http")
    async def note(request: Request, call_next: Any) -> Any:
        if request.url.path.endswith("/api/ask"):
            wiki.tokens.append(request.headers.get("authorization"))
            wiki.asked.append(await request.json())
            if status := wiki.refuse(request):
                return PlainTextResponse("no", status)
            if wiki.stream:
                return StreamingResponse(wiki.stream(), media_type="text/event-stream")
        return await call_next(request)

    app.mount("/in/front", inner)
    return app


@contextmanager
def wiki_and_pullquote(folder: Path, embedder: Any) -> Iterator[Wiki]:
    """Both running, the library in step with the wiki's pages."""
    pages = folder / "pages"
    pages.mkdir()
    for name, text in PAGES.items():
        (pages / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n")
    wiki = Wiki()
    settings = load({}, library=folder / "library")
    library = Library(settings.library, create=True)
    assistant = Assistant(library, embedder, settings)
    wiki.service = Service(assistant)
    with (
        served(wiki_app(wiki)) as site,
        served(pullquote_app(wiki.service, wiki)) as pullquote,
    ):
        # Another site for the browser, not only another origin.
        wiki.url = site.replace("127.0.0.1", "localhost")
        wiki.pullquote = f"{pullquote}/in/front"
        source = make_source(str(pages), name="wiki", base_url=f"{wiki.url}/wiki/")
        Registry(library).add(source)
        [done] = Syncer(library, embedder, settings).run()
        assert not done.error
        yield wiki
    library.close()
