"""Which articles a question is asked of: by source, publisher and date of publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from rag.dates import periods
from rag.errors import UsageError
from rag.period import Period, of_iso
from rag.text import fold


@dataclass(frozen=True, slots=True)
class Filter:
    """Articles whose source matches one of `sources`, with one of `publishers`, published from
    `since` until `until`, both included; what is not given excludes nothing.

    `sources` are shell patterns ("reports/*", "*.md"); one without a slash is held against the
    file's name as well. Publishers are compared without case and accents. An article known to be
    of a month or year is in if any day of it is. One without a date is out where a date is given,
    unless `undated`.
    """

    sources: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    undated: bool = False

    def __bool__(self) -> bool:
        return bool(self.sources or self.publishers or self.since or self.until)

    def accepts(self, source: str, publisher: str | None, published: str | None) -> bool:
        """Whether an article with these is one of them."""
        if self.sources and not any(_matches(source, pattern) for pattern in self.sources):
            return False
        if self.publishers and fold(publisher or "") not in map(fold, self.publishers):
            return False
        if not (self.since or self.until):
            return True
        when = of_iso(published) if published else None
        if when is None:
            return self.undated
        return (self.until is None or when.first <= self.until) and (
            self.since is None or when.last >= self.since
        )

    def as_dict(self) -> dict[str, object]:
        """The filter as JSON, in the form that `read_filter` takes; what is not given left out."""
        found: dict[str, object] = {
            "source": list(self.sources),
            "publisher": list(self.publishers),
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "undated": self.undated,
        }
        return {name: value for name, value in found.items() if value}

    def __str__(self) -> str:
        parts = [f"source {' or '.join(self.sources)}"] if self.sources else []
        if self.publishers:
            parts.append(f"publisher {' or '.join(self.publishers)}")
        if self.since:
            parts.append(f"since {self.since.isoformat()}")
        if self.until:
            parts.append(f"until {self.until.isoformat()}")
        if self.undated:
            parts.append("or undated")
        return ", ".join(parts)


EVERYTHING = Filter()


def _matches(source: str, pattern: str) -> bool:
    if fnmatchcase(source, pattern):
        return True
    return "/" not in pattern and fnmatchcase(PurePosixPath(source).name, pattern)


def make_filter(
    sources: tuple[str, ...] = (), publishers: tuple[str, ...] = (),
    since: str | None = None, until: str | None = None, undated: bool = False,
) -> Filter:  # fmt: skip
    """A filter from what a person gave.

    Args:
        sources: shell patterns of sources.
        publishers: names of publishers.
        since: a day, month, quarter or year, from whose first day on: "2025-06-03", "June 2025".
        until: the same, up to whose last day.
        undated: whether articles without a date are let in where a date is given.

    Raises:
        UsageError: `since` or `until` is no date, or they are the wrong way round.
    """
    first = None if since is None else _date("since", since).first
    last = None if until is None else _date("until", until).last
    if first and last and first > last:
        raise UsageError(f"since {since} is after until {until}: no article can be of then")
    return Filter(sources, publishers, first, last, undated)


def _date(name: str, text: str) -> Period:
    stripped = text.strip()
    if iso := of_iso(stripped):
        return iso
    found = periods(stripped)
    if len(found) != 1 or found[0].yearly or len(found[0].span) < len(stripped):
        raise UsageError(
            f"{name}: {text!r} is no date with its year; write 2025-06-03, 2025-06, 2025 or "
            "3 June 2025"
        )
    return found[0]


def read_filter(data: object) -> Filter:
    """A filter from JSON: ``{"source", "publisher", "since", "until", "undated"}``, all optional.

    `source` and `publisher` are a string or a list of them.

    Raises:
        UsageError: a key is unknown, or a value is not of its kind.
    """
    if data is None:
        return EVERYTHING
    if not isinstance(data, Mapping):
        raise UsageError(f"filter: not an object: {data!r}")
    known = ("source", "publisher", "since", "until", "undated")
    if unknown := [str(key) for key in data if key not in known]:
        raise UsageError(f"filter: unknown {', '.join(unknown)}; known: {', '.join(known)}")
    undated = data.get("undated", False)
    if not isinstance(undated, bool):
        raise UsageError(f"filter: undated must be true or false, not {undated!r}")
    return make_filter(
        _texts(data, "source"), _texts(data, "publisher"),
        _one_text(data, "since"), _one_text(data, "until"), undated,
    )  # fmt: skip


def _texts(data: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = data.get(name)
    values = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise UsageError(f"filter: {name} must be a string or a list of strings, not {value!r}")
    return tuple(values)


def _one_text(data: Mapping[str, object], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"filter: {name} must be a string, not {value!r}")
    return value
