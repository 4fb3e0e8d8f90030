"""Fit the weights of `rag.evidence` on question sets and write ``rag/weights.json``.

    python -m eval.fit SET… [--lesser SET…]

The unit model is a conditional logit: it maximises the chance of the gold units among all
candidates of their question. The answer model is a logistic regression on units ranked by a
model that has not seen their question (five folds), so that it meets the scores it will meet. It
also learns from questions asked after another one that has nothing to do with them: they are as
answerable as before. The two models of a second look are of the same kinds, one over the units
looked at, one with the reader's log-odds as a further signal; both learn from every question.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.samples import (
    FOLDS,
    SEED,
    Sample,
    collect,
    named_set,
    place,
    set_arguments,
    turned,
)
from rag.answerable import ANSWER_SIGNALS, answer_signals, compare
from rag.evidence import Linear, rank
from rag.reader import open_reader
from rag.rerank import SECOND_SIGNALS, SEEN, Mixture, PairReader, read_units, second_signals
from rag.settings import cache_folder
from rag.signals import UNIT_SIGNALS, Candidate

_PASSAGES = 20
_RIDGE = 0.01
_STRENGTH = 0.3
# What a question that was turned counts beside one that was not.
_TURNED = 0.5
# What a set of `--lesser` counts beside the others for the decision.
_LESSER = 0.3
_DENIED = ANSWER_SIGNALS.index("denied")


Ranked = list[tuple[Candidate, float]]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Looked:
    """A question with its units, best first, its answer signals (n,), and the reader's log-odds
    of the best units (at most SEEN,)."""

    sample: Sample
    ranked: Ranked
    row: Numbers
    odds: Numbers

    def second_row(self, odds: Numbers) -> Numbers:
        """The signals of the second answer model, (n + 2,), with these of the `odds` known."""
        return second_signals(self.row, self.sample.retrieved.query.turn, odds)


@dataclass(frozen=True, slots=True)
class Decision:
    """What decides whether a question is answered, and orders units at a second look."""

    answer: Linear
    second_unit: Mixture
    second_answer: Linear


def fit_unit(samples: Sequence[Sample]) -> Linear:
    """The conditional logit that ranks gold units first; every set weighs the same."""
    used = [(s, s.gold) for s in samples if s.gold is not None and s.gold.any() and _orders(s)]
    stacked = np.vstack([s.signals for s, _ in used])
    mean, scale = _standard(stacked)
    gold = [gold for _, gold in used]
    return Linear(mean, scale, _logit((stacked - mean) / scale, gold, [s for s, _ in used]), 0.0)


def fit_second_unit(found: Sequence[Looked]) -> Mixture:
    """The same over the units that the reader saw, with their scores and its log-odds."""
    used, rows, gold = [], [], []
    for one in found:
        right = [place(c) in one.sample.places for c, _ in one.ranked[:SEEN]]
        if any(right) and _orders(one.sample):
            used.append(one.sample)
            gold.append(np.array(right))
            scores = [score for _, score in one.ranked[:SEEN]]
            rows.append(np.column_stack([scores, one.odds]))
    stacked = np.vstack(rows)
    # Only differences within a question count, so the mean may stay.
    _, scale = _standard(stacked)
    score, read = _logit(stacked / scale, gold, used) / scale
    return Mixture(float(score), float(read))


def _orders(one: Sample) -> bool:
    """Whether a question teaches how units are ordered."""
    return not one.turned and not one.lesser


def _logit(signals: Numbers, gold: Sequence[NDArray[np.bool_]], used: Sequence[Sample]) -> Numbers:
    """The weights of a conditional logit on the signals (n, d) of all units of `used`."""
    from scipy.optimize import minimize

    counts = np.array([len(marks) for marks in gold])
    marks = np.concatenate(gold)
    # Where each question's units begin.
    starts = np.cumsum(counts) - counts
    sizes = {n: sum(s.name == n for s in used) for n in {s.name for s in used}}
    shares = np.array([1 / sizes[s.name] for s in used])
    shares /= shares.sum()

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        scores = signals @ weights
        chances = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), counts))
        chances /= np.repeat(np.add.reduceat(chances, starts), counts)
        hits = np.add.reduceat(chances * marks, starts) + 1e-12
        pull = np.where(marks, chances / np.repeat(hits, counts), 0) - chances
        value = _RIDGE * float(weights @ weights) - float(shares @ np.log(hits))
        return value, 2 * _RIDGE * weights - (np.repeat(shares, counts) * pull) @ signals

    start = np.zeros(signals.shape[1])
    found: Numbers = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return found


def _standard(rows: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each column; a column that never varies is left as it is."""
    deviation = rows.std(axis=0)
    return rows.mean(axis=0), np.where(deviation < 1e-4, 1.0, deviation)


# More of these may never lower the chance of an answer (1), or never raise it (-1): what a sum
# of correlated signals would otherwise trade against each other does not carry to other sets.
_SIGNS = {
    "cosine": 1,
    "fused": 1,
    "passage_gap": 1,
    "entropy": -1,
    "unlike_passage": -1,
    "denied": -1,
    "speaker_there": 1,
    "offers_measure": 1,
    "lacks_number": -1,
    "lacks_kind": -1,
    "read": 1,
    "read_later": 1,
}
_BOUNDS = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}


