"""From an answer to a case of a question set, and to the score of that set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from eval.casebook import Casebook, NewCase, library_of
from eval.cases import load_set
from rag.errors import UsageError
from tests.site import Site
from ui.cli import main

QUESTION = "What did the second pier of Porto Almar cost?"
COST = "It cost 48 million euros, the harbour master Ilda Ferraz said."


def place(site: Site, source: str, quote: str) -> dict[str, Any]:
    article = site.library.article(source)
    start = article.text.index(quote)
    return {
        "source": source, "revision": article.revision, "start": start, "end": start + len(quote),
    }  # fmt: skip


def post(site: Site, **made: Any) -> httpx.Response:
    return httpx.post(f"{site.address}/case", json=made, trust_env=False)


def test_a_case_is_kept_and_scored(shelf: Site) -> None:
    first = shelf.ask("When did the second pier of Porto Almar open?", conversation="c")
    history = [
        {"role": "user", "content": first.answer.question},
        {"role": "assistant", "content": first.answer.text},
    ]
    second = shelf.ask("What did it cost?", history, "c")
    refused = shelf.ask("Who is the mayor of Porto Almar?")
    saved = post(
        shelf, answer=second.id, question="What did it cost?", answerable=True,
        evidence=[[place(shelf, "harbour.md", COST)]], answers=[" 48 million euros "],
    )  # fmt: skip
    assert saved.json() == {"saved": second.id, "cases": 1}
    post(shelf, answer=refused.id, question=refused.answer.question, answerable=False, evidence=[])
    file = shelf.settings.library / "cases" / "questions.jsonl"
    one, two = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert one == {
        "id": second.id, "question": "What did it cost?", "history": history, "answerable": True,
        "gold_sources": ["harbour.md"], "evidence": [[{"source": "harbour.md", "quote": COST}]],
        "answers": ["48 million euros"],
    }  # fmt: skip
    assert (two["answerable"], two["evidence"], two["gold_sources"]) == (False, [], [])
    # The set is one like any other, and is asked of the library that it lies in.
    assert len(load_set(file, shelf.settings.library).cases) == 2
    for path in (file, file.parent):
        run = CliRunner().invoke(
            main, ["eval", str(path), "--json", "--fail-under", "verbatim_rate=1"]
        )
        assert run.exit_code == 0, run.output
        metrics = json.loads(run.stdout)["metrics"]
        expected = shelf.ask("What did it cost?", history).answer
        cited = any(COST in c.quote.text for c in expected.citations)
        assert metrics["evidence_any"]["value"] == float(cited) == 1.0
        assert metrics["hit@1"]["value"] == 1.0
        assert metrics["refused"]["value"] == 1.0
        assert metrics["refused"]["n"] == metrics["answered"]["n"] == 1
    download = httpx.get(f"{shelf.address}/cases.jsonl", trust_env=False)
    assert download.text == file.read_text(encoding="utf-8")


def test_a_wrong_case_scores_nothing(shelf: Site) -> None:
    """The score goes by the chosen quote: with another one the same answer is a miss."""
    asked = shelf.ask(QUESTION)
    evidence = [[place(shelf, "museum.md", "The Museum of Salt in Porto Almar closes")]]
    post(shelf, answer=asked.id, question=QUESTION, answerable=True, evidence=evidence)
    run = CliRunner().invoke(main, ["eval", str(shelf.settings.library / "cases"), "--json"])
    assert json.loads(run.stdout)["metrics"]["evidence_any"]["value"] == 0.0


def test_a_case_is_changed_and_deleted(shelf: Site) -> None:
    asked = shelf.ask(QUESTION)
    one, other = place(shelf, "harbour.md", COST), place(shelf, "harbour.md", "48 million euros")
    post(shelf, answer=asked.id, question=QUESTION, answerable=True, evidence=[[one]])
    post(shelf, answer=asked.id, question=QUESTION, answerable=True, evidence=[[one, other], [one]])
    (case,) = Casebook(shelf.settings.library).cases().values()
    assert [[e["quote"] for e in group] for group in case["evidence"]] == [
        [COST, "48 million euros"], [COST],
    ]  # fmt: skip
    gone = httpx.delete(f"{shelf.address}/case", params={"answer": asked.id}, trust_env=False)
    assert gone.status_code == 200
    assert Casebook(shelf.settings.library).cases() == {}


def test_what_is_no_case_is_refused(shelf: Site) -> None:
    asked = shelf.ask(QUESTION)
    fine = place(shelf, "harbour.md", COST)

    def refused(**other: Any) -> str:
        made = {"answer": asked.id, "question": QUESTION, "answerable": True, "evidence": [[fine]]}
        response = post(shelf, **{**made, **other})
        assert response.status_code == 422, response.text
        return str(response.json().get("error", "malformed"))

    assert "Choose at least one quote" in refused(evidence=[])
    assert "Choose at least one quote" in refused(evidence=[[]])
    assert "needs a question" in refused(question="  ")
    assert "has changed" in refused(evidence=[[{**fine, "revision": "old"}]])
    assert "no quote at that place" in refused(evidence=[[{**fine, "end": 10**9}]])
    assert "no quote at that place" in refused(evidence=[[{**fine, "end": fine["start"]}]])
    assert "no article" in refused(evidence=[[{**fine, "source": "../../etc/passwd"}]])
    assert "not kept" in refused(answer="nowhere")
    assert refused(evidence="x") == "malformed"
    assert not (shelf.settings.library / "cases").exists()


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    book = Casebook(tmp_path)
    book.put(NewCase("a", "Why?\u2028So?", (), False, ()))
    assert book.cases()["a"]["question"] == "Why?\u2028So?"
    content = book.file.read_text(encoding="utf-8") + "{broken\n"
    book.file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"questions\.jsonl:2: not a case"):
        book.put(NewCase("b", "How?", (), False, ()))
    assert book.file.read_text(encoding="utf-8") == content


def test_only_cases_in_a_library_are_asked_of_it(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    assert library_of([cases / "questions.jsonl"]) is None
    (tmp_path / "catalogue.sqlite3").touch()
    assert library_of([cases / "questions.jsonl"]) == library_of([cases]) == tmp_path.resolve()
    assert library_of([cases, tmp_path / "other" / "questions.jsonl"]) is None
    assert library_of([tmp_path / "other"]) is None
