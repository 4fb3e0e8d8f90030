"""The truth about what is stored: one SQLite file with articles, passages and their vectors.

Every change to passages carries a number that only grows. The vector and keyword indexes are
views: each remembers the number it has seen and catches up from there.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.domain import Article, Metadata, Passage, Span
from rag.errors import LibraryBusyError, LibraryError
from rag.library.packing import (
    pack_directions,
    pack_units,
    pack_vector,
    unpack_directions,
    unpack_units,
    unpack_vector,
)
from rag.library.rows import Added, Entry, NewPassage, StoredPassage

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, source TEXT NOT NULL UNIQUE,
  file_hash TEXT NOT NULL, revision TEXT NOT NULL, text TEXT NOT NULL, title TEXT, publisher TEXT,
  author TEXT, published TEXT, url TEXT);
CREATE TABLE IF NOT EXISTS passages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  article INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL, lead TEXT NOT NULL, units BLOB NOT NULL,
  vector BLOB NOT NULL, unit_vectors BLOB NOT NULL, change INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS articles_about ON articles(published, source, publisher);
CREATE INDEX IF NOT EXISTS passages_article ON passages(article);
CREATE INDEX IF NOT EXISTS passages_change ON passages(change);
CREATE TABLE IF NOT EXISTS removed (passage INTEGER PRIMARY KEY, change INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS removed_change ON removed(change);
"""


def _passage_row(new: NewPassage) -> tuple[int, int, str, bytes, bytes, bytes]:
    packed = pack_units(new.units), pack_vector(new.vector), pack_directions(new.unit_vectors)
    return new.span.start, new.span.end, new.lead, *packed


