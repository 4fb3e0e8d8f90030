"""What goes into the catalogue and comes out of it, besides articles."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.domain import Metadata, Passage, Span, Unit
from rag.library.packing import Matrix


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to store. `vector` is (d,), `unit_vectors` (units, d), both of unit length; `lead`
    has words from before it by which it is found, such as the heading of its section."""

    span: Span
    units: tuple[Unit, ...]
    vector: Matrix
    unit_vectors: Matrix
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article comes from.

    `path` is unique: a file, a member of one (``file#member``) or an address; `source` is what a
    reader calls it; `container` is the file or address that lists it, "" for a plain file;
    `file_hash` is the hash of what was read there, `mark` what its host gave to ask later
    whether it has changed.
    """

    path: str
    source: str
    container: str
    file_hash: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article to store: its text and metadata, its passages, and what it is compared by.

    `given` is what its file said of it, `metadata` that and what its text adds. `house` is whose
    lines recur (a publisher, a site), `lines` are the hashes of this article's, and `marked` says
    which of them were taken for boilerplate. `signature` and `bands` find its reprints.
    """

    text: str
    revision: str
    markdown: bool
    given: Metadata
    metadata: Metadata
    passages: tuple[NewPassage, ...]
    house: str = ""
    lines: frozenset[int] = frozenset()
    marked: str = ""
    signature: bytes = b""
    bands: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as it is kept, with its vectors; `unit_vectors` are rounded to 8 bits."""

    passage: Passage
    vector: Matrix
    unit_vectors: Matrix


@dataclass(frozen=True, slots=True)
class Added:
    """What the indexes need of a new passage; `vector` is (d,), `head` its title and lead."""

    id: int
    vector: Matrix
    text: str
    head: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An article's row without its text, for listings. `source` is the first of `sources`."""

    id: int
    path: str
    source: str
    revision: str
    metadata: Metadata
    characters: int
    passages: int
    story: int
    sources: tuple[str, ...]
