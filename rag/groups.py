"""Quotes to be, in groups that belong together, without any text quoted twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.domain import Article, Kind, Relation, Span
from rag.widen import MOST_WORDS

# No answer has more quotes. Plain ones have fewer: the setting `quotes`.
MOST_QUOTES = 5


@dataclass(frozen=True, slots=True)
class Source:
    """A place of an article, and whether its article reprints the one that is quoted."""

    article: Article
    span: Span
    reprint: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One quote to be, and where else the same is said.

    `core` is the evidence itself, within `span`; `spoken` says that it is somebody's words and
    that the quote does not say whose; `kind` and `context` are the evidence's.
    """

    article: Article
    core: Span
    span: Span
    spoken: bool = False
    also: tuple[Source, ...] = ()
    kind: Kind = Kind.SENTENCE
    context: tuple[Span, ...] = ()

    def overlaps(self, other: Side) -> bool:
        """Whether the two share characters of one article."""
        return (
            self.article.id == other.article.id
            and self.span.start < other.span.end
            and other.span.start < self.span.end
        )

    def holds(self, other: Side) -> bool:
        """Whether the other's evidence is quoted in this one."""
        mine, theirs = self.span, other.core
        same = self.article.id == other.article.id
        return same and mine.start <= theirs.start and theirs.end <= mine.end

    def joined(self, other: Side) -> Side | None:
        """Both as one quote; None where that would be long."""
        span = Span(min(self.span.start, other.span.start), max(self.span.end, other.span.end))
        if len(span.of(self.article.text).split()) > MOST_WORDS:
            return None
        return replace(self, span=span, spoken=self.spoken and other.spoken)


@dataclass(frozen=True, slots=True)
class Group:
    """Quotes that belong together: one, or the sides of a difference. `parts` are the parts of
    the question that they answer, where it has parts."""

    sides: tuple[Side, ...]
    relation: Relation
    parts: tuple[str, ...] = ()


def single(side: Side) -> Relation:
    """What a side on its own is: said by one article, or by several."""
    return Relation.SAME if side.also else Relation.ONE


def apart(lots: Sequence[Sequence[Group]], most: int) -> list[Group]:
    """The groups of all parts, the best of each first taken, without any text twice."""
    kept: list[Group] = []
    # Every part's best comes before any part's second.
    for rank in range(max(map(len, lots), default=0)):
        for lot in lots:
            if rank < len(lot):
                kept = _with(kept, lot[rank], most)
    if len(lots) > 1:
        order = [lot[0].parts[0] for lot in lots if lot]
        kept.sort(key=lambda group: min(order.index(p) for p in group.parts))
    return kept


def _with(kept: list[Group], group: Group, most: int) -> list[Group]:
    """`kept` and what of `group` is not quoted in it yet, at most `most` quotes in all."""
    groups = [*kept, replace(group, sides=())]
    for side in group.sides:
        groups = _with_side(groups, side, group.parts, most)
    last = groups.pop()
    if len(last.sides) == 1 < len(group.sides):
        last = Group(last.sides, single(last.sides[0]), last.parts)
    return [*groups, last] if last.sides else groups


def _with_side(groups: list[Group], side: Side, parts: tuple[str, ...], most: int) -> list[Group]:
    """The groups with `side` in the last one, or in the one that quotes some of it already."""
    shown = [(i, j, s) for i, g in enumerate(groups) for j, s in enumerate(g.sides)]
    clash = next(((i, j, s) for i, j, s in shown if s.overlaps(side)), None)
    if clash is not None:
        i, j, there = clash
        both = there if there.holds(side) else there.joined(side)
        others = [s for k, m, s in shown if (k, m) != (i, j)]
        if both is not None and not any(both.overlaps(s) for s in others):
            found = groups[i]
            sides = (*found.sides[:j], both, *found.sides[j + 1 :])
            # What is quoted already answers this part too.
            found = replace(found, sides=sides, parts=tuple(dict.fromkeys((*found.parts, *parts))))
            return [*groups[:i], found, *groups[i + 1 :]]
        side = replace(side, span=side.core)
        if any(s.overlaps(side) for _, _, s in shown):
            return groups
    if len(shown) >= most:
        return groups
    last = groups[-1]
    return [*groups[:-1], replace(last, sides=(*last.sides, side))]
