"""Questions with another year, month or name in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.altered import PATTERNS, altered, main
from eval.cases import QuestionSet, load_set
from eval.documents import Documents

TEXT = "The ferry Marsten ran aground near Cape Orrin on 9 March 2023 with 212 passengers aboard.\n"
QUESTIONS = [
    {"id": "1", "question": "How many passengers were aboard the Marsten in March 2023?"},
    {"id": "2", "question": "Where did the ferry run aground in 2023?"},
    {"id": "3", "question": "Who steered the ferry Marsten in 2023?", "answerable": False},
    {"id": "4", "question": "When did it happen in Cape Orrin?", "history": ["Did it sink?"]},
    {"id": "5", "question": "Did Harbour Post write of it?"},
]


@pytest.fixture
def small(tmp_path: Path) -> QuestionSet:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(TEXT)
    lines = [{"answerable": True, "gold_sources": ["a.txt"], **one} for one in QUESTIONS]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    return load_set(tmp_path)


@pytest.mark.parametrize(("kind", "thing", "asked"), [
    ("year", "2023", ["1", "2"]), ("month", "March", ["1"]), ("name", "Marsten", ["1", "5"]),
])  # fmt: skip
def test_what_is_put_instead_is_not_in_the_documents(
    small: QuestionSet, kind: str, thing: str, asked: list[str]
) -> None:
    own, other = altered(small, kind, Documents({"a.txt": TEXT}))
    assert [case.id for case in own] == asked
    originals = {case.id: case.question for case in own}
    assert {case.id for case in other} <= set(asked)
    assert other
    for case in other:
        before, after = (q.split() for q in (originals[case.id], case.question))
        assert not case.answerable
        new = set(after) - set(before)
        assert new and not any(word.strip("?") in TEXT for word in new)
        assert thing in originals[case.id]


def test_the_table_counts_what_is_answered(
    small: QuestionSet, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(small.docs.parent)])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    year = next(row for row in rows if row[0] == "| all" and row[1] == "year")
    assert year[2:] == ["2 of 2", "0 of 4 |"]
    assert sum(row[0] == "| all" for row in rows) == len(PATTERNS)
