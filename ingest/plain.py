"""The blocks of a plain text, by its lines: paragraphs, headings, items, tables and code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ingest.block import ENDS, Block, before_on_line, is_definition, lines
from rag.domain import Kind, Span
from rag.text import trim

_ITEM = re.compile(
    r"\s*(?:[-*+•‣–]|\(?\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}[.)]|\(?[a-z][.)])\s+"
    r"(?:\[[ xX]\]\s+)?(?=\S)"
)
_HASHES = re.compile(r"\s*#{1,6}\s+(?=\S)")
_FENCE = re.compile(r"\s*(```|~~~)")
# The line of dashes below a table's header, or between the rows of one drawn with + and -.
_RULE = re.compile(r"[|+]?\s*:?[-=]{2,}:?\s*(?:[|+]\s*:?[-=]{2,}:?\s*)*[|+]?$")
_CODE = re.compile(
    r"\s*[$>#]\s\S|.*\s--?[a-z][\w-]*\b|.*[;{}\\]\s*$|.*\w\([^)]*\)|.*\w\s?=\s?\S|\s*[\w.-]+:(?:\s|$)"
    r"|\s*(?:sudo|cd|ls|git|docker|kubectl|make|npm|pip|curl|ssh|select|import|from|def|export)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a table: the number of the table, and header (HEADING), row, or None for dashes."""

    table: int
    kind: Kind | None


@dataclass
class _State:
    """What the lines before the present one have opened."""

    fenced: bool = False
    paragraph: bool = False
    group: int = 0
    indents: list[int] = field(default_factory=list)


def _is_wrapped(stripped: list[str]) -> bool:
    """Whether the text was broken into lines of about equal length, mid-sentence.

    Scraped pages have a line a paragraph; letters and mails are wrapped.
    """
    pairs = [(a, b) for a, b in pairwise(stripped) if a and b]
    if len(pairs) < 4 or max(map(len, stripped)) > 120:
        return False
    broken = [a for a, b in pairs if len(a) >= 40 and not ENDS.search(a) and not _ITEM.match(b)]
    return len(broken) >= 0.6 * len(pairs)


def _width(stripped: list[str]) -> int:
    """The width that the text was wrapped at, where most lines that end mid-sentence are full.

    A line is full where the next line's first word had no room in it; 0 where it was not wrapped.
    """
    width = max(map(len, stripped), default=0)
    broken = [
        (a, b)
        for a, b in pairwise(stripped)
        if b and len(a) >= 40 and not ENDS.search(a) and not a.endswith(":") and not _ITEM.match(b)
    ]
    full = [b for a, b in broken if _is_full(a, b, width)]
    # Entries of a menu may be about as long as one another; they begin with capitals.
    going_on = sum(b[0].islower() for b in full)
    wrapped = (
        width <= 120 and going_on >= max(3, 0.5 * len(full)) and len(full) >= 0.6 * len(broken)
    )
    return width if wrapped else 0


def _is_full(line: str, following: str, width: int) -> bool:
    # A little less than the width counts: lines that were broken by hand are not all as full.
    return len(line) + 1 + len(following.split()[0]) > 0.92 * width


def plain_blocks(text: str) -> list[Block]:
    """The blocks of a plain text in order."""
    spans = lines(text)
    stripped = [s.of(text).strip() for s in spans]
    wrapped, width = _is_wrapped(stripped), _width(stripped)
    tables, codes = _tables(stripped), _indented_code(text, spans, stripped)
    found: list[Block] = []
    state = _State()
    for number, (span, line) in enumerate(zip(spans, stripped, strict=True)):
        if _FENCE.match(line):
            state.fenced = not state.fenced and _closes_later(stripped, number)
            state.group += state.fenced
            state.paragraph = False
            continue
        if not line:
            state.paragraph = False
            continue
        own = trim(text, span)
        depth = len(state.indents)
        if state.fenced:
            found.append(Block(own, Kind.CODE, 0, False, depth, False, state.group))
            continue
        if row := tables.get(number):
            state.paragraph = False
            if row.kind:
                level = 6 if row.kind is Kind.HEADING else 0
                found.append(Block(own, row.kind, level, False, 0, False, -row.table))
            continue
        if number in codes:
            state.group += number - 1 not in codes and bool(stripped[number - 1])
            found.append(Block(own, Kind.CODE, 0, False, 0, False, state.group))
            continue
        above = stripped[number - 1] if number else ""
        joined = wrapped or bool(width and above and _is_full(above, line, width))
        _take_line(text, own, line, state, found, joined)
        if found[-1].span.end == own.end and found[-1].span.start >= own.start:
            before = number == 0 or not stripped[number - 1]
            after = number + 1 == len(stripped) or not stripped[number + 1]
            if not (before and after):
                found[-1] = replace(found[-1], alone=False)
    return _short_lines(text, found)


def _take_line(
    text: str, own: Span, line: str, state: _State, found: list[Block], joined: bool
) -> None:
    """Add a line of prose to `found`: as a block of its own, or to the one that it continues."""
    indent = len(before_on_line(text, own.start).expandtabs(4))
    kind, level = _kind(line)
    if kind is Kind.SENTENCE and state.paragraph:
        deeper = bool(state.indents) and indent > state.indents[-1]
        if joined or (deeper and found[-1].kind is Kind.LIST_ITEM):
            found[-1] = replace(found[-1], span=Span(found[-1].span.start, own.end))
            return
    depth, opens = 0, False
    if kind is Kind.LIST_ITEM and (marker := _ITEM.match(own.of(text))):
        own = Span(own.start + marker.end(), own.end)
        while state.indents and indent <= state.indents[-1]:
            state.indents.pop()
        state.indents.append(indent)
        depth, opens = len(state.indents), True
    elif (
        kind is Kind.SENTENCE
        and state.indents
        and indent > state.indents[0] + 1
        and (ENDS.search(line) or line.endswith(":"))
    ):
        # A further paragraph of an item stands as far in as the item's words.
        while len(state.indents) > 1 and indent <= state.indents[-1]:
            state.indents.pop()
        kind, depth = Kind.LIST_ITEM, len(state.indents)
    else:
        state.indents = []
    if kind is Kind.HEADING and (marker := _HASHES.match(own.of(text))):
        own = Span(own.start + marker.end(), own.end)
    found.append(Block(own, kind, level, True, depth, opens))
    state.paragraph = kind in (Kind.SENTENCE, Kind.LIST_ITEM)


