"""Figures of freshly fitted models on each set, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.samples import Sample

Table = dict[str, dict[str, "Figures"]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of a set's questions, None where no question of it tells.

    `first` and `in_three`: gold units ranked first, and among three, of the questions that have
    some; `area`: how often an answerable question gets a higher chance than an unanswerable one
    (the area under the receiver's curve); `balanced`: the mean of answered and refused at one half.
    """

    first: float | None
    in_three: float | None
    area: float | None
    balanced: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A question, the rank from 0 of its first gold unit, None without, and its chance."""

    sample: Sample
    rank: int | None
    chance: float = 0.0


def figures(found: Sequence[Judged]) -> Figures:
    """The figures of one set's questions."""
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    golden = [j for j in found if j.sample.gold is not None and j.sample.answerable]
    truth = [j.sample.answerable for j in found]
    chances = np.array([j.chance for j in found])
    both = len(set(truth)) == 2
    return Figures(
        _share([j.rank == 0 for j in golden]),
        _share([j.rank is not None and j.rank < 3 for j in golden]),
        float(roc_auc_score(truth, chances)) if both else None,
        float(balanced_accuracy_score(truth, chances >= 0.5)) if both else None,
    )


def _share(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if values else None


def by_set(found: Sequence[Judged]) -> dict[str, Figures]:
    """The figures of each set."""
    names = dict.fromkeys(j.sample.name for j in found)
    return {name: figures([j for j in found if j.sample.name == name]) for name in names}


def mean(several: Sequence[Figures]) -> Figures:
    """The mean of each figure over those that have it."""
    columns = zip(*((f.first, f.in_three, f.area, f.balanced) for f in several), strict=True)
    known = ([x for x in column if x is not None] for column in columns)
    return Figures(*(float(np.mean(column)) if column else None for column in known))


def markdown(table: Table) -> str:
    """`table` with a row for each part and a column for each set, and their mean last."""
    names = list(next(iter(table.values())))
    head = ["first / in three / area / balanced", *names, "mean of sets"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for part, row in table.items():
        cells = [_cell(row[name]) for name in names] + [_cell(mean(list(row.values())))]
        lines.append("| " + " | ".join([part, *cells]) + " |")
    return "\n".join(lines) + "\n"


def _cell(figures: Figures) -> str:
    values = (figures.first, figures.in_three, figures.area, figures.balanced)
    return " / ".join("–" if x is None else f"{x:.3f}" for x in values)
