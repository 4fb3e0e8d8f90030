"""A second look: taken where there is doubt, and what it may change."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import load_set
from rag import evidence
from rag.answerable import ANSWER_SIGNALS, answer_signals, compare
from rag.assistant import Assistant
from rag.conversation import Turn, last_turn
from rag.e5 import second_encoder
from rag.embed import Vector
from rag.evidence import Assessment, assess, load_weights
from rag.rerank import SEEN, Mixture, SecondEncoder, in_doubt, look, second_signals
from rag.settings import cache_folder, load
from tests.conftest import ARTICLES, ROOT

QUESTIONS = [c.question for c in load_set(
    ROOT / "examples" / "questions" / "articles.jsonl", ARTICLES
).cases if not c.history]  # fmt: skip
LOG_ODDS = st.floats(-30, 30)


class Told:
    """Says of the text at one place that it is the nearest, and keeps what it was asked."""

    def __init__(self, nearest: int) -> None:
        self.nearest = nearest
        self.asked: list[tuple[list[str], list[str]]] = []

    def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
        self.asked.append((list(questions), list(texts)))
        near = [0.95 if i == self.nearest else 0.75 for i in range(len(texts))]
        return np.array([near] * len(questions), np.float32)


@given(
    pairs=st.lists(st.tuples(LOG_ODDS, st.floats(-1, 1)), min_size=1, max_size=SEEN),
    score=st.floats(0, 2), closeness=st.floats(0, 50),
)  # fmt: skip
def test_those_looked_at_stay_as_likely_together(
    pairs: list[tuple[float, float]], score: float, closeness: float
) -> None:
    scores, near = (np.array(column) for column in zip(*pairs, strict=True))
    mixed = Mixture(score, closeness)(scores, near)
    assert np.logaddexp.reduce(mixed) == pytest.approx(np.logaddexp.reduce(scores), abs=1e-6)


@given(scores=st.lists(LOG_ODDS, min_size=1, max_size=6), chance=st.floats(0, 1))
def test_doubt_is_a_level_pair_or_an_even_chance(scores: list[float], chance: float) -> None:
    scores.sort(reverse=True)
    ranked: list[tuple[object, float]] = [(None, score) for score in scores]
    level = len(scores) > 1 and scores[0] - scores[1] < 0.7
    assert in_doubt(ranked, chance) is (level or 0.35 < chance < 0.6)  # type: ignore[arg-type]


def assessed(
    assistant: Assistant, question: str, encoder: SecondEncoder | None = None
) -> Assessment:
    retrieved = assistant._retriever.search(last_turn(question, ()))
    return assess(retrieved, load_weights(), encoder)


def quoted(assessment: Assessment) -> list[str]:
    return [e.span.of(e.article.text) for e in assessment.evidence]


@pytest.mark.parametrize("nearest", range(SEEN))
def test_what_is_nearest_comes_first_where_units_are_level(
    assistant: Assistant, nearest: int
) -> None:
    looked = moved = 0
    for question in QUESTIONS[:60]:
        encoder = Told(nearest)
        plain, second = assessed(assistant, question), assessed(assistant, question, encoder)
        if not encoder.asked:
            assert second == plain
            continue
        ((asked, told),) = encoder.asked
        looked += 1
        assert asked[0] == question and len(asked) == 2 and len(told) == SEEN
        before, after = quoted(plain), quoted(second)
        assert all(text.endswith(unit) for text, unit in zip(told, before, strict=False))
        assert set(after) == set(before)
        moved += after[0] == before[nearest]
    # Some questions are clear, some are in doubt, and in doubt the second encoder has the say.
    assert 10 < looked < 50
    assert moved > looked * 0.8


def after(history: Sequence[str], question: str) -> Turn:
    """The question as it is asked after a question and its answer, or after nothing."""
    said = zip(("user", "assistant"), history, strict=False)
    return last_turn(question, [{"role": role, "content": words} for role, words in said])


FERRY = "The ferry to the islands is out of service until the quay has been mended."
WORK = "Work on it takes eleven weeks."


@pytest.mark.parametrize(("question", "left"), [
    ("How long is the ferry to the islands out of service?", "How long is the to the out of ?"),
    ("How many cabins does the ferry have?", "How many cabins does the have?"),
    # Nothing but what is said: then it is what is asked.
    ("Ferry islands?", "Ferry islands?"),
    ("When do the lorries go?", "When do the lorries go?"),
])  # fmt: skip
def test_what_the_best_unit_leaves_open_is_asked_as_well(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path, question: str, left: str
) -> None:
    (tmp_path / "a.md").write_text(f"# Quay news\n\n{FERRY} {WORK}\n")
    turn, encoder = last_turn(question, ()), Told(0)
    retrieved = make_assistant(tmp_path)._retriever.search(turn)
    ranked = evidence.rank(retrieved, load_weights().unit)
    ranked.sort(key=lambda pair: pair[0].text != FERRY)
    found = look(encoder, turn, ranked)
    assert encoder.asked == [([question, left], [FERRY, WORK])]
    assert found.shape == (2, 2)


@pytest.mark.parametrize(("left_open", "history", "beside"), [
    (0.6, (), 0.15),
    (0.9, (), -0.15),
    (0.6, ("Is the ferry running?", "Not before the quay has been mended."), 0.0),
])  # fmt: skip
def test_what_is_nearer_to_the_question_than_to_what_it_leaves_open_is_beside_the_point(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path, left_open: float,
    history: Sequence[str], beside: float,
) -> None:  # fmt: skip
    (tmp_path / "a.md").write_text(f"# Quay news\n\n{FERRY} {WORK}\n")
    turn = after(history, "How many cabins does the ferry have?")
    retrieved = make_assistant(tmp_path)._retriever.search(turn)
    ranked = evidence.rank(retrieved, load_weights().unit)
    # Of the second unit, which was not the best, nothing is asked here.
    closeness = np.array([[0.75, 0.2], [left_open, 0.1]])
    *first, _, last = second_signals(np.array([1.0, 2.0]), turn, ranked, closeness)
    assert first == [1.0, 2.0]
    assert last == pytest.approx(beside)


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


def test_the_answer_beside_what_names_the_matter_comes_first(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text(f"# Quay news\n\n{FERRY} {WORK}\n")
    question = "How long is the ferry to the islands out of service?"
    turn = last_turn(question, ())
    retrieved = make_assistant(tmp_path)._retriever.search(turn)

    class Left(Told):
        def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
            super().closeness(questions, texts)
            # To the whole question both are as near; to what is left of it, one is nearer.
            rows = [[0.75 + 0.2 * (WORK in t) * (q != question) for t in texts] for q in questions]
            return np.array(rows, np.float32)

    monkeypatch.setattr(evidence, "in_doubt", lambda *_: True)
    plain, second = (assess(retrieved, load_weights(), e) for e in (Told(-1), Left(0)))
    assert (quoted(plain)[0], quoted(second)[0]) == (FERRY, WORK)
    # What it leaves open changes the order, not the decision.
    assert plain.probability == second.probability


def test_what_is_far_from_all_lowers_the_chance_of_an_answer(assistant: Assistant) -> None:
    class Far(Told):
        def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
            return super().closeness(questions, texts) - 0.2

    compared = [
        (assessed(assistant, q, Far(0)).probability, assessed(assistant, q, near).probability)
        for q in QUESTIONS[:60] if (near := Told(0)) and assessed(assistant, q, near) and near.asked
    ]  # fmt: skip
    assert compared
    assert all(far < near for far, near in compared)


def test_a_copy_of_what_is_far_stays_far_when_a_page_is_favoured(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = "The key of the hut hangs behind the blue door."
    warden = "The key of the hut hangs with the warden in the valley."
    for name, text in {
        "a": behind, "b": behind, "c": warden, "e": "The hut has a stove and a key board.",
    }.items():  # fmt: skip
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n{text}\n")

    class Behind(Told):
        def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
            super().closeness(questions, texts)
            near = [0.5 if behind in t else 0.95 for t in texts]
            return np.array([near] * len(questions), np.float32)

    monkeypatch.setattr(evidence, "in_doubt", lambda *_: True)
    turn = last_turn("Where is the key of the hut?", ())
    retrieved, encoder = make_assistant(tmp_path)._retriever.search(turn), Behind(0)
    shares = []
    for favour in (None, lambda article: article.source == "e.md"):
        found = assess(retrieved, load_weights(), encoder, favour)
        chance = {e.span.of(e.article.text): e.score for e in found.evidence}
        shares.append(chance[behind] / chance[warden])
    assert any(behind in text for _, texts in encoder.asked for text in texts)
    assert shares[0] == pytest.approx(shares[1])


def test_a_refusal_stays_one_where_nothing_was_found(assistant: Assistant) -> None:
    assert not assessed(assistant, "Xyzzy plugh?", Told(0)).answerable


def test_the_settings_can_do_without() -> None:
    cache = cache_folder(os.environ)
    assert second_encoder(load({"PULLQUOTE_SECOND_LOOK": "off"}), cache) is None
    assert second_encoder(load({}), cache) is not None
