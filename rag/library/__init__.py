"""The one door to what is stored: the catalogue, and Chroma and tantivy as views of it."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.domain import Article
from rag.errors import LibraryError, ModelMismatchError, NotFoundError
from rag.filters import Filter
from rag.library.catalogue import Catalogue
from rag.library.locking import locked
from rag.library.pace import Pace
from rag.library.rows import Added, Entry, NewArticle, NewPassage, Place, StoredPassage
from rag.library.selection import Selection, select
from rag.library.views import Views, open_views
from rag.library.writing import Writer

__all__ = [
    "Added", "Entry", "Library", "NewArticle", "NewPassage", "Place", "Selection",
    "StoredPassage", "Writer",
]  # fmt: skip

_CACHED_PASSAGES = 4096
_KEPT_SELECTIONS = 4
_INGEST_LOCK = "ingest.lock"


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
            reason = "it is a file, not a folder" if folder.is_file() else error.strerror
            raise LibraryError(
                f"cannot write to the library {folder}: {reason}; "
                "name another with --library or PULLQUOTE_LIBRARY"
            ) from error
        self.folder = folder
        self.catalogue = Catalogue(path)
        self._generation = self.catalogue.generation()
        self._views = open_views(folder, self._generation)
        self._lock = threading.Lock()
        self._current = -1
        self._pace = Pace(folder / _INGEST_LOCK)
        self._cache: OrderedDict[int, StoredPassage] = OrderedDict()
        self._newest: tuple[int, str | None] = (-1, None)
        self._counted = (-1, -1), (0, 0)
        self._selections: OrderedDict[Filter, tuple[tuple[int, int], Selection]] = OrderedDict()
        self._model: str | None = None
        self._dimensions = int(self.catalogue.get("dimensions") or 0)

    def use_model(self, name: str, dimensions: int) -> None:
        """Say which embedding model the vectors are of; the first to say so decides.

        Raises:
            ModelMismatchError: the library has vectors of another model.
        """
        with self.catalogue.transaction():
            stored = self.catalogue.get("embedding_model")
            if stored is None:
                self.catalogue.set("dimensions", str(dimensions))
                self.catalogue.set("embedding_model", name)
        if stored not in (None, name):
            raise ModelMismatchError(
                f"the library {self.folder} was made with the embedding model {stored}, and the "
                f"one in use is {name}: set embedding_model back, run pullquote reindex to make "
                "the library anew with it, or ingest into a new --library"
            )
        self._model, self._dimensions = name, dimensions

    @contextmanager
    def writing(self, waiting: Callable[[], None] | None = None) -> Iterator[Writer]:
        """The right to change articles, which one process has at a time.

        Args:
            waiting: called once where another process has it, before waiting for that to end.
        """
        with locked(self.folder / _INGEST_LOCK, waiting):
            yield Writer(self.catalogue)

    def refresh(self) -> None:
        """Bring both views up to the catalogue's latest change, where they lag behind it.

        Raises:
            ModelMismatchError: the library was made anew with another embedding model.
        """
        if self.is_current():
            return
        with self._lock:
            if self.is_current():
                return
            change = self.catalogue.change()
            if (generation := self.catalogue.generation()) != self._generation:
                if self._model not in (None, self.catalogue.get("embedding_model")):
                    self._check_old_generation()
                    return
                self._views = open_views(self.folder, generation)
                self._generation = generation
            elif self._current >= 0 and self._pace.can_wait(self.catalogue, self._current):
                return
            # While another process brings the views up to date, questions are answered from
            # what they hold; what the catalogue no longer has is passed over.
            done = self._views.catch_up(self.catalogue, self._generation, wait=False)
            self._views.open(self.catalogue)
            self._cache.clear()
            self._current = change if done else -1
            self._pace.caught_up()

    def is_current(self) -> bool:
        """Whether both views hold the catalogue's latest change."""
        return (
            self.catalogue.change() == self._current
            and self.catalogue.generation() == self._generation
        )

    def _check_old_generation(self) -> None:
        """Questions of the old model are answered from the old passages while there are any."""
        row = self.catalogue.db.execute(
            "SELECT 1 FROM passages WHERE generation = ? LIMIT 1", (self._generation,)
        ).fetchone()
        if row is None:
            raise ModelMismatchError(
                f"the library {self.folder} was made anew with the embedding model "
                f"{self.catalogue.get('embedding_model')}: restart to answer from it"
            )

    def catch_up(self, wait: bool = True) -> None:
        """Bring the stored views up to date, without opening one that already is.

        Args:
            wait: for another process that is at it; otherwise it is left to that.
        """
        self._views.catch_up(self.catalogue, self._generation, wait)

    def sweep(self) -> None:
        """Delete what earlier generations left, but for what is being built; writers only."""
        current = self.catalogue.generation()
        keep = {current, current + 1} if self.catalogue.get("next") else {current}
        with self.catalogue.transaction() as db:
            stale = [
                g for (g,) in db.execute("SELECT DISTINCT generation FROM passages")
                if g not in keep
            ]  # fmt: skip
            db.executemany("DELETE FROM passages WHERE generation = ?", [(g,) for g in stale])
        kept = {view.folder.name for g in keep for view in open_views(self.folder, g).both}
        for name in ("chroma", "keywords"):
            for folder in self.folder.glob(f"{name}*"):
                if folder.is_dir() and folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

    @property
    def views(self) -> Views:
        """The two indexes of the generation that this library answers from."""
        return self._views

    @property
    def dimensions(self) -> int:
        """Of the vectors; 0 before the first article."""
        return self._dimensions

    def select(self, where: Filter) -> Selection | None:
        """The passages of the articles that `where` accepts; None for all, without a filter."""
        if not where:
            return None
        state = self.catalogue.change(), self._generation
        with self._lock:
            state_then, selection = self._selections.pop(where, ((-1, -1), None))
        if selection is None or state_then != state:
            selection = select(self.catalogue, where, self._dimensions, self._generation)
        with self._lock:
            self._selections[where] = (state, selection)
            while len(self._selections) > _KEPT_SELECTIONS:
                self._selections.popitem(last=False)
        return selection

    def dense(
        self, vector: NDArray[np.float32], limit: int, within: Selection | None = None
    ) -> dict[int, float]:
        """Ids of the passages nearest to `vector` (d,), of all or `within`, with their cosine."""
        search = self._views.vectors.search
        if within is None:
            return search(vector, limit)
        exact = within.nearest(vector, limit)
        if exact is not None:
            return exact
        return within.within(lambda n: search(vector, n), limit, self.count()[1])

    def keyword(
        self, weights: Mapping[str, float], limit: int, within: Selection | None = None
    ) -> dict[int, float]:
        """Ids of the passages that best match weighted terms, with their BM25 score."""
        search = self._views.keywords.search
        if not weights:
            return {}
        if within is None:
            return search(weights, limit)
        return within.within(lambda n: search(weights, n), limit, self.count()[1])

    def document_frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        return self._views.keywords.document_frequency(term)

    def near_term(self, term: str, limit: int) -> list[StoredPassage]:
        """Up to `limit` passages with a term one edit from `term`, of the same beginning."""
        return self.passages(self._views.keywords.near(term, limit))

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """The vectors (d,) of the passages with these ids, in their order; as in `passages`,
        ids the catalogue lacks are left out."""
        with self._lock:
            known = {i: self._cache[i].vector for i in ids if i in self._cache}
        if missing := [i for i in ids if i not in known]:
            known |= self.catalogue.vectors(missing)
        return {i: known[i] for i in ids if i in known}

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
        """Drop what was ingested as `source`, failed or not; False if there is none."""
        with self.writing() as writer:
            path = writer.path_of(source)
            if path is not None:
                writer.detach([path])
        return path is not None

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
        # Counting 100,000 rows takes milliseconds of every answer; only a change alters the count.
        state = self.catalogue.change(), self.catalogue.generation()
        with self._lock:
            if self._counted[0] != state:
                self._counted = state, self.catalogue.count()
            return self._counted[1]

    def close(self) -> None:
        """Let go of all files."""
        self._views.close()
        self.catalogue.close()
