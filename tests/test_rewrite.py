"""Follow-ups rewritten by a model, and rewritings that invent something."""

from __future__ import annotations

import pytest

from rag.conversation import last_turn
from rag.llm import OpenAIChat
from rag.rewrite import Rewriter
from rag.settings import load
from tests.model_server import Reply, prompt_of, scripted

HISTORY = [
    {"role": "user", "content": "When did the ferry Marsten run aground?"},
    {"role": "assistant", "content": "The Marsten ran aground on March 9 near Cape Orrin. [1]"},
]
FOLLOW_UP = "How many people were on it?"


def rewritten(reply, question=FOLLOW_UP, history=HISTORY):
    with scripted([reply]) as script:
        settings = load({**script.environ, "PULLQUOTE_MODEL_RETRIES": "0"})
        rewriter = Rewriter(OpenAIChat(settings), settings)
        return rewriter.rewrite(last_turn(question, history), history), script


def test_a_follow_up_stands_alone():
    result, script = rewritten("How many people were on the ferry Marsten?")
    assert result.turn.standalone == "How many people were on the ferry Marsten?"
    assert not result.turn.dependent
    assert not result.withheld
    assert "Cape Orrin" in prompt_of(script.requests[0])


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("How many people were on the ferry Estonia?", "name nobody said: Estonia"),
        ("How many of the 212 people were on the Marsten?", "figure nobody said: 212"),
        ("How many people were on the Marsten on March 10?", "date nobody said"),
        ("How many people were not on the Marsten?", "a negation nobody said"),
        ("How many drunken sailors and stolen diamonds were on the Marsten?", "words nobody said"),
        ("", "not one question"),
        ("People were on the ferry Marsten.", "not one question"),
        ("1234 " * 200, "not one question"),
    ],
)
def test_an_invention_is_not_taken(reply, reason):
    result, _ = rewritten(reply)
    assert result.turn == last_turn(FOLLOW_UP, HISTORY)
    assert reason in result.withheld[0].reason


def test_where_the_model_fails_quotes_modes_own_way_is_taken():
    result, _ = rewritten(Reply(status=500))
    assert result.turn.standalone == f"{HISTORY[0]['content']} {FOLLOW_UP}"
    assert "not rewritten" in result.withheld[0].reason


def test_a_question_that_stands_alone_costs_nothing():
    for question, history in (
        (FOLLOW_UP, []),
        ("When was the lighthouse at Cape Orrin built and by whom?", HISTORY),
    ):
        result, script = rewritten("Nothing.", question, history)
        assert result.turn.question == question
        assert not script.requests
