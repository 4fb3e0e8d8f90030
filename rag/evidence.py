"""From retrieved passages to numbered evidence, and to one decision: is the question answerable?

Two plain models weigh the signals of `rag.signals`: a conditional logit ranks the units of one
question against each other (McFadden, 1974), a logistic regression tells answerable questions
from others. Two more know what a reader says of the best units (`rag.rerank`). All
weights are in ``weights.json``; ``python -m eval.fit`` makes them anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.answerable import ANSWER_SIGNALS, answer_signals, chances, compare
from rag.domain import Evidence
from rag.favour import PRIOR, Favoured
from rag.mismatch import Mismatch, mismatch
from rag.reading import Reading
from rag.rerank import (
    SECOND_SIGNALS,
    Mixture,
    PairReader,
    look,
    read_units,
    reranked,
    second_signals,
)
from rag.retrieve import Retrieved
from rag.signals import UNIT_SIGNALS, Candidate, unit_candidates

# Passages whose units are scored; the answer is in one of them for 99 % of our questions.
DEPTH = 12
# A unit is a repeat of one of so many better ones where it has this share of all their words.
_REPEATED, _SAME_WORDS = 20, 0.8
# What is asked of what no word of the passage is like has no answer there, however near the
# conversation before it stands: of a dozen such questions of our sets, three had one.
_BESIDE = 0.25


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model over standardised signals."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def __call__(self, signals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n,) of signals (n, d)."""
        scores: NDArray[np.float64] = (signals - self.mean) / self.scale @ self.weights + self.bias
        return scores


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted models and the limits chosen with them.

    `second_unit` and `second_answer` are for when there is a reader, `answer` is for when not.
    `answerable_from` is the least probability at which a question is answered; `share` the
    least chance, as a share of the best unit's, at which a further unit is quoted.
    """

    unit: Linear
    answer: Linear
    second_unit: Mixture
    second_answer: Linear
    answerable_from: float
    share: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """Evidence best first, without repeats, and the probability that it answers the question.

    `missing` are the question's own words that stand nowhere in the library; `unlike` is what it
    names that the best evidence is not of.
    """

    evidence: tuple[Evidence, ...]
    probability: float
    answerable: bool
    missing: tuple[str, ...]
    unlike: Mismatch


def _linear(data: dict[str, Any], names: Sequence[str]) -> Linear:
    if list(data["signals"]) != list(names):
        raise ValueError("weights.json is of other signals: run python -m eval.fit")
    mean, scale, weights = (
        np.array([data["signals"][n][key] for n in names]) for key in ("mean", "scale", "weight")
    )
    return Linear(mean, scale, weights, data["bias"])


@cache
def load_weights() -> Weights:
    """The weights that came with this version.

    Raises:
        ValueError: they are of other signals than the code computes.
    """
    data = json.loads(resources.files("rag").joinpath("weights.json").read_text(encoding="utf-8"))
    return Weights(
        _linear(data["unit"], UNIT_SIGNALS),
        _linear(data["answer"], ANSWER_SIGNALS),
        Mixture(**data["second_unit"]),
        _linear(data["second_answer"], SECOND_SIGNALS),
        data["answerable_from"],
        data["share"],
    )


Ranked = list[tuple[Candidate, float]]


def rank(retrieved: Retrieved, unit: Linear) -> Ranked:
    """The quotable units of the best passages with their scores, best first, repeats left out."""
    candidates, scores = _scored(retrieved, unit)
    return _ordered(candidates, scores)


def _scored(retrieved: Retrieved, unit: Linear) -> tuple[Sequence[Candidate], NDArray[np.float64]]:
    candidates = unit_candidates(retrieved, DEPTH)
    if not candidates:
        return (), np.zeros(0)
    return candidates, unit(np.stack([c.signals for c in candidates]))


def _ordered(candidates: Sequence[Candidate], scores: NDArray[np.float64]) -> Ranked:
    """Candidates by their scores, best first, repeats of better ones left out."""
    order = np.argsort(-scores, kind="stable")
    kept: list[tuple[Candidate, float]] = []
    # What may be repeated, by the terms of which a repeat has one.
    best: dict[str, list[Reading]] = {}
    for index in order:
        candidate = candidates[index]
        reading = candidate.reading
        telling = _telling_of_repeats(reading)
        if any(_repeats(reading, other) for term in telling for other in best.get(term, ())):
            continue
        if len(kept) < _REPEATED:
            for term in telling:
                best.setdefault(term, []).append(reading)
        kept.append((candidate, float(scores[index])))
    return kept


def _telling_of_repeats(reading: Reading) -> list[str]:
    """The first terms of a unit in their order: two that repeat each other share one of these.

    A repeat lacks too few terms to lack all of them (the prefix filter of Chaudhuri, Ganti and
    Kaushik, 2006).
    """
    terms = sorted(reading.terms)
    return terms[: len(terms) - math.ceil(_SAME_WORDS * len(terms)) + 1]


def _repeats(one: Reading, other: Reading) -> bool:
    """Whether two units say the same in nearly the same words, with the same figures."""
    if one.figures != other.figures:
        return False
    fewer, more = sorted((len(one.terms), len(other.terms)))
    # Cheaper than the sets: what they share is no more than the smaller one, their union no less
    # than the larger.
    if fewer < _SAME_WORDS * more:
        return False
    union = len(one.terms | other.terms)
    return union > 0 and len(one.terms & other.terms) >= _SAME_WORDS * union


def assess(
    retrieved: Retrieved,
    weights: Weights,
    reader: PairReader | None = None,
    favour: Favoured | None = None,
) -> Assessment:
    """Rank the evidence for a question and decide whether it answers it.

    Args:
        retrieved: what was found for the question.
        weights: the models.
        reader: takes a second look; None for none.
        favour: says of the article of the page that the reader is on that it is that; its units
            rank higher by `rag.favour.PRIOR`, and the decision is as without it.
    """
    missing = retrieved.query.unknown
    candidates, own_scores = _scored(retrieved, weights.unit)
    ranked = _ordered(candidates, own_scores)
    if not ranked:
        return Assessment((), 0.0, False, missing, Mismatch())
    compared = compare(retrieved, ranked[0][0])
    signals = answer_signals(retrieved, ranked, compared)
    if reader is None:
        probability = chance_of(weights.answer, signals)
    else:
        turn = retrieved.query.turn

        def chance(odds: NDArray[np.float64]) -> float:
            return chance_of(weights.second_answer, second_signals(signals, turn, odds))

        odds, probability = look(lambda part: read_units(reader, turn, ranked[part]), chance)
        ranked = reranked(ranked, odds, weights.second_unit)
    if compared.beside_the_point:
        probability = min(probability, _BESIDE)
    unlike = mismatch(retrieved.query, ranked)
    probability = unlike.lowered(probability)
    if favour is not None:
        here = np.array([favour(c.hit.passage.article) for c in candidates])
        if here.any():
            ranked = _ordered(candidates, _as_seen(candidates, own_scores, ranked) + PRIOR * here)
    shares = probability * chances(np.array([score for _, score in ranked]))
    evidence = tuple(
        Evidence(
            number, c.hit.passage.article, c.unit.span, float(chance), c.unit.kind, c.unit.context
        )
        for number, ((c, _), chance) in enumerate(zip(ranked, shares, strict=True), 1)
    )
    answerable = probability >= weights.answerable_from
    return Assessment(evidence, probability, answerable, missing, unlike)


def _as_seen(
    candidates: Sequence[Candidate], scores: NDArray[np.float64], ranked: Ranked
) -> NDArray[np.float64]:
    """The scores (n,) moved as a second look moved them in `ranked`; repeats with what they repeat.

    Otherwise a copy of what was found to be far would come back with the score of the first look.
    """
    before = {id(c): float(score) for c, score in zip(candidates, scores, strict=True)}
    moves = [(c.reading, s - before[id(c)]) for c, s in ranked if s != before[id(c)]]

    def move(reading: Reading) -> float:
        return next((by for r, by in moves if r is reading or _repeats(reading, r)), 0.0)

    moved: NDArray[np.float64] = scores + np.array([move(c.reading) for c in candidates])
    return moved


def chance_of(model: Linear, signals: NDArray[np.float64]) -> float:
    """The probability that a logistic `model` gives to signals (d,)."""
    return 1 / (1 + math.exp(-float(model(signals[None, :])[0])))
