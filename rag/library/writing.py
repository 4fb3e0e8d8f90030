"""Putting articles into the catalogue and taking them out: each step is one transaction.

An article is stored once however many places it comes from: places of equal text share it. An
article that has lost its last place goes.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator

from rag.domain import Metadata
from rag.library.catalogue import Catalogue
from rag.library.rows import NewArticle, NewPassage, Place
from rag.library.schema import IN_GENERATION, METADATA
from rag.library.stored import insert_passages
from rag.library.stories import join_story

_FIELDS = METADATA.replace(" ", "").split(",")


class Writer:
    """The only one that changes articles; whoever uses it holds the library's ingest lock."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def place(self, path: str) -> tuple[Place, int] | None:
        """The place at `path` and the id of its article."""
        row = self._catalogue.db.execute(
            "SELECT path, source, container, file_hash, mark, article FROM sources WHERE path = ?",
            (path,),
        ).fetchone()
        return None if row is None else (Place(*row[:5]), int(row[5]))

    def mark(self, path: str) -> str:
        """What the host of the article at `path` gave to ask whether it has changed, or ""."""
        known = self.place(path)
        return known[0].mark if known else ""

    def path_of(self, source: str) -> str | None:
        """The path whose place is called `source`, a failed one's included."""
        row = self._catalogue.db.execute(
            "SELECT path FROM sources WHERE source = ?1"
            " UNION ALL SELECT path FROM failures WHERE source = ?1",
            (source,),
        ).fetchone()
        return None if row is None else str(row[0])

    def with_revision(self, revision: str) -> int | None:
        """The id of the article with this text."""
        row = self._catalogue.db.execute(
            "SELECT id FROM articles WHERE revision = ?", (revision,)
        ).fetchone()
        return None if row is None else int(row[0])

    def put(self, place: Place, new: NewArticle) -> int:
        """Store the article of `place`, in the stead of what was there; returns its id.

        Its text must not be stored yet (`with_revision`); where it is, see `attach`. Readers see
        the old article until the new one is complete.
        """
        with self._catalogue.transaction() as db:
            known = self.place(place.path)
            row = self._row(new)
            if known is not None and self._places(db, known[1]) == 1:
                key = known[1]
                self._forget(db, key)
                columns = ", ".join(f"{c} = ?" for c in row)
                db.execute(f"UPDATE articles SET {columns} WHERE id = ?", (*row.values(), key))
            else:
                marks = ", ".join("?" * len(row))
                key = int(
                    db.execute(
                        f"INSERT INTO articles ({', '.join(row)}) VALUES ({marks})",
                        tuple(row.values()),
                    ).lastrowid
                    or 0
                )
            self._fill(db, key, new)
            self._point(db, place, key, known)
            return key

    def attach(self, place: Place, article: int) -> None:
        """Say that `article` comes from `place` too, and what was there comes from it no more."""
        with self._catalogue.transaction() as db:
            self._point(db, place, article, self.place(place.path))

    def describe(self, path: str, given: Metadata, metadata: Metadata) -> None:
        """Say anew what the article at `path` is called, of when it is and where it is read.

        Only where it has no other place: of one text at two places, the first one's word counts.
        """
        with self._catalogue.transaction() as db:
            known = self.place(path)
            if known is None or self._places(db, known[1]) > 1:
                return
            key = known[1]
            new = tuple(getattr(metadata, name) for name in _FIELDS)
            if (
                db.execute(f"SELECT {METADATA} FROM articles WHERE id = ?", (key,)).fetchone()
                == new
            ):
                return
            names = ", ".join(f"{name} = ?" for name in _FIELDS)
            db.execute(
                f"UPDATE articles SET given = ?, {names} WHERE id = ?",
                (json.dumps(dataclasses.asdict(given)), *new, key),
            )
            # Who has the article in memory looks again.
            self._next_change(db)

    def detach(self, paths: Iterable[str]) -> None:
        """Take places away, and the articles that have no other; each path is one transaction."""
        for path in paths:
            with self._catalogue.transaction() as db:
                known = self.place(path)
                db.execute("DELETE FROM failures WHERE path = ?", (path,))
                db.execute("DELETE FROM sources WHERE path = ?", (path,))
                if known is not None:
                    self._drop_if_placeless(db, known[1])

    def fail(self, place: Place, reason: str) -> None:
        """Note that the article at `place` could not be read; an older text of it stays."""
        with self._catalogue.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)",
                (place.path, place.source, place.container, reason),
            )

    def recovered(self, path: str) -> None:
        """Note that what is stored of `path` is what stands there."""
        if self._catalogue.db.execute("SELECT 1 FROM failures WHERE path = ?", (path,)).fetchone():
            with self._catalogue.transaction() as db:
                db.execute("DELETE FROM failures WHERE path = ?", (path,))

    def first_source(self, article: int) -> str:
        """The first of an article's sources."""
        row = self._catalogue.db.execute(
            "SELECT source FROM sources WHERE article = ? ORDER BY rowid LIMIT 1", (article,)
        ).fetchone()
        return str(row[0])

    def failures(self) -> list[tuple[str, str]]:
        """Sources that could not be read when they were last looked at, with the reasons."""
        rows = self._catalogue.db.execute("SELECT source, reason FROM failures ORDER BY source")
        return [(r[0], r[1]) for r in rows]

    def replace_passages(
        self, article: int, revision: str, marked: str, passages: Iterable[NewPassage]
    ) -> None:
        """Give an article other passages of the same text, and say which lines it lost.

        Nothing is done where its text is another one by now than that of `revision`.
        """
        with self._catalogue.transaction() as db:
            if self.with_revision(revision) != article:
                return
            change = self._next_change(db)
            self._drop_passages(db, article, change)
            db.execute("UPDATE articles SET marked = ? WHERE id = ?", (marked, article))
            insert_passages(db, article, passages, change, None)

    def below(self, folder: str) -> Iterator[Place]:
        """Places of files below `folder`, members of files included."""
        # "0" is the character after "/": a range of the primary key.
        yield from self._select("path >= ? AND path < ?", folder + "/", folder + "0")

    def listed_in(self, container: str) -> Iterator[Place]:
        """Places that `container` listed."""
        yield from self._select("container = ?", container)

    def _select(self, where: str, *values: str) -> Iterator[Place]:
        for table, digest in (("sources", "file_hash"), ("failures", "''")):
            # One at a time: of a large folder there are as many as articles.
            rows = self._catalogue.db.execute(
                f"SELECT path, source, container, {digest} FROM {table} WHERE {where}", values
            )
            yield from (Place(*r) for r in rows)

    @staticmethod
    def _row(new: NewArticle) -> dict[str, object]:
        return {
            "revision": new.revision, "text": new.text, "markdown": int(new.markdown),
            "given": json.dumps(dataclasses.asdict(new.given)),
            **{name: getattr(new.metadata, name) for name in _FIELDS},
            "signature": new.signature, "house": new.house, "marked": new.marked,
        }  # fmt: skip

    def _fill(self, db: sqlite3.Connection, key: int, new: NewArticle) -> None:
        insert_passages(db, key, new.passages, self._next_change(db), None)
        db.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(b, key) for b in new.bands])
        if new.house:
            db.executemany(
                "INSERT INTO lines VALUES (?, ?, ?)", [(new.house, x, key) for x in new.lines]
            )
            db.execute("INSERT OR IGNORE INTO unsettled VALUES ('house', ?)", (new.house,))
        join_story(db, key, new.signature, new.bands)

    def _forget(self, db: sqlite3.Connection, key: int) -> None:
        """Drop all that hangs on an article, and note whose lines and story that changes."""
        self._drop_passages(db, key, self._next_change(db))
        house, story = db.execute(
            "SELECT house, story FROM articles WHERE id = ?", (key,)
        ).fetchone()
        if house:
            db.execute("INSERT OR IGNORE INTO unsettled VALUES ('house', ?)", (house,))
        (members,) = db.execute(
            "SELECT count(*) FROM articles WHERE story = ?", (story,)
        ).fetchone()
        if members > 1:
            db.execute("INSERT OR IGNORE INTO unsettled VALUES ('story', ?)", (str(story),))
        db.execute("DELETE FROM bands WHERE article = ?", (key,))
        db.execute("DELETE FROM lines WHERE article = ?", (key,))

    def _point(
        self, db: sqlite3.Connection, place: Place, article: int, known: tuple[Place, int] | None
    ) -> None:
        """Say whose text stands at `place`; `known` is what was there."""
        db.execute("DELETE FROM failures WHERE path = ?", (place.path,))
        db.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " source = excluded.source, container = excluded.container,"
            " file_hash = excluded.file_hash, mark = excluded.mark, article = excluded.article",
            (place.path, place.source, place.container, place.file_hash, place.mark, article),
        )
        if known is not None and known[1] != article:
            self._drop_if_placeless(db, known[1])

    def _drop_if_placeless(self, db: sqlite3.Connection, article: int) -> None:
        if self._places(db, article) == 0:
            self._forget(db, article)
            db.execute("DELETE FROM articles WHERE id = ?", (article,))
        else:
            # What is said of it may have come from the place that it lost: the next ingest reads
            # it where it still is.
            db.execute("UPDATE sources SET file_hash = '', mark = '' WHERE article = ?", (article,))

    @staticmethod
    def _places(db: sqlite3.Connection, article: int) -> int:
        row = db.execute("SELECT count(*) FROM sources WHERE article = ?", (article,)).fetchone()
        return int(row[0])

    @staticmethod
    def _next_change(db: sqlite3.Connection) -> int:
        db.execute("UPDATE meta SET value = value + 1 WHERE key = 'change'")
        return int(db.execute("SELECT value FROM meta WHERE key = 'change'").fetchone()[0])

    @staticmethod
    def _drop_passages(db: sqlite3.Connection, article: int, change: int) -> None:
        db.execute(
            f"INSERT INTO removed SELECT id, ? FROM passages WHERE article = ? AND {IN_GENERATION}",
            (change, article),
        )
        # Those of a generation that is being built go as well: they are of the old text.
        db.execute("DELETE FROM passages WHERE article = ?", (article,))
