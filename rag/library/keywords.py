"""The keyword view: BM25 over stems in tantivy, with spellings of one name under one key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.library.rows import Added
from rag.text import name_key, words

_HEAP = 64_000_000


def index_terms(text: str) -> list[str]:
    """The terms under which `text` is found: stems without stop words, and keys of its names."""
    found = []
    for word in words(text):
        if word.stop:
            continue
        found.append(word.term)
        if is_name(word.surface):
            found.append(name_term(word.surface))
    return found


def is_name(surface: str) -> bool:
    """Whether a word is written like a name and long enough to be told from others."""
    return surface[:1].isupper() and len(surface) >= 4


def name_term(surface: str) -> str:
    """The index term that the spellings of a name share; no stem can equal it."""
    return "~" + name_key(surface)


class KeywordView:
    """A tantivy index of passages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index: Any = None

    def open(self) -> None:
        """Open the index in `folder`, making it where it is missing."""
        if self._index is not None:
            return
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("id", stored=False, indexed=True, fast=True)
        # Terms come ready made, so that questions and passages are cut by the same code.
        for field in ("body", "head"):
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(self.folder))

    def close(self) -> None:
        """Let go of the files."""
        self._index = None

    def apply(self, added: Iterator[list[Added]], removed: Sequence[int]) -> None:
        """Take in added passages and drop removed ones; doing it twice does no harm."""
        import tantivy

        writer = self._index.writer(_HEAP, 1)
        for rows in added:
            for row in rows:
                writer.delete_documents_by_term("id", row.id)
                document = tantivy.Document()
                document.add_unsigned("id", row.id)
                document.add_text("body", " ".join(index_terms(row.text)))
                document.add_text("head", " ".join(index_terms(row.head)))
                writer.add_document(document)
        for key in removed:
            writer.delete_documents_by_term("id", key)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def reload(self) -> None:
        """See what another process has committed."""
        self._index.reload()

    def document_frequency(self, term: str) -> int:
        """In how many passages `term` stands."""
        return int(self._index.searcher().doc_freq("body", term))

    def search(self, weights: Mapping[str, float], limit: int) -> dict[int, float]:
        """Ids of the `limit` best passages for weighted `terms`, with their BM25 score."""
        import tantivy

        clauses = []
        for term, weight in weights.items():
            for field, share in (("body", 1.0), ("head", 0.5)):
                query = tantivy.Query.term_query(self._schema, field, term, index_option="freq")
                boosted = tantivy.Query.boost_query(query, weight * share)
                clauses.append((tantivy.Occur.Should, boosted))
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        return {int(i): float(score) for i, (score, _) in zip(ids, hits, strict=True)}
