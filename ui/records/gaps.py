"""Where the articles fell short: questions without an answer, and answers that readers disliked."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ui.records import Records, now

# What a spreadsheet takes for the start of a formula, or lets it follow.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Grouping = Callable[[Sequence[str]], Sequence[Sequence[int]]]


class Lack(StrEnum):
    """How an answer fell short: it was refused, a reader reported a gap, or disliked it."""

    UNANSWERED = "unanswered"
    REPORTED = "reported"
    DISLIKED = "disliked"


@dataclass(frozen=True, slots=True)
class Gap:
    """One answer that fell short. `asked` is the question as it stands alone, `created` an ISO
    8601 time in UTC, `nearest` are quotes in the form of `rag.contract`: the near misses of a
    refusal, or what an answer cited."""

    id: str
    created: str
    question: str
    asked: str
    lacks: tuple[Lack, ...]
    comment: str
    done: bool
    nearest: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Gaps whose questions ask much the same, the latest first."""

    gaps: tuple[Gap, ...]

    @property
    def question(self) -> str:
        """The question that was asked most often, of several the latest."""
        return Counter(gap.asked for gap in self.gaps).most_common(1)[0][0]

    @property
    def last(self) -> str:
        """When it was asked last."""
        return self.gaps[0].created

    @property
    def lacks(self) -> Counter[Lack]:
        """How often of each kind."""
        return Counter(lack for gap in self.gaps for lack in gap.lacks)

    @property
    def nearest(self) -> tuple[Mapping[str, Any], ...]:
        """The quotes that came nearest, each once, those of the latest answers first."""
        quotes = {(q["source"], q["start"], q["end"]): q for gap in self.gaps for q in gap.nearest}
        return tuple(quotes.values())


def find_gaps(
    records: Records, lacks: Collection[Lack] = tuple(Lack), since: str = "", until: str = "",
    done: bool | None = False,
) -> list[Gap]:  # fmt: skip
    """Answers that fell short, the latest first.

    Args:
        records: where they are kept.
        lacks: of which kinds.
        since: an ISO 8601 date; none before it.
        until: an ISO 8601 date; none after that day.
        done: those that were marked as done, those that were not, or all for None. An answer on
            which a verdict was given after that is not done.
    """
    rows = records.db.execute(
        "SELECT a.id, a.created, a.question, a.refused, a.body, f.verdict, coalesce(f.comment, ''),"
        " d.created IS NOT NULL AND coalesce(f.created, '') <= d.created"
        " FROM answers a LEFT JOIN feedback f ON f.answer = a.id"
        " LEFT JOIN done d ON d.answer = a.id"
        " WHERE (f.verdict IN ('bad', 'gap') OR (a.refused AND f.verdict IS NULL))"
        " AND a.created >= ? AND substr(a.created, 1, 10) <= ? ORDER BY a.created DESC, a.id",
        (since, until or "9999"),
    )
    found = []
    for number, created, question, refused, body, verdict, comment, is_done in rows:
        kinds = _lacks(bool(refused), verdict)
        if not set(kinds) & set(lacks) or (done is not None and bool(is_done) != done):
            continue
        said = json.loads(body)["answer"]
        nearest = tuple(said["near_misses"] or said["citations"])
        asked = said["standalone_question"] or question
        found.append(
            Gap(number, created, question, asked, kinds, comment, bool(is_done), nearest)
        )  # fmt: skip
    return found


def _lacks(refused: bool, verdict: str | None) -> tuple[Lack, ...]:
    said = {"gap": Lack.REPORTED, "bad": Lack.DISLIKED}
    first = (Lack.UNANSWERED,) if refused else ()
    return (*first, said[verdict]) if verdict in said else first


def grouped(gaps: Sequence[Gap], grouping: Grouping) -> list[Group]:
    """Gaps that ask the same together; what was asked most often first, then what was last.

    Args:
        gaps: the latest first.
        grouping: takes questions and gives the places of those that belong together.
    """
    texts = list(dict.fromkeys(gap.asked for gap in gaps))
    group_of = {texts[i]: number for number, places in enumerate(grouping(texts)) for i in places}
    members: dict[int, list[Gap]] = {}
    for gap in gaps:
        members.setdefault(group_of[gap.asked], []).append(gap)
    groups = [Group(tuple(found)) for found in members.values()]
    # Sorting is stable: of groups of one size, the latest stays first.
    return sorted(groups, key=lambda group: -len(group.gaps))


def mark(records: Records, ids: Collection[str], done: bool) -> None:
    """Mark answers as done, or as not."""
    with records.transaction() as db:
        for number in ids:
            db.execute("DELETE FROM done WHERE answer = ?", (number,))
            if done:
                db.execute(
                    "INSERT INTO done SELECT id, ? FROM answers WHERE id = ?", (now(), number)
                )


def as_csv(groups: Sequence[Group]) -> str:
    """Groups as comma-separated values, a row for each answer, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["group", "times", "asked", "kind", "question", "stands_alone", "comment", "done",
         "nearest_source", "nearest_quote", "answer"]
    )  # fmt: skip
    for number, group in enumerate(groups, 1):
        for gap in group.gaps:
            near = gap.nearest[0] if gap.nearest else {"source": "", "quote": ""}
            row = [number, len(group.gaps), gap.created, " ".join(gap.lacks), gap.question,
                   gap.asked, gap.comment, "yes" if gap.done else "no", near["source"],
                   near["quote"], gap.id]  # fmt: skip
            writer.writerow(_inert(cell) for cell in row)
    return out.getvalue()


def _inert(cell: object) -> object:
    """A text that no spreadsheet takes for a formula (OWASP, CSV Injection)."""
    dangerous = isinstance(cell, str) and cell.lstrip(" ")[:1] in _FORMULA
    return f"'{cell}" if dangerous else cell
