"""The keyword view: BM25 over stems in tantivy, with spellings of one name under one key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.library.rows import Added
from rag.library.view import View
from rag.text import name_key, surfaces, word_key

_HEAP = 64_000_000
_LARGEST_BATCH = 5000
_KEPT_WORDS = 65_536


def index_terms(text: str) -> str:
    """The terms under which `text` is found: stems without stop words, and keys of its names."""
    return " ".join(filter(None, map(_terms.__getitem__, surfaces(text))))


class _Terms(dict[str, str]):
    """The terms of single words: most words of a library have been met before."""

    def __missing__(self, surface: str) -> str:
        if len(self) >= _KEPT_WORDS:
            self.clear()
        term, stop = word_key(surface)
        named = f" {name_term(surface)}" if is_name(surface) else ""
        found = self[surface] = "" if stop else term + named
        return found


_terms = _Terms()


def is_name(surface: str) -> bool:
    """Whether a word is written like a name and long enough to be told from others."""
    return surface[:1].isupper() and len(surface) >= 4


def name_term(surface: str) -> str:
    """The index term that the spellings of a name share; no stem can equal it."""
    return "~" + name_key(surface)


def _one_edit(term: str) -> list[str]:
    """Regular expressions of what is one edit from `term` and begins as it does."""
    found = []
    for at in range(1, len(term) + 1):
        before, after = term[:at], term[at:]
        found.append((before, ".", after))
        if after:
            # Another letter here, or none.
            found.append((before, ".?", after[1:]))
            found.append((before, "", f"{after[1:2]}{after[0]}{after[2:]}"))
    return [f"{re.escape(start)}{any_}{re.escape(end)}" for start, any_, end in found]


class KeywordView(View):
    """A tantivy index of passages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._index: Any = None

    def open(self) -> None:
        """Open the index in `folder`, making it where it is missing."""
        with self._lock:
            if self._index is None:
                self._open()

    def _open(self) -> None:
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
        with self._lock:
            self._index = None

    def _searcher(self) -> Any:
        """A searcher, also where a question comes between closing and opening anew."""
        with self._lock:
            self.open()
            return self._index.searcher()

    def apply(self, added: Iterator[list[Added]], removed: Sequence[int]) -> None:
        """Take in added passages and drop removed ones; doing it twice does no harm."""
        import tantivy

        writer = self._index.writer(_HEAP, 1)
        for rows in added:
            self._delete(writer, [row.id for row in rows])
            for row in rows:
                document = tantivy.Document()
                document.add_unsigned("id", row.id)
                document.add_text("body", index_terms(row.text))
                document.add_text("head", index_terms(row.head))
                writer.add_document(document)
        self._delete(writer, removed)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def _delete(self, writer: Any, ids: Sequence[int]) -> None:
        """Drop passages, by a query: deletion by a term does nothing in a field of numbers."""
        import tantivy

        for first in range(0, len(ids), _LARGEST_BATCH):
            batch = list(ids[first : first + _LARGEST_BATCH])
            query = tantivy.Query.term_set_query(self._schema, "id", batch)
            writer.delete_documents_by_query(query)

    def ids(self) -> set[int]:
        """The ids of all passages in it."""
        import tantivy

        searcher = self._searcher()
        if not searcher.num_docs:
            return set()
        hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
        return {int(i) for i in searcher.fast_field_values("id", [a for _, a in hits])}

    def document_frequency(self, term: str) -> int:
        """In how many passages `term` stands."""
        return int(self._searcher().doc_freq("body", term))

    def near(self, term: str, limit: int) -> list[int]:
        """Ids of up to `limit` passages with a term one edit from `term`, of the same beginning."""
        import tantivy

        searcher = self._searcher()
        # Its own fuzzy query also finds other beginnings: "cause", of which there may be many, for
        # "hause", and the only "house" is not among the first.
        queries = [tantivy.Query.regex_query(self._schema, "body", p) for p in _one_edit(term)]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, q) for q in queries])
        hits = searcher.search(query, limit, count=False).hits
        return [int(i) for i in searcher.fast_field_values("id", [place for _, place in hits])]

    def search(self, weights: Mapping[str, float], limit: int) -> dict[int, float]:
        """Ids of the `limit` best passages for weighted `terms`, with their BM25 score."""
        import tantivy

        searcher = self._searcher()
        clauses = []
        for term, weight in weights.items():
            for field, share in (("body", 1.0), ("head", 0.5)):
                query = tantivy.Query.term_query(self._schema, field, term, index_option="freq")
                boosted = tantivy.Query.boost_query(query, weight * share)
                clauses.append((tantivy.Occur.Should, boosted))
        hits = searcher.search(tantivy.Query.boolean_query(clauses), limit, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        return {int(i): float(score) for i, (score, _) in zip(ids, hits, strict=True)}
