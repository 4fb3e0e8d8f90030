"""The page that a reader is on comes first among what is about as good, and decides nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ingest.sources import Registry, make_source
from ingest.sync import Syncer
from rag.assistant import Assistant
from rag.domain import Article, Metadata
from rag.favour import favoured
from rag.library import Library
from rag.settings import load
from tests.conftest import ARTICLES, HANDBOOK

BASE = "https://wiki.example/w/"
HUTS = {
    "north hut": "The key of the hut hangs behind the blue door.",
    "south hut": "The key of the hut hangs beside the white door.",
}


def about(url: str | None) -> Article:
    return Article(1, "a.md", "", "", Metadata(url=url))


@pytest.mark.parametrize(("page", "url", "same"), [
    ("https://w.example/Big_Crane", "http://w.example/big%20crane/", True),
    ("https://w.example/a#part", "https://w.example/a", True),
    ("https://w.example:443/a", "https://w.example/a", True),
    ("https://w.example/w?title=A", "https://w.example/w?title=B", False),
    ("https://w.example/a", "https://v.example/a", False),
    ("https://w.example:8443/a", "https://w.example/a", False),
    ("https://w.example/a", None, False),
    ("https://w.example/a", "notes/a", False),
])  # fmt: skip
def test_addresses_of_one_page(page: str, url: str | None, same: bool) -> None:
    favour = favoured(page)
    assert favour is not None and favour(about(url)) is same


@pytest.mark.parametrize("page", ["", "about:blank", "file:///a", "https://[", "//w.example/a"])
def test_what_is_no_page_favours_nothing(page: str) -> None:
    assert favoured(page) is None


@pytest.fixture(scope="module")
def huts(embedder: Any, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("huts")
    for name, text in HUTS.items():
        (folder / f"{name}.md").write_text(f"# {name.capitalize()}\n\n{text}\n")
    # Among other articles, as in a wiki: of two alone, each is as far from the mean as can be.
    for file in HANDBOOK.iterdir():
        shutil.copy(file, folder)
    settings = load({}, library=tmp_path_factory.mktemp("library"))
    library = Library(settings.library, create=True)
    Registry(library).add(make_source(str(folder), name="huts", base_url=BASE))
    list(Syncer(library, embedder, settings).run())
    return Assistant(library, embedder, settings)


@pytest.mark.parametrize("name", HUTS)
def test_the_page_one_is_on_comes_first_among_equals(huts: Assistant, name: str) -> None:
    answer = huts.answer("Where is the key of the hut?", page=BASE + name.replace(" ", "_"))
    assert answer.citations[0].quote.text == HUTS[name]


@pytest.mark.parametrize("name", HUTS)
def test_a_question_that_names_another_page_is_answered_from_that(
    huts: Assistant, name: str
) -> None:
    for page in HUTS:
        answer = huts.answer(f"Where is the key of the {name}?", page=BASE + page)
        assert answer.citations[0].quote.text == HUTS[name]


def test_no_page_changes_whether_a_question_is_answered(
    embedder: Any, questions: list[str], tmp_path: Path
) -> None:
    settings = load({}, library=tmp_path / "library")
    library = Library(settings.library, create=True)
    Registry(library).add(make_source(str(ARTICLES), name="articles", base_url=BASE))
    list(Syncer(library, embedder, settings).run())
    assistant = Assistant(library, embedder, settings)
    pages = [e.metadata.url or "" for e in library.catalogue.entries()]
    assert all(page.startswith(BASE) for page in pages)
    changed = 0
    for number, question in enumerate(questions[:60]):
        plain = assistant.answer(question)
        moved = assistant.answer(question, page=pages[number % len(pages)])
        assert (plain.refused, plain.probability) == (moved.refused, moved.probability)
        changed += plain.citations != moved.citations
    # The test would show nothing if no page ever made a difference.
    assert changed
    library.close()
