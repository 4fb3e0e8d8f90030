"""The list of the library: searched, sorted, cut into pages, with the state of each article."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.changed import pending
from ingest.job import ingest
from rag.embed import OnnxEmbedder
from rag.library import Library
from rag.library.listing import SORTS, STATES, Listing, article_units, listing
from rag.settings import Settings
from tests.site import HARBOUR, MUSEUM

STORY = "\n\n".join(
    f"The council of Porto Almar said on day {n} that the road to the pier number {n} is closed."
    for n in range(12)
)


@pytest.fixture
def filled(library: Library, settings: Settings, embedder: OnnxEmbedder, tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "harbour.md").write_text(HARBOUR, encoding="utf-8")
    (folder / "museum.md").write_text(MUSEUM, encoding="utf-8")
    (folder / "road.txt").write_text(STORY, encoding="utf-8")
    (folder / "road-again.txt").write_text(STORY + "\n\nBy our own writer.", encoding="utf-8")
    (folder / "copy.txt").write_text(STORY, encoding="utf-8")
    (folder / "latin.txt").write_bytes("schön".encode("latin-1"))
    ingest([folder], library, embedder, settings)
    return folder


def sources(found: Listing) -> list[str]:
    return [row.source for row in found.rows]


def test_every_place_is_a_row_with_its_state(library: Library, filled: Path) -> None:
    found = listing(library.catalogue, sort="source")
    assert sources(found) == sorted(p.name for p in filled.iterdir())
    assert (found.found, found.total, found.failed) == (6, 6, 1)
    rows = {row.source: row for row in found.rows}
    assert rows["harbour.md"].publisher == "Quay Gazette"
    assert rows["harbour.md"].characters == len(HARBOUR)
    assert "not UTF-8" in (rows["latin.txt"].reason or "")
    assert (rows["latin.txt"].article, rows["latin.txt"].characters) == (None, 0)
    first = {"copy.txt", "road.txt", "road-again.txt"} - {
        s for s, row in rows.items() if row.same_as or row.reprint_of
    }
    assert len(first) == 1
    assert {rows["copy.txt"].same_as, rows["road.txt"].same_as} & {"copy.txt", "road.txt"}
    assert rows["road-again.txt"].reprint_of in ("copy.txt", "road.txt")
    assert sources(listing(library.catalogue, state="failed")) == ["latin.txt"]
    again = set(sources(listing(library.catalogue, state="reprint")))
    assert again == {"copy.txt", "road.txt", "road-again.txt"} - first


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("PIER gazette", ["harbour.md"]),
        ("evora", ["museum.md"]),
        ("ÉVORA salt", ["museum.md"]),
        ("road", ["road-again.txt", "road.txt"]),
        ("%", []),
        ("latin", ["latin.txt"]),
        ("pier courier", []),
    ],
)
def test_search_is_folded_and_every_word_must_stand(
    library: Library, filled: Path, search: str, found: list[str]
) -> None:
    assert filled
    assert sources(listing(library.catalogue, search, sort="source")) == found


@pytest.mark.parametrize("sort", SORTS)
def test_pages_are_the_whole_list_cut(library: Library, filled: Path, sort: str) -> None:
    assert filled
    for down in (False, True):
        whole = sources(listing(library.catalogue, sort=sort, descending=down))
        assert len(whole) == len(set(whole)) == 6
        cut = [
            source
            for offset in range(0, 8, 2)
            for source in sources(
                listing(library.catalogue, sort=sort, descending=down, offset=offset, limit=2)
            )
        ]
        assert cut == whole
    dated = [r.published for r in listing(library.catalogue, sort="published").rows if r.published]
    assert dated == sorted(dated)
    sizes = [r.characters for r in listing(library.catalogue, sort="characters").rows]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("state", STATES)
def test_an_empty_library_lists_nothing(library: Library, state: str) -> None:
    assert listing(library.catalogue, "x", state).total == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda file: file.stat(), ""),
        (lambda file: file.touch(), ""),
        (lambda file: file.write_text("Another text altogether.", encoding="utf-8"), "changed"),
        (lambda file: file.unlink(), "gone"),
    ],
)
def test_what_the_next_ingest_will_find(
    library: Library, filled: Path, change: Callable[[Path], object], expected: str
) -> None:
    change(filled / "museum.md")
    coming = {r.source: pending(r.place, r.url) for r in listing(library.catalogue).rows}
    assert coming.pop("museum.md") == expected
    assert set(coming.values()) == {""}


def test_units_are_places_that_can_be_quoted(library: Library, filled: Path) -> None:
    assert filled
    article = library.article("harbour.md")
    texts = [article.text[start:end] for start, end in article_units(library.catalogue, article.id)]
    assert "It cost 48 million euros, the harbour master Ilda Ferraz said." in texts
    assert not any(text.startswith("#") for text in texts)
    assert texts == sorted(texts, key=article.text.index)
