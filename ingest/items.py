"""What an ingest goes through, one after the other: articles to be, and lists that are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.domain import Metadata
from rag.errors import ArticleError


class GoneError(ArticleError):
    """What was an article is no longer there, and its host says so."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bytes of one article, their form (see `forms`), and what its reader needs beside them.

    `mark` is what its host gave to ask later whether it has changed.
    """

    form: str
    data: bytes
    options: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One article in a file of many; `key` is its name there."""

    key: str
    load: Callable[[], Loaded]
    given: Metadata = field(default_factory=Metadata)


@dataclass(frozen=True, slots=True)
class Item:
    """An article to be. Nothing is read before `load` is called.

    `path` says where it is kept and is unique: a file, ``file#member``, or an address. `name` is
    what a reader calls it, `container` the file or address that lists it ("" for a plain file),
    `given` what that says of it. `load` takes the mark of the last time and gives None where
    nothing has changed since; it raises ArticleError where the article cannot be had.
    """

    path: str
    name: str
    container: str
    load: Callable[[str], Loaded | None]
    given: Metadata = field(default_factory=Metadata)
    # Longer names, for where another article already has `name`.
    long_name: str = ""
    # Where it is read on the web, whatever it says itself.
    address: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """All that `container` lists has been seen: of its articles, what was not seen is gone.

    For a folder, only what is no longer on disk is; for a feed, which lists only what is new,
    nothing is.
    """

    container: str
    folder: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Broken:
    """A list that could not be read, or not to its end; its articles stay as they are."""

    path: str
    name: str
    reason: str
    # An empty folder is told of, and no article of it.
    is_article: bool = True


Event = Item | Listed | Broken
