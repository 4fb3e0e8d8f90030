"""The report: closed, escaped, and what changed since the run before."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eval.cases import Case, Gold, QuestionSet
from eval.compare import compare
from eval.documents import Documents
from eval.report import page
from eval.run import Run, evaluate
from eval.short import markdown, text
from eval.summary import make_report
from rag.domain import Answer

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
