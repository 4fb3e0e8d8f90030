"""Slips of the pen in a question: what they were to be, and that the answer says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.job import ingest
from rag.assistant import Assistant
from rag.contract import answer_dict
from rag.embed import OnnxEmbedder
from rag.embed_openai import choose_embedder
from rag.filters import Filter
from rag.library import Library
from rag.library.keywords import _one_edit
from rag.settings import load
from rag.slips import may_be_slip, meant, mended
from tests.model_server import scripted

LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
TEXT = "The keeper shut the sluice. Both sluices and the lighthouse were painted; Sluice 4 was not."


@given(data=st.data(), letter=LETTERS)
def test_one_edit_of_a_word_is_read_as_it(data: st.DataObject, letter: str) -> None:
    word = "lighthouse"
    at = data.draw(st.integers(1, len(word) - 1))
    before, after = word[:at], word[at:]
    slip = data.draw(st.sampled_from([
        before + after[1:], before + letter + after, before + letter + after[1:],
        before + after[1:2] + after[:1] + after[2:],
    ]))  # fmt: skip
    assume(slip != word)
    assert meant(slip, [TEXT]) == word
    assert mended(f"Who, the {slip}, keeper of {slip}?", {slip: word}) == (
        f"Who, the {word}, keeper of {word}?"
    )


@given(word=st.text(LETTERS, min_size=5, max_size=12))
def test_what_is_further_away_is_not_read_as_another(word: str) -> None:
    found = meant(word, [TEXT])
    assert found is None or (found[0].lower() == word[0] and abs(len(found) - len(word)) <= 1)


def test_the_form_that_is_used_most_is_taken_and_none_of_two_equals() -> None:
    assert meant("sluise", [TEXT, "A sluice."]) == "sluice"
    assert meant("harbor", ["The harbour is closed.", "An arbor."]) == "harbour"
    assert meant("bolter", ["A bolder man.", "A boater came."]) is None
    assert meant("ighthouse", [TEXT]) is None


@pytest.mark.parametrize("word", ["buiding", "Maastrich", "ctenohore", "reticulm", "scounting"])
def test_what_may_be_a_slip(word: str, embedder: OnnxEmbedder) -> None:
    assert may_be_slip(word, embedder.count)


@pytest.mark.parametrize("word", [
    "building", "dialing", "broaden", "havent", "hackers", "brig", "Kyiv", "mk44x", "2030",
    "DIALING", "HACKERS", "undated", "SpaceX", "lighthoues" * 4, "图书馆几点开门",
])  # fmt: skip
def test_words_in_use_and_short_ones_are_none(word: str, embedder: OnnxEmbedder) -> None:
    assert not may_be_slip(word, embedder.count)


def test_the_answer_is_the_same_and_says_how_it_read_the_question(assistant: Assistant) -> None:
    right = assistant.answer("How many container were aboard the ship that hit the bridge?")
    slip = assistant.answer("How many contaners were aboard the ship that hit the bridge?")
    assert not right.notice
    assert slip.notice == "Read “contaners” as “container”."
    assert [c.quote for c in slip.citations or slip.near_misses] == [
        c.quote for c in right.citations or right.near_misses
    ]
    assert slip.probability == pytest.approx(right.probability)
    assert answer_dict(slip)["notice"] == slip.notice
    assert slip.standalone_question == slip.question


def test_a_slip_made_twice_is_mended_twice() -> None:
    twice = "Ighthouses: whose is the ighthouse, and the IGHTHOUSE’s keeper?"
    assert mended(twice, {"Ighthouses": "lighthouse"}) == (
        "lighthouse: whose is the lighthouse, and the lighthouse keeper?"
    )


def test_no_word_of_an_article_that_the_filter_leaves_out_is_told(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path
) -> None:
    (tmp_path / "open.md").write_text("The ferry leaves at noon from the western pier.\n")
    (tmp_path / "closed.md").write_text("The turbines were sold to a rival for a song.\n")
    assistant, question = make_assistant(tmp_path), "Who bought the turbimes?"
    assert assistant.answer(question).notice == "Read “turbimes” as “turbines”."
    kept = assistant.answer(question, where=Filter(sources=("open.md",)))
    assert not kept.notice and "turbimes" in kept.missing


def test_what_was_meant_is_found_beside_many_words_with_another_beginning(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path
) -> None:
    for number in range(25):
        text = f"The cause of fault {number} was never found by the crew.\n"
        (tmp_path / f"{number:02}.md").write_text(text)
    (tmp_path / "last.md").write_text("The house was built in 1950.\n")
    answer = make_assistant(tmp_path).answer("When was the hause built?")
    assert answer.notice == "Read “hause” as “house”."


@given(data=st.data(), letter=LETTERS)
def test_the_keywords_are_searched_for_all_of_one_edit(data: st.DataObject, letter: str) -> None:
    term = data.draw(st.text(LETTERS, min_size=2, max_size=8))
    at = data.draw(st.integers(1, len(term) - 1))
    before, after = term[:at], term[at:]
    for other in (before + after[1:], before + letter + after, before + letter + after[1:],
                  term + letter, before + after[1:2] + after[:1] + after[2:]):  # fmt: skip
        assert any(re.fullmatch(pattern, other) for pattern in _one_edit(term))
    for pattern in _one_edit(term):
        assert not re.fullmatch(pattern, f"{letter}{term}{letter}")


def test_a_word_in_use_is_none_whatever_the_embedding_models_tokens(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The house was built in 1950.\n")
    with scripted([""]) as script:
        environ = {**script.environ, "PULLQUOTE_EMBEDDING_ENDPOINT_MODEL": "letters"}
        settings = load(environ, library=tmp_path / "library")
        embedder = choose_embedder(settings, tmp_path)
        library = Library(settings.library, create=True)
        ingest([tmp_path / "a.md"], library, embedder, settings)
        answer = Assistant(library, embedder, settings).answer("What did the horse do?")
        assert embedder.count("horse") > 1
    assert "horse" not in answer.notice


def test_what_is_near_nothing_stays_missing(assistant: Assistant) -> None:
    answer = assistant.answer("Where is the zyxqvaton kept?")
    assert answer.refused and not answer.notice
    assert answer.missing == ("zyxqvaton",)
