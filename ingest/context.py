"""What a block needs beside it to be understood: headings, lead-in, parent items, table header.

A row of a table says little without its header, a step little without "To undo a release:".
These words stand elsewhere in the article; here their places are found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.block import Block, before_on_line
from rag.domain import Kind, Span
from rag.text import sentences

# What is longer introduces nothing: it is a paragraph that happens to stand before a list.
_LONGEST_LEAD = 200
_LONGEST_PARENT = 300
_LEADS = re.compile(r":\W{0,3}$")
_WORDS = (Kind.SENTENCE, Kind.LIST_ITEM)


def contexts(text: str, blocks: Sequence[Block], title: str | None) -> list[tuple[Span, ...]]:
    """The context of each block, outermost first: heading path, lead-ins and parents, header.

    Args:
        text: the article as stored.
        blocks: its blocks without boilerplate, in order.
        title: the article's title, which stands with the article and is left out of paths.
    """
    outline = _Outline(text, title)
    return [outline.take(block) for block in blocks]


class _Outline:
    """The headings, items and lead-ins that are open at the present block."""

    def __init__(self, text: str, title: str | None) -> None:
        self._text = text
        self._title = title
        self._path: list[Block] = []
        # The places of those headings, but for one that repeats the title.
        self._headings: tuple[Span, ...] = ()
        # Items by 4 × depth, what leads in to lists and code inside them one above, an item that
        # code after the list belongs to two above: the order in which they enclose one another.
        self._open: dict[int, Span] = {}
        self._headers: dict[int, Span] = {}
        self._previous: Block | None = None

    def take(self, block: Block) -> tuple[Span, ...]:
        """The context of `block`, the next one."""
        if self._introduces(block):
            above = self._headings
            self._open = {1: block.span}
        elif block.kind is Kind.HEADING and not block.group:
            self._path = [h for h in self._path if h.level < block.level]
            above = self._shown()
            self._path.append(block)
            self._headings = self._shown()
            self._open = {}
        else:
            if self._open:
                self._close(block)
            if block.opens or block.group:
                self._lead_in(block)
            above = self._context(block)
            if block.opens:
                first = next(sentences(self._text, block.span), None)
                if first and len(first) <= _LONGEST_PARENT:
                    self._open[4 * block.depth] = first
            if block.kind is Kind.HEADING:
                self._headers[block.group] = block.span
        self._previous = block
        return above

    def _introduces(self, block: Block) -> bool:
        """Whether a line that was taken for a heading only leads in to what stands below it."""
        if block.kind is not Kind.HEADING or block.group:
            return False
        marked = before_on_line(self._text, block.span.start).strip()
        return not marked and bool(_LEADS.search(block.span.of(self._text)))

    def _shown(self) -> tuple[Span, ...]:
        return tuple(h.span for h in self._path if h.span.of(self._text).strip() != self._title)

    def _context(self, block: Block) -> tuple[Span, ...]:
        headed = block.group in self._headers and block.kind is Kind.TABLE_ROW
        if not self._open and not headed:
            return self._headings
        found = [*self._headings, *(self._open[key] for key in sorted(self._open))]
        if headed:
            found.append(self._headers[block.group])
        return tuple(s for s in dict.fromkeys(found) if s.end <= block.span.start)

    def _close(self, block: Block) -> None:
        """Forget what `block` does not stand in."""
        level = 4 * block.depth
        if block.opens:
            self._open = {k: s for k, s in self._open.items() if k < level - 2}
        elif block.kind in _WORDS:
            self._open = {k: s for k, s in self._open.items() if k <= level}
        else:
            self._open = {k: s for k, s in self._open.items() if k <= level + 2}

    def _lead_in(self, block: Block) -> None:
        """Note what leads in to `block`, where that stands right before it."""
        before = self._previous
        if before is None or before.kind not in _WORDS:
            return
        said = list(sentences(self._text, before.span))
        if not said or len(last := said[-1]) > _LONGEST_LEAD:
            return
        outside = block.depth - 1 if block.opens else block.depth
        leads = bool(_LEADS.search(last.of(self._text)))
        if before.depth == outside:
            # Without a colon only a paragraph of one sentence leads in, and only to what is
            # marked up: other lines may be a list by chance.
            marked = block.group or before_on_line(self._text, block.span.start).strip()
            if leads or (marked and len(said) == 1):
                self._open[4 * outside + 1] = last
        elif before.depth > outside and block.group:
            # Code after an item, not moved in under it, still shows what the step says.
            numbered = re.search(r"\d", before_on_line(self._text, before.span.start))
            if leads or numbered:
                self._open[4 * outside + 2] = last
