"""Blocks to units to passages: exact spans all the way, within the encoder's token budget."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ingest.block import Block
from ingest.code import statements
from ingest.context import contexts
from rag.domain import Kind, Span, Unit
from rag.embed import Embedder, Vector
from rag.text import sentences, trim

# A "sentence" longer than this is a list or a page without stops; a quote of it helps nobody.
_LONGEST_UNIT = 700
_BREAK = re.compile(r"[;:,—–)\]|]\s+|\s+")
_CLOSING = re.compile(r"[*_]{1,3}\s+")
# What stands before a passage when it is embedded: enough to say what it is about.
_LONGEST_TITLE = 200
_LEAD_TOKENS = 40
# How much of their context the vectors of parts take in that say little alone. Shares of a half
# and less cost rows and code; more of it costs items.
_CONTEXT_SHARES = {Kind.TABLE_ROW: 1.0, Kind.CODE: 1.0, Kind.LIST_ITEM: 0.3}


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be stored: its span, the units in it, headings among them, and its lead.

    `lead` are places before the span, outermost first: what its first unit needs to be understood.
    """

    span: Span
    units: tuple[Unit, ...]
    lead: tuple[Span, ...] = ()


def units(text: str, blocks: Sequence[Block], title: str | None = None) -> list[Unit]:
    """The units of an article in order: sentences of paragraphs and items, rows, statements.

    Args:
        text: the article as stored.
        blocks: its blocks in order.
        title: its title, which is no part of a unit's context.
    """
    found: list[Unit] = []
    pairs = zip(blocks, contexts(text, blocks, title), strict=True)
    for group, members in groupby(pairs, key=lambda p: p[0].kind is Kind.CODE and p[0].group):
        if not group:
            for block, context in members:
                found += _of_block(text, block, context)
            continue
        code = list(members)
        for span, inside in statements(text, [block.span for block, _ in code]):
            if any(c.isalnum() for c in span.of(text)):
                found += [Unit(s, Kind.CODE, (*code[0][1], *inside)) for s in _shorten(text, span)]
    return found


def _of_block(text: str, block: Block, context: tuple[Span, ...]) -> Iterator[Unit]:
    if block.kind is Kind.TABLE_ROW:
        yield Unit(block.span, block.kind, context)
    elif block.kind in (Kind.SENTENCE, Kind.LIST_ITEM):
        first = None
        for sentence in sentences(text, block.span):
            # The marks that end a bold question belong to it, not to the answer.
            closing = _CLOSING.match(text, sentence.start, sentence.end)
            if closing and closing.end() < sentence.end:
                sentence = Span(closing.end(), sentence.end)
            # What follows in an item is about what it begins with.
            above = (*context, first) if first and block.opens else context
            short = len(sentence) <= _LONGEST_UNIT
            for part in (sentence,) if short else _shorten(text, sentence):
                yield Unit(part, block.kind, above)
            first = first or sentence
    else:
        yield from (Unit(part, block.kind, context) for part in _shorten(text, block.span))


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


