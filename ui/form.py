"""The form in which a quote is shown: a table's row by its cells, what it is read with, its indent.

Nothing is written here: every function gives back the article's own characters, in parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.domain import Citation, Kind

# A pipe that no backslash takes for a character of the cell.
_PIPE = re.compile(r"(?<!\\)(?:\\\\)*\|")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table's row and what bounds it; the parts of a row's cells make up the row."""

    before: str
    words: str
    after: str


def cells(row: str) -> list[Cell]:
    """The cells of a row of a pipe table; their parts, joined, are `row` again."""
    bounds = [match.end() - 1 for match in _PIPE.finditer(row)]
    if not bounds or row[: bounds[0]].strip():
        bounds.insert(0, -1)
    if len(bounds) > 1 and not row[bounds[-1] + 1 :].strip():
        bounds.pop()
    found = []
    for number, bound in enumerate(bounds):
        last = number + 1 == len(bounds)
        part = row[max(0, bound) if number else 0 : len(row) if last else bounds[number + 1]]
        # Only the first bound may be the row's start instead of a pipe.
        bounded = re.match(r"\s*\|?\s*" if bound >= 0 else r"\s*", part)
        start = bounded.end() if bounded else 0
        closing = re.search(r"\s*\|?\s*$" if last else r"\s*$", part[start:])
        end = start + closing.start() if closing else len(part)
        found.append(Cell(part[:start], part[start:end], part[end:]))
    return found


def header(citation: Citation) -> str | None:
    """The header of the table that the quote is a row of."""
    texts = citation.context_texts
    return texts[-1] if citation.kind is Kind.TABLE_ROW and texts and "|" in texts[-1] else None


def context_lines(citation: Citation) -> list[list[str]]:
    """What a quote is read with, by lines: the headings above it, then each lead-in or parent."""
    texts = list(citation.context_texts)
    if header(citation):
        texts.pop()
    path: list[str] = []
    lines = [path]
    for text in texts:
        # A heading is short and says nothing yet: no stop, no colon, one line.
        heading = len(lines) == 1 and not re.search(r"[.!?:…]\W*$|[\r\n]", text)
        if heading and len(text) <= 100:
            path.append(text)
        else:
            lines.append([text])
    return [line for line in lines if line]


def indent(citation: Citation) -> int:
    """How many columns of space stand before the quote on its line; 0 where words do."""
    text, start = citation.quote.article.text, citation.quote.span.start
    before = text[max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1 : start]
    return 0 if before.strip() else len(before.expandtabs(4))
