"""Set-level figures and how sure they are: bootstrap intervals, paired differences, calibration.

Per-question scores come as columns, one float a question, NaN where a metric does not apply. A
statistic reduces the last axis of such columns, so that one call serves all resamples at once.
Intervals are percentile bootstraps (Efron and Tibshirani 1993, chapter 13); the test of a
difference swaps the two runs' scores question by question (same book, chapter 15).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Columns = Mapping[str, Column]
Reduce = Callable[[Columns], Column]

RESAMPLES = 1000
_SEED = 20240229
BINS = 10


@dataclass(frozen=True, slots=True)
class Statistic:
    """A set-level figure: the columns it needs, and how it reduces their last axis."""

    columns: tuple[str, ...]
    reduce: Reduce


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, its 95 % interval, and the number of questions it stands on.

    All None, and `n` 0, where the metric applies to no question.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """New minus old on the questions that both have: 95 % interval and two-sided p-value."""

    old: float
    new: float
    low: float
    high: float
    p: float
    n: int

    @property
    def value(self) -> float:
        """How much the new run is above the old one."""
        return self.new - self.old


def _mean(column: Column) -> Column:
    """The mean of what is not NaN; NaN where nothing is (numpy's own would warn)."""
    known = ~np.isnan(column)
    count = known.sum(axis=-1)
    total = np.where(known, column, 0.0).sum(axis=-1)
    mean: Column = np.where(count, total / np.maximum(count, 1), np.nan)
    return mean


def mean_of(*names: str) -> Statistic:
    """The mean of one column, or the mean of several columns' means."""
    return Statistic(names, lambda c: sum((_mean(c[n]) for n in names), np.zeros(())) / len(names))


def f1_of(precision: str, recall: str) -> Statistic:
    """The harmonic mean of two columns' means; none where one of them has none."""

    def reduce(columns: Columns) -> Column:
        p, r = _mean(columns[precision]), _mean(columns[recall])
        f1: Column = np.where(p + r == 0, 0.0, 2 * p * r / np.where(p + r == 0, 1.0, p + r))
        return f1

    return Statistic((precision, recall), reduce)


def ratio_of(part: str, whole: str) -> Statistic:
    """The sum of one column over the sum of another: a rate over all that is counted."""

    def reduce(columns: Columns) -> Column:
        above, below = (np.nansum(columns[name], axis=-1) for name in (part, whole))
        ratio: Column = np.where(below == 0, np.nan, above / np.where(below == 0, 1.0, below))
        return ratio

    return Statistic((part, whole), reduce)


def percentile_of(name: str, q: float) -> Statistic:
    """The `q`-th percentile, 0 to 100, of a column without NaN."""
    return Statistic((name,), lambda c: np.asarray(np.percentile(c[name], q, axis=-1)))


def calibration_error(probability: str, outcome: str) -> Statistic:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017, page 3)."""

    def reduce(columns: Columns) -> Column:
        p, y = columns[probability], columns[outcome]
        bins = np.minimum((p * BINS).astype(int), BINS - 1)
        gaps = [np.abs(np.where(bins == b, p - y, 0.0).sum(axis=-1)) for b in range(BINS)]
        return np.asarray(sum(gaps) / p.shape[-1])

    return Statistic((probability, outcome), reduce)


@lru_cache(maxsize=64)
def _resamples(n: int) -> NDArray[np.intp]:
    """Row numbers of every resample of `n` rows: (RESAMPLES, n), the same at each call."""
    return np.random.default_rng(_SEED).integers(n, size=(RESAMPLES, n))


def _applicable(columns: Columns, statistic: Statistic) -> dict[str, Column]:
    """The statistic's columns, without the rows in which every one of them is NaN."""
    used = {name: columns[name] for name in statistic.columns}
    keep = ~np.all([np.isnan(c) for c in used.values()], axis=0)
    return {name: column[keep] for name, column in used.items()}


def _interval(values: Column) -> tuple[float, float]:
    low, high = np.percentile(values[~np.isnan(values)], [2.5, 97.5])
    return float(low), float(high)


def estimate(columns: Columns, statistic: Statistic) -> Estimate:
    """The figure over all questions that it applies to, with its bootstrap interval."""
    used = _applicable(columns, statistic)
    n = len(used[statistic.columns[0]])
    value = float(statistic.reduce(used)) if n else float("nan")
    if np.isnan(value):
        return Estimate()
    rows = _resamples(n)
    low, high = _interval(statistic.reduce({k: c[rows] for k, c in used.items()}))
    return Estimate(value, low, high, n)


def difference(old: Columns, new: Columns, statistic: Statistic) -> Difference | None:
    """New against old, row by row the same question; None where they share none.

    A question counts only where a score applies in both, so that the difference is between
    answers and not between selections of questions.
    """
    both: dict[str, Column] = {}
    for name in statistic.columns:
        missing = np.isnan(old[name]) | np.isnan(new[name])
        both[f"old {name}"] = np.where(missing, np.nan, old[name])
        both[f"new {name}"] = np.where(missing, np.nan, new[name])
    used = _applicable(both, Statistic(tuple(both), statistic.reduce))
    n = len(next(iter(used.values())))
    a = {name: used[f"old {name}"] for name in statistic.columns}
    b = {name: used[f"new {name}"] for name in statistic.columns}
    values = (float(statistic.reduce(a)), float(statistic.reduce(b))) if n else (np.nan, np.nan)
    if np.isnan(values).any():
        return None
    rows = _resamples(n)
    resampled = statistic.reduce({k: c[rows] for k, c in b.items()}) - statistic.reduce(
        {k: c[rows] for k, c in a.items()}
    )
    swap = np.random.default_rng(_SEED).random((RESAMPLES, n)) < 0.5
    swapped = statistic.reduce({k: np.where(swap, a[k], b[k]) for k in a}) - statistic.reduce(
        {k: np.where(swap, b[k], a[k]) for k in a}
    )
    # Rounding must not tell apart two differences that are equal on paper.
    extreme = np.abs(swapped) >= abs(values[1] - values[0]) - 1e-12
    p = (1 + int(extreme.sum())) / (1 + RESAMPLES)
    return Difference(*values, *_interval(resampled), p, n)


def reliability(probability: Column, outcome: Column) -> list[tuple[float, float, int]]:
    """Mean probability, share of outcomes and count of each bin that is not empty."""
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    return [
        (float(probability[inside].mean()), float(outcome[inside].mean()), int(inside.sum()))
        for inside in (bins == b for b in range(BINS))
        if inside.any()
    ]
