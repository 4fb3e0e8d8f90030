"""What the reader learns from: passages with questions on them, written for that.

A file has a passage a line: ``{"title", "heading", "units", "questions"}``, and of each question
``{"q", "a", "near"}``: what is asked, the units that answer it by themselves (none where the
passage does not say), and the one that a careless reader would take for the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from eval.importers.reading import json_lines, need, objects, texts
from rag.errors import UsageError
from rag.reader import Told, as_told
from rag.widen import leans_back

_CELLS = " | "
# Of so many passages the reader does not see the title: articles may have none.
_UNTITLED = 0.12
# Of so many sentences it does not see the one before: they may be the first of a passage.
_ALONE = 0.12
# Of so many the cells of rows stand as in Markdown.
_MARKED = 0.5


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question on a passage: `right` and `near` are places in `units`."""

    title: str
    heading: str
    units: tuple[str, ...]
    question: str
    right: tuple[int, ...]
    near: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A question and the units to choose from, as the reader sees them; `right` is the place of
    the one that answers, or their number where none does."""

    question: str
    told: tuple[Told, ...]
    right: int


def read_lessons(paths: Iterable[Path]) -> list[Lesson]:
    """The questions of the files.

    Raises:
        UsageError: a line is not of the form above; says of which file, and which line.
    """
    return [lesson for path in paths for line in json_lines(path) for lesson in _of(*line)]


def _of(where: str, passage: Mapping[str, Any]) -> Iterator[Lesson]:
    title, heading = (need(passage, name, str, where) for name in ("title", "heading"))
    units = texts(passage, "units", where)
    for one in objects(passage, "questions", where):
        right = tuple(need(one, "a", list, where))
        near, question = need(one, "near", int, where), need(one, "q", str, where)
        if near in right or not all(place in range(len(units)) for place in (*right, near)):
            raise UsageError(f"{where}: {question!r} names units that are not there")
        yield Lesson(title, heading, tuple(units), question, right, near)


def choice(lesson: Lesson, count: int, rng: Random) -> Choice:
    """At most `count` units to choose from: one that answers, if any does, the one that seems to,
    and others, those beside them first."""
    right = [rng.choice(lesson.right)] if lesson.right else []
    taken = [*right, lesson.near]
    others = [i for i in range(len(lesson.units)) if i not in (*lesson.right, lesson.near)]
    rng.shuffle(others)
    # The one that leans on what answers, and is seen with it, before others.
    beside = sorted(
        (i for i in others if abs(i - taken[0]) == 1),
        key=lambda i: i < taken[0] or not leans_back(lesson.units[i]),
    )[:1]
    taken += [*beside, *(i for i in others if i not in beside)][: max(0, count - len(taken))]
    title = "" if rng.random() < _UNTITLED else lesson.title
    marked = rng.random() < _MARKED
    told = tuple(_told(lesson, title, place, marked, rng.random() < _ALONE) for place in taken)
    return Choice(lesson.question, told, 0 if right else len(told))


def _told(lesson: Lesson, title: str, place: int, marked: bool, alone: bool) -> Told:
    """A unit as the reader sees it, a row of a table after the row that heads it."""
    text = lesson.units[place]
    if _CELLS not in text:
        before = "" if alone or not place else lesson.units[place - 1]
        return as_told(title, lesson.heading, text, "" if _CELLS in before else before)
    head = place
    while head and _CELLS in lesson.units[head - 1]:
        head -= 1
    above = lesson.units[head] if head < place else lesson.heading
    rows = (f"| {row} |" if marked and _CELLS in row else row for row in (above, text))
    return as_told(title, *rows)


def batches(choices: Sequence[Choice], size: int, rng: Random) -> list[list[Choice]]:
    """All choices in batches, in an order by lot, those of one batch of like length: what is
    shorter than the longest is filled up."""
    drawn = list(choices)
    rng.shuffle(drawn)
    found = []
    for start in range(0, len(drawn), size * 16):
        some = sorted(
            drawn[start : start + size * 16], key=lambda c: sum(told.characters for told in c.told)
        )
        found += [some[at : at + size] for at in range(0, len(some), size)]
    rng.shuffle(found)
    return found
