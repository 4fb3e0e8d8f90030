"""The truth about what is stored: one SQLite file with articles, passages and their vectors.

Every change to passages carries a number that only grows. The vector and keyword indexes are
views: each remembers the number it has seen and catches up from there.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.domain import Article, Metadata, Passage, Span
from rag.errors import LibraryBusyError, LibraryError
from rag.library.connections import Connections
from rag.library.packing import Matrix, unpack_directions, unpack_units, unpack_vector
from rag.library.rows import Added, Entry, StoredPassage
from rag.library.schema import (
    GENERATION,
    IN_GENERATION,
    METADATA,
    SCHEMA,
    SCHEMA_VERSION,
)

# The first source of an article is the one that it was added under, and the one that is shown.
_SOURCE = "(SELECT source FROM sources WHERE article = a.id ORDER BY rowid LIMIT 1)"


class Catalogue(Connections):
    """The SQLite file.

    Its `transaction` raises LibraryBusyError where another process keeps writing for longer than
    30 seconds.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the catalogue at `path`.

        Raises:
            LibraryError: the file cannot be opened, or is no catalogue this version can read.
        """
        super().__init__(path)
        try:
            self._check_version()
            # Opening a library that is complete takes no lock, so it never waits for a writer.
            if self.get("change") is None:
                self._create()
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"{path}: {error}; is it a Pullquote library?") from error

    def _check_version(self) -> None:
        tables = self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        found = self.get("version") if tables else str(SCHEMA_VERSION)
        if found not in (None, str(SCHEMA_VERSION)):
            raise LibraryError(
                f"{self._path}: made by another version of Pullquote (layout {found}, this one "
                f"reads {SCHEMA_VERSION}); ingest your articles into a new --library"
            )
        if not tables:
            self._create()

    def _create(self) -> None:
        with self.transaction() as db:
            for statement in SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute(
                "INSERT OR IGNORE INTO meta VALUES"
                " ('version', ?), ('id', ?), ('change', '0'), ('generation', '0')",
                (str(SCHEMA_VERSION), uuid.uuid4().hex),
            )

    def _begin(self, db: sqlite3.Connection) -> None:
        try:
            super()._begin(db)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise LibraryBusyError(
                    f"{self._path}: another process is writing; try again when it is done"
                ) from error
            raise

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query that changes nothing."""
        return self.db.execute(query, values).fetchall()

    def get(self, key: str) -> str | None:
        """The setting stored under `key`."""
        rows = self.read("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def set(self, key: str, value: str | None) -> None:
        """Store `value` under `key`; None takes it away."""
        with self.transaction() as db:
            if value is None:
                db.execute("DELETE FROM meta WHERE key = ?", (key,))
            else:
                db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def starting(self, prefix: str) -> dict[str, str]:
        """The settings whose keys start with `prefix`, by the rest of the key."""
        rows = self.read(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ? ORDER BY key",
            len(prefix), prefix,
        )  # fmt: skip
        return {str(key)[len(prefix) :]: str(value) for key, value in rows}

    def change(self) -> int:
        """The number of the latest change to passages."""
        return int(self.get("change") or 0)

    def generation(self) -> int:
        """The generation of passages that is searched; reindexing makes the next."""
        return int(self.get("generation") or 0)

    def entries(self) -> list[Entry]:
        """Every article without its text, by source."""
        rows = self.db.execute(
            f"SELECT a.id, (SELECT path FROM sources WHERE article = a.id ORDER BY rowid LIMIT 1),"
            f" {_SOURCE}, revision, {METADATA}, length(text), (SELECT count(*) FROM passages"
            f" WHERE article = a.id AND {IN_GENERATION}), story,"
            " (SELECT json_group_array(source) FROM"
            " (SELECT source FROM sources WHERE article = a.id ORDER BY rowid))"
            " FROM articles a ORDER BY 3"
        )
        return [
            Entry(
                r[0],
                r[1],
                r[2],
                r[3],
                Metadata(*r[4:11]),
                r[11],
                r[12],
                r[13],
                tuple(json.loads(r[14])),
            )
            for r in rows
        ]

    def articles(self, ids: Sequence[int]) -> dict[int, Article]:
        """The articles with these ids, by id; those that are gone are left out."""
        rows = self.db.execute(
            f"SELECT id, {_SOURCE}, text, revision, story, {METADATA}"
            " FROM articles a WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {r[0]: Article(r[0], r[1], r[2], r[3], Metadata(*r[5:]), r[4]) for r in rows}

    def article_id(self, source: str) -> int | None:
        """The id of the article that has this among its sources."""
        row = self.db.execute("SELECT article FROM sources WHERE source = ?", (source,)).fetchone()
        return None if row is None else int(row[0])

    def count(self) -> tuple[int, int]:
        """How many articles and passages are stored."""
        articles, passages = self.db.execute(
            "SELECT (SELECT count(*) FROM articles),"
            f" (SELECT count(*) FROM passages WHERE generation = {GENERATION})"
        ).fetchone()
        return articles, passages

    def vectors(self, ids: Sequence[int]) -> dict[int, Matrix]:
        """The vectors (d,) of the passages with these ids; those that are gone are left out."""
        rows = self.db.execute(
            "SELECT id, vector FROM passages WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {key: unpack_vector(blob) for key, blob in rows}

    def passages(self, ids: Sequence[int], dimensions: int) -> list[StoredPassage]:
        """The passages with these ids, in their order; those that are gone are left out."""
        db = self.db
        # One snapshot for both reads, so that a passage and its article are of one revision.
        db.execute("BEGIN")
        try:
            rows = db.execute(
                'SELECT p.id, p.start, p."end", p.units, p.vector, p.unit_vectors, p.article'
                " FROM passages p WHERE p.id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            ).fetchall()
            articles = self.articles(sorted({r[6] for r in rows}))
        finally:
            db.execute("COMMIT")
        found = {
            r[0]: StoredPassage(
                Passage(r[0], articles[r[6]], Span(r[1], r[2]), unpack_units(r[3])),
                unpack_vector(r[4]),
                unpack_directions(r[5], dimensions),
            )
            for r in rows
            if r[6] in articles
        }
        return [found[i] for i in ids if i in found]

    def added_since(self, change: int, generation: int, batch: int = 1000) -> Iterator[list[Added]]:
        """Passages of a generation that were added after `change`, in batches."""
        last = 0
        while rows := self.db.execute(
            'SELECT p.id, p.vector, substr(a.text, p.start + 1, p."end" - p.start),'
            " coalesce(a.title, '') || ' ' || p.lead FROM passages p"
            " JOIN articles a ON a.id = p.article"
            " WHERE p.change > ? AND p.generation = ? AND p.id > ? ORDER BY p.id LIMIT ?",
            (change, generation, last, batch),
        ).fetchall():
            last = rows[-1][0]
            yield [Added(r[0], unpack_vector(r[1]), r[2], r[3]) for r in rows]

    def removed_since(self, change: int) -> list[int]:
        """Ids of the passages removed after `change`."""
        rows = self.db.execute("SELECT passage FROM removed WHERE change > ?", (change,))
        return [r[0] for r in rows]
