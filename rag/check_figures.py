"""Figures, units and dates of a drafted sentence, held against its evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from rag import amounts, facts, wording
from rag.support import Support, UnsupportedError

# How far before a figure a word that bounds it may stand.
_BEFORE_FIGURE = 4


def check_figures(text: str, support: Support) -> None:
    """Raise UnsupportedError where a figure, unit, date or bound of `text` is not in `support`."""
    said, there = amounts.read_numbers(text), support.numbers
    values = {f.value for f in said.figures}
    for part, whole in _parts(there):
        # "Two of its seven branches were shut" does not shut seven.
        if whole in values and part not in values:
            raise UnsupportedError(f"left out that it is {_digits(part)} of {_digits(whole)}")
    for part, whole in _parts(said):
        if (whole, part) in _parts(there):
            raise UnsupportedError(
                f"part and whole are exchanged: {_digits(part)} of {_digits(whole)}"
            )
    for figure in said.figures:
        same = [f for f in there.figures if _same_figure(figure, f, there.tokens)]
        years = [d for d in there.days if figure.unit == "" and figure.value == str(d.year)]
        if not same and not years:
            if _is_year(figure) and _dated(text, support, (int(figure.value), 0, 0), there):
                continue
            other = {f.unit for f in there.figures if f.value == figure.value}
            kind = "unit" if other and figure.unit not in other else "figure"
            raise UnsupportedError(f"{kind} not in the evidence: {figure.written}")
        places = [(f.first, f.last) for f in same] + [(d.first, d.last) for d in years]
        rivals = [
            (f.first, f.last)
            for f in there.figures
            if _rivals(figure, f)
            and not any(_part_of(there.tokens, f, g) or _range(there.tokens, f, g) for g in same)
        ]
        _bound(figure.written, (figure.first, figure.last), said, there, places, rivals)
    for day in said.days:
        agreeing = [d for d in there.days if _agrees(day, d)]
        if not agreeing:
            if _dated(text, support, (day.year, day.month, day.day), there):
                continue
            raise UnsupportedError(f"date not in the evidence: {day.written}")
        places = [(d.first, d.last) for d in agreeing]
        rivals = [(d.first, d.last) for d in there.days]
        _bound(day.written, (day.first, day.last), said, there, places, rivals)
    _check_bounds(text, support)
    for figure in said.figures:
        if figure.kind == "count" and (noun := _noun(said, figure)) and not support.has(noun):
            raise UnsupportedError(f"the evidence counts no {noun}: {figure.written}")


def _same_figure(one: amounts.Figure, other: amounts.Figure, row: Sequence[str]) -> bool:
    """Whether `other`, which stands in `row`, is the figure `one`."""
    if one.kind != other.kind or one.value != other.value:
        return False
    if one.kind == "clock":
        return one.unit == other.unit or not one.unit
    # "£5" may be read as "5 pounds", though "5 pounds" may be a weight; the unit of "two top
    # years" stands a little way off.
    return (
        one.unit == other.unit
        or (one.unit, other.unit) == ("pound", "£")
        or (
            not other.unit
            and one.unit in {amounts.unit_of(t) for t in row[other.last + 1 : other.last + 4]}
        )
    )


def _rivals(figure: amounts.Figure, other: amounts.Figure) -> bool:
    """Whether one could be taken for the other: a clock's time is no count, nor is a year."""
    return (
        figure.kind == other.kind
        and figure.unit == other.unit
        and _is_year(figure) == _is_year(other)
    )


def _part_of(row: Sequence[str], one: amounts.Figure, other: amounts.Figure) -> bool:
    """Whether two figures stand as "four of its eleven", so that all around is of both."""
    between = _between(row, one, other)
    return between[:1] == ("of",) and len(between) <= 2


def _range(row: Sequence[str], one: amounts.Figure, other: amounts.Figure) -> bool:
    """Whether two figures are the ends of a range, "3 to 5", or alternatives."""
    between = _between(row, one, other)
    return 0 < len(between) <= 3 and set(between) <= {"-", "to", "or"}


def _between(row: Sequence[str], one: amounts.Figure, other: amounts.Figure) -> tuple[str, ...]:
    low, high = sorted((one, other), key=lambda f: f.first)
    return tuple(row[low.last + 1 : high.first])


def _parts(numbers: amounts.Numbers) -> set[tuple[str, str]]:
    """Values that stand as "four of its eleven"."""
    return {
        (one.value, other.value)
        for one, other in pairwise(numbers.figures)
        if _part_of(numbers.tokens, one, other)
    }


def _digits(value: str) -> str:
    return f"{Decimal(value):,f}"


