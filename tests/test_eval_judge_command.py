"""`pullquote eval --judge` with a real OpenAI-protocol server on loopback."""

from __future__ import annotations

import json
import time
from itertools import count

import pytest
from click.testing import CliRunner

from eval.judge import agreement, open_judge
from eval.judging import Judge, choose_judge, judge_run
from eval.run import Run, load_runs
from rag.settings import load
from tests.conftest import ARTICLES, ROOT
from tests.judging import Reply, judge_server
from ui.cli import main

QUESTIONS = ROOT / "examples" / "questions" / "articles.jsonl"


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
