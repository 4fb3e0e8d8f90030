"""The blocks of a plain text, by its lines: paragraphs, headings, items, tables and code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ingest.block import Block, before_on_line, ends_sentence, is_definition, rows
from rag.domain import Kind, Span

_ITEM = re.compile(
    r"\s*(?:[-*+•‣–]|\(?\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2}){1,3}[.)]|\(?[a-z][.)])\s+"
    r"(?:\[[ xX]\]\s+)?(?=\S)"
)
_HASHES = re.compile(r"\s*#{1,6}\s+(?=\S)")
_FENCES = ("```", "~~~")
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
    if max(map(len, stripped), default=0) > 120:
        return False
    pairs = [(a, b) for a, b in pairwise(stripped) if a and b]
    if len(pairs) < 4:
        return False
    broken = [a for a, b in pairs if len(a) >= 40 and not ends_sentence(a) and not _ITEM.match(b)]
    return len(broken) >= 0.6 * len(pairs)


def _width(stripped: list[str]) -> int:
    """The width that the text was wrapped at, where most lines that end mid-sentence are full.

    A line is full where the next line's first word had no room in it; 0 where it was not wrapped.
    """
    width = max(map(len, stripped), default=0)
    if width > 120:
        return 0
    broken = [
        (a, b)
        for a, b in pairwise(stripped)
        if b
        and len(a) >= 40
        and not ends_sentence(a)
        and not a.endswith(":")
        and not _ITEM.match(b)
    ]
    full = [b for a, b in broken if _is_full(a, b, width)]
    # Entries of a menu may be about as long as one another; they begin with capitals.
    going_on = sum(b[0].islower() for b in full)
    wrapped = going_on >= max(3, 0.5 * len(full)) and len(full) >= 0.6 * len(broken)
    return width if wrapped else 0


def _is_full(line: str, following: str, width: int) -> bool:
    # A little less than the width counts: lines that were broken by hand are not all as full.
    return len(line) + 1 + len(following.split()[0]) > 0.92 * width


def plain_blocks(text: str) -> list[Block]:
    """The blocks of a plain text in order."""
    written = rows(text)
    stripped = [row.strip() for row in written]
    wrapped, width = _is_wrapped(stripped), _width(stripped)
    # Most texts have neither tables nor code, which a look at the whole tells at once.
    tables = _tables(stripped) if "|" in text or "+" in text else {}
    codes = _indented_code(written, stripped) if "    " in text or "\t" in text else set()
    found: list[Block] = []
    state = _State()
    end = 0
    for number, (row, line) in enumerate(zip(written, stripped, strict=True)):
        start, end = end, end + len(row)
        if not line:
            state.paragraph = False
            continue
        if line.startswith(_FENCES):
            state.fenced = not state.fenced and _closes_later(stripped, number)
            state.group += state.fenced
            state.paragraph = False
            continue
        before = row[: -len(row.lstrip())]
        own = Span(start + len(before), start + len(before) + len(line))
        if state.fenced:
            depth = len(state.indents)
            found.append(Block(own, Kind.CODE, 0, False, depth, False, state.group))
            continue
        if table_row := tables.get(number):
            state.paragraph = False
            if table_row.kind:
                level = 6 if table_row.kind is Kind.HEADING else 0
                found.append(Block(own, table_row.kind, level, False, 0, False, -table_row.table))
            continue
        if number in codes:
            state.group += number - 1 not in codes and bool(stripped[number - 1])
            found.append(Block(own, Kind.CODE, 0, False, 0, False, state.group))
            continue
        above = stripped[number - 1] if number else ""
        alone = not above and (number + 1 == len(stripped) or not stripped[number + 1])
        joined = wrapped or bool(width and above and _is_full(above, line, width))
        _take_line(own, len(before.expandtabs(4)), line, state, found, joined, alone)
    return _short_lines(text, found)


def _take_line(
    own: Span, indent: int, line: str, state: _State, found: list[Block], joined: bool, alone: bool
) -> None:
    """Add a line of prose to `found`: as a block of its own, or to the one that it continues."""
    kind, level, marker = _kind(line)
    if kind is Kind.SENTENCE and state.paragraph:
        deeper = bool(state.indents) and indent > state.indents[-1]
        if joined or (deeper and found[-1].kind is Kind.LIST_ITEM):
            found[-1] = replace(found[-1], span=Span(found[-1].span.start, own.end))
            return
    depth, opens = 0, False
    if kind is Kind.LIST_ITEM:
        while state.indents and indent <= state.indents[-1]:
            state.indents.pop()
        state.indents.append(indent)
        depth, opens = len(state.indents), True
    elif (
        kind is Kind.SENTENCE
        and state.indents
        and indent > state.indents[0] + 1
        and (ends_sentence(line) or line.endswith(":"))
    ):
        # A further paragraph of an item stands as far in as the item's words.
        while len(state.indents) > 1 and indent <= state.indents[-1]:
            state.indents.pop()
        kind, depth = Kind.LIST_ITEM, len(state.indents)
    else:
        state.indents = []
    if marker:
        own = Span(own.start + marker, own.end)
    found.append(Block(own, kind, level, alone, depth, opens))
    state.paragraph = kind in (Kind.SENTENCE, Kind.LIST_ITEM)


def _closes_later(stripped: list[str], opening: int) -> bool:
    """An opening fence without a closing one is a stray mark, not code to the end of the text."""
    return any(line.startswith(_FENCES) for line in stripped[opening + 1 :])


def _kind(line: str) -> tuple[Kind, int, int]:
    """The kind of a line, the level of a heading, and the length of the marker before its words."""
    if line[0] == "#" and (hashes := _HASHES.match(line)):
        return Kind.HEADING, hashes.group().count("#"), hashes.end()
    if item := _ITEM.match(line):
        return Kind.LIST_ITEM, 0, item.end()
    return Kind.SENTENCE, 0, 0


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
    return item or (ends_sentence(line) and len(line.split()) >= 6)


def _indented_code(written: list[str], stripped: list[str]) -> set[int]:
    """The numbers of the lines that stand far in after a blank line and look like code."""
    found: set[int] = set()
    run: list[int] = []
    for number in range(len(written) + 1):
        if number < len(written) and stripped[number]:
            far = written[number].startswith(("    ", "\t"))
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
    """The item at `place`; a heading, where it is a number and few words between paragraphs."""
    block = found[place]
    if not (block.alone and block.depth == 1 and _is_numbered(text, block)):
        return block
    before, after = found[place - 1 : place], found[place + 1 : place + 2]
    words = block.span.of(text)
    short = len(words.split()) <= 8 and not ends_sentence(words) and not words.endswith((",", ";"))
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
            and not ends_sentence(line)
            and not line.endswith((",", ";"))
        )

    found = [_numbered_heading(text, found, i) if b.opens else b for i, b in enumerate(found)]
    is_short = [short(b) for b in found]
    result = []
    for i, block in enumerate(found):
        if not is_short[i]:
            result.append(block)
            continue
        line = block.span.of(text)
        run = sum(is_short[max(0, i - 2) : i + 3])
        introduced = i > 0 and found[i - 1].span.of(text).rstrip().endswith(":")
        tight = not block.alone and run >= 3
        # One heading may follow another, but four short lines in a row head nothing.
        listed = run == 5
        defined = (
            not block.alone
            and is_definition(line)
            and any(
                is_definition(b.span.of(text))
                for b in found[max(0, i - 1) : i + 2]
                if b is not block
            )
        )
        # What is short was a sentence so far: no part of a list, table or code.
        if (introduced or tight or listed or defined) and not line.endswith(":"):
            result.append(Block(block.span, Kind.LIST_ITEM, 0, block.alone, 1, True))
        else:
            result.append(Block(block.span, Kind.HEADING, 2, block.alone))
    return result
