"""A scripted endpoint that errs, stalls and repeats itself, and readers who leave."""

from __future__ import annotations

import time

import pytest

from tests.drafting import PIECES, drafted, drafter, quotes_for
from tests.model_server import Reply, scripted


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(Reply(status=429), "takes no more requests for now", id="429"),
        pytest.param(Reply(status=500), "takes no more requests for now", id="500"),
        pytest.param(Reply(status=401), "refuses the request", id="401"),
        pytest.param(
            Reply(raw='data: {"choices": [{"de\n\n', headers={"content-type": "text/event-stream"}),
            "cannot be read",
            id="half-json",
        ),
        pytest.param(Reply("late", wait=9), "took too long", id="silence"),
        pytest.param(Reply("", breaks_off=True), "cannot be read", id="broken-stream"),
        pytest.param(Reply("and on and on " * 20, endless=True), "cannot be read", id="endless"),
        pytest.param(Reply(""), "wrote nothing", id="nothing"),
        pytest.param(Reply("{\"answer\": [1, 2]}"), "could be verified", id="json"),
        pytest.param(Reply("![x](http://x.example/a.png) [1]"), "could be verified", id="image"),
        pytest.param(Reply("Ja, das Schiff sank. [1]"), "could be verified", id="german"),
    ],
)  # fmt: skip
def test_quotes_mode_answers_and_says_why(reply, words):
    answer, _ = drafted(reply, PULLQUOTE_MODEL_DEADLINE="2", PULLQUOTE_MAX_TOKENS="32")
    assert answer.mode == "quotes"
    assert answer.text == quotes_for("What happened?", PIECES).text
    assert words in answer.notice
    assert len(answer.citations) == 2


def test_what_was_verified_before_a_stream_broke_stays():
    answer, _ = drafted(Reply("It had 212 passengers aboard. [2] The fer", breaks_off=True))
    assert answer.mode == "llm"
    assert answer.text == "It had 212 passengers aboard. [1]"
    assert "broke off" in answer.notice


def test_a_model_that_repeats_itself_is_left():
    answer, script = drafted(Reply("It had 212 passengers aboard. [2] ", endless=True, wait=0.002))
    assert answer.text == "It had 212 passengers aboard. [1]"
    limit = time.perf_counter() + 5
    while not script.left and time.perf_counter() < limit:
        time.sleep(0.02)
    assert script.left


def test_a_reader_who_leaves_ends_the_request():
    with scripted([Reply("on and on ", endless=True, wait=0.02)]) as script:
        stream = drafter(script).stream(quotes_for("Q?", PIECES), PIECES)
        while not script.requests:
            next(stream)
        stream.close()
        limit = time.perf_counter() + 5
        while not script.left and time.perf_counter() < limit:
            time.sleep(0.02)
    assert script.left
