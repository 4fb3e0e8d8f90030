"""An article read and understood, before it is embedded: blocks, metadata, lines, passages."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest.block import Block, ends_sentence
from ingest.clean import mark
from ingest.language import language_of
from ingest.metadata import read_metadata
from ingest.minhash import short_hash, signature
from ingest.readers.document import Document, filled
from ingest.split import Piece, passages, units
from ingest.structure import blocks
from rag.domain import Kind, Metadata
from rag.embed import Embedder
from rag.library.houses import marks
from rag.text import fold

_LONGEST_LINE = 300
# Characters of running text by which its language is told.
_ENOUGH_WORDS = 400


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as read: its blocks, boilerplate by form marked, and whose article it is.

    `said` are the blocks that are metadata and nothing else. `lines` hashes, by block, what may
    recur over the articles of its `house`.
    """

    document: Document
    revision: str
    metadata: Metadata
    blocks: tuple[Block, ...]
    said: frozenset[int]
    house: str
    lines: dict[int, int]


@dataclass(frozen=True, slots=True)
class Parsed:
    """An article split, ready to be embedded; `marked` names the recurring lines left out."""

    text: str
    metadata: Metadata
    pieces: tuple[Piece, ...]
    marked: str = ""


def draft(document: Document) -> Draft:
    """Find the blocks and the metadata of an article, its language aside; a pure function."""
    text = document.text
    marked = mark(text, blocks(text, document.markdown))
    own, said = read_metadata(text, marked, document.markdown)
    metadata = filled(document.metadata, own)
    if metadata.published is None and metadata.updated is not None:
        # The day a page was last gone over dates it better than nothing does.
        metadata = dataclasses.replace(metadata, published=metadata.updated)
    house = _house(metadata)
    lines = {}
    if house:
        lines = {i: h for i, h in _lines(text, marked, document.markdown) if i not in said}
    revision = hashlib.sha256(text.encode()).hexdigest()
    return Draft(document, revision, metadata, tuple(marked), frozenset(said), house, lines)


def described(found: Draft) -> Metadata:
    """The metadata with the language: nothing needs that before an article is stored."""
    if found.metadata.language is not None:
        return found.metadata
    return dataclasses.replace(found.metadata, language=language_of(_sentences(found)))


def _sentences(found: Draft) -> str:
    """The first of an article's paragraphs that are running text."""
    lines: list[str] = []
    for index, block in enumerate(found.blocks):
        line = block.span.of(found.document.text)
        if block.kind is Kind.SENTENCE and index not in found.said and ends_sentence(line):
            lines.append(line)
            if sum(map(len, lines)) > _ENOUGH_WORDS:
                break
    return " ".join(lines)


def _house(metadata: Metadata) -> str:
    """Whose pages have the article's furniture in common: its publisher's, else its site's."""
    if metadata.publisher:
        return fold(metadata.publisher)
    return (urlsplit(metadata.url).hostname or "") if metadata.url else ""


def _lines(text: str, marked: list[Block], markdown: bool) -> Iterator[tuple[int, int]]:
    """Blocks that would be boilerplate if they recurred, with a hash of their words."""
    kinds = {Kind.SENTENCE, Kind.LIST_ITEM} | (set() if markdown else {Kind.HEADING})
    for index, block in enumerate(marked):
        if block.kind in kinds and len(block.span) <= _LONGEST_LINE:
            # Word for word: of two reports that differ in a figure, each says something.
            words = " ".join(fold(block.span.of(text)).split())
            yield index, short_hash(words.encode())


def finish(
    found: Draft, embedder: Embedder, budget: int, repeated: frozenset[int] = frozenset()
) -> Parsed:
    """Split an article into passages of at most `budget` tokens, recurring lines left out."""
    text = found.document.text
    gone = {i for i, line in found.lines.items() if line in repeated}
    body = [
        b for i, b in enumerate(found.blocks)
        if i not in found.said and i not in gone and b.kind is not Kind.BOILERPLATE
    ]  # fmt: skip
    title = found.metadata.title
    pieces = passages(text, units(text, body, title), embedder, budget)
    left_out = marks({found.lines[i] for i in gone})
    return Parsed(text, found.metadata, tuple(pieces), left_out)


def parse(text: str, markdown: bool, embedder: Embedder, budget: int) -> Parsed:
    """Split `text` into passages and read its metadata; a pure function of its arguments."""
    return finish(draft(Document(text, markdown)), embedder, budget)


def fingerprint(found: Draft) -> tuple[bytes, tuple[int, ...]]:
    """The MinHash signature and bands of the article's own words."""
    text = found.document.text
    return signature(
        b.span.of(text)
        for i, b in enumerate(found.blocks)
        if b.kind is not Kind.BOILERPLATE and i not in found.said
    )
