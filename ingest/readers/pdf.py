"""PDF files: lines by their place and size on the page, joined to headings and paragraphs.

PDFium reads the characters in the order in which they were written, with their place. A PDF has
no paragraphs: a line that reaches the right edge goes on in the next one of its size. Lines that
recur at the top or foot of most pages are running titles and page numbers, and are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from ingest.read import NO_PAGE, is_page
from ingest.readers.document import Document
from ingest.readers.outline import Outline, plain
from rag.domain import Metadata
from rag.errors import ArticleError

MOST_PAGES = 5000
_ITEM = re.compile(r"(?:[•◦▪‣∙·*–-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(?=\S)")
_BULLET = re.compile(r"[•◦▪‣∙·*–-]\s+")
_BROKEN = re.compile(r"([^\W\d_]+)\x02([^\W\d_]+)")
# A line of a table of contents: dots that lead to a page number.
_CONTENTS = re.compile(r"(?:\.\s?){5,}\s*(?:\d+|[ivxlc]+)?$")
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of print: its words, type size, right edge, height on its page, and its cells."""

    text: str
    size: float
    right: float
    top: float
    page: int
    fixed: bool
    cells: tuple[str, ...]


def read_pdf(data: bytes, name: str) -> Document:
    """The text of a PDF.

    Raises:
        ArticleError: it is damaged, locked, too long, or has no text (a scan).
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if is_page(data):
            raise ArticleError(f"{name}: {NO_PAGE}") from error
        locked = "assword" in str(error)
        reason = "it is locked with a password" if locked else f"damaged or no PDF ({error})"
        raise ArticleError(f"{name}: {reason}") from error
    try:
        if len(document) > MOST_PAGES:
            raise ArticleError(
                f"{name}: {len(document):,} pages are over the limit of {MOST_PAGES:,}; split it"
            )
        lines = [line for number in range(len(document)) for line in _page(document, number)]
        info = document.get_metadata_dict()
    except pypdfium2.PdfiumError as error:
        raise ArticleError(f"{name}: damaged ({error})") from error
    finally:
        document.close()
    lines = [x for x in _without_running(lines) if not _CONTENTS.search(x.text)]
    if not any(c.isalnum() for line in lines for c in line.text):
        raise ArticleError(f"{name}: no text in it; a scan needs text recognition (OCR) first")
    title = plain(info.get("Title", "")) or None
    if title and re.search(r"\.\w{2,5}$|^untitled", title, re.IGNORECASE):
        title = None  # the name of the file it was made from
    author = plain(info.get("Author", "")) or None
    return Document(_outline(lines), True, Metadata(title=title, author=author))


def _page(document: Any, number: int) -> list[_Line]:
    import pypdfium2.raw as raw

    page = document[number]
    text_page = page.get_textpage()
    count = text_page.count_chars()
    characters = text_page.get_text_range(0, count) if count else ""
    # PDFium counts UTF-16 units; places are asked only where both counts agree.
    exact = len(characters) == count
    found, position = [], 0
    for line in re.split(r"(\r\n|\r|\n)", characters):
        first = position
        position += len(line)
        words = line.replace("\ufffe", "\x02").strip()
        if not words:
            continue
        if not exact:
            found.append(_Line(words, 0.0, 0.0, 0.0, number, False, (words,)))
            continue
        start = first + len(line) - len(line.lstrip())
        places = range(start, start + len(words))
        # A line may open with a word of code or a bullet: most of three places decide.
        probes = (places[0], places[len(places) // 2], places[-1])
        size = median(_size(text_page, i, raw) for i in probes)
        found.append(
            _Line(
                words, round(size, 1), text_page.get_charbox(places[-1])[2],
                _baseline(text_page, start, raw), number,
                all(_is_fixed(text_page, i, raw) for i in probes),
                _cells(text_page, words, start, size),
            )
        )  # fmt: skip
    text_page.close()
    page.close()
    return found


def _size(text_page: Any, index: int, raw: Any) -> float:
    size = float(raw.FPDFText_GetFontSize(text_page.raw, index))
    # Some writers set type of size 1 and scale the page: then the letter's own height counts.
    if size > 1.5:
        return size
    _, bottom, _, top = text_page.get_charbox(index)
    return float(top - bottom)


def _cells(text_page: Any, words: str, start: int, size: float) -> tuple[str, ...]:
    """A line's words, parted where a gap is far wider than a space: the cells of a table."""
    cuts = [0]
    for gap in re.finditer(r"(?<=\S)\s+(?=\S)", words):
        left = text_page.get_charbox(start + gap.start() - 1)[2]
        right = text_page.get_charbox(start + gap.end())[0]
        if right - left > 1.2 * size:
            cuts.append(gap.end())
    return tuple(words[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(words)], strict=True))


def _baseline(text_page: Any, index: int, raw: Any) -> float:
    """The height of the line that a character stands on."""
    import ctypes

    x, y = ctypes.c_double(0), ctypes.c_double(0)
    raw.FPDFText_GetCharOrigin(text_page.raw, index, ctypes.byref(x), ctypes.byref(y))
    return y.value


