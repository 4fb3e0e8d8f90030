"""Blocks to units to passages: exact spans all the way, within the encoder's token budget."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.structure import Block
from rag.domain import Kind, Span, Unit
from rag.embed import Embedder
from rag.text import sentences, trim

# A "sentence" longer than this is a list or a page without stops; a quote of it helps nobody.
_LONGEST_UNIT = 700
_BREAK = re.compile(r"[;:,—–)\]|]\s+|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be stored: its span and the units in it, headings among them."""

    span: Span
    units: tuple[Unit, ...]


def units(text: str, blocks: Sequence[Block]) -> list[Unit]:
    """The units of an article in order: sentences of paragraphs and items, rows, code lines."""
    found: list[Unit] = []
    for block in blocks:
        if block.kind in (Kind.SENTENCE, Kind.LIST_ITEM):
            found += [
                Unit(part, block.kind)
                for sentence in sentences(text, block.span)
                for part in _shorten(text, sentence)
            ]
        else:
            found += [Unit(part, block.kind) for part in _shorten(text, block.span)]
    return found


def _shorten(text: str, span: Span) -> Iterator[Span]:
    """`span` in parts of at most `_LONGEST_UNIT` characters, cut after punctuation or a space."""
    while len(span) > _LONGEST_UNIT:
        window = text[span.start : span.start + _LONGEST_UNIT]
        breaks = [m for m in _BREAK.finditer(window) if m.end() > _LONGEST_UNIT // 2]
        strong = [m for m in breaks if not m.group().isspace()]
        cut = (strong or breaks)[-1].end() if breaks else _LONGEST_UNIT
        yield trim(text, Span(span.start, span.start + cut))
        span = trim(text, Span(span.start + cut, span.end))
    if len(span):
        yield span


def passages(
    text: str, article_units: Sequence[Unit], embedder: Embedder, budget: int
) -> list[Piece]:
    """Neighbouring units packed into passages of at most `budget` tokens.

    A passage never cuts a unit, never holds boilerplate, and starts anew at a heading once it
    is half full, so that a heading stays with what it heads.
    """
    pieces: list[Piece] = []
    current: list[Unit] = []
    used = 0

    def close() -> None:
        nonlocal current, used
        if any(u.kind is not Kind.HEADING for u in current) or (current and not pieces):
            pieces.append(Piece(Span(current[0].span.start, current[-1].span.end), tuple(current)))
        current, used = [], 0

    for unit in article_units:
        if unit.kind is Kind.BOILERPLATE:
            # The span of a passage may reach over an advert; its units and vector leave it out.
            continue
        cost = embedder.count(unit.span.of(text))
        full = used + cost > budget
        section = unit.kind is Kind.HEADING and used > budget // 2
        if current and (full or section):
            # A heading must not end a passage: it belongs to what follows.
            carried: list[Unit] = []
            while current and current[-1].kind is Kind.HEADING and len(current) > 1:
                carried.insert(0, current.pop())
            close()
            current = carried
            used = sum(embedder.count(u.span.of(text)) for u in carried)
        current.append(unit)
        used += cost
    close()
    return pieces


def embedding_text(text: str, piece: Piece, title: str | None) -> tuple[str, list[Span]]:
    """What is embedded for a passage, and where its units stand in that.

    The article's title leads, since passages deep in an article often name its subject only
    by a pronoun; boilerplate between the units is left out.
    """
    parts: list[str] = []
    spans: list[Span] = []
    length = 0
    starts_article = title is not None and title in piece.span.of(text)
    if title and not starts_article:
        parts.append(title[:200])
        length = len(parts[0])
    for unit in piece.units:
        length += 1 if parts else 0
        words = unit.span.of(text)
        spans.append(Span(length, length + len(words)))
        parts.append(words)
        length += len(words)
    return "\n".join(parts), spans
