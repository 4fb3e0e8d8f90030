"""What a question names that its best evidence is not of: another time, other names.

The articles then have something like what is asked, and not it. The signals of the decision hardly
tell: all else in such evidence is as it is in an answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.absent import absent
from rag.answerable import chances
from rag.retrieve import Query
from rag.signals import Candidate
from rag.when import asked, speaks_against

# Of so many of the best units it is looked at whether they are of the time that is asked for, and
# in the articles of so many of them names are looked for.
_DATED, _NAMED = 8, 3
# What it takes from the log-odds of an answer that a name stands nowhere there, nor a word like it.
_UNNAMED = 1.3
# From so much of the chance on, what comes nearest is said to be of another time.
_MOSTLY = 0.5

Ranked = Sequence[tuple[Candidate, float]]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How far the best evidence is not of what a question names.

    `other_time` is the chance that what answers is of another time; `lacking` are names that stand
    nowhere in the articles of the best evidence, `unnamed` how far from all of it, 0 to 1.
    """

    other_time: float = 0.0
    lacking: tuple[str, ...] = ()
    unnamed: float = 0.0

    @property
    def mostly_of_another_time(self) -> bool:
        """Whether what comes nearest is rather of another time than not."""
        return self.other_time > _MOSTLY

    def lowered(self, probability: float) -> float:
        """The probability of an answer, from one that does not know of this."""
        # On the odds, p / (1 - p), and back.
        share = math.exp(-_UNNAMED * self.unnamed)
        lowered = probability * share / (1 - probability + probability * share)
        return lowered * (1 - self.other_time)


def mismatch(query: Query, ranked: Ranked) -> Mismatch:
    """How far the best of the ranked units are not of what the question itself names."""
    question = query.turn.question
    best = [c.hit.passage.article for c, _ in ranked[:_NAMED]]
    articles = list({article.id: article for article in best}.values())
    names = absent(question, articles, query.word_vectors)
    return Mismatch(_of_another_time(question, ranked), names.names, names.far)


def _of_another_time(question: str, ranked: Ranked) -> float:
    when = asked(question)
    if not when.periods:
        return 0.0
    each: list[float] = chances(np.array([score for _, score in ranked])).tolist()
    return sum(
        chance
        for (candidate, _), chance in zip(ranked[:_DATED], each, strict=False)
        if speaks_against(when, candidate.hit.passage.article, candidate.text, _around(candidate))
    )


def _around(candidate: Candidate) -> list[str]:
    """What else may say when a unit is of: what it stands under, and its passage."""
    passage, unit = candidate.hit.passage, candidate.unit
    text = passage.article.text
    above = (span.of(text) for span in unit.context)
    return [passage.article.metadata.title or "", *above, passage.span.of(text)]
