"""`pullquote eval` end to end: figures, gate, causes, report, with answerers made worse."""

import dataclasses
import json
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from eval.cases import Case, Gold, QuestionSet, file_name, load_set
from eval.compare import compare
from eval.documents import Documents
from eval.metrics import HEADLINE, METRICS, covers
from eval.report import page
from eval.run import Run, evaluate, load_runs
from eval.short import markdown, text
from eval.summary import make_report
from rag.assistant import Assistant
from rag.domain import Answer, Citation, Span
from rag.errors import UsageError
from rag.quotes import make_quote
from tests.conftest import ARTICLES, ROOT, SHARED
from ui.cli import main

QUESTIONS = ROOT / "examples" / "questions" / "articles.jsonl"
KINDS = Counter(
    json.loads(line)["type"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()
)
SCORER = SHARED / "tools" / "score.py"


def invoke(*arguments):
    return CliRunner().invoke(main, ["eval", *map(str, arguments)])


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    """The examples set, run once: what the command printed, and the file of its run."""
    path = tmp_path_factory.mktemp("eval") / "run.json"
    result = invoke(QUESTIONS, "--docs", ARTICLES, "--json", "--save", path)
    assert result.exit_code == 0, result.output
    return result.stdout, path


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The example articles, ingested once for all tests that need no library of their own."""
    folder = tmp_path_factory.mktemp("eval") / "library"
    done = CliRunner().invoke(main, ["ingest", str(ARTICLES), "--library", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def run(baseline) -> Run:
    return load_runs(baseline[1])["articles"]


# --- Figures -------------------------------------------------------------------------------


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


# --- Worsened on purpose -------------------------------------------------------------------


def wrong_offsets(answer, _):
    def moved(citation):
        span = citation.quote.span
        quote = dataclasses.replace(citation.quote, span=Span(span.start + 7, span.end + 7))
        return dataclasses.replace(citation, quote=quote)

    return dataclasses.replace(answer, citations=tuple(map(moved, answer.citations)))


def random_sentence(answer, rng):
    best = answer.hits[0].passage.article
    units = [u for hit in answer.hits if hit.passage.article == best for u in hit.passage.units]
    quote = make_quote(best, rng.choice(units).span)
    return dataclasses.replace(answer, citations=() if answer.refused else (Citation(1, quote),))


def always_refuses(answer, _):
    near = answer.citations or answer.near_misses
    return dataclasses.replace(answer, refused=True, citations=(), near_misses=near)


def never_refuses(answer, _):
    cited = answer.citations or answer.near_misses
    return dataclasses.replace(answer, refused=False, citations=cited, near_misses=())


def seen_at_once(browser, path, *words):
    """Fails unless `words` show without scrolling, and the page never scrolls sideways."""
    for scheme in ("light", "dark"):
        for width in (1280, 400):
            view = {"width": width, "height": 800}
            page = browser.new_page(viewport=view, color_scheme=scheme)
            page.goto(path.as_uri())
            for word in words:
                box = page.get_by_text(word).first.bounding_box()
                assert box and box["y"] >= 0 and box["y"] + box["height"] <= 800, (width, word)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()


def first_screen(html):
    return re.sub(r"<[^>]+>", " ", html[html.index("<body>") : html.index('<div class="tiles">')])


WORSENED = (
    (wrong_offsets, "Wrong offsets"),
    (random_sentence, "Wrong sentence"),
    (always_refuses, "Always refuses"),
    (never_refuses, "Never refuses"),
)


@pytest.fixture(scope="module")
def real_answers():
    """What the Assistant itself answers: each way to spoil it begins from the same."""
    return {}


@pytest.mark.parametrize(("spoil", "cause"), WORSENED, ids=lambda v: getattr(v, "__name__", ""))
def test_a_worsened_answerer_is_caught(
    spoil, cause, baseline, library, real_answers, monkeypatch, tmp_path, browser
):
    rng = random.Random(0)

    class Worse(Assistant):
        def answer(self, question, history=()):
            key = json.dumps([question, list(history)])
            if key not in real_answers:
                real_answers[key] = super().answer(question, history)
            return spoil(real_answers[key], rng)

    monkeypatch.setattr("eval.run.Assistant", Worse)
    html = tmp_path / "report.html"
    result = invoke(QUESTIONS, "--docs", ARTICLES, "--library", library, "--html", html,
                    "--no-worse-than", baseline[1])  # fmt: skip
    assert result.exit_code == 1, result.output
    assert "pullquote: articles: " in result.stderr and "Gate failed" in result.stdout
    screen = first_screen(html.read_text())
    assert cause in screen and "gate failed" in screen
    others = {other for _, other in WORSENED} | {"Stale library"}
    assert not [other for other in others - {cause} if other in screen]
    seen_at_once(browser, html, cause)


def test_a_stale_library_is_caught(baseline, tmp_path, browser):
    docs, library, html = tmp_path / "docs", tmp_path / "library", tmp_path / "report.html"
    shutil.copytree(ARTICLES, docs)
    assert CliRunner().invoke(main, ["ingest", str(docs), "--library", str(library)]).exit_code == 0
    fresh = invoke(QUESTIONS, "--library", library, "--no-worse-than", baseline[1], "--limit", 15)
    assert fresh.exit_code == 0, fresh.output
    for file in docs.iterdir():
        file.write_bytes(b"Corrected since it was first published.\n\n" + file.read_bytes())
    options = ["--no-worse-than", baseline[1], "--limit", 15, "--html", html]
    for documents in ([], ["--docs", docs]):
        result = invoke(QUESTIONS, "--library", library, *documents, *options)
        assert result.exit_code == 1, result.output
        screen = first_screen(html.read_text())
        assert "Stale library" in screen and "Wrong" not in screen
        assert "verbatim_rate is 0.0000" in screen
        seen_at_once(browser, html, "Stale library", "verbatim_rate is 0.0000")


# --- The gate ------------------------------------------------------------------------------


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


# --- The report ----------------------------------------------------------------------------

HOSTILE = (
    '"><script src=//x.example/a.js></script><img src=x onerror=alert(1)>\x1b[2J| `a` @b [c](d)'
)


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def hostile():
    """A run in which every text that others write attacks the page."""
    gold = ((Gold(HOSTILE, HOSTILE),),)
    cases = [
        Case(HOSTILE, HOSTILE, (HOSTILE,), True, frozenset({HOSTILE}), gold, (HOSTILE,), HOSTILE),
        Case(
            "2", HOSTILE, ({"role": HOSTILE, "content": HOSTILE},), False, frozenset(), (), (), "x"
        ),
    ]
    asked = QuestionSet(HOSTILE, Path(), tuple(cases))
    about = {HOSTILE: HOSTILE, "settings": {HOSTILE: HOSTILE}, "articles": HOSTILE}

    def answer(refused):
        return lambda q, _: Answer(q, HOSTILE, q, refused=refused)

    return [evaluate(asked, answer(r), Documents({}), about) for r in (True, False)]


def test_the_page_is_closed_and_escapes(hostile, run):
    old, new = hostile
    reports = [make_report(new, compare(old, new)), make_report(run)]
    html = page(reports)
    assert "Pullquote on 2 sets" in html
    tags = Tags(html).found
    assert {tag for tag, _ in tags} <= {
        "html", "head", "meta", "title", "style", "body", "section", "h1", "h2", "h3", "p", "div",
        "span", "strong", "ul", "ol", "li", "table", "tr", "th", "td", "figure", "figcaption",
        "br", "svg", "g", "text", "line", "rect", "circle", "details", "summary", "blockquote", "a",
    }  # fmt: skip
    for tag, attributes in tags:
        assert not attributes.keys() & {"src", "onerror", "onload", "onclick", "srcset"}, tag
        assert attributes.get("href", "#").startswith("#"), tag
    assert "@import" not in html and "url(" not in html and "\x1b" not in html
    assert HOSTILE.replace("\x1b", "")[:20] not in html and "&lt;script src=" in html


def test_markdown_cannot_be_steered(hostile):
    old, new = hostile
    report = make_report(new, compare(old, new))
    found = markdown([report])
    assert "<script" not in found and "[c](d)" not in found and " @b" not in found
    assert "\x1b" not in text(report) and "\ufffd" in text(report)
    table = [line for line in found.splitlines() if "wrongly" in line or "refused," in line]
    assert table and all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in table)


def test_the_report_shows_what_changed(run):
    def worse(row):
        if not row.answer["citations"] or not row.case.answerable:
            return row
        scores = {**row.scores, "answered": 0.0, "evidence_any": 0.0, "citation_precision": None}
        return dataclasses.replace(
            row, faults=(), scores=scores, answer={**row.answer, "refused": True, "citations": []}
        )

    now = Run(run.name, tuple(map(worse, run.rows)), run.environment, run.seconds)
    comparison = compare(run, now)
    report = make_report(now, before=comparison)
    why = {change.why for change in comparison.changes}
    assert any("was answered, now refused" in w and "gold quote lost" in w for w in why)
    assert any(failure.startswith("answered fell from") for failure in report.failures)
    said = text(report)
    assert (
        "worse  " in said and "was answered, now refused" in said and "more, which --html" in said
    )
    count = sum(row.case.type == "follow-up" for row in run.rows)
    assert count and re.search(rf"^  follow-up +{count} ", said, re.MULTILINE)
    assert f"| follow-up | {count} |" in markdown([report])
    html = page([report])
    assert "was answered, now refused" in html and "Worst cases" in html and "<svg" in html
    back = compare(now, run)
    assert (
        all(change.better for change in back.changes) and not make_report(run, before=back).failures
    )
