"""A second look: a reader reads the best units, and more of them where it leaves doubt.

A cascade (Wang, Lin and Metzler, 2011): reading takes longer than all else, so no more is read
than what may change something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rag.answerable import ANSWER_SIGNALS
from rag.conversation import Turn
from rag.domain import Kind
from rag.embed import Vector
from rag.reader import Told, as_told
from rag.reading import Numbers
from rag.signals import Candidate

# Units that are read of every question, and of those in doubt; among so many is the right one where
# it is anywhere, mostly.
AT_FIRST, SEEN = 2, 4
# Between these, whether a question is answered is in doubt.
_DOUBT = (0.3, 0.6)
SECOND_SIGNALS = (*ANSWER_SIGNALS, "read", "read_later")

Ranked = Sequence[tuple[Candidate, float]]


class PairReader(Protocol):
    """What tells how likely texts are to answer a question."""

    def odds(self, question: str, texts: Sequence[Told]) -> Vector:
        """The log-odds (texts,) that each text answers the question."""
        ...


@dataclass(frozen=True, slots=True)
class Mixture:
    """What the log-odds of a unit weigh, and those of the reader, when both are known."""

    score: float
    read: float

    def __call__(self, scores: Numbers, read: Numbers) -> Numbers:
        """New log-odds (n,) of units that have these (n,): together as likely as before."""
        mixed = self.score * scores + self.read * read
        return mixed + _total(scores) - _total(mixed)


def look(
    read: Callable[[slice], Numbers], chance: Callable[[Numbers], float]
) -> tuple[Numbers, float]:
    """Read as many of the best units as it takes.

    Args:
        read: the reader's log-odds that each of a slice of the ranked units answers the question.
        chance: the probability that it is answered, by the log-odds of the best units.

    Returns:
        the log-odds (at most SEEN,) of the units that were read, and the probability by these.
    """
    odds = read(slice(AT_FIRST))
    probability = chance(odds)
    if in_doubt(probability):
        odds = np.append(odds, read(slice(AT_FIRST, SEEN)))
        probability = chance(odds)
    return odds, probability


def in_doubt(probability: float) -> bool:
    """Whether further units may change the decision."""
    return _DOUBT[0] < probability < _DOUBT[1]


def read_units(reader: PairReader, turn: Turn, ranked: Ranked) -> Numbers:
    """The reader's log-odds (n,) that each of the ranked units (n) answers the question.

    A question that leans on others is read by itself: what these were about decided already which
    units are the best, and beside them the reader lost sight of what is asked.
    """
    texts = [_told(candidate) for candidate, _ in ranked]
    return reader.odds(turn.question, texts).astype(np.float64)


def second_signals(signals: Numbers, turn: Turn, odds: Numbers) -> Numbers:
    """The signals (n + 2,) of the second answer model, after those of the first (n,).

    The last two are the best log-odds of those looked at, of a first question and of a later one,
    whichever it is; `odds` are from `look`. Of a later question they say less: what it asks for
    may stand in the questions before it; of a later part of a question, nothing.
    """
    best = 0.0 if turn.later_part else odds.max()
    return np.append(signals, (0.0, best) if turn.previous else (best, 0.0))


def reranked(ranked: Ranked, odds: Numbers, mixture: Mixture) -> list[tuple[Candidate, float]]:
    """The ranked units in their new order, with new log-odds of those that were looked at;
    `odds` are from `look`."""
    scores = mixture(np.array([score for _, score in ranked[: len(odds)]]), odds)
    seen = zip(ranked, scores, strict=False)
    anew = [*((c, float(score)) for (c, _), score in seen), *ranked[len(scores) :]]
    return sorted(anew, key=lambda pair: -pair[1])


def _total(scores: Numbers) -> float:
    """The logarithm of the summed odds."""
    return float(np.logaddexp.reduce(scores))


def _told(candidate: Candidate) -> Told:
    """The unit as the reader sees it: after its title and its heading, lead-in or table header,
    and the sentence of its passage that it leans on."""
    passage, unit = candidate.hit.passage, candidate.unit
    text = passage.article.text
    above = " ".join(span.of(text).strip() for span in unit.context[-1:])
    before = ""
    if unit.kind is Kind.SENTENCE and (place := passage.units.index(unit)):
        last = passage.units[place - 1]
        before = last.span.of(text) if last.kind is Kind.SENTENCE else ""
    return as_told(passage.article.metadata.title or "", above, candidate.text, before)
