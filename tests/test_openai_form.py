"""Pullquote as a model: OpenAI's own client, llama-index and the llm command line, as they come."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from tests.model_server import Body, Reply, Script, first_line, scripted
from tests.serving import served
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app
from ui.web.footnotes import foot, without_foot
from ui.web.openai_form import _new


@pytest.fixture(scope="module")
def base(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    service = Service(assistant, Records(tmp_path_factory.mktemp("records")))
    with served(create_app(service)) as address:
        yield f"{address}/v1"


@pytest.fixture
def client(base: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base, api_key="any", max_retries=0) as client:
        yield client


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [m.id for m in client.models.list()] == ["pullquote"]
    assert client.models.retrieve("pullquote").owned_by == "pullquote"
    with pytest.raises(openai.NotFoundError, match=r"gpt-4o.* does not exist here; there is pull"):
        client.models.retrieve("gpt-4o")


def test_a_completion_has_quotes_sources_and_citations(
    client: openai.OpenAI, assistant: Assistant, answered: str
) -> None:
    got = client.chat.completions.create(
        model="pullquote",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": [{"type": "text", "text": answered}]},
        ],
        temperature=0.7,
    )
    [choice] = got.choices
    assert choice.finish_reason == "stop"
    answer = assistant.answer(answered)
    assert choice.message.content
    assert choice.message.content.startswith(answer.text)
    footnotes = choice.message.content.removeprefix(answer.text)
    for citation in answer.citations:
        assert f"- [{citation.marker}] " in footnotes
    citations = got.model_extra["citations"]
    assert [c["quote"] for c in citations] == [c.quote.text for c in answer.citations]
    assert len(got.model_extra["pullquote"]["id"]) == 16
    assert got.usage
    assert got.usage.total_tokens == got.usage.prompt_tokens + got.usage.completion_tokens
    assert got.usage.completion_tokens > len(choice.message.content.split()) / 2


def test_a_stream_says_the_same(client: openai.OpenAI, answered: str) -> None:
    messages = [{"role": "user", "content": answered}]
    whole = client.chat.completions.create(model="pullquote", messages=messages)
    chunks = list(
        client.chat.completions.create(
            model="pullquote",
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    *_, last, usage = chunks
    assert last.choices[0].finish_reason == "stop"
    assert last.model_extra["citations"] == whole.model_extra["citations"]
    assert (usage.choices, usage.usage) == ([], whole.usage)
    plain = list(client.chat.completions.create(model="pullquote", messages=messages, stream=True))
    assert plain[-1].choices[0].finish_reason == "stop"
    assert {c.usage for c in plain} == {None}


def test_the_asynchronous_client_works_too(base: str, answered: str) -> None:
    async def ask() -> tuple[str | None, str]:
        messages = [{"role": "user", "content": answered}]
        async with openai.AsyncOpenAI(base_url=base, api_key="any", max_retries=0) as client:
            whole, stream = await asyncio.gather(
                client.chat.completions.create(model="pullquote", messages=messages),
                client.chat.completions.create(model="pullquote", messages=messages, stream=True),
            )
            pieces = [c.choices[0].delta.content or "" async for c in stream]
        return whole.choices[0].message.content, "".join(pieces)

    whole, streamed = asyncio.run(ask())
    assert whole
    assert whole == streamed


def test_a_conversation_goes_on(client: openai.OpenAI, answered: str) -> None:
    messages = [{"role": "user", "content": answered}]
    first = client.chat.completions.create(model="pullquote", messages=messages)
    messages += [
        {"role": "assistant", "content": first.choices[0].message.content},
        {"role": "user", "content": "And when was it?"},
    ]
    second = client.chat.completions.create(model="pullquote", messages=messages)
    asked = second.model_extra["pullquote"]["standalone_question"]
    assert answered.rstrip("?") in asked
    assert "Sources" not in asked


def test_a_refusal_shows_what_came_nearest(client: openai.OpenAI, refused: str) -> None:
    messages = [{"role": "user", "content": refused}]
    got = client.chat.completions.create(model="pullquote", messages=messages)
    assert got.model_extra["pullquote"]["refused"]
    assert got.model_extra["citations"] == []
    nearest = got.model_extra["pullquote"]["near_misses"]
    assert nearest
    assert got.choices[0].message.content.count("\n- [") == len(nearest)


def test_a_filter_is_taken(client: openai.OpenAI, answered: str) -> None:
    got = client.chat.completions.create(
        model="pullquote",
        messages=[{"role": "user", "content": answered}],
        extra_body={"filter": {"source": "no/such/*"}},
    )
    assert "No article matches" in (got.choices[0].message.content or "")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        pytest.param({"model": "gpt-4o"}, openai.NotFoundError, "gpt-4o", id="model"),
        pytest.param({"messages": []}, openai.BadRequestError, "last one", id="nothing said"),
        pytest.param(
            {"messages": [{"role": "assistant", "content": "Hello"}]},
            openai.BadRequestError, "last one", id="no question",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": "x" * 5000}]},
            openai.BadRequestError, "shorten", id="too long",
        ),
        pytest.param({"n": 2}, openai.BadRequestError, "n:", id="two answers"),
        pytest.param({"messages": "hello"}, openai.BadRequestError, "messages", id="no list"),
    ],
)  # fmt: skip
def test_errors_are_openais(
    client: openai.OpenAI, wrong: Body, error: type[openai.APIStatusError], words: str, stream: bool
) -> None:
    body = {"model": "pullquote", "messages": [{"role": "user", "content": "Who?"}], **wrong}
    with pytest.raises(error, match=words) as caught:
        client.chat.completions.create(**body, stream=stream)
    assert caught.value.body["message"]
    assert caught.value.body["type"]


def test_a_models_words_stream_and_quotes_can_be_had_instead(
    with_model: Callable[[Script], Assistant], answered: str
) -> None:
    def say(body: Body) -> Reply:
        return Reply(f"{first_line(body)} Zorvan stole it. [1] " + "more " * 30, wait=0.01)

    messages = [{"role": "user", "content": answered}]
    with (
        scripted(say) as script,
        served(create_app(Service(with_model(script)))) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client,
    ):
        assert {m.id for m in client.models.list()} == {"pullquote", "pullquote-quotes"}
        stream = client.chat.completions.create(model="pullquote", messages=messages, stream=True)
        chunks = list(stream)
        asked = len(script.requests)
        quotes = client.chat.completions.create(model="pullquote-quotes", messages=messages)
        assert len(script.requests) == asked
    pieces = [c.choices[0].delta.content for c in chunks if c.choices[0].delta.content]
    assert len(pieces) >= 2, "the sentence, then its foot"
    assert "Zorvan" not in "".join(pieces)
    assert "**Sources**" in "".join(pieces)
    assert quotes.model_extra["pullquote"]["mode"] == "quotes"
    assert chunks[-1].model_extra["pullquote"]["mode"] == "llm"


def test_llama_index_takes_it_for_a_model(base: str, answered: str) -> None:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model="pullquote", api_base=base, api_key="any", is_chat_model=True, max_retries=0
    )
    whole = model.chat([ChatMessage(role="user", content=answered)])
    *_, last = model.stream_chat([ChatMessage(role="user", content=answered)])
    assert "**Sources**" in (whole.message.content or "")
    assert last.message.content == whole.message.content


def test_the_llm_command_line_chats_with_it(base: str, answered: str, tmp_path: Path) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: articles\n  model_name: pullquote\n  api_base: {base}\n", encoding="utf-8"
    )
    # The package that brings the tests' model is a plug-in of this one, without what it needs.
    own = {"LLM_USER_PATH": str(tmp_path), "LLM_LOAD_PLUGINS": "", "NO_PROXY": "*"}
    environ = {**os.environ, **own}
    for flags in ([], ["--no-stream"]):
        command = [sys.executable, "-m", "llm", "-m", "articles", "--key", "any", *flags, answered]
        run = subprocess.run(command, env=environ, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert "**Sources**" in run.stdout
        assert "[1]" in run.stdout


def test_an_earlier_answer_comes_back_without_its_foot(
    assistant: Assistant, answered: str, refused: str
) -> None:
    for question in (answered, refused):
        answer = assistant.answer(question)
        assert foot(answer)
        assert without_foot(answer.text + foot(answer)) == answer.text


@given(st.text(), st.text())
def test_what_is_sent_ends_in_what_is_said(sent: str, said: str) -> None:
    assert (sent + _new(sent, said)).endswith(said)
    assert _new(sent, sent + said) == said
