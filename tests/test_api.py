"""The HTTP API over a real server: answers, streams, kept answers, articles, errors."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from rag.assistant import Assistant
from rag.contract import answer_dict
from rag.library import Library
from rag.settings import load
from tests.model_server import Body, Reply, Script, first_line, scripted
from tests.serving import served
from ui.records import Records
from ui.service import Service
from ui.web.answer_form import AnswerForm
from ui.web.app import create_app


@pytest.fixture(scope="module")
def kept(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Service:
    return Service(assistant, Records(tmp_path_factory.mktemp("records")))


@pytest.fixture(scope="module")
def client(kept: Service) -> Iterator[httpx.Client]:
    with (
        served(create_app(kept)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
    ):
        yield client


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_an_answer_is_the_contracts_object_with_its_id(
    client: httpx.Client, assistant: Assistant, answered: str
) -> None:
    got = client.post("/api/ask", json={"question": answered})
    assert got.status_code == 200
    body = got.json()
    expected = json.loads(json.dumps(answer_dict(assistant.answer(answered))))
    for volatile in ("timings_ms",):
        expected.pop(volatile)
        body.pop(volatile)
    assert len(body.pop("id")) == 16
    assert body == expected
    for c in body["citations"]:
        text = client.get(f"/api/sources/{c['source']}")
        assert text.headers["x-pullquote-revision"] == c["revision"]
        assert text.text[c["start"] : c["end"]] == c["quote"]


def test_answers_are_of_the_form_that_the_description_says(
    client: httpx.Client, questions: list[str]
) -> None:
    for question in questions:
        got = client.post("/api/ask", json={"question": question}).json()
        form = AnswerForm.model_validate(got)
        assert form.model_dump(exclude_unset=True) == got
    described = client.get("/api/openapi.json").json()
    fields = described["components"]["schemas"]["AnswerForm"]["properties"]
    assert list(fields) == list(got)
    content = described["paths"]["/api/ask"]["post"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}


def test_history_and_filter_count(client: httpx.Client, answered: str) -> None:
    first = client.post("/api/ask", json={"question": answered}).json()
    source = first["citations"][0]["source"]
    history = [
        {"role": "user", "content": answered},
        {"role": "assistant", "content": first["answer"]},
    ]
    later = client.post("/api/ask", json={"question": "And when was it?", "history": history})
    assert answered.rstrip("?") in later.json()["standalone_question"]
    only = {"question": answered, "filter": {"source": source}}
    found = client.post("/api/ask", json=only).json()
    assert {p["source"] for p in found["passages"]} == {source}
    none = {"question": answered, "filter": {"source": "no/such/*"}}
    assert client.post("/api/ask", json=none).json()["refused"]


def test_quotes_mode_streams_one_answer(client: httpx.Client, answered: str) -> None:
    with client.stream("POST", "/api/ask", json={"question": answered, "stream": True}) as got:
        assert got.headers["content-type"].startswith("text/event-stream")
        events = list(events_of(got.iter_lines()))
    assert [name for name, _ in events] == ["answer"]
    assert events[0][1]["citations"]
    assert events[0][1]["id"]


def test_a_kept_answer_is_recalled_and_judged(client: httpx.Client, answered: str) -> None:
    given = client.post("/api/ask", json={"question": answered, "conversation": "c1"}).json()
    path = f"/api/answers/{given['id']}"
    found = client.get(path).json()
    assert (found["answer"], found["citations"]) == (given["answer"], given["citations"])
    assert {s["standing"] for s in found["standing"]} == {"ok"}
    assert (found["conversation"], found["feedback"]) == ("c1", None)
    said = client.post(f"{path}/feedback", json={"verdict": "bad", "comment": "too short"})
    assert said.status_code == 204
    assert client.get(path).json()["feedback"] == {"verdict": "bad", "comment": "too short"}
    assert client.post(f"{path}/feedback", json={"verdict": "meh"}).status_code == 422
    assert client.get("/api/answers/none").status_code == 404
    assert client.post("/api/answers/none/feedback", json={"verdict": "good"}).status_code == 404


def test_articles_are_listed_and_found(client: httpx.Client, assistant: Assistant) -> None:
    entries = assistant.library.catalogue.entries()
    page = client.get("/api/sources", params={"limit": 2}).json()
    assert page["total"] == len(entries)
    assert [s["source"] for s in page["sources"]] == sorted(e.source for e in entries)[:2]
    second = client.get("/api/sources", params={"limit": 2, "offset": 2}).json()
    assert second["sources"][0]["source"] == sorted(e.source for e in entries)[2]
    title = next(e.metadata.title for e in entries if e.metadata.title)
    found = client.get("/api/sources", params={"q": title.upper()}).json()["sources"]
    assert title in {s["title"] for s in found}
    assert {s["state"] for s in found} == {"ready"}
    assert client.get("/api/sources", params={"q": "100%_\\"}).json()["total"] == 0
    assert client.get("/api/sources", params={"limit": 501}).status_code == 422
    assert client.get("/api/sources/no/such.md").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param({}, 422, "question", id="no question"),
        pytest.param({"question": " ? "}, 400, "empty", id="nothing asked"),
        pytest.param({"question": "x" * 4001}, 400, "shorten", id="too long"),
        pytest.param({"question": "a", "filter": {"until": "soon"}}, 400, "date", id="no date"),
        pytest.param({"question": "a", "colour": 1}, 422, "colour", id="unknown field"),
        pytest.param({"question": "a", "history": [{}]}, 422, "role", id="no role"),
        pytest.param({"question": "a", "history": [{"role": "user"}] * 101}, 422, "100", id="long"),
    ],
)
def test_a_wrong_request_is_told_what_to_mend(
    client: httpx.Client, body: Body, status: int, words: str
) -> None:
    got = client.post("/api/ask", json=body)
    assert got.status_code == status
    assert words in got.json()["error"]["message"]


def test_what_is_no_json_is_told_so(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    got = client.post("/api/ask", content=b"{", headers=headers)
    assert (got.status_code, got.json()["error"]["message"]) == (422, "the body is not JSON")
    half = client.post("/api/ask", content=b'{"question": "\\ud800 a"}', headers=headers)
    assert half.status_code in (400, 422)
    for path in ("/api/ask", "/api/nothing", "/v1/nothing"):
        nowhere = client.get(path)
        assert (nowhere.status_code, nowhere.json()["error"]["type"]) == (404, "not_found_error")
    with client.stream("POST", "/api/ask", json={"question": "?", "stream": True}) as bad:
        [(name, data)] = events_of(bad.iter_lines())
    assert name == "error"
    assert "empty" in data["error"]["message"]


def test_a_models_words_come_as_they_grow(
    with_model: Callable[[Script], Assistant], answered: str
) -> None:
    def say(body: Body) -> Reply:
        return Reply(f"{first_line(body)} The harbour master Zorvan stole it. [1]", wait=0.01)

    with scripted(say) as script, served(create_app(Service(with_model(script)))) as address:
        asked = {"question": answered, "stream": True}
        with httpx.stream(
            "POST", f"{address}/api/ask", json=asked, trust_env=False, timeout=60
        ) as got:
            events = list(events_of(got.iter_lines()))
        quotes = {"question": answered, "mode": "quotes"}
        plain = httpx.post(f"{address}/api/ask", json=quotes, trust_env=False, timeout=60).json()
    names = [name for name, _ in events]
    assert names[-1] == "answer"
    assert names.count("partial") >= 1
    assert (events[-1][1]["mode"], plain["mode"]) == ("llm", "quotes")
    assert events[0][1]["answer"] == events[-1][1]["answer"]
    assert "Zorvan" in events[-1][1]["withheld"][0]["text"]


def wait_for(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/api/ask", "/v1/chat/completions"])
def test_a_reader_who_leaves_stops_the_model(
    with_model: Callable[[Script], Assistant], answered: str, path: str, stream: bool
) -> None:
    with scripted([Reply("And so on", endless=True, wait=0.01)]) as script:
        service = Service(with_model(script))
        with served(create_app(service)) as address:
            asked: Body = {"question": answered, "stream": stream}
            if path.startswith("/v1"):
                messages = [{"role": "user", "content": answered}]
                asked = {"model": "pullquote", "messages": messages, "stream": stream}
            body = json.dumps(asked).encode()
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            url = httpx.URL(address)
            with socket.create_connection((url.host, url.port)) as reader:
                reader.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
                wait_for(lambda: len(script.sent) > 5)
            wait_for(lambda: script.left and not service.running)
            assert script.left == 1
            assert service.running == 0


def test_ready_means_the_latest_articles_answer(client: httpx.Client) -> None:
    assert client.get("/ready").json() == {"ready": True, "reason": None}


def test_a_library_that_cannot_be_read_is_not_ready(tmp_path: Path, embedder: Any) -> None:
    settings = load({}, library=tmp_path / "library")
    library = Library(settings.library, create=True)
    with served(create_app(Service(Assistant(library, embedder, settings)))) as address:
        assert httpx.get(f"{address}/ready", trust_env=False).status_code == 200
        library.catalogue.db.execute("UPDATE meta SET value = '7' WHERE key = 'generation'")
        library.catalogue.db.execute(
            "UPDATE meta SET value = 'another' WHERE key = 'embedding_model'"
        )
        got = httpx.get(f"{address}/ready", trust_env=False)
        assert (got.status_code, got.json()["ready"]) == (503, False)
        assert "another" in got.json()["reason"]
        assert httpx.get(f"{address}/health", trust_env=False).status_code == 200


def test_the_api_page_needs_nothing_from_elsewhere(client: httpx.Client, browser: Browser) -> None:
    description = client.get("/api/openapi.json").json()
    assert {"/api/ask", "/api/sources/{source}", "/v1/chat/completions", "/ready"} <= set(
        description["paths"]
    )
    assert not {"/article", "/api/docs"} & set(description["paths"])
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{client.base_url}/api/docs")
    assert page.locator("h2", has_text="/api/ask").count() == 1
    assert "curl" in page.locator("pre").first.inner_text()
    assert {httpx.URL(url).host for url in asked} == {"127.0.0.1"}
    page.close()
