"""The gate of `pullquote eval`: floors, comparisons, samples, and wrong usage."""

import pytest
from click.testing import CliRunner

from eval.cases import load_set
from eval.run import load_runs
from tests.conftest import ARTICLES
from tests.eval_run.running import KINDS, QUESTIONS, invoke
from ui.cli import main


def test_floors_and_comparisons(baseline, library, tmp_path):
    path, html, short = baseline[1], tmp_path / "r.html", tmp_path / "short.md"
    common = [QUESTIONS, "--docs", ARTICLES, "--library", library, "--limit", 12]
    passed = invoke(*common, "--fail-under", "verbatim_rate=1", "--no-worse-than", path,
                    "--html", html, "--markdown", short)  # fmt: skip
    assert passed.exit_code == 0, passed.output
    assert f"12 questions are compared, of {KINDS.total()} then and 12 now" in passed.stdout
    assert "gate passed" in html.read_text() and "Gate passed" in short.read_text()
    failed = invoke(*common, "--fail-under", "refused=0.5", "--fail-under", "token_f1=0.99")
    assert failed.exit_code == 1
    assert "refused has no score" in failed.stderr and "token_f1 is 0." in failed.stderr


def test_a_sample_is_the_same_each_time_and_part_of_a_larger_one(library, tmp_path):
    asked = []
    for number in (4, 4, 6):
        path = tmp_path / "run.json"
        options = ["--docs", ARTICLES, "--library", library, "--sample", number, "--save", path]
        assert invoke(QUESTIONS, *options).exit_code == 0
        asked.append([row.case.id for row in load_runs(path)["articles"].rows])
    assert asked[0] == asked[1] and len(asked[0]) == 4
    assert set(asked[0]) < set(asked[2]) and len(asked[2]) == 6
    order = [case.id for case in load_set(QUESTIONS, ARTICLES).cases]
    assert asked[2] == sorted(asked[2], key=order.index) != order[:6]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sample", "0"], "--sample"),
        (["--fail-under", "nonsense=1"], "none of verbatim_rate"),
        (["--fail-under", "mrr"], "share from 0 to 1"),
        (["--fail-under", "mrr=high"], "share from 0 to 1"),
        (["--fail-under", "mrr=85"], "share from 0 to 1"),
        (["--fail-under", "mrr=nan"], "share from 0 to 1"),
        (["--fail-under", "latency_p95=100"], "none of verbatim_rate"),
        (["--no-worse-than", "/none.json"], "/none.json"),
        (["--limit", "0"], "--limit"),
        (["--html", "/none/report.html"], "no folder /none"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_run(arguments, says):
    result = invoke(QUESTIONS, "--docs", ARTICLES, *arguments)
    assert result.exit_code == 2 and says in result.stderr


def test_more_wrong_usage(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    for arguments in (
        [], [QUESTIONS], [tmp_path], [tmp_path / "empty.jsonl", "--docs", ARTICLES],
        [QUESTIONS, QUESTIONS, "--docs", ARTICLES],
    ):  # fmt: skip
        assert invoke(*arguments).exit_code == 2, arguments


def test_help_speaks_for_the_group():
    for arguments in (["eval", "--help"], ["eval", "-h"]):
        shown = CliRunner().invoke(main, arguments)
        assert shown.exit_code == 0 and "Usage: " in shown.stdout
        assert "[OPTIONS] SET…" in shown.stdout and "Examples:" in shown.stdout
    assert "eval " in CliRunner().invoke(main, ["--help"]).stdout
