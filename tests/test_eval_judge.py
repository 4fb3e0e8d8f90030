"""Model judges: what their replies count for, and how far they agree with the other figures."""

from __future__ import annotations

import time

import numpy as np
import pytest

from eval.judge import Agreement, Judged, agreement, correctness, faithfulness, open_judge
from tests.judging import RIGHT, Reply, judge_server

WRONG = Judged("When did it open?", "It opened in 1801.", ("The bridge opened in 1977.",), "1977")
BARE = Judged("Why?", "Nobody says.", (), "")


def test_a_good_judges_verdicts_become_scores_in_order():
    def reply(prompt: str) -> Reply:
        return 200, "NO" if "1801" in prompt else "Yes, the context supports it."

    with judge_server(reply) as (url, requests):
        scores = faithfulness([RIGHT, WRONG, BARE, RIGHT], open_judge("j", url, "secret"))
    assert [s.value for s in scores] == [1.0, 0.0, None, 1.0]
    assert scores[2].reason == "no contexts to be faithful to"
    assert len(requests) == 3
    assert {r["path"] for r in requests} == {"/v1/chat/completions"}
    assert {r["key"] for r in requests} == {"Bearer secret"}
    assert {(r["model"], r["temperature"]) for r in requests} == {("j", 0.0)}


def test_correctness_is_brought_to_nought_to_one():
    def reply(prompt: str) -> Reply:
        return 200, "2.0\nThe year is wrong." if "1801" in prompt else "Score: 5"

    with judge_server(reply) as (url, _):
        scores = correctness([RIGHT, WRONG, BARE], open_judge("j", url))
    assert [s.value for s in scores] == [1.0, 0.25, None]
    assert "The year is wrong." in scores[1].reason
    assert scores[2].reason == "no reference answer"


@pytest.mark.parametrize("said", ["Banana.", "", "yesterday", "It may be yes, it may be no."])
def test_nonsense_gives_no_score_and_the_reason(said):
    with judge_server(lambda _: (200, said)) as (url, _):
        judge = open_judge("j", url)
        scores = faithfulness([RIGHT], judge) + correctness([RIGHT], judge)
    assert [s.value for s in scores] == [None, None]
    assert scores[0].reason.startswith("no verdict")
    assert scores[1].reason.startswith("no score from 1 to 5")


@pytest.mark.parametrize("said", ["0\nbad", "7\nsuperb", "four", "1977 is right", "-3"])
def test_scores_outside_the_scale_do_not_count(said):
    with judge_server(lambda _: (200, said)) as (url, _):
        (score,) = correctness([RIGHT], open_judge("j", url))
    assert score.value is None


def test_a_failing_judge_costs_only_its_own_scores():
    def reply(prompt: str) -> Reply:
        return (500, "out of memory") if "1801" in prompt else (200, "YES")

    with judge_server(reply) as (url, _):
        right, wrong = faithfulness([RIGHT, WRONG], open_judge("j", url, retries=0))
    assert right.value == 1.0
    assert wrong.value is None and "InternalServerError" in wrong.reason
    assert "out of memory" in wrong.reason


def test_a_failure_that_passes_is_tried_again():
    replies = iter([(500, "busy"), (200, "4\nGood."), (200, "4\nGood.")])
    with judge_server(lambda _: next(replies)) as (url, requests):
        (score,) = correctness([RIGHT], open_judge("j", url, retries=1))
    assert score.value == 0.75
    assert len(requests) == 2


def test_a_judge_that_does_not_answer_in_time_gives_no_score():
    def reply(_: str) -> Reply:
        time.sleep(1.5)
        return 200, "YES"

    with judge_server(reply) as (url, _):
        (score,) = faithfulness([RIGHT], open_judge("j", url, timeout=0.3, retries=0))
    assert score.value is None and "Timeout" in score.reason


def test_an_endpoint_that_is_not_there_gives_no_score():
    (score,) = correctness([RIGHT], open_judge("j", "http://127.0.0.1:9/v1", retries=0))
    assert score.value is None and "Connection" in score.reason


@pytest.mark.parametrize("seed", range(5))
def test_agreement_is_what_scikit_learn_and_scipy_say(seed):
    from scipy.stats import spearmanr
    from sklearn.metrics import cohen_kappa_score

    random = np.random.default_rng(seed)
    one = random.integers(0, 5, 40) / 4
    other = np.where(random.random(40) < 0.6, one >= 0.5, random.random(40) < 0.5).astype(float)
    found = agreement([*one, None, 1.0], [*other, 1.0, None])
    assert found.n == 40
    assert found.kappa == pytest.approx(cohen_kappa_score(one >= 0.5, other >= 0.5))
    assert found.spearman == pytest.approx(spearmanr(one, other).statistic)


def test_agreement_by_hand():
    assert agreement([1, 1, 0, 0], [1, 0, 0, 0]).kappa == pytest.approx(0.5)
    assert agreement([1, 0], [0, 1]) == Agreement(2, -1.0, pytest.approx(-1.0))


def test_agreement_that_is_undefined_is_none():
    assert agreement([None, 1.0], [1.0, None]) == Agreement(0, None, None)
    assert agreement([1.0, 1.0], [1.0, 1.0]) == Agreement(2, None, None)


def test_nobody_there_is_found_out_after_a_few_calls():
    with judge_server(lambda _: (500, "down")) as (url, requests):
        scores = faithfulness([RIGHT] * 30, open_judge("j", url, retries=0))
    assert len(requests) < 10 and [s.value for s in scores] == [None] * 30
    assert "down" in scores[0].reason and "not asked" in scores[-1].reason
