"""Answers kept: found again as they were, whatever became of the articles since."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.job import ingest
from rag.contract import answer_dict
from rag.errors import LibraryError, NotFoundError
from rag.filters import make_filter, read_filter
from rag.verify import Standing
from ui.records import Records, Verdict, _number
from ui.service import Service


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


@pytest.fixture
def last(assistant: Any, records: Records) -> Callable[[str], Any]:
    service = Service(assistant, records)

    def reply(question: str) -> Any:
        *_, last = service.stream(question)
        return last

    return reply


def test_every_answer_comes_back_as_it_was(
    assistant: Any, records: Records, questions: list[str]
) -> None:
    for question in questions[:40]:
        answer = assistant.answer(question)
        found = records.find(records.keep(answer, "c", "who"))
        assert found.answer == replace(
            answer,
            hits=(),
            probability=found.answer.probability,
            timings_ms=found.answer.timings_ms,
            **{
                name: found_part
                for name in ("citations", "near_misses", "points")
                if (found_part := getattr(found.answer, name))
            },
        )
        expected = answer_dict(answer)
        assert {**found.contract, "id": None} == {**expected, "id": None}
        assert {**answer_dict(found.answer), "passages": None} == {**expected, "passages": None}
        assert (found.conversation, found.who, found.feedback) == ("c", "who", None)


def test_quotes_outlive_their_article(
    make_assistant: Any, tmp_path: Path, records: Records, embedder: Any
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "ferry.txt").write_text("The ferry to Varnholt leaves at nine.\n\nIt takes dogs.\n")
    assistant = make_assistant(folder)
    service = Service(assistant, records)
    *_, reply = service.stream("When does the ferry to Varnholt leave?")
    assert [c.standing for c in service.recall(reply.id).checked] == [Standing.OK]
    (folder / "ferry.txt").write_text("The ferry to Varnholt leaves at ten.\n\nIt takes dogs.\n")
    ingest([folder], assistant.library, embedder, assistant._settings)
    recalled = service.recall(reply.id)
    assert [c.standing for c in recalled.checked] == [Standing.LOST]
    quote = recalled.record.answer.citations[0].quote
    assert quote.text == "The ferry to Varnholt leaves at nine."
    assert records.article("ferry.txt", quote.revision).text == quote.article.text
    assistant.library.remove("ferry.txt")
    assert [c.standing for c in service.recall(reply.id).checked] == [Standing.GONE]
    with pytest.raises(NotFoundError):
        records.article("ferry.txt", "another")


def test_verdicts(last: Any, records: Records, answered: str) -> None:
    reply = last(answered)
    records.say(reply.id, Verdict.BAD, "not what I asked")
    records.say(reply.id, Verdict.GOOD)
    feedback = records.find(reply.id).feedback
    assert feedback is not None
    assert (feedback.verdict, feedback.comment) == (Verdict.GOOD, "")
    with pytest.raises(NotFoundError):
        records.say("nobody", Verdict.GOOD)


def test_pruned_are_those_that_nobody_spoke_of(last: Any, records: Records, answered: str) -> None:
    kept, gone = last(answered), last("How many otters live in the harbour of Varnholt?")
    records.say(kept.id, Verdict.GAP)
    assert records.prune("2000-01-01T00:00:00") == 0
    assert records.prune("9999-01-01T00:00:00") == 1
    assert records.find(kept.id).answer.citations
    with pytest.raises(NotFoundError):
        records.find(gone.id)


def test_an_answer_is_given_where_it_cannot_be_kept(
    assistant: Any, records: Records, answered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Iterator[Any]:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Records, "transaction", full)
    *_, reply = Service(assistant, records).stream(answered)
    assert reply.complete
    assert reply.id is None
    assert reply.answer.citations


def test_another_version_is_refused(tmp_path: Path) -> None:
    Records(tmp_path).db.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="another version"):
        Records(tmp_path)


def test_a_damaged_record_is_said_to_be(last: Any, records: Records, answered: str) -> None:
    reply = last(answered)
    with records.transaction() as db:
        db.execute("UPDATE answers SET body = replace(body, '\"start\": ', '\"start\": 1')")
    with pytest.raises(LibraryError, match="damaged"):
        records.find(reply.id)


def test_a_filter_is_read_back() -> None:
    where = make_filter(("notes/*",), ("Herald",), "2025-06", "2025-07-03", True)
    assert read_filter(where.as_dict()) == where
    assert make_filter().as_dict() == {}


def test_no_id_begins_with_a_dash(monkeypatch):
    drawn = iter(["-ab", "-cd", "ef-"])
    monkeypatch.setattr("ui.records.secrets.token_urlsafe", lambda _: next(drawn))
    assert _number() == "ef-"