class Catalogue:
    """The SQLite file. One connection a thread; readers never wait for a writer (WAL)."""

    def __init__(self, path: Path) -> None:
        """Open or create the catalogue at `path`.

        Raises:
            LibraryError: the file cannot be opened, or is no catalogue this version can read.
        """
        self._path = path
        self._local = threading.local()
        try:
            with self.transaction() as db:
                db.executescript(_SCHEMA)
                db.execute(
                    "INSERT OR IGNORE INTO meta VALUES ('version', ?), ('id', ?), ('change', '0')",
                    (str(SCHEMA_VERSION), uuid.uuid4().hex),
                )
        except sqlite3.DatabaseError as error:
            raise LibraryError(f"{path}: {error}; is it a Pullquote library?") from error
        if (found := self.get("version")) != str(SCHEMA_VERSION):
            raise LibraryError(
                f"{path}: made by another version of Pullquote (layout {found}, this one reads "
                f"{SCHEMA_VERSION}); ingest your articles into a new --library"
            )

    @property
    def _db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing.

        Raises:
            LibraryBusyError: another process keeps writing for longer than 30 seconds.
        """
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise LibraryBusyError(
                    f"{self._path}: another process is writing; try again when it is done"
                ) from error
            raise
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK") if db.in_transaction else None
            raise
        if db.in_transaction:
            db.execute("COMMIT")

    def get(self, key: str) -> str | None:
        """The setting stored under `key`."""
        rows = self.read("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def set(self, key: str, value: str) -> None:
        """Store `value` under `key`."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def change(self) -> int:
        """The number of the latest change to passages."""
        return int(self.get("change") or 0)

    def put(
        self, path: str, source: str, file_hash: str, article: Article,
        passages: Sequence[NewPassage],
    ) -> None:  # fmt: skip
        """Add the article at `path`, or replace its text and passages; in one transaction."""
        meta = article.metadata
        with self.transaction() as db:
            change = self._next_change(db)
            row = db.execute("SELECT id FROM articles WHERE path = ?", (path,)).fetchone()
            values = (source, file_hash, article.revision, article.text, meta.title,
                      meta.publisher, meta.author, meta.published, meta.url)  # fmt: skip
            if row is None:
                key = db.execute(
                    "INSERT INTO articles (path, source, file_hash, revision, text, title,"
                    " publisher, author, published, url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (path, *values),
                ).lastrowid
            else:
                key = row[0]
                self._drop_passages(db, key, change)
                db.execute(
                    "UPDATE articles SET source = ?, file_hash = ?, revision = ?, text = ?,"
                    " title = ?, publisher = ?, author = ?, published = ?, url = ? WHERE id = ?",
                    (*values, key),
                )
            db.executemany(
                'INSERT INTO passages (article, start, "end", lead, units, vector, unit_vectors,'
                " change) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(key, *_passage_row(p), change) for p in passages],
            )

    def remove(self, article: int) -> None:
        """Drop an article and its passages."""
        with self.transaction() as db:
            self._drop_passages(db, article, self._next_change(db))
            db.execute("DELETE FROM articles WHERE id = ?", (article,))

    @staticmethod
    def _next_change(db: sqlite3.Connection) -> int:
        db.execute("UPDATE meta SET value = value + 1 WHERE key = 'change'")
        return int(db.execute("SELECT value FROM meta WHERE key = 'change'").fetchone()[0])

    @staticmethod
    def _drop_passages(db: sqlite3.Connection, article: int, change: int) -> None:
        db.execute(
            "INSERT INTO removed SELECT id, ? FROM passages WHERE article = ?", (change, article)
        )
        db.execute("DELETE FROM passages WHERE article = ?", (article,))

    def entries(self) -> list[Entry]:
        """Every article without its text, by source."""
        rows = self._db.execute(
            "SELECT id, path, source, file_hash, revision, title, publisher, author, published,"
            " url, length(text), (SELECT count(*) FROM passages WHERE article = articles.id)"
            " FROM articles ORDER BY source"
        )
        return [Entry(r[0], r[1], r[2], r[3], r[4], Metadata(*r[5:10]), r[10], r[11]) for r in rows]

    def articles(self, ids: Sequence[int]) -> dict[int, Article]:
        """The articles with these ids, by id; those that are gone are left out."""
        rows = self._db.execute(
            "SELECT id, source, text, revision, title, publisher, author, published, url"
            " FROM articles WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {r[0]: Article(r[0], r[1], r[2], r[3], Metadata(*r[4:])) for r in rows}

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query that changes nothing."""
        return self._db.execute(query, values).fetchall()

    def article_id(self, source: str) -> int | None:
        """The id of the article with this source."""
        rows = self.read("SELECT id FROM articles WHERE source = ?", source)
        return int(rows[0][0]) if rows else None

    def count(self) -> tuple[int, int]:
        """How many articles and passages are stored."""
        passages = self.read("SELECT count(*) FROM passages")[0][0]
        return self.read("SELECT count(*) FROM articles")[0][0], passages

    def passages(self, ids: Sequence[int], dimensions: int) -> list[StoredPassage]:
        """The passages with these ids, in their order; those that are gone are left out."""
        db = self._db
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

    def added_since(self, change: int, batch: int = 1000) -> Iterator[list[Added]]:
        """Passages added after `change`, in batches."""
        last = 0
        while rows := self._db.execute(
            'SELECT p.id, p.vector, substr(a.text, p.start + 1, p."end" - p.start),'
            " coalesce(a.title, '') || ' ' || p.lead FROM passages p"
            " JOIN articles a ON a.id = p.article"
            " WHERE p.change > ? AND p.id > ? ORDER BY p.id LIMIT ?",
            (change, last, batch),
        ).fetchall():
            last = rows[-1][0]
            yield [Added(r[0], unpack_vector(r[1]), r[2], r[3]) for r in rows]

    def removed_since(self, change: int) -> list[int]:
        """Ids of the passages removed after `change`."""
        return [r[0] for r in self.read("SELECT passage FROM removed WHERE change > ?", change)]

    def close(self) -> None:
        """Close this thread's connection."""
        if (connection := getattr(self._local, "connection", None)) is not None:
            connection.close()
            self._local.connection = None
