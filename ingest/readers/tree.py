"""HTML trees to Markdown: the blocks of a page or an office document in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ingest.readers.outline import Outline, plain

_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCKS = {
    "p", "div", "section", "article", "main", "ul", "ol", "dl", "dt", "dd", "table", "pre", "li",
    "blockquote", "figure", "figcaption", "header", "footer", "aside", "nav", "form", "details",
    "summary", "address", "hr", "body", "center", "tr", "td", "th", "tbody", *_HEADINGS,
}  # fmt: skip
_SKIPPED = {"script", "style", "noscript", "template", "svg", "button", "select", "textarea",
            "iframe", "head", "object", "video", "audio", "canvas"}  # fmt: skip
_DEEPEST = 200


def markdown(root: Any) -> str:
    """The Markdown text of an lxml tree of HTML."""
    out = Outline()
    _walk(root, out, 0, 0)
    return out.text


def inline_text(element: Any) -> str:
    """The words of an element; a line break counts as a space."""
    return plain("".join(_pieces(element, 0)))


def _tag(element: Any) -> str:
    """The element's name; "" for comments and the like."""
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _pieces(element: Any, depth: int) -> Iterator[str]:
    if _tag(element) in _SKIPPED or not _tag(element) or depth > _DEEPEST:
        return
    yield element.text or ""
    for child in element:
        if _tag(child) == "br" or _tag(child) in _BLOCKS:
            yield " "
        yield from _pieces(child, depth + 1)
        if _tag(child) in _BLOCKS:
            yield " "
        yield child.tail or ""


def _has_blocks(element: Any) -> bool:
    return any(_tag(e) in _BLOCKS for e in element.iterdescendants())


def _walk(element: Any, out: Outline, lists: int, depth: int) -> None:
    """Write the blocks below `element`; stray words between blocks are paragraphs."""
    if depth > _DEEPEST:
        return
    loose = [element.text or ""]

    def flush() -> None:
        for part in re.split(r"\0+", "".join(loose)):
            out.paragraph(part)
        loose.clear()

    breaks = 0
    for child in element:
        tag = _tag(child)
        if tag in _BLOCKS or (tag not in _SKIPPED and tag and _has_blocks(child)):
            flush()
            breaks = 0
            _block(child, tag, out, lists, depth)
        elif tag == "br":
            # Two line breaks in a row are how old pages set paragraphs off.
            breaks += 1
            loose.append("\0" if breaks > 1 else " ")
        else:
            loose.append("".join(_pieces(child, depth)))
        if (child.tail or "").strip():
            breaks = 0
        loose.append(child.tail or "")
    flush()


def _block(element: Any, tag: str, out: Outline, lists: int, depth: int) -> None:
    if tag in _HEADINGS:
        out.heading(inline_text(element), _HEADINGS[tag])
    elif tag == "pre":
        out.code(_code(element))
    elif tag == "table":
        _table(element, out, lists, depth)
    elif tag in ("ul", "ol"):
        _list(element, out, lists, depth, numbered=tag == "ol")
    elif tag == "dt":
        out.paragraph(inline_text(element))
    elif tag == "dd":
        out.item(inline_text(element), lists)
    elif tag == "blockquote" and not _has_blocks(element):
        out.quote(inline_text(element))
    elif tag == "blockquote":
        for child in element:
            out.quote(inline_text(child))
    elif tag in ("p", "figcaption", "summary", "address") and not _has_blocks(element):
        for part in _paragraphs(element):
            out.paragraph(part)
    else:
        _walk(element, out, lists, depth + 1)


def _paragraphs(element: Any) -> list[str]:
    """The text of a paragraph, parted where two line breaks follow each other."""
    for first in element.iter("br"):
        after = first.getnext()
        if after is not None and _tag(after) == "br" and not (first.tail or "").strip():
            after.tail = "\0" + (after.tail or "")
    return "".join(_pieces(element, 0)).split("\0")


def _code(element: Any) -> str:
    for line in element.iter("br"):
        line.tail = "\n" + (line.tail or "")
    return "".join(element.itertext())