def _is_fixed(text_page: Any, index: int, raw: Any) -> bool:
    """Whether a character is of a typewriter face: code."""
    import ctypes

    flags = ctypes.c_int(0)
    buffer = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(text_page.raw, index, buffer, 128, ctypes.byref(flags))
    return bool(flags.value & 1) or b"Mono" in buffer.value or b"Courier" in buffer.value


def _without_running(lines: list[_Line]) -> list[_Line]:
    """`lines` without what stands at the top or foot of most pages, its numbers aside."""
    pages: dict[int, list[_Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    if len(pages) < 3:
        return lines

    def edges(page: list[_Line]) -> list[_Line]:
        placed = sorted(page, key=lambda x: x.top)
        return placed[:2] + placed[-2:]

    keys = Counter(k for p in pages.values() for k in {_NUMBER.sub("#", x.text) for x in edges(p)})
    running = {k for k, n in keys.items() if n >= max(3, 0.4 * len(pages))}
    gone = {id(x) for p in pages.values() for x in edges(p) if _NUMBER.sub("#", x.text) in running}
    return [x for x in lines if id(x) not in gone]


def _outline(lines: list[_Line]) -> str:
    """Lines to headings, paragraphs, list items and code."""
    letters = Counter[float]()
    for line in lines:
        letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0]
    sizes = sorted({x.size for x in lines if x.size > 1.15 * body}, reverse=True)
    edge = median(sorted(x.right for x in lines if x.size == body)[-max(1, len(lines) // 4) :])
    vocabulary = Counter(re.findall(r"[\w-]+", " ".join(x.text for x in lines).lower()))
    lines = [
        replace(x, text=_BROKEN.sub(lambda m: _whole(m.group(1), m.group(2), vocabulary), x.text))
        for x in lines
    ]
    out = Outline()
    block: list[_Line] = []

    def close() -> None:
        if not block:
            return
        if all(x.fixed for x in block):
            out.code("\n".join(x.text for x in block))
        elif sizes and block[0].size >= sizes[-1] and len(block) <= 4:
            level = 1 + min(sizes.index(block[0].size), 3)
            out.heading(_joined(block, vocabulary), level)
        elif mark := _ITEM.match(block[0].text):
            words = _joined(block, vocabulary)[mark.end() :]
            number = re.search(r"\d+", mark.group())
            out.item(words, 0, int(number.group()) if number else None)
        else:
            out.paragraph(_joined(block, vocabulary))
        block.clear()

    index = 0
    while index < len(lines):
        line = lines[index]
        if rows := _table(lines, index):
            close()
            out.table([x.cells for x in rows])
            index += len(rows)
            continue
        if block and not _goes_on(block[-1], line, edge, body):
            close()
        block.append(line)
        index += 1
    close()
    return out.text


def _table(lines: list[_Line], index: int) -> list[_Line]:
    """The rows of a table that starts at `index`: lines of as many cells, two or more of each."""
    first = lines[index]
    end = index
    while (
        end < len(lines)
        and len(lines[end].cells) == len(first.cells)
        and lines[end].page == first.page
        and not _BULLET.fullmatch(lines[end].cells[0] + " ")
    ):
        end += 1
    short = all(len(c) < 80 for x in lines[index:end] for c in x.cells)
    return lines[index:end] if len(first.cells) > 1 and end - index > 1 and short else []


def _goes_on(last: _Line, line: _Line, edge: float, body: float) -> bool:
    """Whether `line` belongs to the same paragraph as `last`."""
    if abs(line.size - last.size) > 0.6 or line.fixed != last.fixed:
        return False
    if line.fixed:
        return line.page == last.page
    if _ITEM.match(line.text):
        return False
    gap = last.top - line.top
    if line.page == last.page and not -0.2 * body < gap < 2.0 * line.size:
        return False
    if not edge:
        return True
    reaches = last.right > edge - 6 * max(body, 1)
    ends = re.search(r"[.!?:;]['\"”’)]*$", last.text)
    # A line that ends a sentence well before the edge ends its paragraph.
    return reaches or (not ends and line.text[:1].islower())


def _joined(block: list[_Line], vocabulary: Counter[str]) -> str:
    """The lines as running text; a word that was broken for print is made whole again."""
    text = block[0].text
    for line in block[1:]:
        broken = re.search(r"([^\W\d_]+)[-\x02]$", text)
        rest = re.match(r"[^\W\d_]+", line.text)
        if broken and rest and rest.group()[0].isupper() == broken.group(1)[-1].isupper():
            word = _whole(broken.group(1), rest.group(), vocabulary)
            text = text[: broken.start()] + word + line.text[rest.end() :]
        else:
            text += " " + line.text
    return text.replace("\x02", "-")


def _whole(first: str, second: str, vocabulary: Counter[str]) -> str:
    """A word from its two parts; the hyphen stays where the text has the word with one."""
    hyphened = f"{first}-{second}"
    keep = vocabulary[hyphened.lower()] > vocabulary[(first + second).lower()]
    return hyphened if keep else first + second
