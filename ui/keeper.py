"""Changing the library from the page: files that readers bring, and articles that they remove.

One thread ingests what comes, one file after the other, while questions go on being answered.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.job import Summary, ingest
from ingest.uploads import Uploads, spoken, too_large
from rag.embed import Embedder
from rag.errors import (
    ArticleError,
    LibraryBusyError,
    NotFoundError,
    PullquoteError,
    UsageError,
)
from rag.library import Library
from rag.settings import Settings

_LOG = logging.getLogger(__name__)
_REMEMBERED = 500
_MOST_WAITING = 200


@dataclass
class Job:
    """One uploaded file on its way. `state` is waiting, reading, done or failed.

    `articles` were looked at so far; `said` is what there is to tell in the end.
    """

    id: str
    name: str
    aside: Path
    replace: bool = False
    state: str = "waiting"
    articles: int = 0
    said: str = ""
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What the page is told of it."""
        names = ("id", "name", "state", "articles", "said", "source")
        return {name: getattr(self, name) for name in names}


class TakenError(UsageError):
    """There is an upload of that name already."""


class Keeper:
    """Takes files in and articles out of one library. Safe to use from several threads."""

    def __init__(self, settings: Settings, embedder: Embedder) -> None:
        """Keep the library of `settings`, whose vectors are of `embedder`'s model."""
        self.settings = settings
        self.embedder = embedder
        self.uploads = Uploads(settings.library)
        self.uploads.sweep()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._queue: queue.Queue[Job] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def limit_mb(self, name: str) -> float:
        """How many megabytes a file of this name may have."""
        return self.uploads.limit(name, self.settings.max_article_mb, self.settings.max_upload_mb)

    def begin(self, name: str, replace: bool) -> Path:
        """A place to write an uploaded file to.

        Args:
            name: as `ingest.uploads.upload_name` gives it.
            replace: whether it may take the place of another one of that name.

        Raises:
            TakenError: there is one already.
            UsageError: too much is waiting.
        """
        with self._lock:
            coming = [j for j in self._jobs.values() if j.state in ("waiting", "reading")]
        if len(coming) >= _MOST_WAITING:
            raise UsageError("Too many files are waiting to be read: try again in a while.")
        if not replace and (self.uploads.has(name) or any(j.name == name for j in coming)):
            raise TakenError(_taken(name))
        return self.uploads.aside(name)

    def too_large(self, name: str) -> ArticleError:
        """What is said of a file that is over its limit."""
        return too_large(name, self.limit_mb(name))

    def add(self, aside: Path, replace: bool = False) -> Job:
        """Ingest the file that was written to `aside`, when those before it are done."""
        job = Job(aside.parent.name, aside.name, aside, replace)
        with self._lock:
            self._jobs[job.id] = job
            for done in [j for j in self._jobs.values() if j.state in ("done", "failed")]:
                if len(self._jobs) > _REMEMBERED:
                    del self._jobs[done.id]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="uploads", daemon=True)
                self._thread.start()
        self._queue.put(job)
        return job

    def job(self, number: str) -> Job:
        """The job with this id.

        Raises:
            NotFoundError: there is none, or it was long ago.
        """
        with self._lock:
            if number not in self._jobs:
                raise NotFoundError("no such upload")
            return self._jobs[number]

    def remove(self, source: str) -> None:
        """Take what was ingested as `source` out of the library, and its file if it was uploaded.

        Raises:
            NotFoundError: there is nothing of that name.
            LibraryBusyError: an ingest is at work, which may take long.
        """
        with closing(Library(self.settings.library)) as library, library.writing(_busy) as writer:
            path = writer.path_of(source)
            if path is None:
                raise NotFoundError("There is no such article in the library.")
            writer.detach([path])
            if file := self.uploads.file_of(path):
                file.unlink(missing_ok=True)

    def _work(self) -> None:
        while True:
            job = self._queue.get()
            try:
                state, said = self._take(job)
            except PullquoteError as error:
                state, said = "failed", str(error)
            except Exception:
                _LOG.exception("the upload %r could not be ingested", job.name)
                state, said = "failed", "Something went wrong. The server's log says what."
            # Whoever sees that it is done finds nothing left aside.
            self.uploads.drop(job.aside)
            job.said, job.state = said, state

    def _take(self, job: Job) -> tuple[str, str]:
        """Ingest an upload; the state that it ends in, and what is said of that."""
        job.state = "reading"
        if not job.replace and self.uploads.has(job.name):
            # Two came at once: the first one has it.
            return "failed", _taken(job.name)

        def progress(looked_at: int, _: str) -> None:
            job.articles = looked_at

        # As another process would, with a library of its own: questions go on with theirs.
        with closing(Library(self.settings.library, create=True)) as library:

            def read(file: Path) -> Summary:
                return ingest(
                    [], library, self.embedder, self.settings, progress,
                    events=self.uploads.events(file, self.settings.max_article_mb),
                    waiting=lambda: setattr(job, "said", "Another ingest is at work; waiting."),
                )  # fmt: skip

            summary = read(job.aside)
            kept = [*summary.added, *summary.updated, *summary.unchanged]
            if kept:
                job.source = kept[0]
                self.uploads.take(job.aside)
                return "done", _told(summary)
            # Nothing of it went in: no trace of it stays, and an older file in its place does.
            target = self.uploads.folder / job.name
            with library.writing() as writer:
                for place in list(writer.listed_in(str(target))):
                    writer.recovered(place.path)
                writer.recovered(str(target))
            if summary.removed:
                # A file of many that has none left that can be read: those it had come back.
                read(target)
        reason = summary.failed[0][1] if summary.failed else f"{job.name}: no article in it"
        return "failed", spoken(reason, target, job.aside.resolve(), job.aside)


def _taken(name: str) -> str:
    return f"{name}: there is an upload of this name already."


def _busy() -> None:
    raise LibraryBusyError("Articles are being read just now. Try again when that is done.")


def _told(summary: Summary) -> str:
    """What an upload came to, in words."""
    counts: dict[str, Sequence[object]] = {
        "added": summary.added, "updated": summary.updated, "unchanged": summary.unchanged,
        "removed": summary.removed, "could not be read": summary.failed,
    }  # fmt: skip
    if len(summary.duplicates) == len(summary.added) + len(summary.updated) == 1:
        return f"The same text is in the library already, as {summary.duplicates[0][1]}."
    return f"{', '.join(f'{len(found):,} {what}' for what, found in counts.items() if found)}."
