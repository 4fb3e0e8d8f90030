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
from rag.text import replaced, words

# Units that are looked at; among so many is the right one where it is anywhere, mostly.
SEEN = 3
# Closer than this in log-odds, the best two are level; between these, an answer is in doubt.
_LEVEL = 0.7
_DOUBT = (0.35, 0.6)
SECOND_SIGNALS = (*ANSWER_SIGNALS, "closeness", "beside_point")

Ranked = Sequence[tuple[Candidate, float]]


class SecondEncoder(Protocol):
    """What tells how near texts come to questions."""

    def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
        """A number for each question and text, (questions, texts): the higher, the nearer."""
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
    """How close the best `SEEN` of the ranked units are, (2, at most SEEN), to the question and to
    what the best of them leaves open of it.

    A question that leans on others is held against them with these and by itself, and the nearer
    counts: they may say what it is about, or be about something else.
    """
    texts = [_told(candidate) for candidate, _ in ranked[:SEEN]]
    asked = list(dict.fromkeys((turn.standalone, turn.question)))
    left = _left_open(turn.question, ranked[0][0])
    found = encoder.closeness([*asked, left], texts).astype(np.float64)
    return np.stack([found[:-1].max(axis=0), found[-1]])


def _left_open(question: str, best: Candidate) -> str:
    """The question without the words that the best unit has, or what that stands under.

    Where these are all it has, the question.
    """
    said = best.reading.terms.union(*(reading.terms for reading in best.above))
    gone = ((w.span, "") for w in words(question) if not w.stop and w.term in said)
    left = " ".join(replaced(question, gone).split())
    return left if words(left) else question


def expected(ranked: Ranked, closeness: Numbers) -> float:
    """The closeness to the question that is to be expected of the right unit, if it is among those
    looked at; `closeness` (2, units) is from `look`."""
    scores = _scores(ranked, closeness.shape[1])
    chances = np.exp(scores - _total(scores))
    return float(chances @ closeness[0])


def second_signals(signals: Numbers, turn: Turn, ranked: Ranked, closeness: Numbers) -> Numbers:
    """The signals (n + 2,) of the second answer model, after those of the first (n,).

    A sentence that is nearer to the question than to what it leaves open of it is about the same
    matter, and more often says nothing of what was asked. Of a follow-up what is left open may
    stand in the questions before it.
    """
    whole, left = closeness[:, 0]
    beside = 0.0 if turn.previous else whole - left
    return np.append(signals, [expected(ranked, closeness), beside])


def in_order(closeness: Numbers) -> Numbers:
    """The closeness (units,) by which units are ordered, of what `look` says (2, units).

    The sentence that has all that a question names often stands before the one that answers it: to
    what that leaves open the answer is nearer.
    """
    result: Numbers = closeness.mean(axis=0)
    return result


def reranked(ranked: Ranked, closeness: Numbers, mixture: Mixture) -> list[tuple[Candidate, float]]:
    """The ranked units in their new order, with new log-odds of those that were looked at;
    `closeness` (2, units) is from `look`."""
    scores = mixture(_scores(ranked, closeness.shape[1]), in_order(closeness))
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
