"""Which blocks of an article are not its own words: menus, adverts, captions, comment forms.

Boilerplate is marked, never cut: the stored text keeps every character, and what is marked is
neither embedded nor quoted. The rules go by the form that web furniture has on any site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.block import Block, before_on_line, ends_sentence, is_linked, leads_on
from ingest.furniture import fold_line, is_furniture, is_path, stands_apart
from rag.domain import Kind, Span
from rag.text import trim

# From such a heading on, short lines are the page's end matter, not the article's.
_END_MATTER = re.compile(
    r"\W*(?:related|recommended|leave\s+a\s+(?:reply|comment)|most\s+(?:popular|read)|recent\s+comments|"
    r"more\s+(?:stories|news|from)|you\s+(?:may|might)\s+also|comments?\b)",
    re.IGNORECASE,
)
# Below such a heading, items that are nothing but links lead to other pages.
_RELATED = re.compile(r"\W*(?:(?:related|further|more)\b.{0,40}|see also)\W*$", re.IGNORECASE)
_PROSE_WORDS = 25
_ROW = re.compile(r"[^\r\n]+")
_TO_HEADING = re.compile(r"\[[^\[\]]*\]\(#[^()\s]*\)\W*$")
# A page's path stands among its first lines.
_HEAD = 6


def mark(text: str, blocks: Sequence[Block]) -> list[Block]:
    """`blocks` with those that are boilerplate given that kind; their places stay as they are.

    A line of the page's furniture at either end of a paragraph becomes a block of its own.
    """
    whole = list(_apart(text, blocks))
    folded = [fold_line(block.span.of(text)) for block in whole]
    known = _contents(text, whole, folded)
    menu: set[int] = set()
    if "](" in text or "[[" in text:
        known |= _leads_away(text, whole)
        menu = _menu(text, whole)
    marked = _marked(text, whole, folded, known | menu)
    if menu and all(b.kind in (Kind.BOILERPLATE, Kind.HEADING) for b in marked):
        # A page of nothing but links is a wiki's list of its pages, and has no other words.
        return _marked(text, whole, folded, known)
    return marked


def _marked(
    text: str, whole: Sequence[Block], folded: Sequence[str], known: set[int]
) -> list[Block]:
    """The blocks with their kinds; `known` are the numbers of some that are boilerplate."""
    marked: list[Block] = []
    end_matter: Block | None = None
    for index, block in enumerate(whole):
        line = block.span.of(text)
        furniture = _furnishes(text, block, index, folded[index], known)
        if end_matter and _is_explicit(text, block) and block.level <= max(1, end_matter.level):
            # Headings that are marked up say where a section ends.
            end_matter = None
        if furniture and _END_MATTER.match(line) and len(line.split()) <= 6:
            end_matter = block
        elif end_matter and not furniture and _is_prose(line):
            end_matter = None
        if furniture or end_matter:
            block = replace(block, kind=Kind.BOILERPLATE)
        marked.append(block)
    return marked


def _is_prose(line: str) -> bool:
    return ends_sentence(line) and len(line.split()) >= _PROSE_WORDS


def _contents(text: str, blocks: Sequence[Block], lines: Sequence[str]) -> set[int]:
    """The numbers of the items that are a table of contents: the words of headings below them.

    `lines` are the blocks' words, folded.
    """
    if not any(block.kind is Kind.LIST_ITEM for block in blocks):
        return set()
    folded = [line.lower() for line in lines]
    headings = {f: i for i, (f, b) in enumerate(zip(folded, blocks, strict=True)) if _heads(b)}
    found = {
        i
        for i, (f, b) in enumerate(zip(folded, blocks, strict=True))
        if b.kind is Kind.LIST_ITEM and headings.get(f, -1) > i
    }
    # Where headings are only guessed, one item that looks like another line is not enough.
    return {
        i
        for i in found
        if i - 1 in found or i + 1 in found or _is_explicit(text, blocks[headings[folded[i]]])
    }


def _leads_away(text: str, blocks: Sequence[Block]) -> set[int]:
    """The numbers of the items that are only links, in a section of related pages."""
    found: set[int] = set()
    related = False
    for number, block in enumerate(blocks):
        line = block.span.of(text)
        if _heads(block):
            related = _is_explicit(text, block) and bool(_RELATED.match(line))
        elif related and block.kind is Kind.LIST_ITEM:
            found.update([number] if is_linked(line) else [])
    return found


def _menu(text: str, blocks: Sequence[Block]) -> set[int]:
    """The numbers of the lines and items that are only links to other pages of the same site.

    A line that is only a link to another site may be what someone looks for, and so may a step,
    and what alone stands in a section, as below "Licence".
    """
    found = {
        number
        for number, block in enumerate(blocks)
        if (block.kind in (Kind.SENTENCE, Kind.LIST_ITEM) or _heads(block))
        and leads_on(block.span.of(text))
        and not re.search(r"[\d#]", before_on_line(text, block.span.start))
    }

    def heads(number: int) -> bool:
        return number not in found and _heads(blocks[number]) and blocks[number].level > 1

    return {
        n for n in found
        if not (n and heads(n - 1) and (n + 1 == len(blocks) or heads(n + 1)))
    }  # fmt: skip


def _heads(block: Block) -> bool:
    return block.kind is Kind.HEADING and not block.group


def _is_explicit(text: str, block: Block) -> bool:
    return _heads(block) and "#" in before_on_line(text, block.span.start)


def _furnishes(text: str, block: Block, index: int, folded: str, known: set[int]) -> bool:
    """Whether a block is furniture, by its form and its place."""
    line = block.span.of(text)
    if block.kind is Kind.CODE:
        return False
    if block.group:
        return not any(c.isalnum() for c in line)
    if block.kind is Kind.BOILERPLATE:
        return True
    if block.kind is Kind.LIST_ITEM:
        if _TO_HEADING.match(line) or index in known:
            return True
        # A numbered item is a step of something: "2. Share the link with your team".
        if re.search(r"\d", before_on_line(text, block.span.start)):
            return not any(c.isalnum() for c in line)
    elif index in known or (index < _HEAD and is_path(folded)):
        return True
    return is_furniture(folded)


def _apart(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """`blocks`, with lines of furniture and of dates taken off either end of a paragraph."""
    for block in blocks:
        rows = list(_ROW.finditer(block.span.of(text))) if block.kind is Kind.SENTENCE else []
        if len(rows) < 2:
            yield block
            continue
        count = len(rows)
        first = next((i for i in range(count) if not stands_apart(rows[i].group())), count)
        last = next(
            (i for i in range(count, first, -1) if not stands_apart(rows[i - 1].group())), first
        )
        groups = [*((i, i + 1) for i in range(first)), (first, last)]
        groups += [(i, i + 1) for i in range(last, count)]
        for start, end in groups:
            if start < end:
                place = Span(
                    block.span.start + rows[start].start(), block.span.start + rows[end - 1].end()
                )
                yield replace(block, span=trim(text, place))
