"""Model judges against a real OpenAI-protocol server on loopback that says what a test tells it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import numpy as np
import pytest
from click.testing import CliRunner

from eval.judge import Agreement, Judged, agreement, correctness, faithfulness, open_judge
from eval.judging import Judge, choose_judge, judge_run
from eval.run import Run, load_runs
from rag.settings import load
from tests.conftest import ARTICLES, ROOT
from ui.cli import main

Reply = tuple[int, str]
QUESTIONS = ROOT / "examples" / "questions" / "articles.jsonl"


@contextmanager
def judge_server(reply: Callable[[str], Reply]) -> Iterator[tuple[str, list[dict]]]:
    """A server whose model answers a prompt with `reply(prompt)`, and the requests it got."""
    requests: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(body | {"path": self.path, "key": self.headers["Authorization"]})
            status, said = reply(body["messages"][-1]["content"])
            message = {"role": "assistant", "content": said}
            data = json.dumps(
                {
                    "id": "x", "object": "chat.completion", "created": 0, "model": body["model"],
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                }
                if status == 200 else {"error": {"message": said, "type": "server_error"}}
            ).encode()  # fmt: skip
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client has stopped waiting

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


RIGHT = Judged("When did it open?", "It opened in 1977.", ("The bridge opened in 1977.",), "1977")
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


# --- `pullquote eval --judge` ---------------------------------------------------------------


def run_judged(*arguments: object, limit: int = 8, **environ: str):
    """The command on the first questions of the examples."""
    command = ["eval", QUESTIONS, "--docs", ARTICLES, "--limit", limit, *arguments]
    return CliRunner().invoke(main, [str(a) for a in command], env=environ)


def strict(prompt: str) -> Reply:
    """A judge of both kinds, which finds every third answer wrong."""
    bad = sum(map(ord, prompt)) % 3 == 0
    if "Reference Answer" in prompt:
        return 200, "2\nNot what was asked." if bad else "5\nRight."
    return 200, "NO" if bad else "YES"


def test_the_command_reports_what_a_judge_says_and_how_far_it_agrees(tmp_path):
    files = {name: tmp_path / f"run.{name}" for name in ("html", "markdown", "save")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    with judge_server(strict) as (url, requests):
        done = run_judged("--judge", "stern", "--judge-url", url, "--json", *options)
    assert done.exit_code == 0, done.output
    assert {r["model"] for r in requests} == {"stern"}
    data = json.loads(done.stdout)
    run = load_runs(files["save"])["articles"]
    answered = [row for row in run.rows if not row.answer["refused"]]
    faithful, correct = (data["metrics"][f"judge_{n}"] for n in ("faithfulness", "correctness"))
    assert faithful["n"] == len(answered) > 3
    assert correct["n"] == sum(row.case.answerable for row in answered)
    for name, found in (("judge_faithfulness", faithful), ("judge_correctness", correct)):
        scores = [s for row in run.rows if (s := row.scores.get(name)) is not None]
        assert found["value"] == pytest.approx(sum(scores) / len(scores))
    assert all(not row.judged for row in run.rows if row.answer["refused"])
    assert data["judge"]["model"] == "stern" and data["judge"]["host"] == "127.0.0.1"
    assert data["judge"]["unscored"] == {"judge_faithfulness": {}, "judge_correctness": {}}
    pairs = {(a["judge"], a["metric"]): a for a in data["judge"]["agreement"]}
    seen = pairs["judge_correctness", "evidence_any"]
    both = [(row.scores["judge_correctness"], row.scores["evidence_any"]) for row in run.rows]
    expected = agreement(*zip(*both, strict=True))
    assert (seen["n"], seen["kappa"]) == (
        expected.n, None if expected.kappa is None else pytest.approx(expected.kappa, abs=1e-5),
    )  # fmt: skip
    for text in (files["html"].read_text(), files["markdown"].read_text()):
        assert "stern at 127.0.0.1" in text and "and evidence" in text.replace("\\_", "_")
    assert "Model judge" in files["html"].read_text()


def test_the_endpoint_is_the_flags_or_the_settings_and_passwords_stay_out_of_the_run():
    both = load({"OPENAI_BASE_URL": "http://a:1/v1", "OPENAI_API_KEY": "secret"})
    assert choose_judge("j", both) == Judge("j", "http://a:1/v1", "secret")
    assert choose_judge("j", both, "http://b:2/v1").url == "http://b:2/v1"
    assert choose_judge("j", load({"OPENAI_API_KEY": "k"})).url == "https://api.openai.com/v1"
    assert "secret" not in repr(choose_judge("j", both))
    judge = Judge("j", "http://me:secret@a:1/v1", "secret")
    judged = judge_run(Run("s", (), {}, 0.0), judge, open_judge("j", "http://127.0.0.1:9/v1"))
    assert judged.environment == {"judge": {"model": "j", "host": "a"}}


def test_what_a_judge_is_shown_is_the_answer_its_quotes_and_the_expected_answer():
    with judge_server(strict) as (url, requests):
        done = run_judged("--judge", "j", "--judge-url", url, "--json", limit=1)
    assert done.exit_code == 0, done.output
    case = json.loads(QUESTIONS.read_text(encoding="utf-8").splitlines()[0])
    prompts = [r["messages"][-1]["content"] for r in requests]
    assert any(case["evidence"][0][0]["quote"] in p for p in prompts)
    assert any(case["question"] in p and case["answers"][0] in p for p in prompts)


@pytest.mark.parametrize(
    ("arguments", "environ", "says"),
    [
        (["--judge", "j"], {}, "--judge needs an OpenAI-compatible endpoint"),
        (["--judge", "j", "--judge-url", "localhost:80"], {}, "is no address such as"),
        (["--judge", "j"], {"OPENAI_BASE_URL": "nowhere"}, "is no address such as"),
        (["--judge-url", "http://127.0.0.1:9/v1"], {}, "--judge-url goes with --judge"),
    ],
)
def test_without_an_endpoint_the_command_says_so_before_anything_is_run(arguments, environ, says):
    cleared = {"OPENAI_BASE_URL": "", "OPENAI_API_KEY": ""}
    done = run_judged(*arguments, **cleared | environ)
    assert done.exit_code == 2 and says in done.stderr and done.stdout == ""


def test_an_unreachable_judge_costs_its_own_scores_alone():
    done = run_judged("--judge", "j", "--judge-url", "http://127.0.0.1:9/v1", "--json", limit=10)
    assert done.exit_code == 1
    assert done.exception is None or isinstance(done.exception, SystemExit)
    data = json.loads(done.stdout)
    assert data["metrics"]["verbatim_rate"]["value"] == 1
    assert data["metrics"]["judge_faithfulness"]["value"] is None
    (line,) = done.stderr.splitlines()
    assert line.startswith("pullquote: articles: the judge j gave no score")
    assert "Connection" in line


def test_a_judge_that_fails_now_and_then_is_told_but_does_not_fail_the_run():
    calls = count()

    def reply(prompt: str) -> Reply:
        return (400, "too long") if next(calls) % 4 == 3 else strict(prompt)

    with judge_server(reply) as (url, _):
        done = run_judged("--judge", "j", "--judge-url", url, "--json")
    data = json.loads(done.stdout)
    failed = [k for reasons in data["judge"]["unscored"].values() for k in reasons]
    assert failed and all("too long" in reason for reason in failed)
    assert data["metrics"]["judge_faithfulness"]["n"] > 0
    assert done.exit_code == 0 and "too long" in done.stderr


def test_a_judge_is_waited_for_as_long_as_the_deadline_says():
    def slow(prompt: str) -> Reply:
        time.sleep(1.5)
        return strict(prompt)

    with judge_server(slow) as (url, _):
        options = ["--judge", "j", "--judge-url", url, "--json"]
        hasty = run_judged(*options, limit=1, PULLQUOTE_MODEL_DEADLINE="1",
                           PULLQUOTE_MODEL_RETRIES="0")  # fmt: skip
        patient = run_judged(*options, limit=1, PULLQUOTE_MODEL_DEADLINE="200")
    assert json.loads(hasty.stdout)["metrics"]["judge_faithfulness"]["value"] is None
    assert json.loads(patient.stdout)["metrics"]["judge_faithfulness"]["n"] == 1


def test_nobody_there_is_found_out_after_a_few_calls():
    with judge_server(lambda _: (500, "down")) as (url, requests):
        scores = faithfulness([RIGHT] * 30, open_judge("j", url, retries=0))
    assert len(requests) < 10 and [s.value for s in scores] == [None] * 30
    assert "down" in scores[0].reason and "not asked" in scores[-1].reason
