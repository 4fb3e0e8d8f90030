"""Figures, units and dates of a text, so that two ways of writing one compare equal.

"1,200", "1 200" and "twelve hundred" are one value; "7 %", "7 per cent" and "seven percent" one
figure with one unit; "June 4" agrees with "4 June 2025". Nothing is calculated: 50 % is not half.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from rag.number_words import MONTHS, ORDINALS, SCALES, UNITS, VALUES

_CURRENCY = frozenset("$€£¥₹")
_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}(?!\d)|\d{1,2}[:.]\d{2}(?=\s?[ap]\.?m\b)|\d{1,2}:\d{2}(?::\d{2})?"
    r"|\d{1,4}(?:/\d{1,4}){1,2}|\d+(?:st|nd|rd|th|s)(?![^\W\d_])|\d+(?:[,.]\d+)*"
    r"|[ap]\.m\.|(?:[^\W\d_]\.){2,}|km/h|km2|m2|us\$|°[cf]|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]"
)
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u2009\u202f']\d{3})+)(?![\d.,]\d|\d)")
_BREAKS = frozenset(",;:.!?()")
_BEFORE_MONTH = frozenset({"in", "of", "since", "until", "by", "early", "late", "last", "next"})
_WEEKDAYS = frozenset(f"{d}day" for d in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))
_EACH = frozenset({"a", "per", "each", "every"})
_WHICH = frozenset({"every", "each", "any", "no", "this", "that", "which", "the", "some"})
_CLAUSES = "and but while whereas which who although though or"
_CLAUSE_WORDS = frozenset(_CLAUSES.split())


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its unit ("" for none) at tokens `first` to `last` of its text.

    `kind` is ``count``, ``ordinal``, ``clock`` or ``literal``; `written` is how it stands there.
    """

    value: str
    unit: str
    kind: str
    written: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Day:
    """A date, as far as it is written: 0 where year, month or day is not."""

    year: int
    month: int
    day: int
    written: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """All figures and dates of a text, over its folded tokens."""

    tokens: tuple[str, ...]
    figures: tuple[Figure, ...]
    days: tuple[Day, ...]

    @property
    def places(self) -> list[tuple[int, int]]:
        """First and last token of every figure and date."""
        return [(n.first, n.last) for n in self.figures] + [(n.first, n.last) for n in self.days]


def plain(text: str) -> str:
    """`text` with one form for every sign of the same meaning: dashes, quotes, spaces, percent."""
    text = _THOUSANDS.sub(lambda m: m[1] + re.sub(r"\D", "", m[2]), text)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"[‐‑‒–—−]", "-", re.sub(r"[‘’ʼ`´]", "'", text))
    text = re.sub(r"\bper\s?cent\b", "percent", text)
    text = re.sub(r"\b(?:percentage|percent) points?\b", "pp", text)
    return re.sub(r"\s+", " ", text)


@lru_cache(maxsize=4096)
def read_numbers(text: str) -> Numbers:
    """The figures and dates of `text`."""
    tokens = tuple(_TOKEN.findall(plain(text)))
    figures: list[Figure] = []
    days: list[Day] = []
    at = 0
    while at < len(tokens):
        found = _day(tokens, at) or _figure(tokens, at)
        if isinstance(found, Day):
            days.append(found)
        elif found is not None:
            figures.append(found)
        at = found.last + 1 if found is not None else at + 1
    return Numbers(tokens, tuple(_shared_units(tokens, figures)), tuple(days))


def number_word(word: str) -> bool:
    """Whether a folded word is a number's, such as "seven" or "third"."""
    return word in VALUES or word in ORDINALS or word in SCALES


def calendar_word(word: str) -> bool:
    """Whether a folded word is a month's or a day's name."""
    return word in MONTHS or word in _WEEKDAYS


def unit_of(token: str) -> str:
    """The unit that a folded word names; "" for none."""
    return UNITS.get(token, "")


def _number(token: str) -> Decimal | None:
    """The value of digits such as "1,200" or "4.5"; a single comma before one or two is a point."""
    if not re.fullmatch(r"\d+(?:[,.]\d+)*", token):
        return None
    if re.fullmatch(r"\d+,\d{1,2}", token):
        token = token.replace(",", ".")
    try:
        return Decimal(token.replace(",", ""))
    except InvalidOperation:
        return None


def _whole(token: str, low: int, high: int) -> int:
    """A token such as "4" or "4th" as a whole number in a range; 0 where it is none."""
    match = re.fullmatch(r"(\d{1,4})(?:st|nd|rd|th)?", token)
    value = int(match[1]) if match else 0
    return value if low <= value <= high else 0


def _day(tokens: Sequence[str], at: int) -> Day | None:
    token = tokens[at]

    def peek(step: int) -> str:
        return tokens[at + step] if at + step < len(tokens) else ""

    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", token):
        year, month, day = map(int, token.split("-"))
        return Day(year, month, day, token, at, at)
    if token in MONTHS:
        step = 2 if peek(1) == "." else 1
        if day := _whole(peek(step), 1, 31):
            after = step + (2 if peek(step + 1) == "," else 1)
            year = _whole(peek(after), 1000, 2199)
            last = at + (after if year else step)
            return Day(year, MONTHS[token], day, _join(tokens, at, last), at, last)
        after = step + 1 if peek(step) in (",", "of") else step
        if year := _whole(peek(after), 1000, 2199):
            return Day(year, MONTHS[token], 0, _join(tokens, at, at + after), at, at + after)
        # "may" and "march" are verbs more often, but not behind "in".
        if token not in ("may", "march", "mar") or (at and tokens[at - 1] in _BEFORE_MONTH):
            return Day(0, MONTHS[token], 0, token, at, at)
        return None
    if day := _whole(token, 1, 31):
        step = 2 if peek(1) == "of" else 1
        if peek(step) in MONTHS:
            after = step + (2 if peek(step + 1) == "," else 1)
            year = _whole(peek(after), 1000, 2199)
            last = at + (after if year else step)
            return Day(year, MONTHS[peek(step)], day, _join(tokens, at, last), at, last)
    return None


