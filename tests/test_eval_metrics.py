"""Every metric against cases worked out by hand, and its statistics against known answers."""

import math

import numpy as np
import pytest

from eval.cases import Case, Gold
from eval.documents import Documents, fault, is_verbatim, library_documents, read_documents
from eval.metrics import METRICS, all_scores, covers, token_f1
from eval.stats import (
    RESAMPLES,
    calibration_error,
    difference,
    estimate,
    mean_of,
    percentile_of,
    reliability,
)

BRIDGE = "The bridge opened in 1977. Six people died. Eight people were on it."
DOCUMENTS = Documents({"bridge.txt": BRIDGE, "sub/eruption.md": "Lava reached the town."})


def cite(quote, source="bridge.txt", start=None, revision=None):
    start = DOCUMENTS.texts[source].find(quote) if start is None else start
    revision = revision or DOCUMENTS.revisions[source]
    return {
        "marker": 1, "quote": quote, "source": source, "revision": revision,
        "start": start, "end": start + len(quote),
    }  # fmt: skip


def case(kind="fact", answerable=True, evidence=(), answers=(), sources=("bridge.txt",)):
    groups = tuple(tuple(Gold("bridge.txt", q) for q in group) for group in evidence)
    gold = frozenset(sources if answerable else ())
    return Case("q", "Q?", (), answerable, gold, groups, tuple(answers), kind)


def passage(place):
    """A passage from ``source`` or ``(source, start, end)``."""
    source, start, end = (place, 0, 10_000) if isinstance(place, str) else place
    return {"source": source, "start": start, "end": end}


def answer(*citations, refused=False, passages=("bridge.txt",), near=(), text="", p=0.5, ms=10.0):
    return {
        "answer": text, "refused": refused, "citations": list(citations),
        "near_misses": list(near), "passages": [passage(p) for p in passages],
        "probability": p, "timings_ms": {"total": ms},
    }  # fmt: skip


def scored(case_, answer_):
    return all_scores([case_], [answer_], DOCUMENTS)[0]


def close(scores, **expected):
    for name, value in expected.items():
        found = scores[name]
        assert found == (None if value is None else pytest.approx(value)), name


def test_covers_is_the_outside_scorers_rule():
    gold = Gold("a.txt", "one two three four five six seven eight nine ten")
    assert covers("say: " + gold.quote, "deep/a.txt", gold)
    assert not covers(gold.quote, "b.txt", gold)
    assert covers("one two three four", "a.txt", gold)  # inside it, four words of ten
    assert not covers("one two three", "a.txt", gold)
    assert covers("ten nine eight seven six five", "a.txt", gold)  # elsewhere six of ten
    assert not covers("ten nine eight seven six", "a.txt", gold)
    # Sharing all of one's own few words is no cover of a long gold quote.
    assert not covers("ten nine", "a.txt", gold)


def test_retrieval_goes_by_distinct_documents_in_passage_order():
    two = case(sources=("a", "b"))
    found = scored(two, answer(passages=["x", "x", "a", "y", "a", "z", "w", "b"]))
    # Documents: x, a, y, z, w, b.
    dcg = 1 / math.log2(3) + 1 / math.log2(7)
    close(found, **{"hit@1": 0, "hit@3": 1, "hit@5": 1, "mrr": 1 / 2, "recall@5": 1 / 2,
                    "recall@10": 1, "ndcg@10": dcg / (1 + 1 / math.log2(3))})  # fmt: skip
    close(scored(two, answer(passages=["x"])), **{"hit@5": 0, "mrr": 0, "ndcg@10": 0})
    close(scored(two, answer(passages=[])), **{"hit@1": 0, "recall@10": 0})


def test_ranks_are_the_answers_own_beyond_the_tenth():
    found = scored(case(sources=("a",)), answer(passages=[f"d{i}" for i in range(19)] + ["a"]))
    close(found, **{"mrr": 1 / 20, "hit@5": 0, "ndcg@10": 0, "recall@10": 0})


def test_quotes_by_groups_order_and_precision():
    gold = case(evidence=[["Six people died."], ["Eight people were on it."]])
    one = cite("Eight people were on it.")
    wrong = cite("The bridge opened in 1977.")
    found = scored(gold, answer(wrong, one))
    close(found, evidence_any=1, evidence_first=0, citation_precision=1 / 2,
          citation_recall=1 / 2, source_precision=1, quotes_per_answer=2, words=10,
          citations_per_answer=2, verbatim_rate=1, current_rate=1)  # fmt: skip
    close(scored(gold, answer(one, cite("Lava reached the town.", "sub/eruption.md"))),
          evidence_first=1, citation_precision=1 / 2, source_precision=1 / 2)  # fmt: skip


def test_gold_evidence_is_found_where_the_first_passages_hold_all_of_it():
    gold = case(evidence=[["Six people died."], ["Eight people were on it."]])
    first = BRIDGE.index("Six")
    half = ("bridge.txt", 0, first + 5)
    rest = ("bridge.txt", first + 5, BRIDGE.index(" Eight"))
    others = [(f"d{i}", 0, 99) for i in range(9)]
    for passages, found in (
        ([half], 0), ([rest, half], 1 / 2), (["bridge.txt"], 1), ([("gone.txt", 0, 99)], 0),
        ([half, *others, rest], 0), ([half, rest, *others], 1 / 2),
    ):  # fmt: skip
        close(scored(gold, answer(passages=passages)), **{"evidence_found@10": found})
    close(scored(case(), answer()), **{"evidence_found@10": None})


