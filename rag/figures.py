"""Figures and dates of a text in a form that can be compared: "22 crew members", "9 July 2024".

A figure is a number with what it counts or measures; a date has the fields that the text gives.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from rag.text import words

_SMALL = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty",
]  # fmt: skip
_NUMBERS = {word: float(value) for value, word in enumerate(_SMALL)} | {
    "nobody": 0.0, "none": 0.0, "once": 1.0, "twice": 2.0, "thirty": 30.0, "forty": 40.0,
    "fifty": 50.0, "sixty": 60.0, "seventy": 70.0, "eighty": 80.0, "ninety": 90.0,
    "dozen": 12.0, "half": 0.5, "third": 1 / 3, "quarter": 0.25,
}  # fmt: skip
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
           "bn": 1e9}  # fmt: skip
# One key for each way of writing a unit; a unit that is not here is its own stem.
_UNITS = {
    written: key
    for key, ways in {
        "metre": "m metre metres meter meters", "kilometre": "km kilometre kilometres kilometer "
        "kilometers", "foot": "ft foot feet", "percent": "percent pct", "kilogram": "kg kilogram "
        "kilograms", "tonne": "tonne tonnes ton tons", "person": "people person persons man men "
        "woman women", "gigawatt": "gw gigawatt gigawatts", "megawatt": "mw megawatt megawatts",
        "hour": "hour hours hr hrs", "minute": "minute minutes min mins",
        "second": "second seconds sec secs",
    }.items()
    for written in ways.split()
}  # fmt: skip
_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(?:(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?P<m>{_MONTH})\b\.?"
    r"(?:\s+(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?\b(?![:.]\d))?(?:,?\s+(?P<y>(?:1\d|20)\d\d))?"
    r"|\b(?P<iso>(?:1\d|20)\d\d-\d\d-\d\d)\b|\b(?P<year>(?:1\d|20)\d\d)\b(?!\s*(?:%|percent))",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?P<h>\d{1,2})(?:[:.](?P<min>\d{2}))?\s*(?P<half>[ap])\.?\s?m\b|\b(?P<h24>\d{1,2}):(?P<m24>\d{2})\b",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"[$£€¥₹]\s?$")
_PERCENT = re.compile(r"\s?%")
# What follows a number within this many words may be what it counts.
_REACH = 3
_ROUNDING = 0.02


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the stems of the words by it that may say what it counts."""

    value: float
    of: frozenset[str]

    def alike(self, other: Figure) -> bool:
        """Whether both count or measure the same thing, by its name."""
        return bool(self.of & other.of)

    def equals(self, other: Figure) -> bool:
        """Whether the numbers are the same but for rounding."""
        return abs(self.value - other.value) <= _ROUNDING * max(self.value, other.value)


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is given; what is not given is None."""

    year: int | None
    month: int | None
    day: int | None

    def differs(self, other: Day) -> bool:
        """Whether a field that both have is not the same."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return any(a is not None and b is not None and a != b for a, b in pairs)


def figures(text: str) -> list[Figure]:
    """The numbers of `text` with what they count, in order; dates and times of day left out."""
    left_out = [m.span() for p in (_DATE, _CLOCK) for m in p.finditer(text)]
    found: list[Figure] = []
    all_words = words(text)
    skip = -1
    for place, word in enumerate(all_words):
        value = _number(word.surface)
        if place <= skip or value is None:
            continue
        if any(a <= word.span.start < b for a, b in left_out):
            continue
        last = place
        while last + 1 < len(all_words) and all_words[last + 1].surface.lower() in _SCALES:
            last += 1
            value *= _SCALES[all_words[last].surface.lower()]
        skip = last
        of = {unit_of(w.surface, w.term) for w in all_words[last + 1 : last + 1 + _REACH]
              if not w.stop and _number(w.surface) is None}  # fmt: skip
        sign = _CURRENCY.search(text[: word.span.start])
        if sign:
            of = {sign.group().strip()}
        elif _PERCENT.match(text, all_words[last].span.end):
            of = {"percent"}
        found.append(Figure(value, frozenset(of)))
    return found


def _number(surface: str) -> float | None:
    if surface[0].isdigit():
        try:
            return float(surface.replace(",", ""))
        except ValueError:
            return None
    return _NUMBERS.get(surface.lower())


def unit_of(surface: str, term: str) -> str:
    """The key of a word that says what is counted or measured: one for all ways to write it."""
    return _UNITS.get(surface.lower(), term)


def days(text: str, published: str | None = None) -> list[Day]:
    """The dates of `text`; a year that it does not give is that of `published`, an ISO date."""
    found = []
    year = int(published[:4]) if published and published[:4].isdigit() else None
    for m in _DATE.finditer(text):
        if m["iso"]:
            y, month, day = m["iso"].split("-")
            found.append(Day(int(y), int(month), int(day)))
        elif m["year"]:
            found.append(Day(int(m["year"]), None, None))
        elif m["m"] and (m["d1"] or m["d2"] or m["y"] or (m["m"][0].isupper() and len(m["m"]) > 3)):
            day_text = m["d1"] or m["d2"]
            # "may" the verb and "Mar" the name are no months without a day or year.
            found.append(
                Day(
                    int(m["y"]) if m["y"] else year,
                    _MONTHS[m["m"].lower()],
                    int(day_text) if day_text else None,
                )
            )
    return found


def clocks(text: str) -> list[int]:
    """The times of day in `text`, in minutes from midnight."""
    found = []
    for m in _CLOCK.finditer(text):
        if m["h24"]:
            found.append(60 * int(m["h24"]) + int(m["m24"]))
        else:
            hour = int(m["h"]) % 12 + (12 if m["half"].lower() == "p" else 0)
            found.append(60 * hour + int(m["min"] or 0))
    return found


def clash(one: Sequence[Figure], other: Sequence[Figure]) -> bool | None:
    """Whether two lots of figures count the same thing differently.

    Returns:
        True where they share no number for it, False where they have the same ones, None where
        nothing compares or only some of it agrees.
    """
    pairs = [(a, b) for a, b in product(one, other) if a.alike(b)]
    if not pairs:
        return None
    equal = [(a, b) for a, b in pairs if a.equals(b)]
    if not equal:
        return True
    every = all(any(f in pair for pair in equal) for pair in pairs for f in pair)
    return False if every else None


def clash_of_days(one: Iterable[Day], other: Iterable[Day]) -> bool | None:
    """The same for dates: True, False, or None where either has none."""
    pairs = list(product(one, other))
    return all(a.differs(b) for a, b in pairs) if pairs else None


def clash_of_clocks(one: Iterable[int], other: Iterable[int]) -> bool | None:
    """The same for times of day."""
    a, b = set(one), set(other)
    return not a & b if a and b else None


def other_numbers(one: Sequence[Figure], other: Sequence[Figure]) -> bool:
    """Whether each has a number, whatever it counts, that the other does not have."""
    return all(
        any(not any(x.equals(y) for y in theirs) for x in mine)
        for mine, theirs in ((one, other), (other, one))
    )
