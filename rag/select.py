"""Which of the ranked evidence is quoted, and how it is put together.

Each part of a question gets its own best evidence. What says the same in another article is a
further source of one quote, not a quote of its own; what answers differently stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.domain import Evidence, Kind, Relation
from rag.evidence import Assessment
from rag.groups import MOST_QUOTES, Group, Side, Source, apart, single
from rag.points import Comparison
from rag.reprints import is_reprint
from rag.retrieve import Retrieved
from rag.widen import Widened, widened

# With several parts to cover, a part's second quote must be at least this likely by its first.
_CLOSE = 1 / 3
# How far down the ranking an answer that differs from the best is looked for, and how many.
_CONTRAST_DEPTH = 10
# What is less than this share as likely to answer as the best is about something else.
_FAINT = 0.01
_MOST_SIDES = 3
_LATEST = re.compile(
    r"\b(?:latest|newest|most\s+recent(?:ly)?|now(?:adays)?|currently?|today|at\s+present|"
    r"these\s+days|still)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, or a part of one, with what was found for it."""

    question: str
    retrieved: Retrieved
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Selection:
    """What is quoted, in the order to show it, and the parts of the question without evidence."""

    groups: tuple[Group, ...]
    uncovered: tuple[str, ...] = ()


def select(
    asked: Asked, parts: Sequence[Asked], share: float, least: float, most: int
) -> Selection:
    """Choose what to quote.

    Args:
        asked: the question as a whole.
        parts: its parts, where it has several.
        share: the least chance, as a share of the best, at which further evidence is quoted.
        least: the least probability at which a question is answered.
        most: most quotes for a question without parts and differences.

    Returns:
        Groups with at most `MOST_QUOTES` quotes in all, none sharing a character with another;
        no groups where neither the whole nor a part is answerable.
    """
    covered = _covered(asked, parts, share, least)
    if len(parts) < 2 or not covered:
        groups = _groups(asked, share, most) if asked.assessment.answerable else []
        return Selection(tuple(apart([groups], MOST_QUOTES)))
    each = min(most, max(1, MOST_QUOTES // len(parts)))
    lots = []
    for part in covered:
        others = [p.assessment.evidence[0] for p in covered if p is not part]
        best = part.assessment.evidence[0]
        # What answers another part better was likely drawn here by that part's words.
        drawn = any(_among(best, [o]) and o.score > best.score for o in others)
        groups = _groups(part, share if drawn else max(share, _CLOSE), each)
        lots.append([replace(g, parts=(part.question,)) for g in groups])
    uncovered = tuple(p.question for p in parts if p not in covered)
    return Selection(tuple(apart(lots, MOST_QUOTES)), uncovered)


def _covered(asked: Asked, parts: Sequence[Asked], share: float, least: float) -> list[Asked]:
    """The parts that the articles answer.

    A part needs the probability that any question needs. Half of it will do for the first part,
    which has no context to lean on, where the whole or another part is answerable; and for a later
    part whose best evidence is also among the best for the whole and answers no earlier part.
    """
    whole = asked.assessment
    shown = _near_best(whole.evidence, share, MOST_QUOTES) if whole.answerable else []
    some = any(p.assessment.probability >= least for p in parts) or whole.answerable
    covered: list[Asked] = []
    for place, part in enumerate(parts):
        found = part.assessment
        if not found.evidence:
            continue
        best = found.evidence[0]
        answering = [c.assessment.evidence[0] for c in covered]
        eased = some if place == 0 else _among(best, shown) and not _among(best, answering)
        if found.probability >= (least / 2 if eased else least):
            covered.append(part)
    return covered


def _near_best(evidence: Sequence[Evidence], share: float, most: int) -> list[Evidence]:
    """The best evidence and what comes within a share of its chance."""
    return [e for e in evidence[:most] if e.score >= share * evidence[0].score]


def _among(one: Evidence, others: Sequence[Evidence]) -> bool:
    return any(one.article.id == o.article.id and one.span == o.span for o in others)


def _groups(asked: Asked, share: float, most: int) -> list[Group]:
    """The evidence that is worth quoting for one question, the best first."""
    evidence = asked.assessment.evidence
    if not evidence:
        return []
    compare = Comparison(asked.question, asked.retrieved)
    best = evidence[0]
    sides = _sides(best, evidence[1:_CONTRAST_DEPTH], compare)
    leads = list(sides)
    for further in _near_best(evidence, share, most)[1:]:
        if not any(compare.same(lead, further) for lead in leads):
            leads.append(further)
    shown = [
        _side(lead, evidence, compare, asked.retrieved) for lead in leads[: max(most, len(sides))]
    ]
    rest = [Group((side,), single(side)) for side in shown[len(sides) :]]
    return [_in_order(asked.question, shown[: len(sides)]), *rest]


def _sides(best: Evidence, others: Sequence[Evidence], compare: Comparison) -> list[Evidence]:
    """The best evidence, and what answers differently, each answer once."""
    sides = [best]
    others = [other for other in others if other.score >= _FAINT * best.score]
    for other in (*others, *compare.twins(best)):
        if len(sides) < _MOST_SIDES and all(compare.differ(side, other) for side in sides):
            sides.append(other)
    if len(sides) == 1:
        sides += [other for other in others if compare.contrary(best, other)][:1]
    return sides


def _side(
    lead: Evidence, evidence: Sequence[Evidence], compare: Comparison, retrieved: Retrieved
) -> Side:
    """The lead as it is quoted, from the dated one of two reprints, and who else says it."""
    same = [
        other
        for other in (*compare.twins(lead), *evidence[:_CONTRAST_DEPTH])
        if other.article.id != lead.article.id and compare.same(lead, other)
    ]
    if not lead.article.metadata.published:
        dated = (o for o in same if o.article.metadata.published and _reprints(lead, o))
        same, lead = [lead, *same], next(dated, lead)
    found = _readable(lead, retrieved)
    also: dict[int, Source] = {}
    for other in same:
        if other.article.id != lead.article.id and other.article.id not in also:
            span = _readable(other, retrieved).span
            also[other.article.id] = Source(other.article, span, _reprints(lead, other))
    return Side(
        lead.article,
        lead.span,
        found.span,
        found.spoken,
        tuple(also.values()),
        lead.kind,
        lead.context,
    )


def _reprints(one: Evidence, other: Evidence) -> bool:
    return is_reprint(one.article.text, other.article.text)


def _readable(evidence: Evidence, retrieved: Retrieved) -> Widened:
    """The evidence with the neighbours that it needs."""
    if evidence.kind is not Kind.SENTENCE:
        return Widened(evidence.span)
    units = {
        unit.span
        for hit in retrieved.hits
        if hit.passage.article.id == evidence.article.id
        for unit in hit.passage.units
        if unit.kind is Kind.SENTENCE
    }
    return widened(evidence.article.text, evidence.span, sorted(units))


def _in_order(question: str, sides: Sequence[Side]) -> Group:
    """The sides of a difference, by their dates where all have one and these differ."""
    if len(sides) == 1:
        return Group(tuple(sides), single(sides[0]))
    dates = [side.article.metadata.published for side in sides]
    if None in dates or len(set(dates)) < len(dates):
        return Group(tuple(sides), Relation.DIFFERS)
    by_date = sorted(sides, key=lambda side: side.article.metadata.published or "")
    if _LATEST.search(question):
        # Who asks for the latest is not told what it replaced.
        return Group((by_date[-1],), single(by_date[-1]))
    return Group(tuple(by_date), Relation.LATER)
