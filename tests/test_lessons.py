"""What the reader is taught with: read, told as it will be told, and dealt."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.teach import __main__ as teach
from eval.teach.lessons import Choice, Lesson, batches, choice, read_lessons
from rag.errors import UsageError
from rag.reader import Told
from tests.conftest import ROOT

UNITS = ("The quay was mended in May.", "Name | Berths", "North | 12", "South | 30")
PASSAGE = {"title": "Quay", "heading": "Berths", "units": list(UNITS), "questions": [
    {"q": "When was it mended?", "a": [0], "near": 1},
    {"q": "How many berths has the south?", "a": [3], "near": 2},
    {"q": "Who mended it?", "a": [], "near": 0},
]}  # fmt: skip


def written(path: Path, *passages: object) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in passages), encoding="utf-8")
    return path


def test_each_question_is_a_lesson(tmp_path: Path) -> None:
    first, second, third = read_lessons([written(tmp_path / "a.jsonl", PASSAGE)])
    assert first == Lesson("Quay", "Berths", UNITS, "When was it mended?", (0,), 1)
    assert (second.right, third.right, third.near) == ((3,), (), 0)


@pytest.mark.parametrize("wrong", [
    {}, {**PASSAGE, "units": "text"}, [],
    {**PASSAGE, "questions": [{"q": "Who?", "a": [9], "near": 0}]},
    {**PASSAGE, "questions": [{"q": "Who?", "a": [0], "near": 0}]},
])  # fmt: skip
def test_what_is_wrong_is_named_by_line(tmp_path: Path, wrong: object) -> None:
    path = written(tmp_path / "a.jsonl", PASSAGE, wrong)
    with pytest.raises(UsageError, match=r"a\.jsonl:2"):
        read_lessons([path])


@given(seed=st.integers(0, 10**6), count=st.integers(2, 5), which=st.integers(0, 2))
def test_the_one_that_answers_is_among_those_to_choose_from(
    seed: int, count: int, which: int
) -> None:
    answers = [(0,), (3,), ()][which]
    lesson = Lesson("Quay", "Berths", UNITS, "?", answers, 1 if answers else 0)
    found = choice(lesson, count, Random(seed))
    assert len(found.told) == len(set(found.told)) == min(count, len(UNITS))
    bare = [told.text.strip("| ") for told in found.told]
    if answers:
        assert bare[found.right] == UNITS[answers[0]]
    else:
        assert found.right == len(found.told)
    assert UNITS[lesson.near] in bare


@given(seed=st.integers(0, 10**6))
def test_a_row_is_told_after_the_row_that_heads_it(seed: int) -> None:
    lesson = Lesson("Quay", "Berths", UNITS, "How many berths has the south?", (3,), 2)
    told = choice(lesson, 2, Random(seed)).told
    rows = {("Name | Berths", "North | 12"), ("Name | Berths", "South | 30"),
            ("| Name | Berths |", "| North | 12 |"),
            ("| Name | Berths |", "| South | 30 |")}  # fmt: skip
    assert {(one.above.removeprefix("Quay: "), one.text) for one in told} <= rows


LEANING = ("It was mended in May.", "The quay was built in 1911.", "It has twelve berths.",
           "They were let at once.", "Name | Berths", "It has none.")  # fmt: skip


def test_a_sentence_that_leans_on_the_one_before_is_told_after_it() -> None:
    lesson = Lesson("", "Berths", LEANING, "How many berths has the quay?", (2,), 1)
    told = {one for seed in range(60) for one in choice(lesson, 6, Random(seed)).told}
    assert ("Berths The quay was built in 1911.", LEANING[2]) in told
    # Some are the first of a passage.
    assert ("Berths", LEANING[2]) in told
    # There is none before the first, and a row is none.
    assert {one.above for one in told if one.text in (LEANING[0], LEANING[5])} == {"Berths"}


@given(seed=st.integers(0, 10**6))
def test_what_is_told_after_the_answer_is_among_those_to_choose_from(seed: int) -> None:
    lesson = Lesson("", "", LEANING, "How many berths has the quay?", (2,), 0)
    texts = [told.text for told in choice(lesson, 3, Random(seed)).told]
    assert texts == [LEANING[2], LEANING[0], LEANING[3]]


@given(sizes=st.lists(st.integers(1, 9), max_size=70), size=st.integers(1, 5), seed=st.integers())
def test_every_question_is_in_one_batch(sizes: list[int], size: int, seed: int) -> None:
    choices = [Choice(str(at), (Told("", "x" * n),), 0) for at, n in enumerate(sizes)]
    dealt = batches(choices, size, Random(seed))
    assert sorted(c.question for some in dealt for c in some) == sorted(c.question for c in choices)
    assert all(0 < len(some) <= size for some in dealt)


def test_the_lessons_that_come_along_can_be_read() -> None:
    lessons = read_lessons(sorted((ROOT / "examples" / "lessons").glob("*.jsonl")))
    asked = [lesson.question for lesson in lessons]
    assert len(asked) > 10_000
    # A question that is asked of two passages could have two answers.
    assert len(set(asked)) > 0.99 * len(asked)
    without = sum(not lesson.right for lesson in lessons) / len(lessons)
    assert 0.3 < without < 0.5


def test_what_teaching_needs_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(teach, "find_spec", lambda _: None)
    with pytest.raises(SystemExit) as stopped:
        teach.main(["lessons.jsonl"])
    assert stopped.value.code == 2
    assert "pip install torch" in capsys.readouterr().err
