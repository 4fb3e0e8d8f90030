"""What the tests of the web page share: a server on a free port, and an empty assistant."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn

from rag.domain import Answer, Article
from rag.errors import NotFoundError
from rag.filters import EVERYTHING, Filter


class Bare:
    """An assistant over no library, or one that fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.library = self
        self.model = None

    @property
    def catalogue(self) -> Bare:
        return self

    def quoting(self) -> Bare:
        return self

    def change(self) -> int:
        return 0

    def starting(self, prefix: str) -> dict[str, str]:  # noqa: ARG002 - it has no settings
        return {}

    def entries(self) -> list[Any]:
        return []

    def answer(self, question: str, history: Sequence[Mapping[str, str]] = ()) -> Answer:
        if self.error:
            raise self.error
        return Answer(question, f"Nothing, after {len(history)}.", question, refused=True)

    def stream(
        self,
        question: str,
        history: Sequence[Mapping[str, str]] = (),
        where: Filter = EVERYTHING,  # noqa: ARG002 - it has no articles
        page: str = "",  # noqa: ARG002
    ) -> Iterator[Answer]:
        yield self.answer(question, history)

    def article(self, source: str) -> Article:
        raise NotFoundError(source)

    def count(self) -> tuple[int, int]:
        return 0, 0


@contextmanager
def served(app: Any) -> Iterator[str]:
    """`app` on a free port; its address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=1, ws="none", proxy_headers=False
        )
    )
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
