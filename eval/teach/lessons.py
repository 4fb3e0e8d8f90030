"""What the reader learns from: passages with questions on them, written for that.

A file has a passage a line: ``{"title", "heading", "units", "questions"}``, and of each question
``{"q", "a", "near"}``: what is asked, the units that answer it by themselves (none where the
passage does not say), and the one that a careless reader would take for the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rag.reader import as_told

_CELLS = " | "
# Of so many passages the reader does not see the title: articles may have none.
_UNTITLED = 0.12
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
    told: tuple[str, ...]
    right: int


def read_lessons(paths: Iterable[Path]) -> list[Lesson]:
    """The questions of the files.

    Raises:
        ValueError: a line is not of the form above; says of which file, and which line.
    """
    lessons = []
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            try:
                lessons += _of(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: {error!r}") from error
    return lessons


def _of(passage: dict[str, object]) -> list[Lesson]:
    title, heading, units, questions = (
        passage[key] for key in ("title", "heading", "units", "questions")
    )
    if not isinstance(units, list) or not isinstance(questions, list):
        raise TypeError("units and questions are lists")
    found = []
    for one in questions:
        right, near = tuple(one["a"]), one["near"]
        if near in right or not all(0 <= place < len(units) for place in (*right, near)):
            raise ValueError(f"{one['q']!r} names units that are not there")
        found.append(Lesson(str(title), str(heading), tuple(units), one["q"], right, near))
    return found


def choice(lesson: Lesson, count: int, rng: Random) -> Choice:
    """At most `count` units to choose from: one that answers, if any does, the one that seems to,
    and others, those beside them first."""
    right = [rng.choice(lesson.right)] if lesson.right else []
    taken = [*right, lesson.near]
    others = [i for i in range(len(lesson.units)) if i not in (*lesson.right, lesson.near)]
    rng.shuffle(others)
    beside = [i for i in others if abs(i - taken[0]) == 1][:1]
    taken += [*beside, *(i for i in others if i not in beside)][: max(0, count - len(taken))]
    title = "" if rng.random() < _UNTITLED else lesson.title
    marked = rng.random() < _MARKED
    told = tuple(_told(lesson, title, place, marked) for place in taken)
    return Choice(lesson.question, told, 0 if right else len(told))


def _told(lesson: Lesson, title: str, place: int, marked: bool) -> str:
    """A unit as the reader sees it, a row of a table after the row that heads it."""
    text = lesson.units[place]
    if _CELLS not in text:
        return as_told(title, lesson.heading, text)
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
        some = sorted(drawn[start : start + size * 16], key=lambda c: sum(map(len, c.told)))
        found += [some[at : at + size] for at in range(0, len(some), size)]
    rng.shuffle(found)
    return found