def _closes_later(stripped: list[str], opening: int) -> bool:
    """An opening fence without a closing one is a stray mark, not code to the end of the text."""
    return any(_FENCE.match(line) for line in stripped[opening + 1 :])


def _kind(line: str) -> tuple[Kind, int]:
    if hashes := _HASHES.match(line):
        return Kind.HEADING, hashes.group().count("#")
    return (Kind.LIST_ITEM if _ITEM.match(line) else Kind.SENTENCE), 0


def _is_rule(line: str) -> bool:
    """Whether a line is the dashes below a table's header or between drawn rows."""
    return ("|" in line or "+" in line) and bool(_RULE.match(line))


def _tables(stripped: list[str]) -> dict[int, _Row]:
    """The lines of tables by number; lines of dashes among them have no kind."""
    found: dict[int, _Row] = {}
    number = table = 0
    while number < len(stripped):
        end = number
        while end < len(stripped) and ("|" in stripped[end] or _is_rule(stripped[end])):
            end += 1
        run = range(number, end)
        rows = [n for n in run if not _is_rule(stripped[n])]
        piped = bool(rows) and stripped[rows[0]][0] == "|" and stripped[rows[0]].count("|") >= 2
        if rows and (piped or len(rows) < len(run)):
            table += 1
            found |= {n: _Row(table, None) for n in run}
            found |= {n: _Row(table, Kind.TABLE_ROW) for n in rows}
            if rows[0] + 1 in run and rows[0] + 1 not in rows:
                found[rows[0]] = _Row(table, Kind.HEADING)
        number = end + 1
    return found


def _is_prose(line: str) -> bool:
    """Whether a line is an item or a sentence, not code."""
    item = bool(_ITEM.match(line)) and not line.startswith(("-", "+"))
    return item or (bool(ENDS.search(line)) and len(line.split()) >= 6)


def _indented_code(text: str, spans: list[Span], stripped: list[str]) -> set[int]:
    """The numbers of the lines that stand far in after a blank line and look like code."""
    found: set[int] = set()
    run: list[int] = []
    for number in range(len(spans) + 1):
        if number < len(spans) and stripped[number]:
            words = spans[number].of(text)
            far = words.startswith(("    ", "\t"))
            if far and (run or number == 0 or not stripped[number - 1]):
                run.append(number)
                continue
        coded = [n for n in run if _CODE.match(stripped[n])]
        prose = [n for n in run if _is_prose(stripped[n])]
        if run and not prose and 2 * len(coded) >= len(run):
            found.update(run)
        run = []
    return found


def _is_numbered(text: str, block: Block) -> bool:
    return bool(re.search(r"\d", before_on_line(text, block.span.start)))


def _numbered_heading(text: str, found: list[Block], place: int) -> Block:
    """The block at `place`; a heading, where it is a number and few words between paragraphs."""
    block = found[place]
    if not (block.opens and block.alone and block.depth == 1 and _is_numbered(text, block)):
        return block
    before, after = found[place - 1 : place], found[place + 1 : place + 2]
    words = block.span.of(text)
    short = len(words.split()) <= 8 and not ENDS.search(words) and not words.endswith((",", ";"))
    prose = after and after[0].kind is Kind.SENTENCE and len(after[0].span.of(text).split()) > 8
    bullets = after and after[0].opens and not _is_numbered(text, after[0])
    listed = before and before[0].kind is Kind.LIST_ITEM and before[0].alone
    if short and (prose or bullets) and not listed:
        return replace(block, kind=Kind.HEADING, level=3, depth=0, opens=False)
    return block


def _short_lines(text: str, found: list[Block]) -> list[Block]:
    """Tell headings from list items among short lines that end no sentence."""

    def short(block: Block) -> bool:
        line = block.span.of(text)
        return (
            block.kind is Kind.SENTENCE
            and len(line) <= 90
            and len(line.split()) <= 14
            and not ENDS.search(line)
            and not line.endswith((",", ";"))
        )

    found = [_numbered_heading(text, found, i) for i in range(len(found))]
    is_short = [short(b) for b in found]
    result = []
    for i, block in enumerate(found):
        if not is_short[i]:
            result.append(block)
            continue
        run = sum(is_short[max(0, i - 2) : i + 3])
        introduced = i > 0 and found[i - 1].span.of(text).rstrip().endswith(":")
        tight = not block.alone and run >= 3
        # One heading may follow another, but four short lines in a row head nothing.
        listed = run == 5
        defined = (
            not block.alone
            and any(
                is_definition(b.span.of(text))
                for b in found[max(0, i - 1) : i + 2]
                if b is not block
            )
            and is_definition(block.span.of(text))
        )
        if (introduced or tight or listed or defined) and not block.span.of(text).endswith(":"):
            result.append(replace(block, kind=Kind.LIST_ITEM, depth=1, opens=True))
        else:
            result.append(replace(block, kind=Kind.HEADING, level=2))
    return result
