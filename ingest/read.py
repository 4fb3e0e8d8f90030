"""Finding articles on disk and decoding them, with errors that name the file and the mend."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from rag.errors import ArticleError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What the beginning of a file says that it is, and what to do with it.
_KINDS = (
    (b"%PDF-", "a PDF; name it .pdf"),
    (b"{\\rtf", "Rich Text; save it as .docx, or as plain text"),
    (b"PK\x03\x04", "a packed file, as .docx, .odt, .pptx, .epub and .zip are; of these only .docx "
                    "is read, under that name"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; save it as .docx"),
    *((b"BZh%d1AY&SY" % size, "packed (bzip2); unpack it first") for size in range(1, 10)),
    (b"\x1f\x8b", "packed (gzip); unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "packed (7z); unpack it first"),
    (b"\xfd7zXZ\0", "packed (xz); unpack it first"),
)  # fmt: skip
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
NO_PAGE = "a web page under another name, perhaps of a sign-in; save it again, or name it .html"
# Control characters that no text file has; tab, line feed, form feed and return are fine.
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be an article: where it is, and its path relative to the folder given."""

    path: Path
    relative: str


def is_text(name: str) -> bool:
    """Whether a file of this name holds plain text or Markdown."""
    return PurePath(name).suffix.lower() in (".txt", ".md", ".markdown")


def discover(root: Path, wanted: Callable[[str], object] = is_text) -> Iterator[Found]:
    """The article files at `root`, in name order: the file itself, or all below the folder.

    `wanted` says by its name whether a file in a folder is one.

    Hidden files and folders are passed over; links to folders are not followed, so that a
    link upwards cannot make an endless walk.
    """
    if not root.is_dir():
        yield Found(root, root.name)
        return
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if not name.startswith(".") and wanted(name):
                yield Found(path, path.relative_to(root).as_posix())


def read_bytes(path: Path, max_mb: float) -> bytes:
    """The bytes of the file at `path`.

    Raises:
        ArticleError: it is missing, unreadable, no regular file, or larger than `max_mb` megabytes.
    """
    try:
        if not path.is_file():
            if path.is_symlink() and not path.exists():
                raise ArticleError(f"{path}: a link that leads to no file ({path.readlink()})")
            raise ArticleError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
        size = path.stat().st_size
        if size > max_mb * 1_000_000:
            raise ArticleError(
                f"{path}: {size / 1e6:.1f} MB is over the limit of {max_mb:g} MB; "
                "split it, or raise max_article_mb (PULLQUOTE_MAX_ARTICLE_MB)"
            )
        return path.read_bytes()
    except PermissionError as error:
        raise ArticleError(f"{path}: no permission to read it; try chmod u+r") from error
    except OSError as error:
        raise ArticleError(f"{path}: {error.strerror or error}") from error


def kind_of(data: bytes) -> str | None:
    """What bytes are that are taken for text but are of another kind, with the mend; else None."""
    if (kind := next((k for start, k in _KINDS if data.startswith(start)), None)) is not None:
        return kind
    head = data[:1000]
    for zeros, encoding in ((head[1::2], "UTF-16LE"), (head[::2], "UTF-16BE")):
        # Of letters in two bytes each, one byte is mostly zero.
        if len(head) >= 8 and zeros.count(0) > 0.8 * len(zeros) and head.count(0) < 0.6 * len(head):
            mend = f"convert it, for example: iconv -f {encoding} -t UTF-8"
            return f"{encoding} without its byte order mark; {mend}"
    return None


def is_page(data: bytes) -> bool:
    """Whether bytes begin as a web page does, whatever their file is called."""
    return bool(_PAGE.match(data[:4096]))


def decode(data: bytes, name: str | Path) -> str:
    """The text of a file: every character of it, line ends included, the byte order mark aside.

    Raises:
        ArticleError: it is empty, binary, or not in the encoding it seems to be in.
    """
    mark, encoding = next(((m, e) for m, e in _BOMS if data.startswith(m)), (b"", "utf-8"))
    data = data[len(mark) :]
    if not mark and (kind := kind_of(data)):
        raise ArticleError(f"{name}: not plain text but {kind}")
    if not mark and _BINARY.search(data[:65536]):
        raise ArticleError(f"{name}: binary content, not text; export it as plain text first")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"{name}: not {encoding.upper()} (byte 0x{data[error.start]:02x} at {error.start}); "
            "convert it, for example: "
            f"iconv -f WINDOWS-1252 -t UTF-8 {PurePath(name).name} > fixed.txt"
        ) from error
    if not any(c.isalnum() for c in text):
        raise ArticleError(
            f"{name}: " + ("the file is empty" if not text.strip() else "no words in it")
        )
    return text
