"""Answers in a model's words, from a scripted endpoint that lies and tells the truth."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import pytest

from rag.compose import REFUSAL
from rag.contract import answer_dict
from rag.prompts import REFUSAL_PHRASE
from tests.drafting import PIECES, drafted, drafter, quotes_for
from tests.model_server import Reply, prompt_of, scripted
from tests.sentences import LIES, TRUE

# --- Lies and true sentences, over the wire --------------------------------------------------


@pytest.fixture(scope="module")
def liar():
    """One endpoint that answers the question "N" with the sentence of number N."""
    sentences = [*TRUE, *LIES]

    def reply(body):
        number = int(re.search(r"Question: (\d+)", prompt_of(body))[1])
        return f"{sentences[number].text} [1]"

    with scripted(reply) as script:
        yield drafter(script), sentences


def test_over_the_wire_no_lie_is_shown_and_each_has_its_reason(liar):
    drafter, sentences = liar
    lies = [(n, s) for n, s in enumerate(sentences) if not s.true]
    assert len(lies) >= 60
    for number, lie in lies:
        quotes = quotes_for(str(number), [lie.of])
        *_, answer = drafter.stream(quotes, [lie.of])
        assert answer.mode == "quotes", lie.text
        assert answer.text == quotes.text
        assert [(w.text, w.reason) for w in answer.withheld] == [(lie.text, lie.reason)]
        assert "could be verified" in answer.notice


def test_over_the_wire_nine_of_ten_true_sentences_are_shown(liar):
    drafter, sentences = liar
    shown = 0
    true = [(n, s) for n, s in enumerate(sentences) if s.true]
    for number, sentence in true:
        *_, answer = drafter.stream(quotes_for(str(number), [sentence.of]), [sentence.of])
        shown += answer.mode == "llm"
    assert shown >= 0.9 * len(true)


# --- What an answer is -----------------------------------------------------------------------


def test_verified_sentences_with_numbers_in_order_of_first_use():
    reply = "It had 212 passengers. [2] The Marsten sank. [1] The ferry Marsten ran aground. [1]"
    answer, _ = drafted(reply)
    assert answer.mode == "llm"
    assert answer.model == "scripted"
    assert answer.text == "It had 212 passengers. [1] The ferry Marsten ran aground. [2]"
    assert [(c.marker, c.quote.article.source) for c in answer.citations] == [
        (1, "article-2.txt"), (2, "article-1.txt"),
    ]  # fmt: skip
    assert [w.text for w in answer.withheld] == ["The Marsten sank."]
    for c in answer.citations:
        assert c.quote.article.text[c.quote.span.start : c.quote.span.end] == c.quote.text
    usage = answer_dict(answer)["usage"]
    assert usage["prompt_tokens"] == 100
    assert usage["completion_tokens"] > 10
    assert usage["price"] is None
    assert {"first_word", "first_sentence", "check", "total"} <= set(answer.timings_ms)
    json.dumps(answer_dict(answer))


def test_a_price_where_there_is_a_table():
    table = {"PULLQUOTE_PRICES": "other=9:9, scripted=2:10"}
    answer, _ = drafted(Reply("It had 212 passengers aboard. [2]"), **table)
    out = answer.usage["completion_tokens"]
    assert answer.usage["price"] == pytest.approx((100 * 2 + out * 10) / 1e6)


def test_usage_is_estimated_where_the_endpoint_reports_none():
    answer, _ = drafted(Reply("It had 212 passengers aboard. [2]", no_usage=True))
    assert answer.usage["estimated"]
    assert answer.usage["prompt_tokens"] > 100
    assert answer.usage["completion_tokens"] > 8


def test_sentences_come_as_they_are_complete():
    reply = Reply("It had 212 passengers aboard. [2] The ferry Marsten ran aground. [1]", wait=0.05)
    with scripted([reply]) as script:
        drafting = drafter(script)
        list(drafting.stream(quotes_for("warm", PIECES), PIECES))
        grown = []
        for answer in drafting.stream(quotes_for("Again?", PIECES), PIECES):
            if not grown or answer.text != grown[-1][1]:
                grown.append((time.perf_counter(), answer.text, len(answer.citations)))
    assert [(text, n) for _, text, n in grown] == [
        ("", 0),
        ("It had 212 passengers aboard. [1]", 1),
        ("It had 212 passengers aboard. [1] The ferry Marsten ran aground. [2]", 2),
    ]
    # The second sentence takes seven pieces of 50 ms to arrive.
    assert grown[2][0] - grown[1][0] > 0.2


@pytest.mark.parametrize(
    ("reply", "complete"),
    [("Passengers aboard: 212.[2] Then more", 3), ("[2] Passengers aboard: 212.\n [1] Then", 4)],
)
def test_first_words_within_300_ms_of_the_first_complete_sentence(reply, complete):
    # Pieces follow one another 400 ms apart: the sentence is complete when this one comes, so that
    # whoever waits for the next is late.
    took = []
    with scripted([Reply(reply, wait=0.4)]) as script:
        drafting = drafter(script)
        for _ in range(3):
            script.sent.clear()
            for answer in drafting.stream(quotes_for("How many?", PIECES), PIECES):
                if answer.text:
                    break
            took.append(time.perf_counter() - script.sent[complete])
    # Other work on the machine may hold up one or the other, but not all.
    assert min(took) < 0.3, took


def test_what_the_model_refuses_is_refused():
    answer, _ = drafted(REFUSAL_PHRASE)
    assert answer.refused
    assert answer.mode == "llm"
    assert answer.text == REFUSAL
    assert not answer.citations
    assert [c.quote.text for c in answer.near_misses] == [e.text for e in PIECES]


def test_a_refusal_behind_an_answer_is_left_out():
    answer, _ = drafted(f"It had 212 passengers aboard. [2] {REFUSAL_PHRASE}")
    assert not answer.refused
    assert answer.text == "It had 212 passengers aboard. [1]"


# --- The same question again -----------------------------------------------------------------


def test_an_equal_question_is_answered_from_the_cache():
    with scripted(["It had 212 passengers aboard. [2]"]) as script:
        drafting = drafter(script)
        quotes = quotes_for("How many?", PIECES)

        def ask(version, quotes=quotes):
            *_, answer = drafting.stream(quotes, PIECES, version)
            return answer

        first, again = ask(1), ask(1)
        assert len(script.requests) == 1
        assert again.text == first.text
        assert again.usage["cached"]
        assert again.usage["prompt_tokens"] == 0
        assert not first.usage["cached"]
        ask(2)  # the library has changed
        ask(1, replace(quotes, standalone_question="How many of them?"))
        assert len(script.requests) == 3


def test_what_failed_is_not_remembered():
    with scripted([Reply(status=401), "It had 212 passengers aboard. [2]"]) as script:
        drafting = drafter(script)
        quotes = quotes_for("How many?", PIECES)
        *_, failed = drafting.stream(quotes, PIECES, 1)
        *_, worked = drafting.stream(quotes, PIECES, 1)
    assert (failed.mode, worked.mode) == ("quotes", "llm")
