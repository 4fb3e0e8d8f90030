"""What each part of finding evidence and of deciding is worth, on question sets.

    python -m eval.ablate SET…
    python -m eval.ablate --halves 3 SET…

The first prints a table with the parts left out one at a time: a group of signals, or one of the
two indexes. Both models are fitted anew without the part, and each question is judged by models
that have not seen it (five folds). The second fits on a random half of each set's questions and
prints the figures of both halves.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from eval.cases import QuestionSet
from eval.fit import Ranked, answer_row, cross_ranked, fit_answer, fit_unit, teaches
from eval.fitted import Figures, Judged, Table, by_set, markdown, mean
from eval.samples import Sample, collect, named_set, place, sample
from rag.answerable import ANSWER_SIGNALS
from rag.domain import Hit
from rag.evidence import DEPTH, Linear, rank
from rag.retrieve import Retrieved
from rag.signals import UNIT_SIGNALS

# Each signal of both models is in one group.
GROUPS: dict[str, tuple[str, ...]] = {
    "vectors of sentences": ("cosine_own", "cosine_spread", "cosine_centred", "cosine"),
    "words covered": ("covered", "covered_around", "covered_before"),
    "words alike": ("alike_here", "alike_rank", "unlike_passage"),
    "the passage's rank": ("passage", "passage_gap", "fused"),
    "kind of answer": ("offers", "offers_measure", "lacks_number"),
    "title and headings": ("topic", "beyond_topic", "covered_by_title", "cosine_by_title"),
    "time": ("time", "order"),
    "counts and figures": ("counted", "figures"),
    "names": ("name_in_place",),
    "form of the unit": ("question", "list_item", "code"),
    "spread of the chances": ("entropy", "together"),
    "denials": ("denied",),
    "whether it is a follow-up": ("follow_up", "cosine_of_follow_up"),
    "who speaks": ("speaker_there",),
}


def hybrid(retrieved: Retrieved) -> Retrieved:
    """The first passages by both indexes."""
    return Retrieved(retrieved.query, retrieved.hits[:DEPTH], retrieved.stored[:DEPTH])


def dense_only(retrieved: Retrieved) -> Retrieved:
    """The first passages by cosine alone."""
    return _by(retrieved, lambda hit: hit.cosine)


def keyword_only(retrieved: Retrieved) -> Retrieved:
    """The first passages by BM25 alone, with scores from 0 to 1 as shares of the best."""
    best = max((hit.keyword for hit in retrieved.hits), default=0.0) or 1.0
    return _by(retrieved, lambda hit: hit.keyword / best)


def _by(retrieved: Retrieved, score: Callable[[Hit], float]) -> Retrieved:
    # All candidates of both indexes come with both scores, so each index's own order is in them.
    scored = zip(retrieved.hits, retrieved.stored, strict=True)
    found = [(replace(hit, score=score(hit)), item) for hit, item in scored if score(hit) > 0]
    found.sort(key=lambda pair: (-pair[0].score, pair[0].passage.id))
    found = found[:DEPTH]
    return Retrieved(retrieved.query, tuple(h for h, _ in found), tuple(s for _, s in found))


WAYS = {"both indexes": hybrid, "dense only": dense_only, "keyword only": keyword_only}


def gather(sets: Iterable[QuestionSet]) -> dict[str, list[Sample]]:
    """The samples of all questions by way of retrieval; every question is searched once."""
    rng = np.random.default_rng(0)
    found: dict[str, list[Sample]] = {name: [] for name in WAYS}
    both, *others = WAYS
    for one in sets:
        for case, seen in zip(one.cases, collect(one, rng), strict=True):
            # The units of the first passages by both indexes are marked already.
            found[both].append(replace(seen, retrieved=hybrid(seen.retrieved)))
            for name in others:
                way = WAYS[name](seen.retrieved)
                found[name].append(sample(seen.name, case, way, seen.fold))
        _say(f"{one.name}: {len(one.cases)} questions")
    return found


def without(samples: Sequence[Sample], left_out: Sequence[str]) -> list[Sample]:
    """The samples with the named signals of units at 0: a model fitted on them ignores these."""
    keep = np.array([name not in left_out for name in UNIT_SIGNALS], dtype=np.float64)
    return [replace(s, signals=s.signals * keep) for s in samples]


def judged(one: Sample, ranked: Ranked, left_out: Sequence[str] = ()) -> Judged:
    """Where the first gold unit came, and the answer signals with the named ones at 0."""
    if not ranked:
        return Judged(one, None, None)
    first = next((i for i, (c, _) in enumerate(ranked) if place(c) in one.places), None)
    keep = np.array([name not in left_out for name in ANSWER_SIGNALS], dtype=np.float64)
    return Judged(one, first, answer_row(one, ranked) * keep)


def answer_model(found: Sequence[Judged]) -> Linear:
    """The answer model fitted on questions as `eval.fit` does it."""
    used = [(j.row, j.sample) for j in found if j.row is not None and teaches(j.sample, j.row)]
    return fit_answer(np.stack([row for row, _ in used]), [one for _, one in used])


def weighed(found: Sequence[Judged], model: Linear) -> list[Judged]:
    """The questions with the chance that each has an answer; 0 where nothing was found."""
    return [
        j if j.row is None else replace(j, chance=float(1 / (1 + np.exp(-model(j.row[None])[0]))))
        for j in found
    ]


def cross_validated(samples: Sequence[Sample], left_out: Sequence[str] = ()) -> list[Judged]:
    """Every question judged by models without the named signals that have not seen it."""
    ranked = cross_ranked(without(samples, left_out))
    found = [judged(one, units, left_out) for one, units in ranked]
    result = []
    for fold in {j.sample.fold for j in found}:
        model = answer_model([j for j in found if j.sample.fold != fold])
        result += weighed([j for j in found if j.sample.fold == fold], model)
    return result


def ablate(gathered: Mapping[str, Sequence[Sample]]) -> Table:
    """The figures of all sets with everything, without each group, and with one index alone."""
    whole = gathered["both indexes"]
    table = {"everything": by_set(cross_validated(whole))}
    for group, names in GROUPS.items():
        table[f"without {group}"] = by_set(cross_validated(whole, names))
        _say(group)
    for way in list(WAYS)[1:]:
        table[f"{way} retrieval"] = by_set(cross_validated(gathered[way]))
    return table


def halves(samples: Sequence[Sample], splits: int) -> Table:
    """The mean figures of the halves fitted on and of the others, over `splits` random splits.

    Each half of a split is once the fitted one.
    """
    rng = np.random.default_rng(0)
    fitted: list[dict[str, Figures]] = []
    others: list[dict[str, Figures]] = []
    for number in range(splits):
        inside = np.zeros(len(samples), dtype=bool)
        for name in {s.name for s in samples}:
            mine = np.flatnonzero([s.name == name for s in samples])
            inside[rng.permutation(mine)[: len(mine) // 2]] = True
        for chosen in (inside, ~inside):
            half = [s for s, is_in in zip(samples, chosen, strict=True) if is_in]
            rest = [s for s, is_in in zip(samples, chosen, strict=True) if not is_in]
            model = answer_model([judged(one, ranked) for one, ranked in cross_ranked(half)])
            unit = fit_unit(half)
            for part, kept in ((half, fitted), (rest, others)):
                found = [judged(one, rank(one.retrieved, unit)) for one in part]
                kept.append(by_set(weighed(found, model)))
        _say(f"split {number + 1}")
    return {"fitted half": _mean(fitted), "other half": _mean(others)}


def _mean(tables: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    return {name: mean([table[name] for table in tables]) for name in tables[0]}


def _say(done: str) -> None:
    print(done, file=sys.stderr)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table for the sets named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", nargs="+", help="a set's folder, or QUESTIONS.jsonl:DOCS_FOLDER")
    parser.add_argument("--halves", type=int, metavar="SPLITS", help="compare halves instead")
    options = parser.parse_args(arguments)
    gathered = gather(named_set(name) for name in options.set)
    whole = gathered["both indexes"]
    table = halves(whole, options.halves) if options.halves else ablate(gathered)
    print(markdown(table))  # noqa: T201


if __name__ == "__main__":
    main()
