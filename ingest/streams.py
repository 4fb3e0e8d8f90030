"""Files read as a stream, unpacked on the way, within bounds that a bomb cannot pass."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO

from rag.errors import ArticleError

# Text packs to a tenth, wikis with many revisions to a hundredth; past this it is a bomb.
_MOST_TIMES = 300
_FREE = 20_000_000


class Bounded(io.RawIOBase):
    """A stream that fails when one article, or the whole for its packed size, grows too large.

    Whoever reads articles from it calls `article_done` after each.
    """

    def __init__(self, path: Path, max_mb: float) -> None:
        """Open the file at `path`; an article in it may have `max_mb` megabytes.

        Raises:
            ArticleError: it cannot be opened.
        """
        self._path = path
        # Markup and escapes around an article's text come on top of it.
        self._most = int(max_mb * 4_000_000) + 1_000_000
        self._since = self._total = 0
        try:
            self._packed = path.stat().st_size
            self._file: BinaryIO = _unpacked(path)
        except OSError as error:
            raise ArticleError(f"{path}: {error.strerror or error}") from error

    def readable(self) -> bool:
        """That it can be read from."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` with what comes next; returns how much that is."""
        try:
            chunk = self._file.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise ArticleError(f"{self._path}: damaged, or cut short ({error})") from error
        self._since += len(chunk)
        self._total += len(chunk)
        if self._since > self._most:
            raise ArticleError(
                f"{self._path}: an article in it is over the limit of "
                f"{self._most / 4_000_000:.0f} MB (max_article_mb)"
            )
        if self._total > max(_FREE, _MOST_TIMES * self._packed):
            raise ArticleError(f"{self._path}: unpacks to over {_MOST_TIMES} times its size")
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def article_done(self) -> None:
        """Begin to count the next article."""
        self._since = 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()


def _unpacked(path: Path) -> BinaryIO:
    match path.suffix.lower():
        case ".gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]
        case ".bz2":
            return bz2.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")
