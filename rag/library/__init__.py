"""The one door to what is stored: the catalogue, and Chroma and tantivy as views of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.domain import Article
from rag.errors import LibraryError, ModelMismatchError, NotFoundError
from rag.filters import Filter
from rag.library.catalogue import Catalogue
from rag.library.keywords import KeywordView
from rag.library.rows import Entry, NewPassage, StoredPassage
from rag.library.selection import Selection, select
from rag.library.vectors import VectorView
from rag.library.views import catch_up

__all__ = ["Entry", "Library", "NewPassage", "Selection", "StoredPassage"]

_CACHED_PASSAGES = 4096
_KEPT_SELECTIONS = 4


class Library:
    """Articles, passages and the two indexes over them, in one folder."""

    def __init__(self, folder: Path, create: bool = False) -> None:
        """Open the library in `folder`.

        Args:
            folder: where it is, or shall be.
            create: make it where there is none.

        Raises:
            LibraryError: there is none, or it cannot be read or written.
        """
        path = folder / "catalogue.sqlite3"
        if not create and not path.is_file():
            raise NotFoundError(f"no library at {folder} yet: run pullquote ingest FOLDER first")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / ".writable").open("w"):
                pass
            (folder / ".writable").unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(
                f"cannot write to the library {folder}: {error.strerror}; "
                "name another with --library or PULLQUOTE_LIBRARY"
            ) from error
        self.folder = folder
        self.catalogue = Catalogue(path)
        self._vectors = VectorView(folder / "chroma")
        self._keywords = KeywordView(folder / "keywords")
        self._lock = threading.Lock()
        self._current = -1
        self._cache: OrderedDict[int, StoredPassage] = OrderedDict()
        self._newest: tuple[int, str | None] = (-1, None)
        self._selections: OrderedDict[Filter, tuple[int, Selection]] = OrderedDict()
        self._dimensions = int(self.catalogue.get("dimensions") or 0)

    def use_model(self, name: str, dimensions: int) -> None:
        """Say which embedding model the vectors are of; the first to say so decides.

        Raises:
            ModelMismatchError: the library has vectors of another model.
        """
        stored = self.catalogue.get("embedding_model")
        if stored is None:
            self.catalogue.set("dimensions", str(dimensions))
            self.catalogue.set("embedding_model", name)
        elif stored != name:
            raise ModelMismatchError(
                f"the library {self.folder} was made with the embedding model {stored}, and the "
                f"one in use is {name}: set embedding_model back, or ingest into a new --library"
            )
        self._dimensions = dimensions

    def refresh(self) -> None:
        """Bring both views up to the catalogue's latest change, where they lag behind it."""
        change = self.catalogue.change()
        if change == self._current:
            return
        with self._lock:
            if change == self._current:
                return
            self.catch_up()
            for opened in (self._vectors, self._keywords):
                opened.open()
            self._keywords.reload()
            self._cache.clear()
            self._current = change

    def catch_up(self) -> None:
        """Bring the stored views up to date, without opening one that already is."""
        from filelock import FileLock

        # Views have one writer at a time; whoever comes second finds the work done.
        with FileLock(self.folder / "views.lock"):
            for view in (self._vectors, self._keywords):
                catch_up(view, self.catalogue)

    def select(self, where: Filter) -> Selection | None:
        """The passages of the articles that `where` accepts; None for all, without a filter."""
        if not where:
            return None
        change = self.catalogue.change()
        with self._lock:
            change_then, selection = self._selections.pop(where, (-1, None))
        if selection is None or change_then != change:
            selection = select(self.catalogue, where, self._dimensions)
        with self._lock:
            self._selections[where] = (change, selection)
            while len(self._selections) > _KEPT_SELECTIONS:
                self._selections.popitem(last=False)
        return selection

    def dense(
        self, vector: NDArray[np.float32], limit: int, within: Selection | None = None
    ) -> dict[int, float]:
        """Ids of the passages nearest to `vector` (d,), of all or `within`, with their cosine."""
        if within is None:
            return self._vectors.search(vector, limit)
        exact = within.nearest(vector, limit)
        if exact is not None:
            return exact
        return within.within(lambda n: self._vectors.search(vector, n), limit, self.count()[1])

    def keyword(
        self, weights: Mapping[str, float], limit: int, within: Selection | None = None
    ) -> dict[int, float]:
        """Ids of the passages that best match weighted terms, with their BM25 score."""
        if not weights:
            return {}
        if within is None:
            return self._keywords.search(weights, limit)
        return within.within(lambda n: self._keywords.search(weights, n), limit, self.count()[1])

    def document_frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        return self._keywords.document_frequency(term)

    def passages(self, ids: Sequence[int]) -> list[StoredPassage]:
        """The passages with these ids, in their order; ids the catalogue lacks are left out."""
        with self._lock:
            known = {i: self._cache[i] for i in ids if i in self._cache}
        if missing := [i for i in ids if i not in known]:
            fetched = self.catalogue.passages(missing, self._dimensions)
            known |= {s.passage.id: s for s in fetched}
            with self._lock:
                self._cache |= {s.passage.id: s for s in fetched}
                while len(self._cache) > _CACHED_PASSAGES:
                    self._cache.popitem(last=False)
        return [known[i] for i in ids if i in known]

    def article(self, source: str) -> Article:
        """The article that was ingested as `source`.

        Raises:
            NotFoundError: there is none.
        """
        key = self.catalogue.article_id(source)
        found = {} if key is None else self.catalogue.articles([key])
        if key not in found:
            raise NotFoundError(
                f"no article {source!r} in the library; pullquote status lists them"
            )
        return found[key]

    def remove(self, source: str) -> bool:
        """Drop the article that was ingested as `source`; False if there is none."""
        key = self.catalogue.article_id(source)
        if key is not None:
            self.catalogue.remove(key)
        return key is not None

    def newest(self) -> str | None:
        """The date of the newest article, as it is stored; None where none has one."""
        change = self.catalogue.change()
        with self._lock:
            if self._newest[0] != change:
                rows = self.catalogue.read("SELECT max(published) FROM articles")
                self._newest = change, rows[0][0]
            return self._newest[1]

    def count(self) -> tuple[int, int]:
        """How many articles and passages are stored."""
        return self.catalogue.count()

    def close(self) -> None:
        """Let go of all files."""
        self._vectors.close()
        self._keywords.close()
        self.catalogue.close()