def _join(tokens: Sequence[str], first: int, last: int) -> str:
    return " ".join(tokens[first : last + 1])


def _figure(tokens: Sequence[str], at: int) -> Figure | None:
    token, last = tokens[at], at
    if re.fullmatch(r"\d+[:.]\d\d(?::\d\d)?", token) and (
        ":" in token or _half_day(tokens, at + 1)
    ):
        half = _half_day(tokens, at + 1)
        clock = token.replace(".", ":").lstrip("0")
        return Figure(clock, half, "clock", token, at, at + bool(half))
    before = tokens[at - 1] if at else ""
    behind = tokens[at + 1] if at + 1 < len(tokens) else ""
    # "Litres a second" and "every one of them" count nothing.
    if (token == "second" and before in _EACH) or (  # noqa: S105 - a word of a text
        token == "one" and (before in _WHICH or behind in ("", "of", "another", "."))  # noqa: S105
    ):
        return None
    if ordinal := ORDINALS.get(token) or (
        int(re.match(r"\d+", token)[0]) if re.fullmatch(r"\d+(?:st|nd|rd|th)", token) else 0  # type: ignore[index]
    ):
        return Figure(str(ordinal), "", "ordinal", token, at, at)
    if re.fullmatch(r"\d+s|\d+/[\d/]+", token):
        return Figure(token, "", "literal", token, at, at)
    value = _number(token)
    if value is None:
        worded = _worded(tokens, at)
        if worded is None:
            return None
        value, last = worded
    else:
        # "5 million", "3 hundred thousand"
        while last + 1 < len(tokens) and tokens[last + 1] in SCALES:
            value, last = value * SCALES[tokens[last + 1]], last + 1
        if last == at and last + 1 < len(tokens) and tokens[last + 1] == "m" and _money(tokens, at):
            value, last = value * 10**6, last + 1
    if half := _half_day(tokens, last + 1):
        return Figure(f"{value}:00", half, "clock", _join(tokens, at, last), at, last + 1)
    unit, last = _unit(tokens, at, last)
    first = at - 1 if at and tokens[at - 1] in _CURRENCY else at
    return Figure(str(value.normalize()), unit, "count", _join(tokens, first, last), first, last)


def _worded(tokens: Sequence[str], at: int) -> tuple[Decimal, int] | None:
    """The value of number words from `at`, and where they end; None where there are none."""
    total, current, last, read = 0, 0, at - 1, False
    place = at
    while place < len(tokens):
        word = tokens[place]
        if (
            word in VALUES
            and (current % 10 == 0 or current == 0)
            and (not read or current >= 20 or current == 0)
        ):
            current, read, last = current + VALUES[word], True, place
        elif word in SCALES and len(word) > 2 and (read or word != "dozen"):
            if word == "hundred":
                current = max(current, 1) * 100
            else:
                total, current = total + max(current, 1) * SCALES[word], 0
            read, last = read, place
            if not read:
                return None  # "hundreds of" is no figure, and a bare "million" neither
        elif (
            word in ("-", "and")
            and read
            and place + 1 < len(tokens)
            and (
                (word == "-" and 20 <= current % 100 < 100)
                or (word == "and" and current % 100 == 0 and (current or total))
            )
            and tokens[place + 1] in VALUES
        ):
            pass
        else:
            break
        place += 1
    return (Decimal(total + current), last) if read else None


def _half_day(tokens: Sequence[str], at: int) -> str:
    """ "am" or "pm" where that stands at a place, else ""."""
    token = tokens[at].replace(".", "") if at < len(tokens) else ""
    return token if token in ("am", "pm") else ""


def _money(tokens: Sequence[str], at: int) -> bool:
    return at > 0 and tokens[at - 1] in _CURRENCY


def _unit(tokens: Sequence[str], at: int, last: int) -> tuple[str, int]:
    """The unit of a number before or behind it, and where that ends."""
    if _money(tokens, at):
        return tokens[at - 1], last
    step = 2 if last + 2 < len(tokens) and tokens[last + 1] == "-" else 1
    unit = UNITS.get(tokens[last + step]) if last + step < len(tokens) else None
    return (unit, last + step) if unit else ("", last)


def _shared_units(tokens: Sequence[str], figures: Sequence[Figure]) -> list[Figure]:
    """`figures` with the unit of a range on both its ends: "3 to 5 days" has days twice."""
    result = list(figures)
    for place in range(len(result) - 2, -1, -1):
        one, other = result[place], result[place + 1]
        between = tokens[one.last + 1 : other.first]
        joined = all(t in ("-", "to", "and", "or") for t in between) and len(between) < 4
        if one.kind == other.kind == "count" and not one.unit and other.unit and joined:
            result[place] = Figure(
                one.value, other.unit, one.kind, one.written, one.first, one.last
            )
    return result


def distance(tokens: Sequence[str], one: int, other: int) -> int:
    """How far apart two tokens are; what stands in another clause is farther."""
    low, high = sorted((one, other))
    between = tokens[low + 1 : high]
    crossed = sum(t in _BREAKS or t in _CLAUSE_WORDS for t in between)
    return high - low + 3 * crossed
