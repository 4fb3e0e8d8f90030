"""Whole answers over small libraries: sources, differences, parts and their order, as composed."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.contract import answer_dict
from rag.domain import Relation
from rag.groups import MOST_QUOTES
from ui.report import terminal_text

OPENING = (
    "The old mill at Fleet Harbour burned down on Monday night, and the roof fell into the river "
    "before the fire brigade arrived from the next town. "
)
EARLY = OPENING + (
    "Some 40 people were working in the mill at the time. Nobody was hurt. "
    "The owner, Ada Brae, said the looms were lost. She wants to build a new mill on the hill."
)
ARTICLES = {
    "first.txt": f"Mill burns at Fleet\n\n5 March 2024\n\nFLEET (Fleet Post) - {EARLY}\n",
    "copy.txt": f"Mill on fire\n\nFLEET (Brae Wire) - {EARLY}\n",
    "later.txt": "What the inquiry found\n\n11 June 2024\n\nFLEET (The Loom) - An inquiry into "
    "the fire at Fleet Harbour ended on Friday. It found that 52 people were working in the mill "
    "when the fire began. The inquiry blamed a broken lamp.\n",
    "bread.txt": "Bread\n\n2 January 2023\n\nBread keeps for three days in a dry box. The baker "
    "at Brae sells rye loaves at four crowns.\n",
    "boats.txt": "Boats\n\n2 January 2022\n\nThe ferry to Skerry leaves at 9 a.m. every day. Its "
    "captain is Tom Hale, who has sailed since 1980.\n",
}


@pytest.fixture(scope="module")
def mill(make_assistant, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mill")
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return make_assistant(folder)


def sources(answer):
    return [c.quote.article.source for c in answer.citations]


def test_a_later_article_that_differs_comes_after_the_earlier_one_and_the_answer_says_so(mill):
    answer = mill.answer("How many people were working in the mill at Fleet Harbour?")
    (point,) = answer.points
    assert (point.relation, point.markers) == (Relation.LATER, (1, 2))
    assert sources(answer) == ["first.txt", "later.txt"]
    assert "40 people" in answer.citations[0].quote.text
    assert "52 people" in answer.citations[1].quote.text
    assert answer.text.startswith("The articles differ, in order of date: [1] [2]\n\n- Earlier: ")
    assert "- Later: The Loom, 11 June 2024: “" in answer.text


def test_only_the_latest_is_quoted_where_it_is_asked_for(mill):
    answer = mill.answer("How many people were working in the mill, by the latest count?")
    assert sources(answer) == ["later.txt"]
    assert answer.points[0].relation is Relation.ONE


def test_a_reprint_is_named_beside_the_dated_article_and_not_quoted_again(mill):
    answer = mill.answer("How many people were working in the mill at Fleet Harbour?")
    (also,) = [a for a in answer.points[0].also if a.quote.article.source == "copy.txt"]
    assert (also.marker, also.reprint) == (1, True)
    assert also.quote.text == answer.citations[0].quote.text
    assert "Fleet Post, 5 March 2024 (also in Brae Wire, undated, a reprint): “" in answer.text
    assert "also in Brae Wire, Mill on fire (undated), a reprint: copy.txt:" in terminal_text(
        answer
    )


def test_each_part_of_a_question_gets_its_own_quote(mill):
    answer = mill.answer("When does the ferry to Skerry leave, and what does a rye loaf cost?")
    assert sources(answer) == ["boats.txt", "bread.txt"]
    assert [p.parts for p in answer.points] == [
        ("When does the ferry to Skerry leave?",), ("What does a rye loaf cost?",),
    ]  # fmt: skip
    assert not answer.uncovered


def test_the_part_that_no_article_answers_is_said(mill):
    part = "What is the population of Madagascar?"
    answer = mill.answer(f"Who is the captain of the ferry to Skerry? {part}")
    assert answer.uncovered == (part,)
    assert "Tom Hale" in answer.text
    assert answer.text.endswith(f"The articles don't say: {part}")
    assert terminal_text(answer).endswith(f"The articles don't say: {part}")
    assert answer_dict(answer)["uncovered"] == [part]


def test_a_first_part_without_an_answer_does_not_keep_the_second_from_its_own(mill):
    answer = mill.answer("Who won the vote in Madagascar? When does the ferry to Skerry leave?")
    assert answer.uncovered == ("Who won the vote in Madagascar?",)
    assert sources(answer) == ["boats.txt"]


def test_a_question_none_of_whose_parts_is_answered_is_refused(mill):
    answer = mill.answer("Who won the election in Madagascar, and how large is its parliament?")
    assert answer.refused
    assert answer.points == answer.uncovered == answer.citations == ()
    assert answer.near_misses


def test_a_pronoun_brings_its_sentence_along(mill):
    (citation,) = mill.answer("Where does the owner want to build the new mill?").citations
    assert citation.quote.text == (
        "The owner, Ada Brae, said the looms were lost. She wants to build a new mill on the hill."
    )


def test_points_are_printed_with_their_sources_quotes(mill):
    printed = answer_dict(mill.answer("How many people were working in the mill?"))
    (point,) = json.loads(json.dumps(printed))["points"]
    assert point["relation"] == "later"
    assert point["markers"] == [1, 2]
    for also in point["also"]:
        stored = mill.library.article(also["source"]).text
        assert stored[also["start"] : also["end"]] == also["quote"]


PIECES = [
    "How many people were working in the mill?", "Was anyone hurt in the fire?", "who owned it",
    "When does the ferry leave?", "Who is its captain?", "what does rye bread cost", "and",
    "What did the inquiry blame?", "How long does bread keep?", "Who won in Madagascar?",
]  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5))
def test_whatever_is_asked_the_answer_keeps_its_form(mill, pieces):
    answer = mill.answer(" ".join(pieces))
    assert answer.refused == (not answer.citations)
    if answer.refused:
        return
    markers = [c.marker for c in answer.citations]
    assert markers == list(range(1, len(markers) + 1))
    assert len(markers) <= MOST_QUOTES
    assert [m for p in answer.points for m in p.markers] == markers
    # Each marker stands right after its quote, in this order.
    assert [int(m) for m in re.findall(r"” \[(\d+)\]", answer.text)] == markers
    said = answer.text.split("\n\nThe articles don't say: ")[0]
    assert all(line.endswith("]") for line in said.splitlines() if line)
    quotes = [c.quote for c in answer.citations]
    also = [a.quote for p in answer.points for a in p.also]
    assert all(q.span.of(q.article.text) == q.text for q in (*quotes, *also))
    for i, one in enumerate(quotes):
        for other in quotes[i + 1 :]:
            assert (
                one.article.id != other.article.id
                or one.span.end <= other.span.start
                or other.span.end <= one.span.start
            )
