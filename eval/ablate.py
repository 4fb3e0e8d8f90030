"""What each part of finding evidence and of deciding is worth, on question sets.

    python -m eval.ablate SET… [--lesser SET…]
    python -m eval.ablate SET… [--lesser SET…] --halves 3

The first prints a table with the parts left out one at a time: the second look, a group of signals,
or one of the two indexes. The models are fitted anew without the part, and each question is judged
by models that have not seen it (five folds). The second fits on a random half of each set's
questions and prints the figures of both halves.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from eval.cases import QuestionSet
from eval.fit import (
    Decision,
    Looked,
    Ranked,
    cross_ranked,
    fit_decision,
    fit_unit,
    looked,
)
from eval.fitted import Figures, Judged, Table, by_set, markdown, mean
from eval.samples import Sample, collect, named_set, place, sample, set_arguments
from rag.answerable import ANSWER_SIGNALS
from rag.domain import Hit
from rag.embed import Vector
from rag.evidence import DEPTH, chance_of, rank
from rag.reader import Told, open_reader
from rag.rerank import PairReader, look, reranked
from rag.retrieve import Retrieved
from rag.settings import cache_folder
from rag.signals import UNIT_SIGNALS

# Each signal of both models is in one group.
GROUPS: dict[str, tuple[str, ...]] = {
    "vectors of sentences": ("cosine_own", "cosine_spread", "cosine_centred", "cosine"),
    "words covered": ("covered", "covered_around", "covered_before"),
    "words alike": ("alike_here", "alike_rank", "unlike_passage"),
    "the passage's rank": ("passage", "passage_gap", "fused"),
    "kind of answer": ("offers", "offers_measure", "lacks_number", "lacks_kind"),
    "title and headings": ("topic", "beyond_topic", "covered_by_title", "cosine_by_title"),
    "time": ("time", "order"),
    "counts and figures": ("counted", "figures"),
    "names": ("name_in_place", "namesake"),
    "form of the unit": ("question", "list_item", "code"),
    "spread of the chances": ("entropy", "together"),
    "denials": ("denied",),
    "whether it is a follow-up": ("follow_up", "cosine_of_follow_up"),
    "who speaks": ("speaker_there",),
    "length of the question": ("length",),
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


def gather(
    sets: Sequence[QuestionSet], lesser: Sequence[QuestionSet] = ()
) -> dict[str, list[Sample]]:
    """The samples of all questions by way of retrieval; every question is searched once."""
    rng = np.random.default_rng(0)
    found: dict[str, list[Sample]] = {name: [] for name in WAYS}
    both, *others = WAYS
    for one in (*sets, *lesser):
        is_lesser = one in lesser
        for case, seen in zip(one.cases, collect(one, rng), strict=True):
            # The units of the first passages by both indexes are marked already.
            by_both = replace(seen, retrieved=hybrid(seen.retrieved), lesser=is_lesser)
            found[both].append(by_both)
            for name in others:
                way = WAYS[name](seen.retrieved)
                again = sample(seen.name, case, way, seen.fold)
                found[name].append(replace(again, lesser=is_lesser))
        _say(f"{one.name}: {len(one.cases)} questions")
    return found


def without(samples: Sequence[Sample], left_out: Sequence[str]) -> list[Sample]:
    """The samples with the named signals of units at 0: a model fitted on them ignores these."""
    keep = np.array([name not in left_out for name in UNIT_SIGNALS], dtype=np.float64)
    return [replace(s, signals=s.signals * keep) for s in samples]


class Remembering:
    """The reader, asked once for each question and text."""

    def __init__(self, reader: PairReader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, Told], float] = {}

    def odds(self, question: str, texts: Sequence[Told]) -> Vector:
        """The log-odds (texts,) that each text answers the question."""
        new = [text for text in texts if (question, text) not in self._known]
        if new:
            found = zip(new, self._reader.odds(question, new).tolist(), strict=True)
            self._known |= {(question, text): number for text, number in found}
        return np.array([self._known[question, text] for text in texts], dtype=np.float32)


def seen(
    ranked: Iterable[tuple[Sample, Ranked]], reader: PairReader, left_out: Sequence[str] = ()
) -> list[Looked]:
    """The questions with units, the named answer signals at 0."""
    keep = np.array([name not in left_out for name in ANSWER_SIGNALS], dtype=np.float64)
    return [replace(one, row=one.row * keep) for one in looked(ranked, reader)]


def judged(one: Looked, decision: Decision, second: bool = True) -> Judged:
    """Where the first gold unit comes and the chance of an answer; `second` allows another look."""
    ranked, chance = one.ranked, chance_of(decision.answer, one.row)
    if second:
        odds, chance = look(
            lambda part: one.odds[part],
            lambda known: chance_of(decision.second_answer, one.second_row(known)),
        )
        ranked = reranked(ranked, odds, decision.second_unit)
    first = next((i for i, (c, _) in enumerate(ranked) if place(c) in one.sample.places), None)
    return Judged(one.sample, first, chance)


def cross_validated(found: Sequence[Looked], second: bool = True) -> list[Judged]:
    """Every question judged by models that have not seen it."""
    result = []
    for fold in {one.sample.fold for one in found}:
        decision = fit_decision([one for one in found if one.sample.fold != fold])
        result += [judged(one, decision, second) for one in found if one.sample.fold == fold]
    return result


def _with_unfound(found: Sequence[Judged], samples: Sequence[Sample]) -> list[Judged]:
    """`found`, and the questions without a unit, which have no chance of an answer."""
    known = {id(one.sample) for one in found}
    return [*found, *(Judged(one, None) for one in samples if id(one) not in known)]


def ablate(gathered: Mapping[str, Sequence[Sample]], reader: PairReader) -> Table:
    """The figures of all sets with everything, without each group, and with one index alone."""

    def row(
        samples: Sequence[Sample], left_out: Sequence[str] = (), second: bool = True
    ) -> dict[str, Figures]:
        kept = without(samples, left_out)
        found = cross_validated(seen(cross_ranked(kept), reader, left_out), second)
        return by_set(_with_unfound(found, kept))

    whole = gathered["both indexes"]
    table = {"everything": row(whole), "without a second look": row(whole, second=False)}
    for group, names in GROUPS.items():
        table[f"without {group}"] = row(whole, names)
        _say(group)
    for way in list(WAYS)[1:]:
        table[f"{way} retrieval"] = row(gathered[way])
    return table


def halves(samples: Sequence[Sample], reader: PairReader, splits: int) -> Table:
    """The mean figures of the halves fitted on and of the others, over `splits` random splits.

    Each half of a split is once the fitted one.
    """
    rng = np.random.default_rng(0)
    fitted: list[dict[str, Figures]] = []
    others: list[dict[str, Figures]] = []
    for number in range(splits):
        inside = np.zeros(len(samples), dtype=bool)
        # In their order, so that every run has the same halves.
        for name in dict.fromkeys(s.name for s in samples):
            mine = np.flatnonzero([s.name == name for s in samples])
            inside[rng.permutation(mine)[: len(mine) // 2]] = True
        for chosen in (inside, ~inside):
            half = [s for s, is_in in zip(samples, chosen, strict=True) if is_in]
            rest = [s for s, is_in in zip(samples, chosen, strict=True) if not is_in]
            decision = fit_decision(seen(cross_ranked(half), reader))
            unit = fit_unit(half)
            for part, kept in ((half, fitted), (rest, others)):
                ranked = ((one, rank(one.retrieved, unit)) for one in part)
                found = [judged(one, decision) for one in seen(ranked, reader)]
                kept.append(by_set(_with_unfound(found, part)))
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
    set_arguments(parser)
    parser.add_argument("--halves", type=int, metavar="SPLITS", help="compare halves instead")
    options = parser.parse_args(arguments)
    gathered = gather(*([named_set(n) for n in names] for names in (options.set, options.lesser)))
    whole = gathered["both indexes"]
    reader = Remembering(open_reader(cache_folder(os.environ)))
    splits = options.halves
    table = halves(whole, reader, splits) if splits else ablate(gathered, reader)
    print(markdown(table))  # noqa: T201


if __name__ == "__main__":
    main()
