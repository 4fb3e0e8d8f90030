"""The sources that a library is kept in step with, and how each one's last sync went.

They are kept in the catalogue, a key each: it is the one file that every process of a library
writes to in transactions, and what a library is made of belongs beside what was made of it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from ingest.fetch import normal
from ingest.mediawiki import is_interface
from ingest.summary import Summary
from rag.errors import ArticleError, UsageError
from rag.library import Library

EVERY = 900.0
_SHORTEST, _LONGEST = 10.0, 366 * 86400.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# A failed sync is tried again after a minute, then after twice as long each time.
_FIRST_PAUSE = 60.0
_LONGEST_PAUSE = 6 * 3600.0
_KEY = "sync:"
_TOLD = 5
_MEDIAWIKI = "mediawiki:"


class What(StrEnum):
    """What a source is: a file or folder, a file of addresses, an address, a wiki's interface."""

    PATH = "path"
    LIST = "list"
    ADDRESS = "address"
    MEDIAWIKI = "mediawiki"


@dataclass(frozen=True, slots=True)
class Source:
    """A registered source.

    `where` is a path or an address. `every` is in seconds. `base_url` says where the files of a
    folder are read on the web; see `ingest.addressed`.
    """

    name: str
    what: What
    where: str
    every: float = EVERY
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """How a source stands. Times are in seconds since 1970; 0 where there was none yet.

    `started` is of the sync that is under way. `failures` counts the syncs since the last one that
    reached the source, `error` says why; `counts` and `problems` are of the last that did.
    """

    started: float = 0.0
    last_run: float = 0.0
    last_success: float = 0.0
    next_run: float = 0.0
    failures: int = 0
    error: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def after(self, summary: Summary, error: str | None, now: float, every: float) -> State:
        """The state once a sync is over.

        Args:
            summary: what the sync did.
            error: why the source as a whole could not be read; None where it could.
            now: when it ended.
            every: the source's own pace, in seconds.
        """
        if error is not None:
            failures = self.failures + 1
            pause = min(_FIRST_PAUSE, every) * 2 ** min(failures - 1, 40)
            longest = max(_LONGEST_PAUSE, every)
            return dataclasses.replace(
                self, started=0.0, last_run=now, next_run=now + min(pause, longest),
                failures=failures, error=error,
            )  # fmt: skip
        counts = {
            name: len(getattr(summary, name))
            for name in ("added", "updated", "unchanged", "removed", "renamed", "failed")
        }
        problems = tuple(reason for _, reason in summary.failed[:_TOLD])
        return State(0.0, now, now, now + every, 0, None, counts, problems)


@dataclass(frozen=True, slots=True)
class Registered:
    """A source with its state."""

    source: Source
    state: State = State()


class Registry:
    """The registered sources of a library."""

    def __init__(self, library: Library) -> None:
        self._catalogue = library.catalogue

    def all(self) -> list[Registered]:
        """Every source, by name."""
        return [_read(text) for text in self._catalogue.starting(_KEY).values()]

    def get(self, name: str) -> Registered:
        """The source called `name`.

        Raises:
            UsageError: there is none.
        """
        text = self._catalogue.get(_KEY + name)
        if text is None:
            names = ", ".join(r.source.name for r in self.all()) or "none yet"
            raise UsageError(f"no source is called {name!r}; registered: {names}")
        return _read(text)

    def add(self, source: Source) -> None:
        """Register a source, due at once.

        Raises:
            UsageError: its name is taken, or it is registered already.
        """
        with self._catalogue.transaction():
            for known in (r.source for r in self.all()):
                if known.where == source.where:
                    raise UsageError(f"{source.where} is registered already, as {known.name}")
                if known.name == source.name:
                    raise UsageError(f"a source is called {source.name} already; give a --name")
            self._write(Registered(source))

    def remove(self, name: str) -> Source:
        """Forget a source; its articles stay.

        Raises:
            UsageError: there is none of that name.
        """
        with self._catalogue.transaction():
            source = self.get(name).source
            self._catalogue.set(_KEY + name, None)
        return source

    def note(self, name: str, state: State) -> None:
        """Keep how the source called `name` stands; nothing where it was removed meanwhile."""
        with self._catalogue.transaction():
            if (text := self._catalogue.get(_KEY + name)) is not None:
                self._write(Registered(_read(text).source, state))

    def _write(self, registered: Registered) -> None:
        text = json.dumps(dataclasses.asdict(registered), ensure_ascii=True)
        self._catalogue.set(_KEY + registered.source.name, text)


