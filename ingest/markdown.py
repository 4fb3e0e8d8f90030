"""The blocks of a Markdown text, read with markdown-it-py, whose tokens carry line numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.block import Block, definitions, lines
from ingest.frontmatter import FRONT_MATTER
from rag.domain import Kind, Span
from rag.text import trim

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKERS = re.compile(
    r"(?:\s*>)*(?:\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?)*(?:\s*#{1,6}\s+)?"
    r"(?:\s*(?:\[![A-Z]+\]|\*\*(?i:note|info|tip|important|warning|caution)\*\*)"
    r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*>)*[ \t]*)?"
)
_CLOSING_HASHES = re.compile(r"\s+#+$")
# A line all in bold heads what follows it.
_BOLD = re.compile(r"(?P<mark>\*\*|__)(?P<words>[^*_\r\n]{2,100})(?P=mark)[ \t]*(?:\\?[\r\n]+|$)")
# What a fold-out shows while it is closed heads what is inside it.
_SUMMARY = re.compile(r"<summary>\s*(?:<\w+>\s*)*(?P<words>[^<>]{2,200}?)\s*<", re.IGNORECASE)


def markdown_blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text in order; its front matter and HTML are boilerplate."""
    from markdown_it import MarkdownIt

    all_lines = lines(text)
    found: list[Block] = []
    skip = 0
    if front := FRONT_MATTER.match(text):
        skip = sum(1 for line in all_lines if line.start < front.end())
        found.append(Block(trim(text, Span(0, front.end())), Kind.BOILERPLATE))
    parser = MarkdownIt("commonmark").enable("table")
    body = "\n" * skip + "".join(line.of(text) for line in all_lines[skip:])
    reader = _Reader(text, all_lines)
    for token in parser.parse(body):
        found += reader.take(token)
    return [b for b in found if len(b.span)]


@dataclass
class _Reader:
    """Turns tokens, taken in order, into blocks; knows what each stands in."""

    text: str
    lines: list[Span]
    inside: list[Token] = field(default_factory=list)
    depth: int = 0
    opens: bool = False
    group: int = 0

    def take(self, token: Token) -> Iterator[Block]:
        """The blocks that `token` is, if any."""
        if token.nesting == 1:
            self.inside.append(token)
            if token.type == "list_item_open":
                self.depth += 1
                self.opens = True
            elif token.type == "table_open":
                self.group += 1
        elif token.nesting == -1:
            self.inside.pop()
            self.depth -= token.type == "list_item_close"
        if not token.map:
            return
        first, last = token.map
        opens, kinds = self.opens, {t.type for t in self.inside}
        if token.type in ("fence", "code_block"):
            yield from self._code(token, first, last)
        elif token.type == "html_block":
            yield self._html(first, last)
        elif token.type == "tr_open":
            # The header row is context for the others, as a heading is for its paragraphs.
            header = "thead_open" in kinds
            kind = Kind.HEADING if header else Kind.TABLE_ROW
            yield Block(self._row(first, last), kind, 6 if header else 0, False, self.depth,
                        False, self.group)  # fmt: skip
        elif token.type == "inline" and "tr_open" not in kinds:
            self.opens = False
            if "heading_open" in kinds:
                yield self._heading(first, last, opens)
            else:
                yield from self._paragraph(first, last, opens)

    def _span(self, first: int, last: int) -> Span:
        if first >= len(self.lines):
            return Span(len(self.text), len(self.text))
        end = self.lines[min(last, len(self.lines)) - 1].end
        return trim(self.text, Span(self.lines[first].start, end))

    def _words(self, first: int, last: int) -> Span:
        """These lines without the markers of lists, quotations and headings before them."""
        own = self._span(first, last)
        marker = _MARKERS.match(own.of(self.text))
        return trim(self.text, Span(own.start + marker.end(), own.end)) if marker else own

    def _row(self, first: int, last: int) -> Span:
        own = self._span(first, last)
        # In a list or a quotation, the first line of a table has a marker before it.
        marker = _MARKERS.match(own.of(self.text)) if len(self.inside) > 3 else None
        return trim(self.text, Span(own.start + marker.end(), own.end)) if marker else own

    def _html(self, first: int, last: int) -> Block:
        own = self._span(first, last)
        if summary := _SUMMARY.search(own.of(self.text)):
            words = Span(own.start + summary.start("words"), own.start + summary.end("words"))
            return Block(trim(self.text, words), Kind.HEADING, 6)
        return Block(own, Kind.BOILERPLATE)

    def _code(self, token: Token, first: int, last: int) -> Iterator[Block]:
        self.group += 1
        self.opens = False
        edge = 1 if token.type == "fence" else 0
        closed = re.match(
            r"[\s>]*(```|~~~)", self.lines[min(last, len(self.lines)) - 1].of(self.text)
        )
        for line in self.lines[first + edge : last - (edge if closed and last - first > 1 else 0)]:
            if line.of(self.text).strip():
                own = trim(self.text, line)
                yield Block(own, Kind.CODE, 0, False, self.depth, False, self.group)

    def _heading(self, first: int, last: int, opens: bool) -> Block:
        own = self._words(first, last)
        # A setext heading's underline is markup, not words, and so are hashes at the end.
        own = trim(self.text, Span(own.start, min(own.end, self.lines[first].end)))
        if hashes := _CLOSING_HASHES.search(own.of(self.text)):
            own = Span(own.start, own.start + hashes.start())
        return Block(own, Kind.HEADING, int(self.inside[-1].tag[1:]), True, self.depth, opens)

    def _paragraph(self, first: int, last: int, opens: bool) -> Iterator[Block]:
        own = self._words(first, last)
        if self.depth:
            yield Block(own, Kind.LIST_ITEM, 0, True, self.depth, opens)
            return
        bold = _BOLD.match(own.of(self.text))
        if bold and not re.search(r"[.!:;,…]$", bold["words"]) and len(bold["words"].split()) <= 14:
            start = own.start + bold.start("words")
            yield Block(Span(start, own.start + bold.end("words")), Kind.HEADING, 6)
            own = trim(self.text, Span(own.start + bold.end(), own.end))
            if not len(own):
                return
        terms = list(definitions(self.text, own))
        for line in terms:
            yield Block(trim(self.text, line), Kind.LIST_ITEM, 0, True, 1, True)
        if not terms:
            yield Block(own, Kind.SENTENCE)
