"""What the tests of synced sources share: a syncer that may fetch from loopback, a slow page."""

from __future__ import annotations

import threading
from typing import Any

from ingest.sync import Syncer
from rag.library import Library
from rag.settings import load
from tests.sources.host import PAGE, Site


def syncer(library: Library, embedder: Any, **options: Any) -> Syncer:
    settings = load({}, library=library.folder, allow_hosts="127.0.0.0/8", fetch_delay=0)
    return Syncer(library, embedder, settings, **options)


def slow_page(site: Site, path: str) -> tuple[threading.Event, threading.Event]:
    """A page that is sent when the second event is set; the first says that it was asked for."""
    asked, go = threading.Event(), threading.Event()
    words = PAGE.format("Slow", "The slow ferry takes forty minutes to the island and back. " * 5)

    def answer(handler: Any) -> None:
        asked.set()
        go.wait(20)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(words.encode())

    site.answers[path] = answer
    return asked, go
