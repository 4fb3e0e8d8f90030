"""Files that readers bring: under which names they are kept, and as what they are ingested.

They stand in a folder of the library of their own, so that they can be read again like any other
file. Until it is known that a file can be read, it stands aside, and an older one in its place.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from ingest.files import KINDS, file_events
from ingest.items import Broken, Event, Item, Listed
from ingest.readers.forms import CONTAINERS, form_of
from rag.errors import ArticleError, UsageError

FOLDER = "uploads"
_ASIDE = ".incoming"
_LONGEST_NAME = 200
# One file may hold many articles; past this a reader should not have brought it through a page.
_MOST_ARTICLES = 20_000
# Controls, and marks that make a name read as another one does.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def upload_name(given: str) -> str:
    """The name under which an uploaded file is kept.

    Args:
        given: what the browser says it is called, perhaps with folders before it.

    Raises:
        UsageError: nothing can be kept under that name, or it is of no kind that is read.
    """
    name = unicodedata.normalize("NFC", PureWindowsPath(PurePosixPath(given).name).name).strip()
    if not name or name.startswith(".") or _UNSEEN.search(name):
        raise UsageError("This file's name has characters that a name cannot have: rename it.")
    if len(name.encode()) > _LONGEST_NAME:
        raise UsageError(f"{name[:40]}…: its name is too long; rename it.")
    if form_of(name) is None:
        raise UsageError(f"{name}: not a kind of file that is read; read are {KINDS}.")
    return name


class Uploads:
    """The folder of uploaded files of one library."""

    def __init__(self, library: Path) -> None:
        """The folder in the library's own folder; it is made when the first file comes."""
        self.folder = library.resolve() / FOLDER

    def limit(self, name: str, max_article_mb: float, max_upload_mb: float) -> float:
        """How many megabytes a file of this name may have: one article, or a file of many."""
        return max_upload_mb if form_of(name) in CONTAINERS else min(max_article_mb, max_upload_mb)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return (self.folder / name).exists()

    def aside(self, name: str) -> Path:
        """A new place to write the file to, until it is known that it can be read."""
        folder = self.folder / _ASIDE / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder / name

    def drop(self, aside: Path) -> None:
        """Take away what `aside` gave."""
        shutil.rmtree(aside.parent, ignore_errors=True)

    def sweep(self) -> None:
        """Take away what a server that was killed left aside."""
        shutil.rmtree(self.folder / _ASIDE, ignore_errors=True)

    def take(self, aside: Path) -> Path:
        """Put the file at `aside` into its place; returns that."""
        target = self.folder / aside.name
        aside.replace(target)
        self.drop(aside)
        return target

    def file_of(self, path: str) -> Path | None:
        """The uploaded file that an article's `path` is, None where it is none or one of many."""
        here = Path(path)
        return here if here.parent == self.folder and here.is_file() else None

    def events(self, aside: Path, max_mb: float) -> Iterator[Event]:
        """The articles of the file at `aside`, as those of the place where it will stand."""
        before, target = str(aside.resolve()), str(self.folder / aside.name)
        for number, event in enumerate(file_events(aside, max_mb)):
            if number >= _MOST_ARTICLES:
                reason = f"{aside.name}: over {_MOST_ARTICLES:,} articles; use pullquote ingest"
                yield Broken(target, f"{FOLDER}/{aside.name}", reason)
                return
            yield _moved(event, before, target)


def _moved(event: Event, before: str, after: str) -> Event:
    """`event` with the place `before` put as `after`."""
    if isinstance(event, Listed):
        return dataclasses.replace(event, container=event.container.replace(before, after, 1))
    path, name = event.path.replace(before, after, 1), f"{FOLDER}/{event.name}"
    if isinstance(event, Item):
        container = event.container.replace(before, after, 1)
        return dataclasses.replace(event, path=path, name=name, container=container, long_name="")
    return dataclasses.replace(event, path=path, name=name, reason=event.reason)


def spoken(reason: str, *paths: Path) -> str:
    """`reason` with the names of files in the stead of their places on this machine."""
    for path in paths:
        reason = reason.replace(str(path), path.name)
    return reason


def too_large(name: str, limit_mb: float) -> ArticleError:
    """What is said of a file that is over its limit."""
    setting = "max_upload_mb" if form_of(name) in CONTAINERS else "max_article_mb"
    return ArticleError(f"{name}: over the limit of {limit_mb:g} MB; split it, or raise {setting}")
