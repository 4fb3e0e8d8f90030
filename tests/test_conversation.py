"""Follow-ups: what they lean on, and what they mean alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.conversation import Turn, last_turn, leans, said

FERRY = "How long does the night ferry to Skagen take?"


def talk(*messages):
    """The messages in turn as a history, the user first."""
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate(messages)]


@pytest.mark.parametrize("question", [
    "And how many cabins does it have?", "Why?", "What about the day ferry?", "who said that?",
    "Is he married?", "How much did they pay?", "and in winter?", "The second one?", "When?",
    "Does that include breakfast and a seat on the upper deck?",
])  # fmt: skip
def test_what_points_back_or_lacks_a_subject_leans(question):
    turn = last_turn(question, talk(FERRY, "Eight hours."))
    assert turn.dependent
    assert turn.standalone == f"{FERRY} {question}" or turn.standalone.startswith(FERRY)


@pytest.mark.parametrize("question", [
    "Which composer wrote the opera about the flying Dutchman?",
    "Are there wolves in the forests near the Polish border?",
    "Another question: what does it cost to insure a bicycle?",
    "Thanks. Now a different topic: what does it cost to insure it?",
    "Let's change the subject. Who won?",
    "Who is the mayor of Hamburg?",
    "When was the Vasa museum opened?",
])  # fmt: skip
def test_what_stands_alone_does_not_lean(question):
    turn = last_turn(question, talk(FERRY, "Eight hours."))
    assert not turn.dependent
    assert turn.standalone == question


def test_a_first_question_leans_on_nothing():
    assert not last_turn("And why?", []).dependent
    assert [p.text for p in last_turn("And why?", []).parts] == ["And why?"]


def test_a_change_of_subject_leaves_what_came_before_behind():
    history = talk(
        FERRY, "Eight hours.", "A different question: who is the mayor of Graz?", "Ms Kahr."
    )
    turn = last_turn("Since when has she been in office?", history)
    assert not any("ferry" in part.text for part in turn.parts)
    new = last_turn("New topic: who is the mayor of Graz?", talk(FERRY, "Eight hours."))
    assert [p.text for p in new.parts] == [new.question]


def test_a_follow_up_to_a_follow_up_keeps_the_topic():
    history = talk(FERRY, "Eight hours.", "And what does it cost?", "60 euros.")
    turn = last_turn("Can children go for less?", history)
    assert turn.previous == "And what does it cost?"
    assert turn.earlier == (FERRY,)
    assert turn.standalone == f"{FERRY} And what does it cost? Can children go for less?"
    shares = [part.share for part in turn.parts]
    assert shares[:3] == sorted(shares[:3], reverse=True)


def test_what_came_before_a_question_that_stands_alone_is_left_out():
    history = talk(
        FERRY, "Eight hours.",
        "Which bridges cross the river Limfjord near Aalborg?", "Two.",
        "When were they built?", "…",
    )  # fmt: skip
    turn = last_turn("And who paid for them?", history)
    assert turn.earlier == ("Which bridges cross the river Limfjord near Aalborg?",)


def test_courtesies_are_passed_over():
    history = talk(FERRY, "Eight hours.", "Thank you, that is great!", "You're welcome!")
    turn = last_turn("How much is it?", history)
    assert turn.previous == FERRY
    assert turn.reply == ""


@pytest.mark.parametrize(("reply", "expected"), [
    ("Line News, 4 June 2021: “It sails at ten.” [1]\n\na.txt, undated: “It has 90 cabins.” [2]",
     ("It sails at ten.", "It has 90 cabins.")),
    ("Line News, 4 June 2021: “He said “ten” and left.” [1]", ("He said “ten” and left.",)),
    ("The articles don't say. They nowhere mention “Oslo”.", ()),
    ("No article matches the filter: publisher X.", ()),
    ("I'm sorry, but I do not have that information.", ()),
    ("Unfortunately, nothing is known.", ()),
    ("It sails at **ten** [1] and\nlands at six [2].", ("It sails at ten and lands at six.",)),
    ("Two things:\n- a cabin\n- a seat", ("a cabin", "a seat")),
    ("1. a cabin\n2. a seat", ("a cabin", "a seat")),
    ("He called it “a disaster”.", ("He called it “a disaster”.",)),
    ("It costs 5\\*5 euros.", ("It costs 5*5 euros.",)),
    ("", ()),
])  # fmt: skip
def test_a_reply_is_read_for_what_it_says(reply, expected):
    assert said(reply) == expected


OURS = "A, undated: “Mr Holm sold it.” [1]\n\nB, undated: “Ms Lind bought it.” [2]"


@pytest.mark.parametrize(("question", "reply"), [
    ("Tell me more about the second one", "Ms Lind bought it."),
    ("And the former?", "Mr Holm sold it."),
    ("Who wrote the last quote?", "Ms Lind bought it."),
    ("Who won the second race?", "Mr Holm sold it. Ms Lind bought it."),
    ("What of the fifth one?", "Mr Holm sold it. Ms Lind bought it."),
])  # fmt: skip
def test_a_question_can_point_at_one_part_of_the_reply(question, reply):
    turn = last_turn(question, talk("What became of the mill?", OURS))
    assert turn.reply == reply
    assert turn.pointed == (reply.count(".") == 1)
    assert (reply in turn.standalone) == turn.pointed


def test_who_said_that_asks_of_the_reply():
    history = talk("What became of the mill?", "A, undated: “Mr Holm sold it.” [1]")
    turn = last_turn("Who said that?", history)
    assert "Mr Holm sold it." in turn.standalone
    plain = last_turn("Who lives there?", history)
    assert turn.parts[-1].share > plain.parts[-1].share


def test_another_time_takes_the_place_of_the_one_before():
    history = talk("How many came in May 2019?", "In May 2019, 300 came.")
    turn = last_turn("What about 2021?", history)
    assert [p.text for p in turn.parts[1:]] == ["How many came in ?", "In , 300 came."]
    assert turn.timed == "What about 2021?"
    same_year = last_turn("And in June?", history)
    assert "2019" in same_year.parts[1].text and "May" not in same_year.parts[1].text


def test_a_follow_up_without_a_time_is_of_the_time_before():
    history = talk("How many came in May 2019?", "300.")
    assert last_turn("Why did they come?", history).timed == "How many came in May 2019?"
    alone = "Which opera did the young composer from Leipzig write?"
    assert last_turn(alone, history).timed == alone


MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text() | st.none()}
)


@given(st.text(min_size=1), st.lists(MESSAGE, max_size=8))
def test_any_conversation_gives_a_turn_that_ends_in_its_question(question, history):
    turn = last_turn(question, history)
    assert question in turn.standalone
    assert turn.parts[0].text == question and turn.parts[0].share == 1
    assert all(0 <= part.words <= 1 and 0 < part.share <= 1 for part in turn.parts)
    assert len(turn.parts) <= 5
    assert turn.dependent <= (bool(turn.previous))
    assert leans(question) or turn.pointed or turn.standalone == question


def test_a_turn_can_be_made_by_hand():
    assert Turn("Who won?").parts == last_turn("Who won?", []).parts
