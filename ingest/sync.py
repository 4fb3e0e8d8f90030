"""Keeping a library in step with its registered sources: now, or from time to time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ingest.addressed import addressed
from ingest.files import file_events
from ingest.items import Broken, Event
from ingest.job import Progress, ingest
from ingest.sources import Registered, Registry, Source, What
from ingest.summary import Summary
from rag.embed import Embedder
from rag.errors import PullquoteError
from rag.library import Library, Writer
from rag.library.locking import is_locked, locked
from rag.settings import Settings

_LOCK = "sync.lock"
# How often the schedule looks for what is due, which another process may have registered.
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Synced:
    """What the sync of one source did; `error` says why all of it could not be read."""

    source: Source
    summary: Summary
    error: str | None


def due(registered: Iterable[Registered], now: float) -> list[str]:
    """The names of the sources whose time has come, the longest overdue first."""
    waiting = sorted((r.state.next_run, r.source.name) for r in registered)
    return [name for when, name in waiting if when <= now]


class Syncer:
    """Syncs the sources of a library, one at a time over all processes."""

    def __init__(
        self, library: Library, embedder: Embedder, settings: Settings,
        progress: Progress | None = None, waiting: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Make one.

        Args:
            library: what is kept in step.
            embedder: makes the vectors.
            settings: limits of reading and fetching.
            progress: told of each article looked at.
            waiting: called where another sync or ingest is at work, before waiting for its end.
            clock: seconds since 1970.
        """
        self._library, self._embedder, self._settings = library, embedder, settings
        self._progress, self._waiting, self._clock = progress, waiting, clock
        self._registry = Registry(library)

    def run(self, names: Sequence[str] = ()) -> Iterator[Synced]:
        """Sync the sources called `names`, or those that are due, and say of each what was done.

        Raises:
            UsageError: there is no source of that name.
        """
        for name in names:
            self._registry.get(name)
        with locked(self._library.folder / _LOCK, self._waiting):
            # Only now: another sync may have done what was due a moment ago.
            for name in names or due(self._registry.all(), self._clock()):
                yield self._one(self._registry.get(name))

    def _one(self, registered: Registered) -> Synced:
        source, state = registered.source, registered.state
        self._registry.note(source.name, replace(state, started=self._clock()))
        seen = _Seen(source)
        summary, error = Summary(), None
        try:
            with closing(_events(source, self._library, self._settings)) as events:
                summary = ingest(
                    [], self._library, self._embedder, self._settings, self._progress,
                    events=seen.watched(events), waiting=self._waiting,
                )  # fmt: skip
            error = seen.error(summary)
        except (PullquoteError, OSError) as failed:
            error = str(failed)
        except BaseException:
            # Stopped: it is due as it was.
            self._registry.note(source.name, state)
            raise
        now = self._clock()
        self._registry.note(source.name, state.after(summary, error, now, source.every))
        return Synced(source, summary, error)


class _Seen:
    """Looks at the events of a source as they go by, for what is wrong with the source itself."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._broken: str | None = None

    def watched(self, events: Iterable[Event]) -> Iterator[Event]:
        """`events`, as they are."""
        for event in events:
            if isinstance(event, Broken) and event.path == self._source.where:
                self._broken = event.reason
            yield event

    def error(self, summary: Summary) -> str | None:
        """Why the source could not be read: its list was broken, or all that it has fails."""
        if self._broken is not None:
            return self._broken
        good = summary.added or summary.updated or summary.unchanged
        gone = summary.removed or summary.renamed
        return summary.failed[0][1] if summary.failed and not good and not gone else None


def _events(source: Source, library: Library, settings: Settings) -> Generator[Event, None, None]:
    """What there is at a source."""
    if source.what is What.PATH:
        path = Path(source.where)
        events = file_events(path, settings.max_article_mb)
        yield from addressed(events, path, source.base_url) if source.base_url else events
        return
    from ingest.fetch import Fetcher
    from ingest.mediawiki import MediaWiki
    from ingest.online import Online

    with closing(
        Fetcher(settings.fetch_seconds, settings.fetch_delay, settings.allow_hosts)
    ) as fetcher:
        if source.what is What.MEDIAWIKI:
            yield from MediaWiki(source.where, fetcher).events(Writer(library.catalogue).mark)
        else:
            online = Online(fetcher, settings.max_article_mb)
            is_list = source.what is What.LIST
            yield from online.events(
                [] if is_list else [source.where], [Path(source.where)] if is_list else []
            )


def sync_state(library: Library) -> list[dict[str, Any]]:
    """The registered sources of a library and how each stands, as plain values.

    Returns:
        By name, for each: ``name``, ``what`` (path, list, address, mediawiki), ``where``,
        ``every`` (seconds), ``base_url``; ``running``; ``last_run``, ``last_success`` and
        ``next_run`` (seconds since 1970, None where there was none; a source that is new or
        overdue has a ``next_run`` that is past); ``failures`` since the last success and their
        ``error``; ``counts`` (added, updated, unchanged, removed, renamed, failed) of the last
        success and up to five ``problems`` with articles of it.
    """
    registered = Registry(library).all()
    # A process that was killed leaves a start behind, but no lock.
    working = any(r.state.started for r in registered) and is_locked(library.folder / _LOCK)
    return [
        {
            **asdict(r.source), "what": r.source.what.value,
            "running": working and r.state.started > 0,
            "last_run": r.state.last_run or None, "last_success": r.state.last_success or None,
            "next_run": r.state.next_run or None, "failures": r.state.failures,
            "error": r.state.error, "counts": dict(r.state.counts),
            "problems": list(r.state.problems),
        }
        for r in registered
    ]  # fmt: skip


def articles_of(source: Source, library: Library) -> list[str]:
    """The paths of the articles that came from a source."""
    writer = Writer(library.catalogue)
    places = [
        *writer.listed_in(source.where),
        *(writer.below(source.where) if source.what is What.PATH else ()),
    ]
    own = [source.where] if writer.place(source.where) else []
    return list(dict.fromkeys([*own, *(place.path for place in places)]))


class Schedule(threading.Thread):
    """Syncs what is due, in a thread of its own, until `stop`."""

    def __init__(
        self, library: Library, embedder: Embedder, settings: Settings,
        told: Callable[[Synced], None], failed: Callable[[Exception], None],
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:  # fmt: skip
        """Make a schedule; `start` starts it.

        Args:
            library: what is kept in step; the thread shares it with those who ask.
            embedder: makes the vectors.
            settings: limits of reading and fetching.
            told: called with what each sync did.
            failed: called where the schedule itself could not go on; it tries again.
            look_seconds: how often to look for what is due.
        """
        super().__init__(name="sync", daemon=True)
        self._library, self._told, self._failed = library, told, failed
        self._look = look_seconds
        self._over = threading.Event()
        self._syncer = Syncer(library, embedder, settings, self._go_on)

    def run(self) -> None:
        """Look for what is due, from time to time."""
        registry = Registry(self._library)
        while not self._over.wait(self._look):
            try:
                if due(registry.all(), time.time()):
                    for synced in self._syncer.run():
                        self._told(synced)
            except _StoppedError:
                return
            except Exception as error:
                # Such as a full disk: the answers go on, and so does the schedule, later.
                self._failed(error)
                self._over.wait(30 * self._look)

    def stop(self, seconds: float = 5.0) -> None:
        """End after the article that is being looked at; what is not done is due again."""
        self._over.set()
        self.join(seconds)

    def _go_on(self, _: int, __: str) -> None:
        if self._over.is_set():
            raise _StoppedError


class _StoppedError(BaseException):
    """The schedule was told to stop in the middle of a sync."""
