"""Days from one to another, and how many of them two periods share."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rag.domain import Span

_NOWHERE = Span(0, 0)
# The leap year in which days without a year are kept, so that 29 February is one.
NO_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included, as named at `span` of a text.

    `yearly` says that no year was named: only month and day of the two count.
    """

    first: date
    last: date
    span: Span = _NOWHERE
    yearly: bool = False

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def open_ended(self) -> bool:
        """Whether it is a side of something: all days before or after."""
        return self.first == date.min or self.last == date.max

    def shared(self, other: Period) -> int:
        """How many days it has in common with `other`; any year will do for a yearly one."""
        if self.yearly == other.yearly:
            return _shared(self.first, self.last, other.first, other.last)
        yearly, dated = (self, other) if self.yearly else (other, self)
        # Beyond three years, every day of a year comes up.
        last = min(dated.last.year, dated.first.year + 3)
        years = range(max(1, dated.first.year - 1), last + 1)
        moved = (yearly.in_year(year) for year in years)
        return max((_shared(m.first, m.last, dated.first, dated.last) for m in moved), default=0)

    def in_year(self, year: int) -> Period:
        """It in `year`, where it had none of its own."""
        first = _clipped(year, self.first.month, self.first.day)
        shift = self.last.year - self.first.year
        return Period(first, _clipped(year + shift, self.last.month, self.last.day), self.span)


def _shared(first: date, last: date, other_first: date, other_last: date) -> int:
    return max(0, (min(last, other_last) - max(first, other_first)).days + 1)


def _clipped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def of_day(year: int, month: int | None = None, day: int | None = None) -> Period:
    """The period of a day, a month or a year.

    Raises:
        ValueError: there is no such day.
    """
    if month is None:
        return Period(date(year, 1, 1), date(year, 12, 31))
    if day is None:
        last = calendar.monthrange(year, month)[1]
        return Period(date(year, month, 1), date(year, month, last))
    return Period(date(year, month, day), date(year, month, day))


@lru_cache(maxsize=4096)
def of_iso(text: str) -> Period | None:
    """The period of an ISO date or a prefix of one ("2025-06"); None where it is none."""
    if not re.fullmatch(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", text):
        return None
    try:
        return of_day(*map(int, text.split("-")))
    except ValueError:
        return None
