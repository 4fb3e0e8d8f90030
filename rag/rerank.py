"""A second look at the nearest few units, where the first leaves doubt.

A cascade (Wang, Lin and Metzler, 2011): the second encoder takes as long as everything before it,
so it is asked where it may change something: where the best units are level, or where the question
is nearly as likely to have no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rag.answerable import ANSWER_SIGNALS
from rag.conversation import Turn
from rag.embed import Vector
from rag.reading import Numbers
from rag.signals import Candidate

# Units that are looked at; among so many is the right one where it is anywhere, mostly.
SEEN = 3
# Closer than this in log-odds, the best two are level; between these, an answer is in doubt.
_LEVEL = 0.7
_DOUBT = (0.35, 0.65)
SECOND_SIGNALS = (*ANSWER_SIGNALS, "closeness")

Ranked = Sequence[tuple[Candidate, float]]


class SecondEncoder(Protocol):
    """What tells how near texts come to a question."""

    def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
        """A number for each text, (texts,): the higher, the nearer to any of the questions."""
        ...


@dataclass(frozen=True, slots=True)
class Mixture:
    """What the log-odds of a unit weigh, and its closeness, when both are known."""

    score: float
    closeness: float

    def __call__(self, scores: Numbers, closeness: Numbers) -> Numbers:
        """New log-odds (n,) of units that have these (n,): together as likely as before."""
        mixed = self.score * scores + self.closeness * closeness
        return mixed + _total(scores) - _total(mixed)


def in_doubt(ranked: Ranked, probability: float) -> bool:
    """Whether a second look may change the best of the `ranked` units, or the decision."""
    level = len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _LEVEL
    return level or _DOUBT[0] < probability < _DOUBT[1]


def look(encoder: SecondEncoder, turn: Turn, ranked: Ranked) -> Numbers:
    """The closeness to the question of the best `SEEN` of the ranked units, (at most SEEN,).

    A question that leans on others is held against them with these and by itself: they may say what
    it is about, or be about something else.
    """
    texts = [_told(candidate) for candidate, _ in ranked[:SEEN]]
    asked = list(dict.fromkeys((turn.standalone, turn.question)))
    return encoder.closeness(asked, texts).astype(np.float64)


def expected(ranked: Ranked, closeness: Numbers) -> float:
    """The closeness that is to be expected of the right unit, if it is among those looked at."""
    scores = _scores(ranked, len(closeness))
    chances = np.exp(scores - _total(scores))
    return float(chances @ closeness)


def reranked(ranked: Ranked, closeness: Numbers, mixture: Mixture) -> list[tuple[Candidate, float]]:
    """The ranked units in their new order, with new log-odds of those that were looked at."""
    scores = mixture(_scores(ranked, len(closeness)), closeness)
    seen = zip(ranked, scores, strict=False)
    anew = [*((c, float(score)) for (c, _), score in seen), *ranked[len(scores) :]]
    return sorted(anew, key=lambda pair: -pair[1])


def _scores(ranked: Ranked, count: int) -> Numbers:
    return np.array([score for _, score in ranked[:count]])


def _total(scores: Numbers) -> float:
    """The logarithm of the summed odds."""
    return float(np.logaddexp.reduce(scores))


def _told(candidate: Candidate) -> str:
    """The unit after what stands nearest above it: its heading, lead-in or table header."""
    text = candidate.hit.passage.article.text
    above = "".join(f"{span.of(text).strip()} " for span in candidate.unit.context[-1:])
    return above + candidate.text
