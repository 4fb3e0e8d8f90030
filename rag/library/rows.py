"""What goes into the catalogue and comes out of it, besides articles."""

from __future__ import annotations

from dataclasses import dataclass

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
    """An article's row without its text, for listings and for telling what changed."""

    id: int
    path: str
    source: str
    file_hash: str
    revision: str
    metadata: Metadata
    characters: int
    passages: int
