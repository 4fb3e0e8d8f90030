"""Fit the weights of `rag.evidence` on question sets and write ``rag/weights.json``.

    python -m eval.fit SET…

The unit model is a conditional logit: it maximises the chance of the gold units among all
candidates of their question. The answer model is a logistic regression on units ranked by a
model that has not seen their question (five folds), so that it meets the scores it will meet. It
also learns from questions asked after another one that has nothing to do with them: they are as
answerable as before.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, QuestionSet, load_set
from eval.metrics import covers
from ingest.job import ingest
from rag.answerable import ANSWER_SIGNALS, answer_signals, compare
from rag.conversation import last_turn
from rag.domain import Span
from rag.embed import open_embedder
from rag.evidence import DEPTH, Linear, rank
from rag.library import Library
from rag.retrieve import Retrieved, Retriever
from rag.settings import cache_folder, load
from rag.signals import UNIT_SIGNALS, Candidate, unit_candidates

_FOLDS = 5
_PASSAGES = 20
_RIDGE = 0.01
_STRENGTH = 0.3
_SEED = 5
_MOST_TURNED = 300
# What a question that was turned counts beside one that was not.
_TURNED = 0.5
# Its articles do have the matter, only not as asked: an example of what should be refused only
# where they deny it in so many words.
_FALSE_PREMISE = "false-premise"
_DENIED = ANSWER_SIGNALS.index("denied")


@dataclass(frozen=True, slots=True)
class Sample:
    """One question: what was found, its candidates' signals (n, d), which are gold (n,).

    `places` are the gold ones' articles and spans; `premise` says whether the question takes for
    granted what the articles deny, `turned` whether it was asked after another on purpose.
    """

    name: str
    retrieved: Retrieved
    signals: NDArray[np.float64]
    gold: NDArray[np.bool_] | None
    places: frozenset[tuple[int, Span]]
    answerable: bool
    premise: bool
    fold: int
    turned: bool = False


Ranked = list[tuple[Candidate, float]]


def collect(
    question_set: QuestionSet, rng: np.random.Generator, limit: int | None = None
) -> list[Sample]:
    """Ingest the set's documents into a temporary library and retrieve for every question.

    Args:
        question_set: the questions; the samples are in their order.
        rng: deals the questions to folds.
        limit: passages to keep of each question; None for all candidates of both indexes.
    """
    with tempfile.TemporaryDirectory(prefix="pullquote-fit-") as folder:
        settings = load(os.environ, library=folder)
        library = Library(settings.library, create=True)
        embedder = open_embedder(settings.embedding_model, cache_folder(os.environ))
        ingest([question_set.docs], library, embedder, settings)
        retriever = Retriever(library, embedder, settings.candidates)
        samples = []
        for case in question_set.cases:
            history = [
                {"role": "user", "content": h} if isinstance(h, str) else h for h in case.history
            ]
            turn = last_turn(case.question, history)
            retrieved = retriever.search(turn, limit or 2 * settings.candidates)
            fold = int(rng.integers(_FOLDS))
            samples.append(sample(question_set.name, case, retrieved, fold))
        library.close()
    return samples


def turned(question_set: QuestionSet) -> QuestionSet:
    """The set's questions without a conversation, each after another answerable one, by lot."""
    alone = [case for case in question_set.cases if not case.history]
    before = [case for case in alone if case.answerable]
    rng = np.random.default_rng(_SEED)
    chosen = rng.permutation(len(alone))[:_MOST_TURNED]
    cases = []
    for case in (alone[at] for at in sorted(chosen)):
        other = before[int(rng.integers(len(before)))]
        if other is not case:
            reply = {"role": "assistant", "content": next(iter(other.answers), "")}
            history = ({"role": "user", "content": other.question}, reply)
            cases.append(replace(case, history=history))
    return replace(question_set, cases=tuple(cases))


def sample(name: str, case: Case, retrieved: Retrieved, fold: int) -> Sample:
    """What was found for a question, with the candidates that are gold marked."""
    candidates = unit_candidates(retrieved, DEPTH)
    gold = None
    if case.evidence:
        gold = np.array([
            any(covers(c.text, c.hit.passage.article.source, g)
                for group in case.evidence for g in group)
            for c in candidates
        ], dtype=bool)  # fmt: skip
    signals = np.array([c.signals for c in candidates]).reshape(-1, len(UNIT_SIGNALS))
    marks = () if gold is None else zip(candidates, gold, strict=True)
    places = frozenset(place(c) for c, is_gold in marks if is_gold)
    premise = case.type == _FALSE_PREMISE
    return Sample(name, retrieved, signals, gold, places, case.answerable, premise, fold)


def place(candidate: Candidate) -> tuple[int, Span]:
    """The candidate's article and its span there."""
    return candidate.hit.passage.article.id, candidate.unit.span


