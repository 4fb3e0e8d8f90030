"""The model client over a real wire: what comes, what goes wrong, and leaving early."""

from __future__ import annotations

import socket
import time

import pytest

from rag.errors import (
    ContextLengthError,
    ModelAnswerError,
    ModelBusyError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from rag.llm import Message, OpenAIChat, Usage, complete, open_model
from rag.settings import load
from tests.model_server import Reply, scripted

ASK = [Message("system", "rules"), Message("user", "question")]


def model(script, **more):
    return OpenAIChat(load({**script.environ, **more}))


def ask(script, deadline=20.0, **more):
    usage = Usage()
    return complete(model(script, **more), ASK, 50, deadline, usage), usage


def test_a_reply_streams_and_reports_its_tokens():
    with scripted(["One two three."]) as script:
        usage = Usage()
        pieces = [p for p in model(script).stream(ASK, 50, 20, usage) if p]
    assert pieces == ["One", " two", " three."]
    assert (usage.prompt_tokens, usage.completion_tokens, usage.reported) == (100, 3, True)
    sent = script.requests[0]
    assert sent["model"] == "scripted"
    assert sent["temperature"] == 0
    assert sent["max_tokens"] == 50
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]


def test_a_model_without_usage_is_said_to_have_reported_none():
    with scripted([Reply("Yes.", no_usage=True)]) as script:
        text, usage = ask(script)
    assert text == "Yes."
    assert not usage.reported


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(Reply(status=429, headers={"retry-after-ms": "1"}), ModelBusyError, id="429"),
        pytest.param(Reply(status=500, headers={"retry-after-ms": "1"}), ModelBusyError, id="500"),
        pytest.param(Reply(status=401), ModelRefusedError, id="401"),
        pytest.param(Reply(status=404), ModelRefusedError, id="404"),
        pytest.param(
            Reply(
                status=400,
                raw='{"error": {"message": "This model\'s maximum context length is 512 tokens",'
                ' "code": "context_length_exceeded"}}',
            ),
            ContextLengthError,
            id="context",
        ),
        pytest.param(Reply(status=400), ModelAnswerError, id="400"),
        pytest.param(
            Reply(
                raw='data: {"choices": [{"del\n\n', headers={"content-type": "text/event-stream"}
            ),
            ModelAnswerError,
            id="half-json",
        ),
        pytest.param(
            Reply(raw="data: [1, 2]\n\n", headers={"content-type": "text/event-stream"}),
            ModelAnswerError,
            id="other-json",
        ),
        pytest.param(Reply("One two", breaks_off=True), ModelAnswerError, id="broken-stream"),
        pytest.param(Reply("and on " * 50, endless=True), ModelAnswerError, id="endless"),
        pytest.param(Reply("late", wait=5), ModelTimeoutError, id="silence"),
    ],
)
def test_what_goes_wrong_is_told_apart(reply, error):
    with scripted([reply]) as script, pytest.raises(error) as raised:
        ask(script, deadline=1.5)
    assert raised.value.__cause__ is not None or error in (ModelAnswerError,)


def test_an_endpoint_that_is_not_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    settings = load({"OPENAI_BASE_URL": address, "PULLQUOTE_MODEL_RETRIES": "0"})
    with pytest.raises(ModelUnreachableError, match="is it running"):
        complete(OpenAIChat(settings), ASK, 50, 20, Usage())


def test_what_fails_for_now_is_tried_again():
    replies = [Reply(status=429, headers={"retry-after-ms": "1"}), "Better."]
    with scripted(replies) as script:
        assert ask(script)[0] == "Better."
        assert len(script.requests) == 2
    with scripted([Reply(status=401)]) as script, pytest.raises(ModelRefusedError):
        ask(script)
    assert len(script.requests) == 1


def test_one_deadline_holds_over_all_retries():
    # The server asks for a minute's patience before each retry.
    slow = Reply(status=429, headers={"retry-after": "50"})
    with scripted([slow]) as script:
        start = time.perf_counter()
        with pytest.raises(ModelTimeoutError):
            ask(script, deadline=1.0)
    assert time.perf_counter() - start < 8


def test_leaving_a_stream_closes_its_connection():
    with scripted([Reply("on and on ", endless=True, wait=0.02)]) as script:
        stream = model(script).stream(ASK, 10_000, 60, Usage())
        assert any(next(stream) for _ in range(50))
        stream.close()
        limit = time.perf_counter() + 5
        while not script.left and time.perf_counter() < limit:
            time.sleep(0.02)
    assert script.left == 1


def test_an_unnamed_model_is_asked_for_its_name():
    with scripted(["Yes."]) as script:
        settings = load({"OPENAI_BASE_URL": script.environ["OPENAI_BASE_URL"]})
        chosen = open_model(settings)
        assert complete(chosen, ASK, 50, 20, Usage()) == "Yes."
        assert chosen.name == "scripted-1"


def test_no_key_and_no_endpoint_sends_nothing():
    with pytest.raises(ModelRefusedError, match="OPENAI_API_KEY"):
        complete(open_model(load({"PULLQUOTE_MODEL": "any"})), ASK, 50, 20, Usage())


def test_quotes_mode_has_no_model():
    assert open_model(load({})) is None
