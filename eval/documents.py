"""The documents that quotes are held against: what stands on disk now, not what a library says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eval.cases import file_name
from ingest.files import file_events
from ingest.items import Item
from ingest.readers.guard import guarded
from rag.errors import ArticleError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.library import Library

Fault = Literal["", "no such document", "old revision", "wrong offsets", "not in the document"]
# What a library that lags behind its files gives.
STALE: tuple[Fault, ...] = ("old revision", "no such document")


@dataclass(frozen=True)
class Documents:
    """Texts by source, decoded as ingest does it."""

    texts: Mapping[str, str]

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """Sources by file name; question sets name documents so."""
        return {file_name(source): source for source in self.texts}

    @cached_property
    def revisions(self) -> dict[str, str]:
        """The hash of each text, by source."""
        return {s: hashlib.sha256(t.encode()).hexdigest() for s, t in self.texts.items()}

    def find(self, source: str) -> str | None:
        """The source under which a document is known here; None where it is not."""
        return source if source in self.texts else self._by_name.get(file_name(source))

    def digest(self) -> str:
        """A fingerprint of all documents, to tell whether two runs saw the same ones."""
        rows = "".join(f"{s}\0{r}\n" for s, r in sorted(self.revisions.items()))
        return hashlib.sha256(rows.encode()).hexdigest()[:16]


def read_documents(folder: Path, max_mb: float) -> Documents:
    """The documents in `folder`; those that cannot be read are not articles either."""
    return Documents(dict(_read(folder, max_mb)))


def _read(path: Path, max_mb: float) -> Iterator[tuple[str, str]]:
    """Name and text of each article at `path`, as ingest reads them."""
    limits = Settings()
    with guarded(limits.read_seconds, limits.read_memory_mb) as guard:
        for event in file_events(path, max_mb):
            if isinstance(event, Item):
                try:
                    if loaded := event.load(""):
                        read = guard.read(loaded.form, loaded.data, event.path, loaded.options)
                        yield event.name, read.text
                except ArticleError:
                    continue


def library_documents(library: Library, max_mb: float) -> Documents:
    """The files that a library's articles came from, as they are now.

    Where a file is gone, or holds many articles, or it is a page of the web, there is nothing
    to compare with but the stored text.
    """
    texts = {}
    for entry in library.catalogue.entries():
        found = list(_read(Path(entry.path), max_mb)) if Path(entry.path).is_file() else []
        texts[entry.source] = found[0][1] if found else library.article(entry.source).text
    return Documents(texts)


def is_verbatim(citation: Mapping[str, Any], documents: Documents) -> bool:
    """Whether the quote is, character by character, what stands at its place."""
    source = documents.find(citation["source"])
    if source is None or not citation["quote"]:
        return False
    quote: str = citation["quote"]
    return documents.texts[source][citation["start"] : citation["end"]] == quote


def fault(citation: Mapping[str, Any], documents: Documents) -> Fault:
    """What is wrong with a quote's place, if anything."""
    source = documents.find(citation["source"])
    if source is None:
        return "no such document"
    # An old revision explains whatever else is wrong with the place.
    if citation["revision"] != documents.revisions[source]:
        return "old revision"
    if is_verbatim(citation, documents):
        return ""
    inside = citation["quote"] in documents.texts[source]
    return "wrong offsets" if inside else "not in the document"
