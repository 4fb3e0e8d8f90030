"""Which parts of a text are paragraphs, headings, list items, table rows and code: as spans.

Markdown is read with markdown-it-py, whose block tokens carry line numbers; plain text by its
lines. Nothing is edited: a block is a span of the text as stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.domain import Kind, Span
from rag.text import trim

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_ITEM = re.compile(r"\s*(?:[-*+•‣–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(?=\S)")
_HASHES = re.compile(r"\s*#{1,6}\s+(?=\S)")
_MARKERS = re.compile(
    r"(?:\s*>)*(?:\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?)*(?:\s*#{1,6}\s+)?"
)
_ENDS = re.compile(r"[.!?…][\"'”’»)\]]*$")
_FENCE = re.compile(r"\s*(```|~~~)")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (kind SENTENCE, not yet split), heading, list item, table row or code line.

    `level` is a heading's depth from 1; `alone` says that blank lines or the ends of the
    text surround it.
    """

    span: Span
    kind: Kind
    level: int = 0
    alone: bool = True


def blocks(text: str, markdown: bool) -> list[Block]:
    """The blocks of `text` in order, not overlapping; between them is white space and markup."""
    return _markdown_blocks(text) if markdown else _plain_blocks(text)


def ends_sentence(text: str) -> bool:
    """Whether `text` ends the way a sentence ends."""
    return bool(_ENDS.search(text.rstrip()))


def _lines(text: str) -> list[Span]:
    """The lines of `text`, their ends included; markdown-it counts the same ones."""
    return [Span(*m.span()) for m in _LINE.finditer(text) if m.end() > m.start()]


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the text was broken into lines of about equal length, mid-sentence.

    Scraped pages have a line a paragraph; letters and mails are wrapped.
    """
    pairs = [(a, b) for a, b in pairwise(lines) if a and b]
    if len(pairs) < 4 or max(map(len, lines)) > 120:
        return False
    broken = [a for a, b in pairs if len(a) >= 40 and not _ENDS.search(a) and not _ITEM.match(b)]
    return len(broken) >= 0.6 * len(pairs)


def _plain_blocks(text: str) -> list[Block]:
    spans = _lines(text)
    stripped = [s.of(text).strip() for s in spans]
    wrapped = _is_wrapped(stripped)
    found: list[Block] = []
    fenced = open_paragraph = False
    for number, (span, line) in enumerate(zip(spans, stripped, strict=True)):
        if _FENCE.match(line):
            fenced, open_paragraph = not fenced and _closes_later(stripped, number), False
            continue
        if not line:
            open_paragraph = False
            continue
        kind, level = (Kind.CODE, 0) if fenced else _plain_kind(line)
        own = trim(text, span)
        if kind is Kind.LIST_ITEM and (marker := _ITEM.match(own.of(text))):
            own = Span(own.start + marker.end(), own.end)
        if kind is Kind.HEADING and (marker := _HASHES.match(own.of(text))):
            own = Span(own.start + marker.end(), own.end)
        if open_paragraph and kind is Kind.SENTENCE:
            found[-1] = replace(found[-1], span=Span(found[-1].span.start, own.end))
            continue
        before = number == 0 or not stripped[number - 1]
        after = number + 1 == len(stripped) or not stripped[number + 1]
        found.append(Block(own, kind, level, before and after))
        open_paragraph = wrapped and kind in (Kind.SENTENCE, Kind.LIST_ITEM)
    return _short_lines(text, found)


def _closes_later(lines: list[str], opening: int) -> bool:
    """An opening fence without a closing one is a stray mark, not code to the end of the text."""
    return any(_FENCE.match(line) for line in lines[opening + 1 :])


def _plain_kind(line: str) -> tuple[Kind, int]:
    if hashes := _HASHES.match(line):
        return Kind.HEADING, hashes.group().count("#")
    if line.startswith("|") and line.count("|") >= 2:
        return Kind.TABLE_ROW, 0
    return (Kind.LIST_ITEM if _ITEM.match(line) else Kind.SENTENCE), 0


def _short_lines(text: str, found: list[Block]) -> list[Block]:
    """Tell headings from list items among short lines that end no sentence."""

    def short(block: Block) -> bool:
        line = block.span.of(text)
        return (
            block.kind is Kind.SENTENCE
            and len(line) <= 90
            and len(line.split()) <= 14
            and not _ENDS.search(line)
            and not line.endswith((",", ";"))
        )

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
        if (introduced or tight or listed) and not block.span.of(text).endswith(":"):
            result.append(replace(block, kind=Kind.LIST_ITEM))
        else:
            result.append(replace(block, kind=Kind.HEADING, level=2))
    return result


def _markdown_blocks(text: str) -> list[Block]:
    from markdown_it import MarkdownIt

    lines = _lines(text)
    found: list[Block] = []
    skip = 0
    if front := re.match(r"---[ \t]*\r?\n.*?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", text, re.DOTALL):
        skip = sum(1 for line in lines if line.start < front.end())
        found.append(Block(trim(text, Span(0, front.end())), Kind.BOILERPLATE))

    def span(first: int, last: int) -> Span:
        if first >= len(lines):
            return Span(len(text), len(text))
        return trim(text, Span(lines[first].start, lines[min(last, len(lines)) - 1].end))

    parser = MarkdownIt("commonmark").enable("table")
    body = "\n" * skip + "".join(line.of(text) for line in lines[skip:])
    inside: list[str] = []
    for token in parser.parse(body):
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        if not token.map:
            continue
        first, last = token.map
        if token.type in ("fence", "code_block"):
            edge = 1 if token.type == "fence" else 0
            found += [
                Block(trim(text, line), Kind.CODE, alone=False)
                for line in lines[first + edge : last - edge]
                if line.of(text).strip()
            ]
        elif token.type == "html_block":
            found.append(Block(span(first, last), Kind.BOILERPLATE))
        elif token.type == "tr_open":
            # The header row is context for the others, as a heading is for its paragraphs.
            header = "thead_open" in inside
            found.append(
                Block(
                    span(first, last),
                    Kind.HEADING if header else Kind.TABLE_ROW,
                    6 if header else 0,
                    False,
                )
            )
        elif token.type == "inline" and "tr_open" not in inside:
            own = span(first, last)
            if marker := _MARKERS.match(own.of(text)):
                own = trim(text, Span(own.start + marker.end(), own.end))
            if "heading_open" in inside:
                first_line = lines[first].of(text)
                hashes = re.match(r"\s*(#{1,6})", first_line)
                level = len(hashes.group(1)) if hashes else 1
                # A setext heading's underline is markup, not words.
                own = trim(text, Span(own.start, min(own.end, lines[first].end)))
                found.append(Block(own, Kind.HEADING, level))
            else:
                kind = Kind.LIST_ITEM if "list_item_open" in inside else Kind.SENTENCE
                found.append(Block(own, kind))
    return [b for b in found if len(b.span)]
