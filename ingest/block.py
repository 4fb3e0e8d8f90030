"""The parts that a text consists of before they are split: what a block is, and its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rag.domain import Kind, Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_STOPS, _CLOSING = (".", "!", "?", "…"), "\"'”’»)]"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (kind SENTENCE, not yet split), heading, list item, table row or code line.

    `level` is a heading's depth from 1; `alone` says that blank lines or the ends of the
    text surround it. `depth` is how many lists the block stands in, and `opens` says that an
    item begins with it. The rows of one table, its header (a heading) among them, and the lines
    of one piece of code share a `group`, which is 0 for all else.
    """

    span: Span
    kind: Kind
    level: int = 0
    alone: bool = True
    depth: int = 0
    opens: bool = False
    group: int = 0


def rows(text: str) -> list[str]:
    """The lines of `text` as they are written, their ends included."""
    # The last one matched is empty: what follows the last line end.
    return _LINE.findall(text)[:-1]


def lines(text: str) -> list[Span]:
    """The places of the lines of `text`, their ends included; markdown-it counts the same ones."""
    ends = list(accumulate(map(len, rows(text)), initial=0))
    return [Span(start, end) for start, end in pairwise(ends)]


def ends_sentence(text: str) -> bool:
    """Whether `text` ends the way a sentence ends."""
    return text.rstrip().rstrip(_CLOSING).endswith(_STOPS)


def before_on_line(text: str, at: int) -> str:
    """The characters that stand before place `at` on its line: a marker, or indentation."""
    start = text.rfind("\n", 0, at) + 1
    # Looking for the other line end on that line alone: a text without one would be gone through
    # from its beginning each time.
    return text[max(start, text.rfind("\r", start, at) + 1) : at]


_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")


def unlinked(line: str) -> str:
    """`line` with Markdown's links and pictures as their words: for looking at, not for quoting."""
    return _LINK.sub(r"\1", line) if "](" in line else line


def is_linked(line: str) -> bool:
    """Whether a line is nothing but links."""
    return (
        "](" in line
        and bool(_LINK.search(line))
        and not any(c.isalnum() for c in _LINK.sub("", line))
    )


# A link to a page of the same wiki or site: by its name, or by an address without a host.
_INWARD = re.compile(
    r"\[\[[^\[\]\r\n]+\]\]|\[[^\[\]]*\]\((?![a-z][a-z\d+.-]*:|//)[^()\s]*(?:\s+\"[^\"]*\")?\)", re.I
)


def leads_on(line: str) -> bool:
    """Whether a line is nothing but links to other pages of the same site."""
    if "](" not in line and "[[" not in line:
        return False
    return bool(_INWARD.search(line)) and not any(c.isalnum() for c in _INWARD.sub("", line))


_TERM = r"[^\W_](?:[^\n:|.!?;]){0,40}?"
_DEFINITION = re.compile(
    rf"\s*(?:(?:\*\*|__)(?:{_TERM}:(?:\*\*|__)|{_TERM}(?:\*\*|__)\s*:)|{_TERM}\s?:)\s+\S"
)


def is_definition(line: str) -> bool:
    """Whether a line has the form "Term: explanation", the term in bold or not."""
    return len(line.split(":")[0].split()) <= 5 and bool(_DEFINITION.match(line))


def definitions(text: str, span: Span) -> Iterator[Span]:
    """The lines of a paragraph of which each is a definition; nothing where one is not."""
    found = [
        Span(span.start + m.start(), span.start + m.end())
        for m in re.finditer(r"[^\r\n]+", span.of(text))
    ]
    if len(found) >= 2 and all(is_definition(line.of(text)) for line in found):
        yield from found
