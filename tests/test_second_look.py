"""A second look: what is read, and what that may change."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import load_set
from rag import evidence, rerank
from rag.answerable import ANSWER_SIGNALS, answer_signals, compare
from rag.assistant import Assistant
from rag.conversation import Turn, last_turn
from rag.embed import Vector
from rag.evidence import Assessment, assess, load_weights
from rag.parts import part_turns
from rag.reader import Told, reader_of
from rag.reading import Numbers
from rag.rerank import (
    AT_FIRST,
    SEEN,
    Mixture,
    PairReader,
    in_doubt,
    look,
    read_units,
    second_signals,
)
from rag.settings import cache_folder, load
from tests.conftest import ARTICLES, ROOT

QUESTIONS = [c.question for c in load_set(
    ROOT / "examples" / "questions" / "articles.jsonl", ARTICLES
).cases if not c.history]  # fmt: skip
LOG_ODDS = st.floats(-30, 30)


class Saying:
    """Says of one text of those it is asked about that it answers, and keeps what it was asked."""

    def __init__(self, right: int) -> None:
        self.right = right
        self.asked: list[tuple[str, list[Told]]] = []

    def odds(self, question: str, texts: Sequence[Told]) -> Vector:
        before = sum(len(told) for _, told in self.asked)
        self.asked.append((question, list(texts)))
        places = range(before, before + len(texts))
        return np.array([9.0 if i == self.right else -4.0 for i in places], np.float32)


@given(
    pairs=st.lists(st.tuples(LOG_ODDS, st.floats(-9, 9)), min_size=1, max_size=SEEN),
    score=st.floats(0, 2), read=st.floats(0, 2),
)  # fmt: skip
def test_those_looked_at_stay_as_likely_together(
    pairs: list[tuple[float, float]], score: float, read: float
) -> None:
    scores, odds = (np.array(column) for column in zip(*pairs, strict=True))
    mixed = Mixture(score, read)(scores, odds)
    assert np.logaddexp.reduce(mixed) == pytest.approx(np.logaddexp.reduce(scores), abs=1e-6)


@given(chance=st.floats(0, 1))
def test_doubt_is_a_nearly_even_chance(chance: float) -> None:
    assert in_doubt(chance) is (0.3 < chance < 0.6)


def assessed(assistant: Assistant, question: str, reader: PairReader | None = None) -> Assessment:
    retrieved = assistant._retriever.search(last_turn(question, ()))
    return assess(retrieved, load_weights(), reader)


def quoted(assessment: Assessment) -> list[str]:
    return [e.span.of(e.article.text) for e in assessment.evidence]


@pytest.mark.parametrize("right", range(SEEN))
def test_two_units_are_read_and_two_more_where_there_is_doubt(
    assistant: Assistant, right: int
) -> None:
    further = moved = 0
    for question in QUESTIONS[:60]:
        reader = Saying(right)
        plain, second = assessed(assistant, question), assessed(assistant, question, reader)
        before, after = quoted(plain), quoted(second)
        assert all(asked == question for asked, _ in reader.asked)
        assert [len(told) for _, told in reader.asked] in ([AT_FIRST], [AT_FIRST, SEEN - AT_FIRST])
        told = [text for _, texts in reader.asked for text in texts]
        assert all(one.text == unit for one, unit in zip(told, before, strict=False))
        assert set(after) == set(before)
        further += len(reader.asked) > 1
        moved += right < len(told) and after[0] == before[right]
    # Sure of one of the first, it is asked no further; it has the say.
    sure = right < AT_FIRST
    assert further == 0 if sure else 0 < further < 60
    assert moved > (60 if sure else further) * 0.7


@pytest.mark.parametrize(("chance", "units"), [(0.29, 2), (0.31, 4), (0.59, 4), (0.61, 2)])
def test_the_chance_by_the_first_two_decides_how_many_are_read(
    assistant: Assistant, chance: float, units: int
) -> None:
    turn, reader, known = last_turn(QUESTIONS[0], ()), Saying(1), []
    ranked = evidence.rank(assistant._retriever.search(turn), load_weights().unit)

    def told(odds: Numbers) -> float:
        known.append(odds.tolist())
        return chance

    def read(part: slice) -> Numbers:
        return read_units(reader, turn, ranked[part])

    odds, probability = look(read, told)
    assert odds.tolist() == [-4.0, 9.0, -4.0, -4.0][:units]
    assert known == [[-4.0, 9.0, -4.0, -4.0][:n] for n in (2, 4) if n <= units]
    assert probability == chance
    few, _ = look(lambda part: read_units(reader, turn, ranked[:2][part]), told)
    assert len(few) == 2


def after(history: Sequence[str], question: str) -> Turn:
    """The question as it is asked after a question and its answer, or after nothing."""
    said = zip(("user", "assistant"), history, strict=False)
    return last_turn(question, [{"role": role, "content": words} for role, words in said])


FERRY = "The ferry to the islands is out of service until the quay has been mended."
WORK = "Work on it takes eleven weeks."


def test_each_unit_is_read_after_its_title_and_what_stands_above_it(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text(f"# Quay news\n\n## Repairs\n\n{FERRY} {WORK}\n")
    turn, reader = last_turn("How long is the ferry out of service?", ()), Saying(0)
    retrieved = make_assistant(tmp_path)._retriever.search(turn)
    ranked = evidence.rank(retrieved, load_weights().unit)
    ranked.sort(key=lambda pair: pair[0].text != FERRY)
    found = read_units(reader, turn, ranked)
    told = [("Quay news: Repairs", text) for text in (FERRY, WORK)]
    assert reader.asked == [(turn.question, told)]
    assert found.tolist() == [9.0, -4.0]


def test_a_sentence_that_leans_on_the_one_before_is_read_after_it(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path
) -> None:
    first, leans, last = "They are at work.", "It takes eleven weeks.", "It will rain on Sunday."
    text = f"# Quay news\n\n{first} {FERRY} {leans}\n\n- Bring a coat\n\n{last}\n"
    (tmp_path / "a.md").write_text(text)
    turn, reader = last_turn("How long is the ferry out of service?", ()), Saying(0)
    retrieved = make_assistant(tmp_path)._retriever.search(turn)
    read_units(reader, turn, evidence.rank(retrieved, load_weights().unit))
    ((_, told),) = reader.asked
    above = {one.text: one.above for one in told}
    assert above[leans] == f"Quay news: {FERRY}"
    # Before the one there is none, before the other no sentence.
    assert {above[first], above[last], above[FERRY]} == {"Quay news:"}


def test_a_follow_up_is_read_by_itself(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text(f"# Quay news\n\n{FERRY} {WORK}\n")
    turn, reader = after(("Is the ferry running?", "No."), "And how long will it take?"), Saying(0)
    retrieved = make_assistant(tmp_path)._retriever.search(turn)
    read_units(reader, turn, evidence.rank(retrieved, load_weights().unit))
    assert turn.standalone != turn.question
    assert [asked for asked, _ in reader.asked] == [turn.question]


@pytest.mark.parametrize(("history", "expected"), [
    ((), [3.0, 0.0]),
    (("Is the ferry running?", "Not before the quay has been mended."), [0.0, 3.0]),
])  # fmt: skip
def test_the_best_odds_are_a_signal(history: Sequence[str], expected: list[float]) -> None:
    turn = after(history, "How many cabins does the ferry have?")
    signals = second_signals(np.array([1.0, 2.0]), turn, np.array([-1.0, 3.0]))
    assert signals.tolist() == [1.0, 2.0, *expected]


def test_of_a_later_part_the_odds_say_nothing() -> None:
    _, part = part_turns(last_turn("When does the ferry leave, and what does a loaf cost?", ()))
    assert second_signals(np.zeros(1), part, np.array([3.0])).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("question", "history", "lacks", "length"), [
    ("What does a ticket for the ferry to the islands cost?", (), 1.0, 11),
    ("How long does the work on the quay of the ferry take?", (), 0.0, 12),
    ("What is said of the ferry to the islands?", (), 0.0, 9),
    ("ferry price", (), 1.0, 6),
    ("And what does a ticket cost?", ("Is the ferry running?", "No."), 0.0, 0),
])  # fmt: skip
def test_the_kind_asked_for_that_is_not_there_and_the_length_are_signals(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path, question: str,
    history: Sequence[str], lacks: float, length: int,
) -> None:  # fmt: skip
    (tmp_path / "a.md").write_text(f"# Quay news\n\n{WORK} The ferry is out of service.\n")
    retrieved = make_assistant(tmp_path)._retriever.search(after(history, question))
    ranked = evidence.rank(retrieved, load_weights().unit)
    ranked.sort(key=lambda pair: pair[0].text != WORK)
    row = answer_signals(retrieved, ranked, compare(retrieved, ranked[0][0]))
    found = dict(zip(ANSWER_SIGNALS, row.tolist(), strict=True))
    assert (found["lacks_kind"], found["length"]) == (lacks, length)


def test_where_nothing_answers_an_answer_is_less_likely(assistant: Assistant) -> None:
    compared = [
        (assessed(assistant, q, Saying(-1)).probability, assessed(assistant, q, one).probability)
        for q in QUESTIONS[:60] for one in [Saying(0)]
    ]  # fmt: skip
    assert all(none < some for none, some in compared)


def test_a_copy_of_what_is_far_stays_far_when_a_page_is_favoured(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = "The key of the hut hangs behind the blue door."
    warden = "The key of the hut hangs with the warden in the valley."
    for name, text in {
        "a": behind, "b": behind, "c": warden, "e": "The hut has a stove and a key board.",
    }.items():  # fmt: skip
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n{text}\n")

    class Behind(Saying):
        def odds(self, question: str, texts: Sequence[Told]) -> Vector:
            super().odds(question, texts)
            return np.array([-4.0 if behind in t.text else 4.0 for t in texts], np.float32)

    monkeypatch.setattr(rerank, "in_doubt", lambda _: True)
    turn = last_turn("Where is the key of the hut?", ())
    retrieved, reader = make_assistant(tmp_path)._retriever.search(turn), Behind(0)
    shares = []
    for favour in (None, lambda article: article.source == "e.md"):
        found = assess(retrieved, load_weights(), reader, favour)
        chance = {e.span.of(e.article.text): e.score for e in found.evidence}
        shares.append(chance[behind] / chance[warden])
    assert any(behind in told.text for _, texts in reader.asked for told in texts)
    assert shares[0] == pytest.approx(shares[1])


def test_a_refusal_stays_one_where_nothing_was_found(assistant: Assistant) -> None:
    assert not assessed(assistant, "Xyzzy plugh?", Saying(0)).answerable


def test_the_settings_can_do_without() -> None:
    cache = cache_folder(os.environ)
    assert reader_of(load({"PULLQUOTE_SECOND_LOOK": "off"}), cache) is None
    assert reader_of(load({}), cache) is not None
