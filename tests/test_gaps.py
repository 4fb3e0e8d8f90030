"""Gaps: which answers are ones, how they are grouped, marked, exported and forgotten."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.cluster.hierarchy import fcluster, linkage

from rag.domain import Answer
from rag.embed import OnnxEmbedder
from rag.errors import NotFoundError
from tests.site import Site
from ui.cli import main
from ui.records import Records, Verdict
from ui.records.gaps import Gap, Group, Lack, as_csv, find_gaps, grouped, mark
from ui.records.grouping import SAME, Similar, alike, average_linkage
from ui.records.retention import Retention

REFUSED = "Who is the mayor of Porto Almar?"
ANSWERED = "What did the second pier of Porto Almar cost?"


def answer(question: str, refused: bool = True) -> Answer:
    return Answer(question, "The articles don't say.", question, refused=refused)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


def test_what_counts_as_a_gap(records: Records) -> None:
    ids = {name: records.keep(answer(name, name != "fine")) for name in ("fine", "no", "right no")}
    ids |= {name: records.keep(answer(name, False)) for name in ("bad", "lacking", "good")}
    records.say(ids["right no"], Verdict.GOOD)
    records.say(ids["bad"], Verdict.BAD, "wrong year")
    records.say(ids["lacking"], Verdict.GAP)
    records.say(ids["good"], Verdict.GOOD)
    found = {gap.question: gap for gap in find_gaps(records)}
    assert {q: gap.lacks for q, gap in found.items()} == {
        "no": (Lack.UNANSWERED,), "bad": (Lack.DISLIKED,), "lacking": (Lack.REPORTED,),
    }  # fmt: skip
    assert found["bad"].comment == "wrong year"
    records.say(ids["no"], Verdict.GAP)
    (no,) = find_gaps(records, [Lack.UNANSWERED])
    assert no.lacks == (Lack.UNANSWERED, Lack.REPORTED)


def test_done_until_a_new_verdict(records: Records) -> None:
    number = records.keep(answer("Why?"))
    mark(records, [number, "nowhere"], True)
    assert find_gaps(records) == []
    assert [gap.done for gap in find_gaps(records, done=None)] == [True]
    time.sleep(0.002)
    records.say(number, Verdict.BAD)
    assert [gap.done for gap in find_gaps(records)] == [False]
    mark(records, [number], True)
    mark(records, [number], False)
    assert len(find_gaps(records)) == 1


def test_dates_bound_what_is_found(records: Records) -> None:
    records.keep(answer("Why?"))
    day = datetime.now(UTC).date()
    assert len(find_gaps(records, since=str(day), until=str(day))) == 1
    assert find_gaps(records, since=str(day + timedelta(1))) == []
    assert find_gaps(records, until=str(day - timedelta(1))) == []


@settings(deadline=None)
@given(
    hnp.arrays(np.float64, st.tuples(st.integers(2, 25), st.just(4)), elements=st.floats(-1, 1)),
    st.floats(-0.9, 0.99),
)
def test_groups_are_those_of_average_linkage(points: np.ndarray, least: float) -> None:
    """As scipy makes them, save where two distances are the same and either may be joined."""
    points = points[np.linalg.norm(points, axis=1) > 0.1]
    if len(points) < 2:
        return
    vectors = points / np.linalg.norm(points, axis=1, keepdims=True)
    tree = linkage(vectors, "average", "cosine")
    heights = np.sort(np.r_[tree[:, 2], 1 - least])
    pairs = np.sort((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)])
    if np.diff(heights).min(initial=1) < 1e-5 or np.diff(pairs).min(initial=1) < 1e-5:
        return
    labels = fcluster(tree, 1 - least, "distance")
    expected = sorted([i for i in range(len(labels)) if labels[i] == k] for k in set(labels))
    assert average_linkage(vectors.astype(np.float32), least) == expected


def test_similar_questions_are_one_group_in_any_order(embedder: OnnxEmbedder) -> None:
    similar = Similar(embedder)
    questions = [
        "Who is the mayor of Porto Almar?",
        "What does the pool cost on Sundays?",
        "Who is mayor of Porto Almar now?",
        "How do I reset my password?",
        "What is the name of the mayor of Porto Almar?",
        "I forgot my password, how can I reset it?",
    ]
    assert similar(questions) == [[0, 2, 4], [1], [3, 5]]
    backwards = questions[::-1]
    names = {frozenset(backwards[i] for i in group) for group in similar(backwards)}
    assert names == {frozenset(questions[i] for i in group) for group in similar(questions)}
    assert similar([]) == []
    # What two questions on the same subject have in common does not make them one.
    cost, opening = embedder.query("What did the pier cost?"), embedder.query("Who built the pier?")
    assert float(cost @ opening) < SAME


def test_without_vectors_the_same_words_are_one_group() -> None:
    assert alike(["Why  so?", "why SO?", "How?"]) == [[0, 1], [2]]


def test_groups_are_in_order_of_how_often_and_how_late(shelf: Site) -> None:
    for question in (REFUSED, "Where is the airport?", "Who is mayor of Porto Almar now?"):
        assert shelf.ask(question).answer.refused
    shelf.ask("When was the town founded?")
    groups = grouped(find_gaps(shelf.records), Similar(shelf.keeper.embedder))
    assert [len(g.gaps) for g in groups] == [2, 1, 1]
    assert groups[0].question == "Who is mayor of Porto Almar now?"
    assert groups[1].question == "When was the town founded?"
    assert groups[0].lacks == {Lack.UNANSWERED: 2}
    near = groups[0].nearest
    assert near
    assert len({(q["source"], q["start"]) for q in near}) == len(near)
    for quote in near:
        text = shelf.library.article(quote["source"]).text
        assert text[quote["start"] : quote["end"]] == quote["quote"]


@given(st.text(), st.text())
def test_no_cell_is_a_formula_and_all_comes_back(question: str, comment: str) -> None:
    question, comment = (t.replace("\r", " ").replace("\0", " ") for t in (question, comment))
    gap = Gap("x", "2025-01-01", question, question, (Lack.DISLIKED,), comment, False, ())
    rows = list(csv.DictReader(io.StringIO(as_csv([Group((gap,))]), newline="")))
    (row,) = rows
    for cell, given_text in ((row["question"], question), (row["comment"], comment)):
        assert cell.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\n")
        assert cell.removeprefix("'") == given_text.removeprefix("'")


def test_the_page_marks_and_exports(shelf: Site) -> None:
    number = shelf.ask(REFUSED).id
    assert number
    bad = shelf.ask(ANSWERED).id
    assert bad
    shelf.records.say(bad, Verdict.BAD, '=HYPERLINK("http://evil.example")')
    with httpx.Client(base_url=shelf.address, trust_env=False) as client:
        page = client.get("/gaps").text
        assert "Who is the mayor of Porto Almar?" in page
        assert "default-src 'none'" in client.get("/gaps").headers["content-security-policy"]
        export = client.get("/gaps.csv", params={"kind": "disliked"})
        assert export.headers["content-disposition"] == 'attachment; filename="gaps.csv"'
        (row,) = csv.DictReader(io.StringIO(export.text.removeprefix("\ufeff")))
        assert row["comment"] == '\'=HYPERLINK("http://evil.example")'
        assert (row["answer"], row["kind"]) == (bad, "disliked")
        assert "48 million euros" in row["nearest_quote"]
        done = client.post("/gaps", data={"answer": [number], "done": "1", "kind": "unanswered"})
        assert (done.status_code, done.headers["location"]) == (303, "gaps?kind=unanswered")
        assert "mayor" not in client.get("/gaps").text
        assert "mayor" in client.get("/gaps", params={"done": "done"}).text
        odd = {"kind": "<b>", "since": "x", "until": "'", "done": '"><script>'}
        assert client.get("/gaps", params=odd).status_code == 200
        assert client.get("/gaps", params={"page": "0"}).status_code == 422


def test_the_command_lists_and_exports(shelf: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.ask(REFUSED)
    shelf.ask("Who is mayor of Porto Almar now?")
    monkeypatch.setenv("PULLQUOTE_LIBRARY", str(shelf.settings.library))
    runner = CliRunner()
    listed = runner.invoke(main, ["gaps"])
    assert listed.exit_code == 0, listed.output
    (line,) = listed.stdout.splitlines()
    assert line.split() == ["2", "×", *line.split()[2:]]
    assert "Who is mayor of Porto Almar now?  (2 unanswered)" in line
    rows = list(csv.DictReader(io.StringIO(runner.invoke(main, ["gaps", "--csv"]).stdout)))
    assert [row["group"] for row in rows] == ["1", "1"]
    late = runner.invoke(main, ["gaps", "--since", "2999-01-01"])
    assert late.stdout == "no gaps\n"
    assert runner.invoke(main, ["gaps", "--since", "soon"]).exit_code == 2


def test_old_answers_without_a_verdict_are_forgotten(records: Records) -> None:
    old, judged, new = (records.keep(answer(q)) for q in ("old", "judged", "new"))
    records.say(judged, Verdict.GAP)
    for number in (old, judged):
        records.db.execute("UPDATE answers SET created = '2020-01-01' WHERE id = ?", (number,))
    retention = Retention(records, 365, every=0.01)
    retention.start()
    for _ in range(300):
        time.sleep(0.01)
        try:
            records.find(old)
        except NotFoundError:
            break
    retention.stop()
    retention.join(5)
    assert not retention.is_alive()
    with pytest.raises(NotFoundError):
        records.find(old)
    assert {gap.id for gap in find_gaps(records)} == {judged, new}