def fit_answer(
    rows: Numbers, samples: Sequence[Sample], names: Sequence[str] = ANSWER_SIGNALS
) -> Linear:
    """The logistic regression of answerable on the named signals, `rows` (n, d).

    Each weight is of its known sign. Every set, and within it answerable and not, weighs the same,
    but for `lesser` ones.
    """
    from scipy.optimize import minimize

    groups = [(s.name, s.answerable, s.turned) for s in samples]
    sizes = {g: groups.count(g) for g in set(groups)}
    shares = np.array([
        (_LESSER if s.lesser else 1.0) * (_TURNED if s.turned else 1.0) / sizes[g]
        for s, g in zip(samples, groups, strict=True)
    ])  # fmt: skip
    shares *= len(samples) / shares.sum()
    answerable = np.array([s.answerable for s in samples])
    mean, scale = _standard(rows)
    signals = (rows - mean) / scale

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        scores = signals @ weights[:-1] + weights[-1]
        wrong = 1 / (1 + np.exp(-scores)) - answerable
        value = _STRENGTH * float(shares @ np.logaddexp(0, np.where(answerable, -scores, scores)))
        gradient = _STRENGTH * np.append((shares * wrong) @ signals, shares @ wrong)
        ridge = np.append(weights[:-1], 0.0)
        return value + 0.5 * float(ridge @ ridge), gradient + ridge

    bounds = [_BOUNDS[_SIGNS.get(name, 0)] for name in names] + [_BOUNDS[0]]
    start = np.zeros(len(bounds))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Linear(mean, scale, found[:-1], float(found[-1]))


def _as_dict(model: Linear, names: Sequence[str]) -> dict[str, object]:
    rows = zip(names, model.mean, model.scale, model.weights, strict=True)
    signals = {
        name: {
            "mean": round(float(m), 5),
            "scale": round(float(s), 5),
            "weight": round(float(w), 4),
        }
        for name, m, s, w in rows
    }
    return {"bias": round(model.bias, 4), "signals": signals}


def cross_ranked(samples: Sequence[Sample]) -> Iterator[tuple[Sample, Ranked]]:
    """Each question with its units ranked by a model that has not seen it."""
    for fold in range(FOLDS):
        unit = fit_unit([s for s in samples if s.fold != fold])
        for one in (s for s in samples if s.fold == fold):
            yield one, rank(one.retrieved, unit)


def looked(ranked: Iterable[tuple[Sample, Ranked]], reader: PairReader) -> Iterator[Looked]:
    """The questions with units, each with all that its decision is made of.

    One of which nothing was found is refused for that, whatever the models say.
    """
    for one, units in ranked:
        if units:
            row = answer_signals(one.retrieved, units, compare(one.retrieved, units[0][0]))
            yield Looked(
                one, units, row, read_units(reader, one.retrieved.query.turn, units[:SEEN])
            )


def fit_decision(found: Sequence[Looked]) -> Decision:
    """The models of the decision and of the second look."""
    # What takes for granted what the articles deny is an example of what should be refused only
    # where they deny it in so many words.
    taught = [one for one in found if not one.sample.premise or one.row[_DENIED] > 0]
    samples = [one.sample for one in taught]
    plain = np.stack([one.row for one in taught])
    second = np.stack([one.second_row(one.odds) for one in taught])
    return Decision(
        fit_answer(plain, samples),
        fit_second_unit(found),
        fit_answer(second, samples, SECOND_SIGNALS),
    )


def fit(
    samples: Sequence[Sample], reader: PairReader, answerable_from: float, share: float
) -> dict[str, object]:
    """The content of ``weights.json`` for these samples; `reader` looks at all of them."""
    decision = fit_decision(list(looked(cross_ranked(samples), reader)))
    mixture = {
        "score": round(decision.second_unit.score, 4),
        "read": round(decision.second_unit.read, 4),
    }
    return {
        "answerable_from": answerable_from,
        "share": share,
        "unit": _as_dict(fit_unit(samples), UNIT_SIGNALS),
        "answer": _as_dict(decision.answer, ANSWER_SIGNALS),
        "second_unit": mixture,
        "second_answer": _as_dict(decision.second_answer, SECOND_SIGNALS),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on the sets named on the command line and write the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    set_arguments(parser)
    parser.add_argument("--answerable-from", type=float, default=0.49)
    parser.add_argument("--share", type=float, default=0.045)
    parser.add_argument("--out", type=Path, default=Path("rag/weights.json"))
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    samples: list[Sample] = []
    for name in (*options.set, *options.lesser):
        question_set = named_set(name)
        found = collect(question_set, rng, _PASSAGES)
        after = turned(question_set)
        if after.cases:
            extra = collect(after, np.random.default_rng(SEED), _PASSAGES)
            found += [replace(one, turned=True) for one in extra]
        samples += [replace(one, lesser=name in options.lesser) for one in found]
        print(f"{name}: {len(samples)} questions so far", file=sys.stderr)  # noqa: T201
    content = fit(
        samples, open_reader(cache_folder(os.environ)), options.answerable_from, options.share
    )
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
