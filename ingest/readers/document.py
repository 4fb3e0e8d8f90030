"""What a reader makes of bytes: the text to store, and what the file itself says of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from rag.domain import Metadata

_FIELDS = tuple(f.name for f in dataclasses.fields(Metadata))


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """An article as read. `markdown` says that headings, lists, tables and code are marked up."""

    text: str
    markdown: bool
    metadata: Metadata = dataclasses.field(default_factory=Metadata)


def to_dict(document: Document) -> dict[str, Any]:
    """`document` as plain values, for the pipe between two processes."""
    return dataclasses.asdict(document)


def from_dict(value: dict[str, Any]) -> Document:
    """The document that `to_dict` took apart."""
    return Document(value["text"], value["markdown"], Metadata(**value["metadata"]))


def filled(first: Metadata, second: Metadata) -> Metadata:
    """`first`, and `second` where that says nothing."""
    pairs = ((getattr(first, name), getattr(second, name)) for name in _FIELDS)
    return Metadata(*(a if a is not None else b for a, b in pairs))
