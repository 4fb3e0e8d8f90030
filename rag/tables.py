"""A row of a pipe table: its cells, and the row as it is read below its header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.domain import Kind

# A pipe that no backslash takes for a character of the cell.
_PIPE = re.compile(r"(?<!\\)(?:\\\\)*\|")
_UNIT = re.compile(r"\(([^()]+)\)\s*$")


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


def is_header(kind: Kind, nearest: str) -> bool:
    """Whether what a unit of `kind` stands under, the `nearest` of it, is its table's header."""
    return kind is Kind.TABLE_ROW and "|" in nearest


# The same rows come up question after question.
@lru_cache(maxsize=50_000)
def spelled_out(row: str, header: str) -> str:
    """A row as it is read: each cell after what heads it, figures with the unit that stands there.

    "| Acme | 6 |" below "| Supplier | Lead time (weeks) |" is "Supplier: Acme; Lead time: 6 weeks".
    """
    heads = [cell.words for cell in cells(header)]
    said = []
    for place, cell in enumerate(cells(row)):
        head = heads[place] if place < len(heads) else ""
        unit = _UNIT.search(head)
        name = (head[: unit.start()] if unit else head).strip()
        # A column that is headed by one word in the plural counts that: "Days", not "Year".
        counts = name.isalpha() and name.endswith("s")
        what = unit.group(1) if unit else name if counts else ""
        words = f"{cell.words} {what}" if what and cell.words[-1:].isdigit() else cell.words
        said.append(f"{name}: {words}" if name else words)
    return "; ".join(said)
