"""Answers that were given, kept with the articles they quote, and what readers said of them.

A link to an answer shows it with its quotes as they were, whatever became of the articles since.
One SQLite file beside the catalogue; what it holds can be deleted without harm to the library.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from rag.domain import Answer, Article, Metadata
from rag.errors import LibraryError, NotFoundError
from rag.library.connections import Connections
from ui.records.packing import article_key, pack, quoted_articles, unpack
from ui.records.schema import SCHEMA, SCHEMA_VERSION

__all__ = ["Feedback", "Record", "Records", "Verdict", "article_key"]

FILE = "records.sqlite3"


class Verdict(StrEnum):
    """What a reader says of an answer; `GAP` that the articles should have had one."""

    GOOD = "good"
    BAD = "bad"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Feedback:
    """A reader's verdict on an answer; `created` is an ISO 8601 time in UTC."""

    verdict: Verdict
    comment: str
    created: str


@dataclass(frozen=True, slots=True)
class Record:
    """An answer as it was given.

    `answer` quotes the articles as they were then, without its retrieved passages; `contract` is
    the object that the API printed of it, whole. `created` is an ISO 8601 time in UTC,
    `conversation` and `who` are empty where nobody said.
    """

    id: str
    created: str
    conversation: str
    who: str
    answer: Answer
    contract: Mapping[str, Any]
    feedback: Feedback | None = None


def _number() -> str:
    """An id by lot. With a dash before it, it would be a flag, and in a sheet a formula."""
    while (number := secrets.token_urlsafe(12)).startswith("-"):
        pass
    return number


class Records(Connections):
    """The SQLite file."""

    def __init__(self, folder: Path) -> None:
        """Open or create the records of the library in `folder`.

        Raises:
            LibraryError: the file cannot be opened, or another version made it.
        """
        super().__init__(folder / FILE)
        try:
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise LibraryError(
                    f"{self._path}: made by another version of Pullquote; "
                    "move it away to begin anew"
                )
            if version == 0:
                with self.transaction() as db:
                    for statement in SCHEMA.split(";\n"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.Error as error:
            raise LibraryError(f"{self._path}: {error}") from error

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What SQLite complains of, such as a full disk, as a LibraryError that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise LibraryError(f"{self._path}: {error}") from error

    def keep(
        self, answer: Answer, conversation: str = "", who: str = "", where: Mapping[str, Any] = {}
    ) -> str:
        """Keep `answer` with the articles that it quotes.

        Args:
            answer: complete.
            conversation: what it is a turn of.
            who: who asked, where the server knows.
            where: the filter it was asked under, as `rag.filters.read_filter` takes it.

        Returns:
            The id under which it is found again: 16 characters that nobody guesses.

        Raises:
            LibraryError: it cannot be written.
        """
        number = _number()
        articles = quoted_articles(answer)
        body = json.dumps(pack(answer), ensure_ascii=False)
        with self._errors(), self.transaction() as db:
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (number, now(), conversation, who, answer.question, answer.refused,
                 json.dumps(dict(where)), body),
            )  # fmt: skip
            for key, article in articles.items():
                db.execute(
                    "INSERT OR IGNORE INTO articles VALUES (?, ?, ?, ?, ?)",
                    (key, article.source, article.revision, json.dumps(asdict(article.metadata)),
                     zlib.compress(article.text.encode())),
                )  # fmt: skip
                db.execute("INSERT INTO quoted VALUES (?, ?)", (number, key))
        return number

    def find(self, number: str) -> Record:
        """The answer kept under the id `number`.

        Raises:
            NotFoundError: there is none.
            LibraryError: the record is damaged.
        """
        row = self.db.execute(
            "SELECT a.id, a.created, conversation, who, body, verdict, comment, f.created "
            "FROM answers a LEFT JOIN feedback f ON f.answer = a.id WHERE a.id = ?",
            (number,),
        ).fetchone()
        if row is None:
            raise NotFoundError("this answer is not kept here, or no longer")
        found, created, conversation, who, body, verdict, comment, said = row
        packed = json.loads(body)
        try:
            answer = unpack(packed, self._article)
        except (LookupError, ValueError) as error:
            raise LibraryError(f"{self._path}: answer {number} is damaged: {error}") from error
        feedback = None if verdict is None else Feedback(Verdict(verdict), comment, said)
        contract = {"id": found, **packed["answer"]}
        return Record(found, created, conversation, who, answer, contract, feedback)

    def article(self, source: str, revision: str) -> Article:
        """The article `source` as it was at `revision`, if an answer that is kept quotes that.

        Raises:
            NotFoundError: none does.
        """
        row = self.db.execute(
            "SELECT key FROM articles WHERE source = ? AND revision = ? "
            "ORDER BY rowid DESC LIMIT 1",
            (source, revision),
        ).fetchone()
        if row is None:
            raise NotFoundError(f"no kept answer quotes {source} at that revision")
        return self._article(row[0])

    def say(self, number: str, verdict: Verdict, comment: str = "") -> None:
        """Keep a reader's verdict on the answer `number`, in place of an earlier one.

        Raises:
            NotFoundError: there is no such answer.
        """
        with self.transaction() as db:
            if not db.execute("SELECT 1 FROM answers WHERE id = ?", (number,)).fetchone():
                raise NotFoundError("this answer is not kept here, or no longer")
            db.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)",
                (number, verdict.value, comment, now()),
            )

    def prune(self, before: str) -> int:
        """Forget answers from before the ISO 8601 time `before` that nobody gave a verdict on.

        Returns:
            How many.
        """
        with self.transaction() as db:
            gone = db.execute(
                "DELETE FROM answers WHERE created < ? AND id NOT IN (SELECT answer FROM feedback)",
                (before,),
            ).rowcount
            db.execute("DELETE FROM articles WHERE key NOT IN (SELECT article FROM quoted)")
        return gone

    def _article(self, key: str) -> Article:
        row = self.db.execute(
            "SELECT source, text, revision, metadata FROM articles WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            raise LookupError(f"no article {key}")
        source, text, revision, metadata = row
        words = zlib.decompress(text).decode()
        return Article(0, source, words, revision, Metadata(**json.loads(metadata)))


def now() -> str:
    """The time, as the records keep it: ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
