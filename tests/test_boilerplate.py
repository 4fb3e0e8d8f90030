"""How well furniture is told from articles, by form and by repetition, on labelled lines.

`python -m tests.test_boilerplate` prints the figures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.draft import draft
from ingest.job import ingest
from ingest.readers.forms import read
from rag.domain import Kind
from rag.library import Library
from rag.library.houses import repeated_lines
from tests.conftest import SHARED

DATA = Path(__file__).parent / "data"


@dataclass
class Page:
    """A page and the label of each of its lines: T, B or M, "" for an empty one."""

    name: str
    text: str
    labels: list[str]

    def lines(self) -> Iterator[tuple[int, int, str]]:
        at = 0
        for line, label in zip(self.text.splitlines(keepends=True), self.labels, strict=True):
            yield at, at + len(line.rstrip()), label
            at += len(line)


def made_pages() -> list[Page]:
    pages = []
    for part in (DATA / "boilerplate.txt").read_text("utf-8").split("=== ")[1:]:
        name, _, body = part.partition("\n")
        lines = body.splitlines()
        assert all(line[:2] in ("T ", "B ", "M ", "") for line in lines), name
        text = "".join(line[2:] + "\n" for line in lines)
        pages.append(Page(name, text, [line[:1] for line in lines]))
    return pages


def shared_pages() -> list[Page]:
    known = json.loads((DATA / "boilerplate-shared.json").read_text())["files"]
    pages = []
    for path in sorted((SHARED / "articles").glob("*.txt")):
        label = known.get(hashlib.sha256(path.read_bytes()).hexdigest()[:16])
        if label is None:
            continue
        text = path.read_bytes().decode("utf-8-sig")
        marks = dict.fromkeys(label["furniture"], "B") | dict.fromkeys(label["metadata"], "M")
        labels = [
            marks.get(number, "T") if any(c.isalnum() for c in line) else ""
            for number, line in enumerate(text.splitlines(keepends=True), 1)
        ]
        pages.append(Page(path.name, text, labels))
    return pages


@dataclass
class Figures:
    """Lines of furniture found, found wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def measure(pages: list[Page], library: Library) -> tuple[dict[str, Figures], list[str]]:
    """Figures of marking by form, by repetition and by both, and the lines that both get wrong."""
    figures = {"form": Figures(), "repetition": Figures(), "both": Figures()}
    errors = []
    for page in pages:
        form = "text" if page.name.endswith(".txt") else "markdown"
        found = draft(read(form, page.text.encode(), page.name, {}))
        repeated = repeated_lines(library.catalogue, found.house) if found.house else frozenset()
        by_form = [b.span for b in found.blocks if b.kind is Kind.BOILERPLATE]
        again = [found.blocks[i].span for i, line in found.lines.items() if line in repeated]
        for start, end, label in page.lines():
            if label not in ("T", "B"):
                continue
            for name, spans in (("form", by_form), ("repetition", again),
                                ("both", by_form + again)):  # fmt: skip
                marked = any(s.start < end and s.end > start for s in spans)
                one = figures[name]
                one.right += marked and label == "B"
                one.wrong += marked and label == "T"
                one.missed += not marked and label == "B"
                if name == "both" and marked != (label == "B"):
                    errors.append(f"{page.name}: {label} {page.text[start:end][:90]}")
    return figures, errors


def stored(pages: list[Page], folder: Path, embedder, settings) -> Library:
    (folder / "pages").mkdir()
    for page in pages:
        (folder / "pages" / page.name).write_bytes(page.text.encode())
    library = Library(settings.library, create=True)
    assert not ingest([folder / "pages"], library, embedder, settings).failed
    return library


def test_furniture_is_told_from_articles_by_form_and_by_repetition(embedder, settings, tmp_path):
    pages = made_pages()
    with closing(stored(pages, tmp_path, embedder, settings)) as library:
        figures, errors = measure(pages, library)
    assert figures["both"].precision >= 0.97, errors
    assert figures["both"].recall >= 0.95, errors
    # Neither alone finds what the other does.
    assert figures["repetition"].precision == 1.0
    assert figures["form"].recall < figures["both"].recall > figures["repetition"].recall


def test_furniture_of_the_shared_articles_is_found(embedder, settings, tmp_path):
    pages = shared_pages()
    if len(pages) < 5:
        pytest.skip("the shared articles are not beside this checkout")
    with closing(stored(pages, tmp_path, embedder, settings)) as library:
        figures, errors = measure(pages, library)
    assert figures["both"].precision == figures["both"].recall == 1.0, errors


def main() -> None:
    """Print precision and recall of each way on the labelled pages."""
    import os
    import tempfile

    from rag.embed import open_embedder
    from rag.settings import cache_folder, load

    embedder = open_embedder("", cache_folder(os.environ))
    for name, pages in (("made", made_pages()), ("shared", shared_pages())):
        with tempfile.TemporaryDirectory() as folder:
            settings = load({}, library=Path(folder) / "library")
            with closing(stored(pages, Path(folder), embedder, settings)) as library:
                figures, errors = measure(pages, library)
        for way, one in figures.items():
            print(f"{name:8} {len(pages):3} pages  {way:11} precision {one.precision:.3f} "
                  f"recall {one.recall:.3f}  ({one.right} right, {one.wrong} wrong, "
                  f"{one.missed} missed)")  # fmt: skip
        print(*(f"  {error}" for error in errors), sep="\n")


if __name__ == "__main__":
    main()