def fit_unit(samples: Sequence[Sample]) -> Linear:
    """The conditional logit that ranks gold units first; every set weighs the same."""
    from scipy.optimize import minimize

    used = [(s, s.gold) for s in samples if s.gold is not None and s.gold.any() and not s.turned]
    stacked = np.vstack([s.signals for s, _ in used])
    mean, scale = _standard(stacked)
    signals = (stacked - mean) / scale
    gold = np.concatenate([gold for _, gold in used])
    counts = np.array([len(gold) for _, gold in used])
    # Where each question's units begin.
    starts = np.cumsum(counts) - counts
    sizes = {n: sum(s.name == n for s, _ in used) for n in {s.name for s, _ in used}}
    shares = np.array([1 / sizes[s.name] for s, _ in used])
    shares /= shares.sum()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = signals @ weights
        chances = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), counts))
        chances /= np.repeat(np.add.reduceat(chances, starts), counts)
        hits = np.add.reduceat(chances * gold, starts) + 1e-12
        pull = np.where(gold, chances / np.repeat(hits, counts), 0) - chances
        value = _RIDGE * float(weights @ weights) - float(shares @ np.log(hits))
        return value, 2 * _RIDGE * weights - (np.repeat(shares, counts) * pull) @ signals

    found = minimize(loss, np.zeros(len(UNIT_SIGNALS)), jac=True, method="L-BFGS-B")
    return Linear(mean, scale, found.x, 0.0)


def _standard(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
}
_BOUNDS = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}


def fit_answer(rows: NDArray[np.float64], samples: Sequence[Sample]) -> Linear:
    """The logistic regression of answerable on `rows` (n, d), each weight of its known sign.

    Every set, and within it answerable and not, weighs the same.
    """
    from scipy.optimize import minimize

    groups = [(s.name, s.answerable, s.turned) for s in samples]
    sizes = {g: groups.count(g) for g in set(groups)}
    shares = np.array([(_TURNED if g[2] else 1.0) / sizes[g] for g in groups])
    shares *= len(samples) / shares.sum()
    answerable = np.array([s.answerable for s in samples])
    mean, scale = _standard(rows)
    signals = (rows - mean) / scale

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = signals @ weights[:-1] + weights[-1]
        wrong = 1 / (1 + np.exp(-scores)) - answerable
        value = _STRENGTH * float(shares @ np.logaddexp(0, np.where(answerable, -scores, scores)))
        gradient = _STRENGTH * np.append((shares * wrong) @ signals, shares @ wrong)
        ridge = np.append(weights[:-1], 0.0)
        return value + 0.5 * float(ridge @ ridge), gradient + ridge

    bounds = [_BOUNDS[_SIGNS.get(name, 0)] for name in ANSWER_SIGNALS] + [_BOUNDS[0]]
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
    for fold in range(_FOLDS):
        unit = fit_unit([s for s in samples if s.fold != fold])
        for one in (s for s in samples if s.fold == fold):
            yield one, rank(one.retrieved, unit)


def answer_row(one: Sample, ranked: Ranked) -> NDArray[np.float64]:
    """The answer signals (n,) of a question whose units are `ranked`."""
    return answer_signals(one.retrieved, ranked, compare(one.retrieved, ranked[0][0]))


def teaches(one: Sample, row: NDArray[np.float64]) -> bool:
    """Whether the answer model learns from a question whose answer signals are `row` (n,)."""
    return not one.premise or bool(row[_DENIED] > 0)


def fit(samples: Sequence[Sample], answerable_from: float, share: float) -> dict[str, object]:
    """The content of ``weights.json`` for these samples."""
    judged, rows = [], []
    for one, ranked in cross_ranked(samples):
        row = answer_row(one, ranked)
        if teaches(one, row):
            judged.append(one)
            rows.append(row)
    return {
        "answerable_from": answerable_from,
        "share": share,
        "unit": _as_dict(fit_unit(samples), UNIT_SIGNALS),
        "answer": _as_dict(fit_answer(np.stack(rows), judged), ANSWER_SIGNALS),
    }


def named_set(name: str) -> QuestionSet:
    """The set that a command line names: a folder, or ``QUESTIONS.jsonl:DOCS_FOLDER``."""
    questions, _, docs = name.partition(":")
    return load_set(Path(questions), Path(docs) if docs else None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on the sets named on the command line and write the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", nargs="+", help="a set's folder, or QUESTIONS.jsonl:DOCS_FOLDER")
    parser.add_argument("--answerable-from", type=float, default=0.5)
    parser.add_argument("--share", type=float, default=0.045)
    parser.add_argument("--out", type=Path, default=Path("rag/weights.json"))
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    samples: list[Sample] = []
    for name in options.set:
        question_set = named_set(name)
        samples += collect(question_set, rng, _PASSAGES)
        after = turned(question_set)
        if after.cases:
            extra = collect(after, np.random.default_rng(_SEED), _PASSAGES)
            samples += [replace(one, turned=True) for one in extra]
        print(f"{name}: {len(samples)} questions so far", file=sys.stderr)  # noqa: T201
    content = fit(samples, options.answerable_from, options.share)
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