class _Packer:
    """Packs units into passages, one at a time."""

    def __init__(self, units: Sequence[Unit], costs: Sequence[int], budget: int) -> None:
        """Of `units`, each of which takes as many tokens as `costs` says."""
        self.pieces: list[Piece] = []
        self._units, self._costs, self._budget = units, costs, budget
        # The number of the first unit of the present passage, and the tokens of all in it.
        self._first = self._used = 0

    def _cost(self, start: int, end: int) -> int:
        return sum(self._costs[start:end])

    def take(self, number: int, end: int) -> None:
        """Add the unit with this number, the next one, in a new passage where it must be.

        `end` is the number behind the list, table or code that begins with it, or behind it.
        """
        cost = self._costs[number]
        if number > self._first and (
            self._used + cost > self._budget
            or (self._used > self._budget // 2 and self._units[number].kind is Kind.HEADING)
            or (end > number + 1 and self._fits_anew(number, end))
        ):
            self._break(number, end)
        self._used += cost

    def _fits_anew(self, number: int, end: int) -> bool:
        """Whether a list or table has room in one passage, so that it is not cut in two."""
        together = self._cost(number, end)
        return together <= self._budget < self._used + together

    def _break(self, number: int, end: int) -> None:
        units, first, unit = self._units, self._first, self._units[number]
        # A heading must not end a passage: it belongs to what follows, and so does a lead-in.
        cut = headings = number
        while headings > first + 1 and units[headings - 1].kind is Kind.HEADING:
            headings -= 1
        while cut > first + 1 and (
            units[cut - 1].kind is Kind.HEADING or units[cut - 1].span in unit.context
        ):
            cut -= 1
        if self._cost(cut, end) > self._budget:
            cut = headings
        self.close(cut)
        self._used = self._cost(cut, number)

    def close(self, end: int) -> None:
        """Make a passage of what was taken since the last, up to the unit with number `end`."""
        current = tuple(self._units[self._first : end])
        if any(u.kind is not Kind.HEADING for u in current) or (current and not self.pieces):
            span = Span(current[0].span.start, current[-1].span.end)
            self.pieces.append(Piece(span, current, current[0].context))
        self._first, self._used = end, 0


def passages(
    text: str, article_units: Sequence[Unit], embedder: Embedder, budget: int
) -> list[Piece]:
    """Neighbouring units packed into passages of at most `budget` tokens.

    A passage never cuts a unit, never holds boilerplate, starts anew at a heading once it is half
    full, so that a heading stays with what it heads, and keeps a list, table or piece of code
    whole that has room in it.
    """
    # The span of a passage may reach over an advert; its units and vector leave it out.
    kept = [u for u in article_units if u.kind is not Kind.BOILERPLATE]
    runs = _runs(kept)
    packer = _Packer(kept, [embedder.count(unit.span.of(text)) for unit in kept], budget)
    for number in range(len(kept)):
        packer.take(number, runs.get(number, number + 1))
    packer.close(len(kept))
    return packer.pieces


def _runs(kept: Sequence[Unit]) -> dict[int, int]:
    """Where lists, tables and pieces of code begin and end, by the number of the first unit."""
    found: dict[int, int] = {}
    start = 0
    for number, unit in enumerate(kept):
        before = kept[number - 1] if number else None
        header = before and before.kind is Kind.HEADING and before.span in unit.context[-1:]
        if unit.kind is Kind.TABLE_ROW and header:
            start = number - 1
        elif not (before and before.kind is unit.kind):
            start = number
        if unit.kind in (Kind.LIST_ITEM, Kind.TABLE_ROW, Kind.CODE):
            found[start] = number + 1
    return found


def embedding_text(
    text: str, piece: Piece, title: str | None, embedder: Embedder
) -> tuple[str, list[Span]]:
    """What is embedded for a passage, and where its units and then its lead's parts stand in that.

    The article's title leads, since passages deep in an article often name its subject only
    by a pronoun; then the headings, the lead-in and the table's header that the passage
    continues. Boilerplate between the units is left out, and nothing is said twice.
    """
    lead = lead_spans(text, piece, embedder)
    parts = [span.of(text) for span in (*lead, *(unit.span for unit in piece.units))]
    length = 0
    if title and title not in piece.span.of(text):
        parts.insert(0, title[:_LONGEST_TITLE])
        length = len(parts[0]) + 1
    places = []
    for part in parts[len(parts) - len(lead) - len(piece.units) :]:
        places.append(Span(length, length + len(part)))
        length += len(part) + 1
    return "\n".join(parts), [*places[len(lead) :], *places[: len(lead)]]


def lead_spans(text: str, piece: Piece, embedder: Embedder) -> list[Span]:
    """The lead's parts that there is room for, the innermost first to be kept."""
    kept: list[Span] = []
    room = _LEAD_TOKENS
    for span in reversed(piece.lead):
        room -= embedder.count(span.of(text))
        if room < 0:
            break
        kept.insert(0, span)
    return kept


def unit_vectors(piece: Piece, vectors: Vector, lead: Sequence[Span]) -> Vector:
    """The vectors (units, d) of a passage's units, each with a share of what it is read with.

    Args:
        piece: the passage.
        vectors: of unit length, in the order of `embedding_text`'s places (places, d).
        lead: the lead's parts that were embedded with it, by `lead_spans`.
    """
    mixed = vectors[: len(piece.units)].copy()
    mixing = [(n, u) for n, u in enumerate(piece.units) if u.context and u.kind in _CONTEXT_SHARES]
    if not mixing:
        return mixed
    spans = [*(u.span for u in piece.units), *lead]
    places = {span: number for number, span in enumerate(spans)}
    # Neighbours have their context in common.
    means: dict[tuple[Span, ...], Vector | None] = {}
    for number, unit in mixing:
        if unit.context not in means:
            around = [places[span] for span in unit.context if span in places]
            means[unit.context] = vectors[around].mean(axis=0) if around else None
        if (context := means[unit.context]) is not None:
            vector = vectors[number] + _CONTEXT_SHARES[unit.kind] * context
            mixed[number] = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return mixed
