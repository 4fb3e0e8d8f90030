"""Dates and periods in a text: which days it names, as far as it names them.

Plain patterns, since what they miss is harmless and what they invent is not; a general parser
takes "may", "second" and "2000 people" for dates, and milliseconds for each text. What a text
leaves open is filled in from an anchor, the day its article appeared: never without one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from rag.domain import Span
from rag.period import NO_YEAR, Period, of_day, of_iso

_MONTHS = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?",
    "aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_MONTH = rf"(?:{'|'.join(_MONTHS)})\b\.?"
_FULL_MONTH = "|".join(name.lower() for name in calendar.month_name if name)
_MONTH_NUMBERS = {n.lower()[:3]: i for i, n in enumerate(calendar.month_abbr) if n}
_WEEKDAY = "|".join(day.lower() for day in calendar.day_name)
_WEEKDAY_NUMBERS = {n.lower(): i for i, n in enumerate(calendar.day_name)}
_YEAR = r"(?:1[5-9]|20|21)\d\d(?!\d|[.,]\d|-\d)"
_DAY = r"(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?(?![\d:.]\d|\d)"
_TO = r"\s*(?:-|–|—|to|and|or|until|through)\s*"
_PART = r"(?:early|mid|late|middle|beginning|start|end)"
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_SEASON = "|".join(_SEASONS)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}

# Tried in this order at each place. A name of a group says which reader takes the match.
_MENTION = re.compile(
    rf"""(?<![\w$£€¥#/.-])(?:(?P<part>{_PART})(?:\s+(?:of\s+)?(?:the\s+)?|-))?(?:
    (?P<iso>\d{{4}}-(?:0[1-9]|1[0-2])(?:-[0-3]\d)?)(?![\d-])
  | (?P<slashes>\d{{1,2}}[/.]\d{{1,2}}[/.](?:19|20)\d\d)(?!\d)
  | (?P<dm>{_DAY})(?:{_TO}(?P<dm2>{_DAY}))?\s+(?:of\s+)?(?P<dmm>{_MONTH})(?:,?\s+(?P<dmy>{_YEAR}))?
  | (?P<mdm>{_MONTH})\s+(?P<md>{_DAY})(?:{_TO}(?P<md2>{_DAY})(?!\s+{_MONTH}))?
    (?:,?\s+(?P<mdy>{_YEAR}))?
  | (?P<month>{_MONTH})(?:\s+of)?,?\s+(?P<my>{_YEAR})
  | (?P<quarter>q[1-4]|(?:first|second|third|fourth)\s+quarter)(?:\s+of|,)?\s+(?P<qy>{_YEAR})
  | (?P<yq>{_YEAR})\s+(?P<yquarter>q[1-4])\b
  | (?P<half>first|second)\s+half\s+of\s+(?P<hy>{_YEAR})
  | (?P<season>{_SEASON})(?:\s+of|,)?\s+(?P<sy>{_YEAR})(?:[/–-]\d\d\b)?
  | (?P<year1>(?:1[5-9]|20)\d\d)[-–](?P<year2>(?:(?:1[5-9]|20)\d\d|\d\d))(?![\d-])
  | (?P<decade>(?:1[5-9]|20)\d0)['’]?s\b
  | (?P<century>(?:1[5-9]|2[01])(?:st|th))[\s-]century\b
  | (?P<year>{_YEAR})(?![%°€$]|\s?(?:%|percent\b|km|people\b|soldiers\b|met(?:er|re)s\b))\b
  | (?P<bare>{_FULL_MONTH})\b
  | (?P<weekday>(?:(?:last|next|this)\s+)?(?:{_WEEKDAY}))\b
  | (?P<near>yesterday|today|tonight|tomorrow|this\s+(?:morning|afternoon|evening)|last\s+night)\b
  | (?P<ago>(?:\d{{1,3}}|{"|".join(_NUMBERS)})\s+(?:day|week|month|year)s?\s+(?:ago|earlier))\b
  | (?P<turn>(?:last|this|next|past|previous)\s+(?:week|month|year|{_SEASON}))\b
    )""",
    re.VERBOSE,
)
# No date is without one of these, and most texts have none. A month's day comes before it.
_HINT = re.compile(
    rf"\b(?:[12]\d\d\d|\d\d[-–]\d\d|(?:{'|'.join(_MONTHS)})|{_WEEKDAY}|yesterday|today|tonight|"
    rf"tomorrow|ago|earlier|century|(?:this|last|next|past|previous)\s+"
    rf"(?:week|month|year|night|morning|afternoon|evening|{_SEASON}))\b|\d0['’]?s\b"
)
_REACH = 32
_LEADS_TO_MONTH = re.compile(
    r"\b(?:in|by|since|until|till|from|of|during|before|after|between|and|to|through|last|next|"
    r"this|early|mid|late|as\s+of|end\s+of)[\s-]+$"
)  # fmt: skip
_BETWEEN = re.compile(_TO, re.IGNORECASE)
_OPENS_RANGE = re.compile(r"\b(?:between|from)\s+(?:the\s+)?$", re.IGNORECASE)


@lru_cache(maxsize=65536)
def periods(text: str, anchor: date | None = None) -> tuple[Period, ...]:
    """The periods that `text` names, in order.

    Args:
        text: a question, or a part of an article.
        anchor: the day from which it is said. It gives weekdays, "yesterday" and "last month"
            their days, and days without a year the nearest one. Without it, the former are no
            periods and the latter stay `yearly`.
    """
    lower = _lower(text)
    first = _HINT.search(lower)
    if first is None:
        return ()
    found: list[Period] = []
    for match in _MENTION.finditer(lower, max(0, first.start() - _REACH)):
        try:
            period = _read(match, text, anchor)
        except (ValueError, OverflowError):
            continue  # 30 February, or beyond the calendar
        if period is None:
            continue
        if part := match["part"]:
            period = _part(period, part)
        found.append(replace(period, span=Span(*match.span())))
    joined = _join_ranges(text, found)
    if anchor is not None:
        joined = [_nearest(p, anchor) if p.yearly else p for p in joined]
    return tuple(joined)


def _lower(text: str) -> str:
    """`text` in lower case, character for character."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _read(match: re.Match[str], text: str, anchor: date | None) -> Period | None:
    kind = match.lastgroup
    got = {k: v for k, v in match.groupdict().items() if v is not None}
    if "iso" in got:
        return of_iso(got["iso"])
    if "slashes" in got:
        return _slashes(got["slashes"])
    if "dmm" in got:
        return _days(got["dmm"], got["dm"], got.get("dm2"), got.get("dmy"))
    if "mdm" in got:
        return _days(got["mdm"], got["md"], got.get("md2"), got.get("mdy"))
    if "month" in got:
        return of_day(int(got["my"]), _MONTH_NUMBERS[got["month"][:3]])
    if "bare" in got:
        return _bare_month(match, text)
    if kind in ("weekday", "near", "ago", "turn"):
        return None if anchor is None else _relative(got, anchor)
    return _years(got)


def _years(got: Mapping[str, str]) -> Period:
    if "year" in got:
        return of_day(int(got["year"]))
    if "year1" in got:
        first, last = int(got["year1"]), int(got["year1"][: -len(got["year2"])] + got["year2"])
        if first >= last:
            raise ValueError("no range")
        return Period(date(first, 1, 1), date(last, 12, 31))
    if quarter := got.get("quarter") or got.get("yquarter"):
        number = int(quarter[1]) if quarter[0] == "q" else _ORDINALS[quarter.split()[0]]
        return _months(int(got.get("qy") or got["yq"]), 3 * number - 2, 3)
    if "half" in got:
        return _months(int(got["hy"]), 6 * _ORDINALS[got["half"]] - 5, 6)
    if "season" in got:
        return _months(int(got["sy"]), _SEASONS[got["season"]], 3)
    if "decade" in got:
        first = int(got["decade"])
        return Period(date(first, 1, 1), date(first + 9, 12, 31))
    last = 100 * int(got["century"][:2])
    return Period(date(last - 99, 1, 1), date(last, 12, 31))


def _months(year: int, month: int, count: int) -> Period:
    """`count` months from a month on; winter goes on into the next year."""
    end = month + count - 2
    last = of_day(year + end // 12, end % 12 + 1).last
    return Period(date(year, month, 1), last)


def _slashes(text: str) -> Period:
    one, two, year = (int(part) for part in re.split(r"[/.]", text))
    if one > 12 or one == two:
        return of_day(year, two, one)
    # 3/6 may be June or March: the year alone is sure.
    return of_day(year, one, two) if two > 12 else of_day(year)


def _days(month: str, first: str, last: str | None, year: str | None) -> Period:
    number, start = _MONTH_NUMBERS[month[:3]], _number(first)
    end = _number(last) if last else start
    if year is None:
        days = date(NO_YEAR, number, start), date(NO_YEAR, number, max(start, end))
        return Period(*days, yearly=True)
    return Period(date(int(year), number, start), date(int(year), number, max(start, end)))


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _bare_month(match: re.Match[str], text: str) -> Period | None:
    """A month's name alone, where it is no other word: "may", "march" and "august" are some."""
    start = match.start("bare")
    name, before = text[start : match.end("bare")], match.string[max(0, start - _REACH) : start]
    also_verb = name.lower() in ("may", "march")
    if not (_LEADS_TO_MONTH.search(before) or match["part"]) and (
        not name[0].isupper() or also_verb
    ):
        return None
    if also_verb and name.islower() and before.endswith(("to ", "and ")):
        return None
    month = of_day(NO_YEAR, _MONTH_NUMBERS[name.lower()[:3]])
    return Period(month.first, month.last, yearly=True)


def _relative(got: Mapping[str, str], anchor: date) -> Period | None:
    if "weekday" in got:
        said = got["weekday"].split()
        back = (anchor.weekday() - _WEEKDAY_NUMBERS[said[-1]]) % 7
        # News of a Wednesday say "Wednesday" of the same day, and "last" of the one before.
        if said[0] == "last" and back == 0:
            back = 7
        day = anchor - timedelta(back - 7 if said[0] == "next" else back)
        return Period(day, day)
    if "near" in got:
        shift = {"yesterday": -1, "tomorrow": 1, "last night": -1}.get(
            " ".join(got["near"].split()), 0
        )
        return Period(anchor + timedelta(shift), anchor + timedelta(shift))
    if "ago" in got:
        count, unit = got["ago"].split()[:2]
        days = _UNITS[unit.rstrip("s")]
        middle = anchor - timedelta(days * int(_NUMBERS.get(count) or count))
        if days == _UNITS["year"]:
            return of_day(middle.year)
        return Period(middle - timedelta(days // 4), middle + timedelta(days // 4))
    which, unit = got["turn"].split()
    step = {"this": 0, "next": 1}.get(which, -1)
    if unit == "week":
        monday = anchor - timedelta(anchor.weekday() - 7 * step)
        return Period(monday, monday + timedelta(6))
    if unit == "month":
        months = anchor.year * 12 + anchor.month - 1 + step
        return of_day(months // 12, months % 12 + 1)
    if unit == "year":
        return of_day(anchor.year + step)
    season = _months(anchor.year + max(step, 0), _SEASONS[unit], 3)
    over = step < 0 and season.last >= anchor
    return _months(anchor.year - 1, _SEASONS[unit], 3) if over else season


def _part(period: Period, part: str) -> Period:
    """The first, middle or last third of a period; its very ends are half of that."""
    first, last = period.first, period.last
    third = max(1, period.days // (3 if part in ("early", "mid", "middle", "late") else 6))
    if part in ("early", "beginning", "start"):
        return replace(period, last=first + timedelta(third - 1))
    if part in ("late", "end"):
        return replace(period, first=last - timedelta(third - 1))
    return replace(period, first=first + timedelta(third), last=last - timedelta(third))


def _join_ranges(text: str, found: list[Period]) -> list[Period]:
    """Neighbours such as "March and May 2025" after "between" as one, the year for both."""
    return list(_joined(text, found))


def _joined(text: str, found: list[Period]) -> Iterator[Period]:
    index = 0
    while index < len(found):
        one, two = found[index], found[index + 1] if index + 1 < len(found) else None
        index += 1
        if two is not None:
            between = text[one.span.end : two.span.start]
            joint = _BETWEEN.fullmatch(between)
            if joint and one.yearly and not two.yearly:
                one = replace(one.in_year(two.first.year), span=one.span)
                if one.first > two.last:
                    one = replace(one.in_year(two.first.year - 1), span=one.span)
            opened = _OPENS_RANGE.search(text[max(0, one.span.start - _REACH) : one.span.start])
            dashed = joint and between.strip() in ("-", "–", "—", "to", "through", "until")
            if joint and (opened or dashed) and one.yearly == two.yearly and one.first <= two.last:
                index += 1
                span = Span(one.span.start, two.span.end)
                yield Period(one.first, two.last, span, one.yearly)
                continue
        yield one


def _nearest(period: Period, anchor: date) -> Period:
    """A yearly period in the year that brings it nearest to `anchor`."""
    years = (period.in_year(anchor.year + shift) for shift in (0, -1, 1) if anchor.year > 1)
    return min(years, key=lambda p: _distance(p, anchor))


def _distance(period: Period, day: date) -> int:
    if period.first <= day <= period.last:
        return 0
    return min(abs((period.first - day).days), abs((period.last - day).days))
