"""`pullquote eval` end to end: its figures follow from the answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eval.cases import Case, QuestionSet, file_name, load_set
from eval.compare import compare
from eval.documents import Documents
from eval.metrics import HEADLINE, METRICS, covers
from eval.run import evaluate, load_runs
from eval.summary import make_report
from rag.domain import Answer
from rag.errors import UsageError
from tests.conftest import ARTICLES, SHARED
from tests.eval_run.running import KINDS, QUESTIONS

SCORER = SHARED / "tools" / "score.py"


def test_json_has_the_contracts_form(baseline):
    (line,) = baseline[0].splitlines()
    data = json.loads(line)
    assert data["set"] == "articles" and data["questions"] == KINDS.total()
    assert set(HEADLINE) <= data["metrics"].keys() == METRICS.keys()
    for name, metric in data["metrics"].items():
        assert metric.keys() == {"value", "low", "high", "n"}
        if metric["value"] is None:
            assert (metric["low"], metric["high"], metric["n"]) == (None, None, 0)
        else:
            assert metric["low"] <= metric["value"] <= metric["high"], name
    assert data["metrics"]["verbatim_rate"]["value"] == 1
    assert data["metrics"]["cost"]["value"] is None
    assert data["types"]["follow-up"]["questions"] == KINDS["follow-up"] > 9
    about = data["environment"]
    assert about["articles"] == 14 and about["passages"] > 14 and about["embedding_model"]
    assert about["settings"]["candidates"] and "api_key" not in about["settings"]
    assert data["seconds"] > 0 and data["failures"] == []


def test_figures_follow_from_the_answers(run):
    hits, ranks, any_gold, answered, refused = [], [], [], [], []
    for row in run.rows:
        case, given = row.case, row.answer
        if not case.answerable:
            refused.append(given["refused"])
            continue
        answered.append(not given["refused"])
        order = list(dict.fromkeys(file_name(p["source"]) for p in given["passages"]))
        places = [i for i, source in enumerate(order, 1) if source in case.gold_sources]
        hits.append(bool(places) and places[0] == 1)
        ranks.append(1 / places[0] if places else 0)
        any_gold.append(any(
            covers(c["quote"], c["source"], g)
            for c in given["citations"] for group in case.evidence for g in group
        ))  # fmt: skip
    for name, values in (
        ("hit@1", hits), ("mrr", ranks), ("evidence_any", any_gold), ("answered", answered),
        ("refused", refused),
    ):  # fmt: skip
        assert run.metrics[name].value == pytest.approx(sum(values) / len(values)), name
        assert run.metrics[name].n == len(values)


@pytest.mark.skipif(not SCORER.is_file(), reason="the outside scorer is not on this machine")
def test_figures_are_the_outside_scorers(run, library):
    command = [sys.executable, SCORER, QUESTIONS, "--docs", ARTICLES, "--library", library]
    command += ["--bin", Path(sys.executable).with_name("pullquote")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    for name, other in {
        "hit@1": "hit1", "hit@3": "hit3", "hit@5": "hit5", "mrr": "mrr",
        "evidence_any": "evidence_any", "evidence_first": "evidence_first",
        "citation_recall": "evidence_groups", "citation_precision": "evidence_precision",
        "answer_contains": "answer_contains", "source_precision": "citation_source_precision",
        "answered": "answered", "refused": "refused_unanswerable",
        "balanced_accuracy": "balanced", "refusal_f1": "refusal_f1",
    }.items():  # fmt: skip
        assert run.metrics[name].value == pytest.approx(theirs[other], abs=2e-4), name
    for name in ("citations_per_answer", "quote_words"):
        assert run.metrics[name].value == pytest.approx(theirs[name], abs=0.06), name


def small_set(*cases):
    return QuestionSet("small", Path(), tuple(cases))


def plain(name, question, history=(), answerable=True):
    return Case(name, question, history, answerable, frozenset(), (), (), "fact")


def test_plain_history_is_answered_first_once_and_in_order():
    asked = []

    def answer(question, history):
        asked.append((question, list(history)))
        return Answer(question, f"about {question}", question)

    evaluate(
        small_set(plain("1", "C?", ("A?", "B?")), plain("2", "D?", ("A?",))), answer, Documents({})
    )
    a = [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "about A?"}]
    b = [{"role": "user", "content": "B?"}, {"role": "assistant", "content": "about B?"}]
    assert asked == [("A?", []), ("B?", []), ("C?", a + b), ("D?", a)]


def test_a_question_that_is_turned_down_is_counted_and_named():
    def answer(*_):
        raise UsageError("too long")

    seen = []
    found = evaluate(
        small_set(plain("1", "A?")), answer, Documents({}), progress=lambda *p: seen.append(p)
    )
    assert found.metrics["answered"].value == 0 and seen == [(1, 1, "A?")]
    assert "turned down: too long" in " ".join(make_report(found).causes)


def test_a_run_is_the_same_after_saving(run, tmp_path):
    assert compare(run, run).changes == ()
    assert run.rows[0].case in load_set(QUESTIONS, ARTICLES).cases
    (tmp_path / "no.json").write_text('{"a": 1}')
    for name in ("no.json", "none.json"):
        with pytest.raises(UsageError, match=name):
            load_runs(tmp_path / name)
