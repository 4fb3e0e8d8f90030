"""One SQLite file that many threads and processes use at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Connections:
    """One connection a thread to the file at `path`; readers never wait for a writer (WAL)."""

    def __init__(self, path: Path) -> None:
        """Note the path; a thread opens the file, or makes it, when it first asks for `db`."""
        self._path = path
        self._local = threading.local()

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection, for reading."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = NORMAL")
            found.execute("PRAGMA foreign_keys = ON")
            self._local.connection = found
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing; inside another one, a part of that."""
        db = self.db
        if db.in_transaction:
            yield db
            return
        self._begin(db)
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK") if db.in_transaction else None
            raise
        if db.in_transaction:
            db.execute("COMMIT")

    def _begin(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Close this thread's connection; another is opened where `db` is asked for again."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            self._local.connection = None