def _is_year(figure: amounts.Figure) -> bool:
    return (
        figure.kind == "count"
        and not figure.unit
        and bool(re.fullmatch(r"1\d{3}|2[01]\d{2}", figure.value))
    )


def _agrees(day: amounts.Day, other: amounts.Day) -> bool:
    """Whether what is written of `day` is written of `other` too."""
    mine, theirs = (day.year, day.month, day.day), (other.year, other.month, other.day)
    return all(not m or m == t for m, t in zip(mine, theirs, strict=True))


_ATTRIBUTES = re.compile(
    r"\b(?:publish\w*|report\w*|accord\w*|as of|dated|wrote|article|posted|updated)\b|\([^)]*\)",
    re.IGNORECASE,
)


def _dated(text: str, support: Support, date: tuple[int, int, int], there: amounts.Numbers) -> bool:
    """Whether a date comes from the article's own: it says when that was published, or it gives
    the year of a day that the evidence has without, and that lies within half a year of then."""
    year, month, day = date
    for published in support.published:
        own = [int(p) for p in published.split("-")] + [0, 0]
        mine = (year or own[0], month or own[1], day or own[2])
        if mine == tuple(own[:3]) and _ATTRIBUTES.search(text):
            return True
        for d in there.days:
            if (
                d.year
                or not d.month
                or not year
                or (month and (month, day or d.day) != (d.month, d.day))
            ):
                continue
            months = (year * 12 + d.month) - (own[0] * 12 + (own[1] or d.month))
            if abs(months) <= 6 and (month or year == own[0]):
                return True
    return False


def _bound(
    written: str, place: tuple[int, int], said: amounts.Numbers, there: amounts.Numbers,
    places: Sequence[tuple[int, int]], rivals: Sequence[tuple[int, int]],
) -> None:  # fmt: skip
    """A figure must belong to the same words in both: the nearest that both have decide."""
    others = [p for p in rivals if p not in places]
    if not others:
        return
    inside = {i for first, last in said.places for i in range(first, last + 1)}
    stems = [stem(t) for t in there.tokens]
    near: list[tuple[int, str]] = []
    for i, token in enumerate(said.tokens):
        word = "" if i in inside else stem(token)
        if word in stems and word and not wording.glue(word):
            near.append((_gap(said.tokens, i, place), word))
    if not near:
        return
    least = min(gap for gap, _ in near)
    for word in {w for gap, w in near if gap <= least + 1}:
        for at in (i for i, s in enumerate(stems) if s == word):
            mine = min(_gap(there.tokens, at, p) for p in places)
            if mine <= min(_gap(there.tokens, at, p) for p in others):
                return
    raise UnsupportedError(f"the evidence says this of another figure: {written}")


def _noun(numbers: amounts.Numbers, figure: amounts.Figure) -> str:
    """The stem of the word right behind a figure, which is what it counts; "" for none."""
    if figure.unit or figure.last + 1 >= len(numbers.tokens):
        return ""
    word = stem(numbers.tokens[figure.last + 1])
    return "" if not word or wording.glue(word) else word


def _gap(row: Sequence[str], at: int, place: tuple[int, int]) -> int:
    first, last = place
    return min(amounts.distance(row, at, first), amounts.distance(row, at, last))


def stem(token: str) -> str:
    """The stem of one folded word; "" for stop words and signs."""
    if not token[0].isalpha():
        return ""
    found = facts.tokens(token)
    return found[0].term if found else ""


def _check_bounds(text: str, support: Support) -> None:
    """ "At least 115" may not become "115", nor "about 115"."""
    said = amounts.read_numbers(text)
    for figure in said.figures:
        mine = _bounds(said.tokens, figure)
        theirs = [
            _bounds(support.numbers.tokens, f)
            for f in support.numbers.figures
            if _same_figure(figure, f, support.numbers.tokens)
        ]
        if theirs and mine not in theirs:
            different = min(theirs[0] ^ mine)
            verb = "added" if different in mine else "left out"
            raise UnsupportedError(f"{verb} “{different}” at {figure.written}")


def _bounds(row: Sequence[str], figure: amounts.Figure) -> frozenset[str]:
    """The classes of comparison that the words before a figure, or "or more" behind it, put it in.

    Of a range, "between 3 and 5" or "3 to 5", both ends have those of the first.
    """
    before = " ".join(row[max(0, figure.first - _BEFORE_FIGURE) : figure.first])
    before = re.split(r"[,;:()]|\band\b|\b\d+\b", before)[-1].strip()
    behind = " ".join(row[figure.last + 1 : figure.last + 3])
    phrase = f"{before} 1" + (f" {behind}" if behind.startswith("or ") else "")
    return frozenset(n for _, names in wording.classes(phrase) for n in names) & wording.BOUNDS
