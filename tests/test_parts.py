"""Questions with parts: how they are split, and what is said of a part that has no answer."""

import pytest

from rag.conversation import Turn
from rag.parts import part_turns, question_parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        pytest.param(
            "When did the mill open, and how many people work there?",
            ("When did the mill open?", "How many people work there?"),
            id="comma-and",
        ),
        pytest.param(
            "who owns the mill and what does it make",
            ("Who owns the mill?", "What does it make?"),
            id="no punctuation",
        ),
        pytest.param(
            "Who owns the mill? Is it for sale?",
            ("Who owns the mill?", "Is it for sale?"),
            id="two sentences",
        ),
        pytest.param(
            "Where and when did the mill burn down, and was anyone hurt?",
            ("Where did the mill burn down?", "When did the mill burn down?", "Was anyone hurt?"),
            id="two question words",
        ),
        pytest.param(
            "Who leads the unions of Fleet and of Brae?",
            ("Who leads the unions of Fleet?", "Who leads the unions of Brae?"),
            id="preposition twice",
        ),
        pytest.param(
            "How many looms will they sell and on which days?",
            ("How many looms will they sell?", "On which days will they sell?"),
            id="ellipsis",
        ),
        pytest.param(
            "How many work in Fleet and how many in Brae?",
            ("How many work in Fleet?", "How many work in Brae?"),
            id="ellipsis with a preposition",
        ),
        pytest.param(
            "How old is the mill, when was it built?",
            ("How old is the mill?", "When was it built?"),
            id="comma alone",
        ),
    ],
)
def test_a_question_with_parts_is_split(question, parts):
    assert question_parts(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who owns the mill and the weir?",
        "What did the U.S. and Canada agree on?",
        "When mills close, what is it called?",
        "Who was the doctor that led the study and was criticised by the board?",
        "How do I pay? By card?",
        "How much was lost, and how fast, at the start?",
        "Do you know when and where the mill was built?",
        "How often must the weir be cleaned, is it every week?",
        "Did the mill close, or is it still open?",
        "?",
        "",
    ],
)
def test_a_question_without_parts_stays_whole(question):
    assert question_parts(question) == (question,)


def test_later_parts_follow_the_first_and_the_first_the_conversation():
    turn = Turn("When was it built, and who paid for it?", "What is Fleet Mill?", "A mill.")
    first, second = part_turns(turn)
    assert (first.question, first.previous, first.reply) == (
        "When was it built?", "What is Fleet Mill?", "A mill.",
    )  # fmt: skip
    assert second.question == "Who paid for it?"
    assert (second.previous, second.earlier) == ("When was it built?", ("What is Fleet Mill?",))
    assert part_turns(Turn("Who paid?")) == (Turn("Who paid?"),)