def _read(text: str) -> Registered:
    data: dict[str, Any] = json.loads(text)
    source, state = data["source"], data["state"]
    source["what"] = What(source["what"])
    state["problems"] = tuple(state["problems"])
    return Registered(Source(**source), State(**state))


def make_source(
    where: str, name: str = "", every: str = "", base_url: str = "", is_list: bool = False
) -> Source:
    """A source from what a person gave.

    Args:
        where: a path, an address, or ``mediawiki:`` and the address of a wiki's ``api.php``; an
            address that ends in ``/api.php`` is taken for one without that word.
        name: what to call it; by default made of `where`.
        every: how often to look, such as "15m"; the default is a quarter of an hour.
        base_url: where the files of a folder are read on the web.
        is_list: whether `where` is a file of addresses.

    Raises:
        UsageError: there is no such path, or something is not of its form.
    """
    pace = seconds(every) if every else EVERY
    bare = where.removeprefix(_MEDIAWIKI)
    is_wiki = bare != where
    if not bare.strip():
        raise UsageError("an empty source; give a path or an address")
    if bare.startswith(("http://", "https://")) and not is_list:
        try:
            address = normal(bare)
        except ArticleError as error:
            raise UsageError(str(error)) from error
        is_wiki = is_wiki or is_interface(address)
        what, place = What.MEDIAWIKI if is_wiki else What.ADDRESS, address
    elif "://" in bare or is_wiki:
        raise UsageError(f"{bare}: an address must begin with http:// or https://")
    else:
        path = Path(bare)
        if not path.exists():
            raise UsageError(f"{bare}: no such file or folder")
        what, place = What.LIST if is_list else What.PATH, str(path.resolve())
    if base_url:
        _check_base(base_url, what, place)
    return Source(_checked(name) if name else _name(place), what, place, pace, base_url)


def seconds(text: str) -> float:
    """How long "30s", "15m", "2h" or "1d" is.

    Raises:
        UsageError: it is not of that form, or shorter than ten seconds, or longer than a year.
    """
    match = re.fullmatch(r"(\d{1,6})\s*([smhd])", text.strip().lower())
    found = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not _SHORTEST <= found <= _LONGEST:
        raise UsageError(f"--every {text}: write 30s, 15m, 2h or 1d; 10s at least, 366d at most")
    return found


def _check_base(base_url: str, what: What, place: str) -> None:
    if what is not What.PATH or not Path(place).is_dir():
        raise UsageError("--base-url is for a folder: it makes the address of each page in it")
    try:
        normal(base_url.replace("{path}", ""))
    except ArticleError as error:
        raise UsageError(f"--base-url: {error}") from error


def _checked(name: str) -> str:
    if not re.fullmatch(r"[\w.-][\w. -]{0,62}", name) or name.startswith("-"):
        raise UsageError(f"{name!r}: a name has letters, digits, dots, dashes, 63 at most")
    return name


def _name(place: str) -> str:
    """The name of a source by where it is: of a file or folder its own, else its host and path."""
    if place.startswith(("http://", "https://")):
        parts = urlsplit(place)
        path = parts.path.strip("/").removesuffix("api.php").strip("/")
        words = f"{parts.netloc} {path}"
    else:
        words = PurePosixPath(place.replace("\\", "/")).name
    return re.sub(r"[^\w.]+", "-", words).strip("-.")[:60] or "source"
