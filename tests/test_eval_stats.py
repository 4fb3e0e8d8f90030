"""The statistics of the figures against known answers."""

import math

import numpy as np
import pytest

from eval.metrics import METRICS
from eval.stats import (
    RESAMPLES,
    calibration_error,
    difference,
    estimate,
    mean_of,
    percentile_of,
    reliability,
)
from tests.scoring import answer, case, scored


def columns(**given):
    return {name: np.array(values, dtype=float) for name, values in given.items()}


def test_a_mean_leaves_out_what_does_not_apply():
    nan = float("nan")
    found = estimate(columns(a=[1, 0, nan, nan]), mean_of("a"))
    assert (found.value, found.n) == (0.5, 2)
    empty = estimate(columns(a=[nan, nan]), mean_of("a"))
    assert (empty.value, empty.low, empty.high, empty.n) == (None, None, None, 0)


def test_balanced_accuracy_is_the_mean_of_both_rates():
    nan = float("nan")
    both = columns(answered=[1, 1, 1, 0, nan], refused=[nan, nan, nan, nan, 0])
    found = estimate(both, METRICS["balanced_accuracy"].statistic)
    assert (found.value, found.n) == (pytest.approx(0.75 / 2), 5)
    one_side = columns(answered=[1, 0], refused=[nan, nan])
    assert estimate(one_side, METRICS["balanced_accuracy"].statistic).value is None


def test_words_are_counted_over_all_quotes():
    # Three quotes in all, of 30 words; the mean of the answers' own means would be 9.
    given = columns(words=[10, 20, 0], citations_per_answer=[1, 2, 0])
    found = estimate(given, METRICS["quote_words"].statistic)
    assert (found.value, found.n) == (10, 3)
    none = columns(words=[0], citations_per_answer=[0])
    assert estimate(none, METRICS["quote_words"].statistic).value is None


def test_figures_of_refusing_are_scikit_learns():
    from sklearn import metrics

    rng = np.random.default_rng(3)
    answerable = rng.random(80) < 0.7
    chance = np.clip(rng.normal(0.4 + 0.3 * answerable, 0.25), 0, 1)
    refused = chance < 0.5
    rows = [
        scored(case(answerable=bool(a)), answer(refused=bool(r), p=float(p)))
        for a, r, p in zip(answerable, refused, chance, strict=True)
    ]
    given = {n: np.array([r.get(n) for r in rows], dtype=float) for n in rows[0]}
    values = {n: estimate(given, m.statistic).value for n, m in METRICS.items()}
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        ~answerable, refused, average="binary"
    )
    for name, theirs in {
        "refusal_precision": precision, "refused": recall, "refusal_f1": f1,
        "balanced_accuracy": metrics.balanced_accuracy_score(~answerable, refused),
        "brier": metrics.brier_score_loss(answerable, chance),
    }.items():  # fmt: skip
        assert values[name] == pytest.approx(theirs), name


def test_the_reliability_plot_is_scikit_learns():
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(4)
    chance = rng.random(200)
    truth = rng.random(200) < chance**2
    ours = reliability(chance, truth.astype(float))
    shares, means = calibration_curve(truth, chance, n_bins=10)
    assert [p for p, _, _ in ours] == pytest.approx(means)
    assert [s for _, s, _ in ours] == pytest.approx(shares)
    assert sum(n for *_, n in ours) == 200


def test_the_f1_of_refusing_has_no_score_without_what_it_needs():
    nan = float("nan")
    f1 = METRICS["refusal_f1"].statistic
    assert estimate(columns(refusal_precision=[nan, 0], refused=[nan, nan]), f1).value is None
    assert estimate(columns(refusal_precision=[nan], refused=[0]), f1).value is None
    assert estimate(columns(refusal_precision=[0, nan], refused=[nan, 0]), f1).value == 0
    found = estimate(columns(refusal_precision=[0, 1, nan], refused=[nan, 1, 0]), f1)
    assert found.value == pytest.approx(1 / 2)


def test_ndcg_is_scikit_learns():
    from sklearn.metrics import ndcg_score

    rng = np.random.default_rng(5)
    for _ in range(20):
        documents = [f"d{i}" for i in rng.permutation(15)]
        gold = {f"d{i}" for i in rng.choice(15, 4, replace=False)}
        found = scored(case(sources=gold), answer(passages=documents))
        relevance, order = [[float(d in gold) for d in documents]], [list(range(15, 0, -1))]
        assert found["ndcg@10"] == pytest.approx(ndcg_score(relevance, order, k=10))


def test_the_bootstrap_has_the_width_of_theory_and_is_repeatable():
    values = np.array([1.0] * 150 + [0.0] * 250)
    found = estimate({"a": values}, mean_of("a"))
    half = 1.96 * math.sqrt(0.375 * 0.625 / 400)
    assert found.low == pytest.approx(0.375 - half, abs=0.01)
    assert found.high == pytest.approx(0.375 + half, abs=0.01)
    assert found == estimate({"a": values}, mean_of("a"))
    scipy = pytest.importorskip("scipy.stats")
    other = scipy.bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=1
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=0.01)


def test_calibration_by_hand():
    given = columns(p=[0.92, 0.98, 0.15, 0.15], y=[1, 0, 0, 0])
    # Bin 0.9 to 1: mean 0.95, half true. Bin 0.1 to 0.2: mean 0.15, none true.
    assert estimate(given, calibration_error("p", "y")).value == pytest.approx(
        (2 * 0.45 + 2 * 0.15) / 4
    )
    assert reliability(given["p"], given["y"]) == [
        (pytest.approx(0.15), 0.0, 2), (pytest.approx(0.95), 0.5, 2),
    ]  # fmt: skip
    assert estimate(columns(p=[1.0], y=[1]), calibration_error("p", "y")).value == 0


def test_percentiles():
    found = estimate(columns(ms=range(101)), percentile_of("ms", 95))
    assert found.value == 95 and found.low < 95 <= found.high


def test_a_paired_difference_sees_what_two_intervals_would_not():
    rng = np.random.default_rng(0)
    old = (rng.random(300) < 0.5).astype(float)
    new = old.copy()
    new[np.flatnonzero(old == 1)[:15]] = 0
    found = difference({"a": old}, {"a": new}, mean_of("a"))
    assert found.value == pytest.approx(-15 / 300) and found.high < 0 and found.p < 0.01
    same = difference({"a": old}, {"a": old}, mean_of("a"))
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_a_permutation_test_by_hand():
    # Six pairs, all one way: of 64 ways to swap, only two are as extreme.
    found = difference(columns(a=[0] * 6), columns(a=[1] * 6), mean_of("a"))
    assert found.p == pytest.approx(2 / 64, abs=0.015)


def test_a_difference_is_taken_where_both_have_a_score():
    nan = float("nan")
    found = difference(columns(a=[1, nan, 0]), columns(a=[1, 1, nan]), mean_of("a"))
    assert (found.old, found.new, found.n) == (1, 1, 1)
    assert difference(columns(a=[nan, 1]), columns(a=[1, nan]), mean_of("a")) is None
