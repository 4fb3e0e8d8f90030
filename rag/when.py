"""Which time a question asks about, and how well a text fits it.

A question may name a period ("in July 2024"), a side of one ("before May", "since 2022"), or only
the order ("the latest", "at first"). A text's own dates say when it speaks of; where it has none,
its surroundings do, and then the day its article appeared. What has no date at all fits neither
well nor badly: nothing is known.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from rag.dates import periods
from rag.domain import Article, Span
from rag.period import Period, of_iso


class Order(StrEnum):
    """Which of several answers over time is asked for."""

    LATEST = "latest"
    EARLIEST = "earliest"


@dataclass(frozen=True, slots=True)
class When:
    """The time of a question: any of `periods`, and which end of what there is; maybe neither.

    `outside` are the places of dates that are named only to be left out: "before May".
    """

    periods: tuple[Period, ...] = ()
    order: Order | None = None
    outside: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.periods or self.order)


_LATEST = re.compile(
    r"\b(?:latest|newest|most\s+recent(?:ly)?|recently|currently|(?:the|[’']s|s[’']|its|his|her|their)\s+"
    r"current|nowadays|these\s+days|so\s+far|right\s+now|at\s+present|presently|up[\s-]to[\s-]date|"
    r"(?:(?:is|are|has|have|do|does|as\s+of|by|until)\s+|\s)now(?=\W*$)|(?:is|are|as\s+of)\s+(?:now|"
    r"today)|today(?=\W*$)|last(?=\s+(?:known|reported|heard|update)))\b",
    re.IGNORECASE,
)
# "First" is an order only of what was done: the first lady and the first kiss are things.
_EARLIEST = re.compile(
    r"\b(?:(?i:originally|initially|earliest|at\s+first|to\s+begin\s+with|very\s+first|"
    r"at\s+the\s+(?:start|outset|beginning)(?!\s+of))|first(?=\s+(?:\w+ed|say|said|see|seen|make|made|begin|began|come|"
    r"came|go|went|appear|open|take|took|become|became|hear|heard|give|gave|meet|met|told|sent|"
    r"found|held|left|built|won|known)\b))\b"
)
# What a question puts before a period to mean a side of it.
_BEFORE = re.compile(
    r"\b(?:before|prior\s+to|ahead\s+of|earlier\s+than)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\b(?:after|following|later\s+than)\s+(?:the\s+)?$", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:until|till|up\s+to)\s+(?:the\s+)?$", re.IGNORECASE)
_SINCE = re.compile(r"\b(?:since|from|starting(?:\s+in)?|as\s+from)\s+(?:the\s+)?$", re.IGNORECASE)
_ONWARDS = re.compile(r"\s*(?:on(?:wards?)?|and\s+(?:after|later))\b", re.IGNORECASE)
_BY = re.compile(
    r"\b(?:by|as\s+(?:of|at|per)|up\s+to\s+and\s+including|no\s+later\s+than)\s+(?:the\s+)?$",
    re.IGNORECASE,
)

# How far from a date the words stand that say which side of it is meant.
_REACH = 32
_LOOKS_BACK = re.compile(r"\b(?:yesterday|last|past|previous|ago|earlier)\b", re.IGNORECASE)

# How much less a date is worth that is not the unit's own.
_NEIGHBOUR = 0.9
ARTICLE = 0.8
# The unit has dates, and none is asked for; its article's may be all the same.
_ELSEWHERE = 0.25
# News tell of a day for some days after it.
_REPORTED_DAYS = 3.0
_PREVIEW = 0.5
# An article whose date fits less well than this does not tell of the time asked for by itself.
_STILL_TOLD = 0.3
_LONGEST_MONTH = 31
# Years before this one are not read as such.
_SURE_FROM = 1500


@lru_cache(maxsize=4096)
def asked(question: str, today: date | None = None) -> When:
    """The time that `question` names.

    Args:
        question: what is asked.
        today: the day from which "yesterday" and "last month" count, such as that of the newest
            article; without it they name no time.
    """
    named = periods(question)
    relative = periods(question, today) if today else ()
    # A day without a year may be of any; "this week" and "on Friday" more often tell of the one
    # who asks than of the articles. Only what looks back from today counts from it.
    places = {p.span for p in named}
    found = [
        *named,
        *(p for p in relative if p.span not in places and _LOOKS_BACK.search(p.span.of(question))),
    ]
    order = None
    rest = question
    windows = []
    for period in found:
        window, newest = _window(period, question)
        windows.append(window)
        order = Order.LATEST if newest else order
        rest = rest.replace(question[period.span.start : period.span.end], " ")
    if _LATEST.search(rest):
        order = Order.LATEST
    elif _EARLIEST.search(rest):
        order = Order.EARLIEST
    outside = (w.span for w, p in zip(windows, found, strict=True) if not w.shared(p))
    return When(tuple(windows), order, tuple(outside))


def _window(period: Period, text: str) -> tuple[Period, bool]:
    """The days meant by a period of a text with the words before and after it, and whether the
    newest of them are."""
    if period.yearly:
        return period, False
    start, end = period.span.start, period.span.end
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    day = timedelta(1)
    if _BEFORE.search(before):
        return Period(date.min, period.first - day, period.span), False
    if _AFTER.search(before):
        return Period(period.last + day, date.max, period.span), False
    if _BY.search(before):
        return Period(date.min, period.last, period.span), True
    if _UNTIL.search(before):
        return Period(date.min, period.last, period.span), False
    if _SINCE.search(before) or _ONWARDS.match(after):
        return Period(period.first, date.max, period.span), False
    return period, False


def fit(when: When, published: str | None, unit: str, passage: str = "") -> float | None:
    """How well a unit of an article fits the time of a question, 0 to 1.

    Its own dates win; else those of its passage; else the day its article appeared.

    Args:
        when: what `asked` found in the question.
        published: the article's date, ISO or a prefix of it.
        unit: the unit's text.
        passage: the text around it.

    Returns:
        1 where the unit's own date is asked for, 0 where its time is another one; None where
        the question names no period, or nothing here has a date.
    """
    if not when.periods:
        return None
    article = of_iso(published) if published else None
    anchor = _anchor(article)
    own = _best(when, periods(unit, anchor))
    if own:
        return own
    appeared = (
        None if article is None else ARTICLE * max(_reported(w, article) for w in when.periods)
    )
    if own == 0:
        return _ELSEWHERE * (appeared or 0.0)
    near = _best(when, periods(passage, anchor)) if passage else None
    if near:
        return max(_NEIGHBOUR * near, appeared or 0.0)
    return appeared if near is None or appeared else near


def speaks_against(when: When, article: Article, unit: str, around: Iterable[str]) -> bool:
    """Whether all that is known of when a unit is of speaks against the time of a question.

    Args:
        when: the time that the question names, as far as `asked` knows it without a today.
        article: what the unit is of.
        unit: its own text. What has been so since a day may be so at any later one.
        around: the texts that it stands under and in.

    Returns:
        False where the question names no year, or only a side of a time, or one before
        `_SURE_FROM`; where the unit, its surroundings or its article's day are of that time; where
        the article names its year somewhere, and its month if it is of one; and where nothing
        here has a year.
    """
    windows = when.periods
    if not windows or any(w.yearly or w.open_ended or w.first.year < _SURE_FROM for w in windows):
        return False
    appeared = of_iso(article.metadata.published) if article.metadata.published else None
    if appeared and max(_reported(w, appeared) for w in windows) > _STILL_TOLD:
        return False
    anchor = _anchor(appeared)
    named = [_window(p, unit)[0] for p in periods(unit, anchor)]
    named += [p for text in around for p in periods(text, anchor)]
    known = [p for p in named if not p.yearly]
    yearless = appeared is None and not known
    if yearless:
        # A day without a year may be of any: all that it says is of which month it is.
        known = [p for p in named if all(w.days <= _LONGEST_MONTH for w in windows)]
        if not known:
            return False
    return not any(w.shared(p) for w in windows for p in known) and not any(
        _is_named(w, article.text, yearless) for w in windows
    )


def _is_named(window: Period, text: str, yearless: bool) -> bool:
    """Whether the year of a period, or of its end, stands in a text; of a month or less, its
    month as well, which is enough where what is known has no year."""
    ends = (window.first, window.last)
    is_month = window.days <= _LONGEST_MONTH
    if not (is_month and yearless) and not any(str(day.year) in text for day in ends):
        return False
    return not is_month or any(
        name in text
        for day in ends
        for month in [calendar.month_abbr[day.month]]
        for name in (calendar.month_name[day.month], f"{month}.", f"{month} ", f"-{day:%m}-")
    )


def _anchor(article: Period | None) -> date | None:
    """The day an article speaks from: the middle of what is known of its date."""
    return None if article is None else article.first + timedelta(article.days // 2)


def _best(when: When, named: Sequence[Period]) -> float | None:
    """The share of the best named period that is asked for; None where none is named."""
    if not named:
        return None
    return max(_share(window, period) for window in when.periods for period in named)


def _share(window: Period, period: Period) -> float:
    """How much of `period` lies in `window`; a wider one ("2024" for "July 2024") still counts."""
    both = window.shared(period)
    return 0.0 if both <= 0 else min(1.0, 0.5 + 0.5 * both / period.days)


def _reported(window: Period, article: Period) -> float:
    """How likely an article of that date tells of the days of `window`."""
    if window.shared(article):
        return 1.0
    if window.yearly:
        window = window.in_year(article.first.year)
    # A year is still told of weeks later; a side of a day has an edge as sharp as a day's.
    patience = _REPORTED_DAYS + (0 if window.open_ended else min(window.days, 365) / 10)
    if article.first > window.last:
        return math.exp(-(article.first - window.last).days / patience)
    return _PREVIEW * math.exp(-(window.first - article.last).days / patience)


def dated(published: str | None, unit: str) -> date | None:
    """The latest day that a unit speaks of and its article can know, else its article's own."""
    article = of_iso(published) if published else None
    anchor = _anchor(article)
    own = [p.first for p in periods(unit, anchor) if not p.yearly]
    known = [day for day in own if article is None or day <= article.last]
    return max(known, default=article.first if article else None)


def order_fit(order: Order, days: Sequence[date | None]) -> list[float | None]:
    """How well each of several texts fits an order, by their days: 1 the first in it, then less.

    The first few differ most, for one of them is asked for, and all do a little.

    Args:
        order: which end is asked for.
        days: the day of each text, as `dated` or its article has it; None stays None.
    """
    distinct = sorted({day for day in days if day is not None}, reverse=order is Order.LATEST)
    last = max(1, len(distinct) - 1)
    places = {day: (1 / (1 + n) + 1 - n / last) / 2 for n, day in enumerate(distinct)}
    return [None if day is None else places[day] for day in days]