def test_tokens_and_cost_count_where_a_model_answered():
    used = {"prompt_tokens": 900, "completion_tokens": 40, "price": 0.002, "cached": False}
    found = scored(case(), answer() | {"usage": used})
    close(found, tokens_in=900, tokens_out=40, cost=0.002)
    close(scored(case(), answer() | {"usage": used | {"price": None}}), tokens_in=900, cost=None)
    for usage in ({}, {"usage": None}, {"usage": used | {"cached": True}}):
        close(scored(case(), answer() | usage), tokens_in=None, tokens_out=None, cost=None)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("disagreement", "disagreement", 0), ("time", "time_order", 1), ("follow-up", "follow_up", 1)],
)
def test_scores_of_one_type_of_question(kind, name, value):
    evidence = [["Six people died."], ["Eight people were on it."]]
    given = answer(cite("Six people died."))
    close(scored(case(kind, evidence=evidence), given), **{name: value})
    close(scored(case("fact", evidence=evidence), given), **{name: None})


def test_a_refusal_of_an_answerable_question():
    gold = case(evidence=[["Six people died."]], answers=["six"])
    refusal = answer(refused=True, near=[cite("Six people died.")], p=0.2)
    close(scored(gold, refusal), answered=0, refused=None, refusal_precision=0, evidence_any=0,
          citation_recall=0, citation_precision=None, source_precision=None, verbatim_rate=None,
          quotes_per_answer=None, citations_per_answer=0, words=0, near_miss_any=1, token_f1=0,
          answer_contains=0, brier=0.64)  # fmt: skip
    close(scored(gold, answer(refused=True, near=[cite("The bridge opened in 1977.")])),
          near_miss_any=0)  # fmt: skip


def test_an_unanswerable_question():
    unanswerable = case("unanswerable", answerable=False)
    refusal = scored(unanswerable, answer(refused=True, p=0.1))
    close(refusal, refused=1, answered=None, refusal_precision=1, brier=0.01, evidence_any=None,
          near_miss_any=None, **{"hit@1": None, "mrr": None, "ndcg@10": None})  # fmt: skip
    given = scored(unanswerable, answer(cite("Six people died."), p=0.7))
    close(given, refused=0, refusal_precision=None, verbatim_rate=1, source_precision=None,
          brier=0.49, token_f1=None)  # fmt: skip


def test_the_expected_text():
    quote = cite("Six people died.")
    short = case(answers=["SIX", "6"])
    close(scored(short, answer(quote, text="It says “Six people died.”")), answer_contains=1)
    close(scored(short, answer(quote, text="It says so.")), answer_contains=0)
    essay = case(
        answers=["Six people died when the ship came down on the bridge at night, it says."]
    )
    close(scored(essay, answer(quote)), answer_contains=None)
    # Three words said, thirteen wanted without the two articles; three shared.
    close(scored(essay, answer(quote)), token_f1=2 * 3 / (3 + 13))


@pytest.mark.parametrize(
    ("said", "wanted", "f1"),
    [
        ("The cat sat.", "a cat sat", 1.0),
        ("the cat sat on the mat", "cat mat", 2 * 2 / (4 + 2)),
        ("cat cat", "cat", 2 * 1 / (2 + 1)),
        ("dog", "cat", 0.0),
        ("", "cat", 0.0),
        ("the", "a", 1.0),
        ("It's 1,977!", "its 1977", 1.0),
    ],
)
def test_token_f1_as_squad_counts(said, wanted, f1):
    assert token_f1(said, wanted) == pytest.approx(f1)


def test_what_is_wrong_with_a_quotes_place():
    good = cite("Six people died.")
    assert fault(good, DOCUMENTS) == "" and is_verbatim(good, DOCUMENTS)
    assert fault(cite("Lava reached the town.", "sub/eruption.md"), DOCUMENTS) == ""
    bad = {
        "wrong offsets": cite("Six people died.", start=3),
        "not in the document": cite("Seven people died.", start=27),
        "old revision": cite("Six people died.", start=3, revision="0" * 64),
        "no such document": {**good, "source": "gone.txt"},
    }
    for name, citation in bad.items():
        assert fault(citation, DOCUMENTS) == name and not is_verbatim(citation, DOCUMENTS)
    assert not is_verbatim({**good, "quote": "", "end": good["start"]}, DOCUMENTS)
    # The words may still stand where an old revision had them; the revision is told all the same.
    moved_elsewhere = scored(case(), answer(cite("Six people died.", revision="0" * 64), good))
    close(moved_elsewhere, verbatim_rate=1, current_rate=1 / 2)


def test_documents_are_decoded_as_ingest_does(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfOne.\r\nTwo.")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.bin").write_bytes(b"x")
    assert read_documents(tmp_path, 1).texts == {"a.txt": "One.\r\nTwo."}


def test_a_live_librarys_documents_are_its_files_as_they_are_now(make_assistant, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"The tower {name} is ten metres tall.")
    library = make_assistant(tmp_path).library
    (tmp_path / "a.txt").write_text("Changed since.")
    (tmp_path / "b.txt").unlink()
    assert library_documents(library, 1).texts == {
        "a.txt": "Changed since.", "b.txt": "The tower b is ten metres tall.",
    }  # fmt: skip


# --- Statistics ----------------------------------------------------------------------------


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