def _list(element: Any, out: Outline, lists: int, depth: int, numbered: bool) -> None:
    number = 0
    for item in element:
        if _tag(item) in ("ul", "ol"):
            _list(item, out, lists + 1, depth + 1, _tag(item) == "ol")
        if _tag(item) != "li" or depth > _DEEPEST:
            continue
        number += 1
        own = [item.text or ""]
        nested = []
        for child in item:
            if _tag(child) in ("ul", "ol", "pre", "table"):
                nested.append(child)
            else:
                own.append(" " if _tag(child) in _BLOCKS or _tag(child) == "br" else "")
                own += _pieces(child, depth)
            own.append(child.tail or "")
        out.item("".join(own), lists, number if numbered else None)
        for child in nested:
            _block(child, _tag(child), out, lists + 1, depth + 1)


def _table(element: Any, out: Outline, lists: int, depth: int) -> None:
    rows = [r for r in element.iter("tr") if next(r.iterancestors("table")) is element]
    cells = [[c for c in row if _tag(c) in ("td", "th")] for row in rows]
    if caption := element.find("caption"):
        out.paragraph(inline_text(caption))
    if is_layout(element, cells):
        for row in cells:
            for cell in row:
                _walk(cell, out, lists, depth + 1)
        return
    words = [[inline_text(c) for c in row] for row in cells]
    headed = bool(cells) and bool(cells[0]) and all(_tag(c) == "th" for c in cells[0])
    if not any(_tag(c) == "th" for row in cells for c in row) and len(words) > 2:
        # Office documents mark no header: a first row of words without figures is taken for one.
        headed = all(w and not any(c.isdigit() for c in w) for w in words[0])
    out.table(words, header=headed or element.find("thead") is not None)


def is_layout(table: Any, cells: list[list[Any]]) -> bool:
    """Whether a table lays out a page: tables, headings or long text in its cells."""
    if table.find(".//table") is not None or max((len(r) for r in cells), default=0) < 2:
        return True
    inside = (c for row in cells for c in row)
    return any(
        len(c.findall(".//p")) > 2 or c.find(".//h1") is not None or len(inline_text(c)) > 600
        for c in inside
    )


def wrap_loose(element: Any) -> None:
    """Put stray words between the blocks of a layout cell into paragraphs, as old pages lack them.

    Two line breaks set paragraphs off; one does between short lines such as bylines. Lines that
    are links alone are a menu, and go, with the one line that heads them.
    """
    import lxml.html

    ordered: list[Any] = []
    loose: list[tuple[str, bool]] = [(element.text or "", False)]
    element.text = None
    dropped = 0

    def close() -> None:
        nonlocal dropped
        # Private-use characters mark what is linked, so that lines can be told apart.
        text = "".join(f"\ue000{t}\ue001" if linked else t for t, linked in loose)
        loose.clear()
        for part in re.split(r"(?:\s*\0\s*){2,}", text):
            lines = [plain(line) for line in part.split("\0")]
            short = all(len(line) < 60 for line in lines)
            for line in lines if short else [plain(part.replace("\0", " "))]:
                if line and len(line) < 80 and not _beside_links(line):
                    dropped += 1
                elif words := plain(re.sub("[\ue000\ue001]", "", line)):
                    paragraph = lxml.html.Element("p")
                    paragraph.text = words
                    ordered.append(paragraph)

    for child in list(element):
        tail, child.tail = child.tail or "", None
        if _tag(child) in _BLOCKS or (_tag(child) not in _SKIPPED and _has_blocks(child)):
            close()
            ordered.append(child)
        elif _tag(child) == "br":
            loose.append(("\0", False))
        else:
            loose.append(("".join(_pieces(child, 0)), _tag(child) == "a"))
        loose.append((tail, False))
        element.remove(child)
    close()
    if not (
        dropped > 1 and len(ordered) <= 1 and len(inline_text(ordered[0]) if ordered else "") < 60
    ):
        element.extend(ordered)


def _beside_links(line: str) -> bool:
    """Whether a line has words of its own, other than links and what stands between them."""
    return any(c.isalnum() for c in re.sub("\ue000.*?\ue001", "", line))
