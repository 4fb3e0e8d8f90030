"""The tools over the Model Context Protocol, with its own client package."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from rag.assistant import Assistant
from rag.settings import load
from tests.serving import Bare, served
from ui.service import Service
from ui.web.app import create_app


@pytest.fixture(scope="module")
def address(assistant: Assistant) -> Iterator[str]:
    with served(create_app(Service(assistant))) as address:
        yield f"{address}/mcp"


def use(
    address: str,
    act: Callable[[ClientSession], Coroutine[Any, Any, Any]],
    headers: dict[str, str] | None = None,
) -> Any:
    async def run() -> Any:
        async with (
            streamablehttp_client(address, headers=headers, timeout=60) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await act(session)

    return asyncio.run(run())


def call(address: str, tool: str, **arguments: Any) -> tuple[bool, str]:
    async def act(session: ClientSession) -> tuple[bool, str]:
        result = await session.call_tool(tool, arguments)
        return result.isError, "".join(getattr(c, "text", "") for c in result.content)

    return use(address, act)


def test_the_tools_say_what_they_are_for(address: str) -> None:
    async def act(session: ClientSession) -> Any:
        return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in use(address, act)}
    assert set(tools) == {"ask", "search", "show"}
    assert "word-for-word quote" in (tools["ask"].description or "")
    schema = tools["ask"].inputSchema
    assert set(schema["properties"]) == {"question", "source", "since", "until"}
    assert "reports/*" in schema["properties"]["source"]["description"]


def test_asking_searching_and_showing(address: str, assistant: Assistant, answered: str) -> None:
    wrong, text = call(address, "ask", question=answered)
    assert not wrong
    answer = json.loads(text)
    expected = assistant.answer(answered)
    assert [c["quote"] for c in answer["citations"]] == [c.quote.text for c in expected.citations]
    first = answer["citations"][0]
    wrong, text = call(address, "show", source=first["source"], start=first["start"])
    shown = json.loads(text)
    assert not wrong
    assert shown["text"].startswith(first["quote"])
    assert shown["revision"] == first["revision"]
    wrong, text = call(address, "search", words=answered, most=3)
    found = json.loads(text)
    assert not wrong
    assert [f["source"] for f in found] == [h.passage.article.source for h in expected.hits[:3]]
    for passage in found:
        stored = assistant.library.article(passage["source"]).text
        assert stored[passage["start"] : passage["end"]] == passage["text"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("ask", {"question": "?"}, "empty"),
        ("ask", {"question": "Who?", "since": "soon"}, "no date"),
        ("show", {"source": "no/such"}, "no article"),
        ("show", {"source": "no/such", "start": -1}, "negative"),
    ],
)
def test_what_is_wrong_is_said(
    address: str, tool: str, arguments: dict[str, Any], words: str
) -> None:
    wrong, text = call(address, tool, **arguments)
    assert (wrong, words in text) == (True, True), text


def test_only_the_protocol_is_reached(address: str) -> None:
    base = address.removesuffix("/mcp")
    for path in ("/tools", "/tools/", "/tools/gradio_api/mcp/", "/tools/gradio_api/info"):
        assert httpx.get(base + path, trust_env=False).status_code == 404, path
    assert httpx.get(address, trust_env=False).status_code == 405
    info = httpx.get(f"{base}/gradio_api/info", trust_env=False).json()
    assert not info["named_endpoints"]


def test_the_tools_are_behind_the_gate(tmp_path: Any) -> None:
    key = "k" * 24
    settings = load({}, tmp_path, library=tmp_path, access_keys=key)
    with served(create_app(Service(Bare()), settings=settings)) as base:
        got = httpx.post(f"{base}/mcp", json={}, trust_env=False)
        assert got.status_code == 401

        async def act(session: ClientSession) -> int:
            return len((await session.list_tools()).tools)

        assert use(f"{base}/mcp", act, {"Authorization": f"Bearer {key}"}) == 3
