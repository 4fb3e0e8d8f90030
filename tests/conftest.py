"""Real parts for every test: the packaged model, Chroma in a temporary folder, real articles."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, sync_playwright

from ingest.clean import mark
from ingest.job import ingest
from ingest.structure import blocks
from rag.assistant import Assistant
from rag.domain import Kind
from rag.embed import OnnxEmbedder, open_embedder
from rag.library import Library
from rag.llm import OpenAIChat
from rag.reader import Reader, open_reader
from rag.settings import Settings, cache_folder, load
from tests.model_server import Script
from tests.page import browse, chromium, page, visit
from tests.serving import served
from tests.site import Site, open_site
from ui.cli import main
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app

__all__ = ["browse", "page", "visit"]

ROOT = Path(__file__).parent.parent
ARTICLES = ROOT / "examples" / "articles"
HANDBOOK = ROOT / "examples" / "handbook"
SHARED = ROOT.parent / "shared"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def is_furniture(line: str, marker: str = "") -> bool:
    """Whether `line`, at the head of a page, is marked as furniture; with a marker, in Markdown."""
    page = f"{marker}{line}\n\nThe ferry sails at nine each day, in all weathers but fog.\n"
    return mark(page, blocks(page, bool(marker)))[0].kind is Kind.BOILERPLATE


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    """Any connection that leaves this machine fails the test that made it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if not host.startswith("127.") and host not in ("::1", "localhost"):
                raise AssertionError(f"a test reached for the network: {address}")
        connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def embedder() -> OnnxEmbedder:
    return open_embedder("", cache_folder(os.environ))


@pytest.fixture(scope="session")
def read() -> Reader:
    return open_reader(cache_folder(os.environ))


@pytest.fixture(scope="session")
def make_assistant(
    embedder: OnnxEmbedder, read: Reader, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Assistant]:
    def make(folder: Path) -> Assistant:
        settings = load({}, library=tmp_path_factory.mktemp("library"))
        library = Library(settings.library, create=True)
        ingest([folder], library, embedder, settings)
        return Assistant(library, embedder, settings, None, read)

    return make


@dataclass
class Kept:
    """An assistant over a folder that a test changes."""

    assistant: Assistant
    source: Path
    settings: Settings
    embedder: OnnxEmbedder

    @property
    def folder(self) -> Path:
        """The library's."""
        return self.settings.library

    def refresh(self) -> None:
        """Bring what has changed in the folder into the library."""
        ingest([self.source], self.assistant.library, self.embedder, self.settings)


@pytest.fixture
def library_of(embedder: OnnxEmbedder, read: Reader, tmp_path: Path) -> Callable[[Path], Kept]:
    def make(folder: Path) -> Kept:
        settings = load({}, library=tmp_path / "kept")
        library = Library(settings.library, create=True)
        assistant = Assistant(library, embedder, settings, None, read)
        kept = Kept(assistant, folder, settings, embedder)
        kept.refresh()
        return kept

    return make


@pytest.fixture(scope="session")
def assistant(make_assistant: Callable[[Path], Assistant]) -> Assistant:
    return make_assistant(ARTICLES)


@pytest.fixture(scope="session")
def with_model(assistant: Assistant, read: Reader) -> Callable[[Script], Assistant]:
    """Makes an assistant with the scripted model, over the example articles."""

    def make(script: Script) -> Assistant:
        settings = load(script.environ, library=assistant.library.folder)
        embedder = assistant._retriever._embedder
        return Assistant(assistant.library, embedder, settings, OpenAIChat(settings), read)

    return make


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example articles, ingested by the command, for tests that leave the library as it is."""
    folder = tmp_path_factory.mktemp("ingested") / "library"
    done = CliRunner().invoke(main, ["ingest", str(ARTICLES), "--library", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({}, library=tmp_path / "library")


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """A new library with nothing in it."""
    opened = Library(settings.library, create=True)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def questions() -> list[str]:
    lines = (ROOT / "examples/questions/articles.jsonl").read_text(encoding="utf-8").splitlines()
    return [line["question"] for line in map(json.loads, lines) if not line["history"]]


@pytest.fixture(scope="session")
def answered(assistant: Assistant, questions: list[str]) -> str:
    """A question that gets two quotes or more."""
    return next(q for q in questions if len(assistant.answer(q).citations) > 1)


@pytest.fixture(scope="session")
def refused(assistant: Assistant, questions: list[str]) -> str:
    """A question that gets none, and near misses."""
    return next(q for q in questions if assistant.answer(q).near_misses)


@pytest.fixture(scope="session")
def site(assistant: Assistant) -> Iterator[str]:
    records = Records(assistant.library.folder)
    with served(create_app(Service(assistant, records))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def shelf(tmp_path: Path, embedder: OnnxEmbedder) -> Iterator[Site]:
    """The plain pages over a library of two articles, which a test may change."""
    with open_site(tmp_path, embedder) as site:
        yield site
