"""Markdown text of headings, paragraphs, lists, tables and code, for formats that are no text.

Only block marks are written, since structure is read from them; emphasis and links would stand
in the way of a quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPACE = re.compile(r"[^\S\u00a0]+|\u200b")
# A paragraph that starts like a block mark would be read as one.
_LIKE_A_MARK = re.compile(r"(?:[-+*>#|=~`]|\d{1,9}[.)](?=\s|$))")


def plain(text: str) -> str:
    """`text` on one line, each run of white space one space."""
    return _SPACE.sub(" ", text.replace("\u200b", "")).strip()


class Outline:
    """Collects blocks in order; `text` is the Markdown of them."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._last = ""

    def _add(self, kind: str, block: str) -> None:
        if not block:
            return
        # List items of one list stand line by line, all else is set off.
        if kind == "item" and self._last == "item":
            self._blocks[-1] += "\n" + block
        else:
            self._blocks.append(block)
        self._last = kind

    def heading(self, text: str, level: int) -> None:
        """A heading of depth 1 to 6."""
        if line := plain(text):
            self._add("heading", "#" * min(max(level, 1), 6) + " " + line)

    def paragraph(self, text: str) -> None:
        """A paragraph; runs of white space in it become one space."""
        line = plain(text)
        mark = _LIKE_A_MARK.match(line)
        if mark and mark.group()[0].isdigit():
            line = mark.group()[:-1] + "\\" + line[mark.end() - 1 :]
        elif mark:
            line = "\\" + line
        self._add("paragraph", line)

    def quote(self, text: str) -> None:
        """A paragraph of a block quotation."""
        if line := plain(text):
            self._add("quote", "> " + line)

    def item(self, text: str, depth: int = 0, number: int | None = None) -> None:
        """A list item, `depth` lists deep; numbered where `number` is given."""
        if line := plain(text):
            mark = "-" if number is None else f"{number}."
            self._add("item", "    " * depth + f"{mark} {line}")

    def code(self, text: str) -> None:
        """Lines of code, exactly as they are."""
        body = text.strip("\r\n").rstrip()
        fence = "```"
        while fence in body:
            fence += "`"
        if body.strip():
            self._add("code", f"{fence}\n{body}\n{fence}")

    def table(self, rows: Sequence[Sequence[str]], header: bool = True) -> None:
        """A table; the first row is its header, or an empty one is written, as Markdown wants."""
        cells = [[plain(c).replace("|", "\\|") for c in row] for row in rows]
        cells = [row for row in cells if any(row)]
        if not cells:
            return
        width = max(len(row) for row in cells)
        cells = [row + [""] * (width - len(row)) for row in cells]
        if not header or len(cells) == 1:
            cells.insert(0, [""] * width)
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        lines.insert(1, "|" + " --- |" * width)
        self._add("table", "\n".join(lines))

    @property
    def text(self) -> str:
        """The Markdown of all blocks."""
        return "\n\n".join(self._blocks) + "\n" if self._blocks else ""
