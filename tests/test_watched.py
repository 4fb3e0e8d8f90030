"""What those who run the server see and do: figures, logs, a stop that lets answers end."""

from __future__ import annotations

import json
import logging
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.assistant import Assistant
from rag.settings import load
from tests.model_server import Body, Reply, Script, first_line, scripted
from tests.serving import Bare, served
from ui.service import Reply as Said
from ui.service import Service
from ui.web.app import create_app
from ui.web.logs import JsonLines, log_answer

TOP = Path(__file__).resolve().parent.parent


def figures(address: str) -> dict[str, float]:
    text = httpx.get(f"{address}/metrics", trust_env=False, timeout=60).text
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_requests_and_answers_are_counted(
    with_model: Callable[[Script], Assistant], answered: str, refused: str
) -> None:
    def say(body: Body) -> Reply:
        return Reply(f"{first_line(body)} Zorvan stole it. [1] End.")

    with scripted(say) as script, served(create_app(Service(with_model(script)))) as address:
        for question, mode in ((answered, None), (answered, "quotes"), (refused, "quotes")):
            body = {"question": question, "mode": mode}
            httpx.post(f"{address}/api/ask", json=body, trust_env=False, timeout=60)
        httpx.get(f"{address}/api/sources/no/such", trust_env=False, timeout=60)
        found = figures(address)
    assert found['pullquote_answers_total{mode="llm",outcome="answered"}'] == 1
    assert found['pullquote_answers_total{mode="quotes",outcome="answered"}'] == 1
    assert found['pullquote_answers_total{mode="quotes",outcome="refused"}'] == 1
    assert found["pullquote_withheld_total"] >= 1
    assert found['pullquote_model_tokens_total{direction="prompt"}'] == 100
    assert found['pullquote_requests_total{status="200",way="/api/ask"}'] == 3
    assert found['pullquote_requests_total{status="404",way="/api"}'] == 1
    assert found['pullquote_request_seconds_count{way="/api/ask"}'] == 3
    assert found["pullquote_articles"] > 0
    assert found["pullquote_answers_running"] == 0
    assert found["process_resident_memory_bytes"] > 10**7
    assert not any(answered[:20] in name for name in found)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the server logs, formatted."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(JsonLines().format(record))

    logger, keep = logging.getLogger("pullquote.server"), Keep()
    logger.addHandler(keep)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(keep)
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("with_questions", [False, True])
def test_logs_have_the_question_only_where_told(
    lines: list[str], assistant: Assistant, answered: str, tmp_path: Path, with_questions: bool
) -> None:
    settings = load({}, tmp_path, log_questions=with_questions, token_secret="s" * 32,
                    access_keys=f"tool={'k' * 16}", library=tmp_path)  # fmt: skip
    with served(create_app(Service(assistant), settings=settings)) as address:
        key = {"Authorization": f"Bearer {'k' * 16}"}
        body = {"question": answered}
        for headers in (key, {}):
            httpx.post(f"{address}/api/ask", json=body, headers=headers, trust_env=False)
        httpx.get(f"{address}/health?q={answered}", trust_env=False)
        httpx.get(f"{address}/api/sources?q={answered}", headers=key, trust_env=False)
    found = [json.loads(line) for line in lines]
    assert [line["message"] for line in found] == ["answer", "request", "request", "request"]
    answer, asked, turned_away, listed = found
    assert answer["citations"] > 0
    assert (asked["status"], asked["way"], asked["who"]) == (200, "key", "tool")
    assert (turned_away["status"], "who" in turned_away) == (401, False)
    assert (listed["path"], listed["method"]) == ("/api/sources", "GET")
    assert (answered in "\n".join(lines)) == with_questions
    assert "k" * 16 not in "\n".join(lines)


@pytest.mark.parametrize("with_questions", [False, True])
def test_logs_have_the_slips_of_a_question_only_where_told(
    lines: list[str], assistant: Assistant, with_questions: bool
) -> None:
    question = "How many contaners were aboard the ship that hit the bridge?"
    answer = assistant.answer(question)
    failed = replace(answer, notice=f"{answer.notice} The model broke off.")
    for one in (answer, failed):
        log_answer(Said(one), with_questions)
    assert len(lines) == 2
    assert ("contaners" in "".join(lines)) == with_questions
    assert json.loads(lines[1])["notice"].endswith("The model broke off.")


def test_what_breaks_is_told_and_logged_without_its_words(lines: list[str]) -> None:
    broken = Bare(RuntimeError("secret"))
    app = create_app(Service(broken))
    broken.count = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    with served(app) as address:
        got = httpx.post(f"{address}/api/ask", json={"question": "Who?"}, trust_env=False)
        health = httpx.get(f"{address}/health", trust_env=False)
        for response in (got, health):
            assert response.status_code == 500
            assert "secret" not in response.text
            assert "log says what" in response.json()["error"]["message"]
            assert "frame-ancestors" in response.headers["content-security-policy"]
    errors = [line for line in map(json.loads, lines) if line["level"] == "error"]
    assert len(errors) == 2
    assert "RuntimeError: secret" in errors[0]["exception"]


# --- A server of its own -------------------------------------------------------------------

SERVE = """
import sys, time
from rag.domain import Answer
from rag.settings import load
from tests.serving import Bare
from ui.server import serve
from ui.service import Reply as Said
from ui.service import Service
import ui.impatient

ui.impatient.HEAD_SECONDS = 1.0

class Slow(Bare):
    def stream(self, question, history=(), where=None, page=""):
        end = time.monotonic() + float(question.split()[-1])
        while time.monotonic() < end:
            yield Answer(question, "So", question, mode="llm")
            time.sleep(0.05)
        yield Answer(question, "So it is.", question, mode="llm")

serve(Service(Slow()), load({}, **eval(sys.argv[1])))
"""


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    started = []

    def go(**settings: Any) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", SERVE, repr({"port": 0, **settings})]
        process = subprocess.Popen(command, cwd=TOP, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stderr
        line = process.stderr.readline()
        assert line.startswith("Pullquote is at "), line + process.stderr.read()
        return process, line.split()[-1]

    yield go
    for process in started:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


def ask_slowly(address: str, seconds: float) -> tuple[threading.Thread, list[str]]:
    """Ask for an answer that takes so long; the thread, and the answer's text once it is there."""
    texts: list[str] = []

    def ask() -> None:
        body = {"question": f"wait {seconds}"}
        try:
            got = httpx.post(f"{address}/api/ask", json=body, trust_env=False, timeout=60)
            texts.append(got.json()["answer"])
        except (httpx.HTTPError, LookupError, ValueError):
            texts.append("cut off")

    thread = threading.Thread(target=ask)
    thread.start()
    end = time.monotonic() + 30
    while figures(address)["pullquote_answers_running"] < 1 and time.monotonic() < end:
        time.sleep(0.05)
    return thread, texts


def test_a_stop_lets_a_running_answer_end(start: Any) -> None:
    process, address = start()
    thread, texts = ask_slowly(address, 2.5)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{address}/health", trust_env=False)
    thread.join(30)
    assert texts == ["So it is."]
    assert process.wait(20) in (0, -signal.SIGTERM)


def test_a_stop_does_not_wait_for_ever(start: Any) -> None:
    process, address = start()
    thread, texts = ask_slowly(address, 60)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) in (0, -signal.SIGTERM)
    assert time.monotonic() - begun < 30
    thread.join(30)
    assert texts != ["So it is."]


def test_logs_are_lines_of_json(start: Any) -> None:
    process, address = start(log="json")
    httpx.get(f"{address}/api/sources/none", trust_env=False, timeout=60)
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    lines = [json.loads(line) for line in process.stderr.read().splitlines()]
    assert [line["status"] for line in lines if line["message"] == "request"] == [404]
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line["time"]) for line in lines)


def test_a_head_that_does_not_get_on_is_given_up(start: Any) -> None:
    _, address = start()
    url = httpx.URL(address)
    for first in (b"", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
        with socket.create_connection((url.host, url.port)) as slow:
            slow.settimeout(30)
            if first:
                slow.sendall(first)
                got = b""
                while b"passages" not in got:
                    got += slow.recv(65536)
                assert got.startswith(b"HTTP/1.1 200")
            slow.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
            begun = time.monotonic()
            assert slow.recv(65536) == b""
            assert time.monotonic() - begun < 20
    # One that is only slow to answer is not cut off.
    body = {"question": "wait 3"}
    got = httpx.post(f"{address}/api/ask", json=body, trust_env=False, timeout=60)
    assert got.json()["answer"] == "So it is."


def test_questions_beyond_what_may_wait_are_turned_away(start: Any) -> None:
    _, address = start(answers_at_once=1, answers_waiting=0)
    thread, texts = ask_slowly(address, 3)
    for body in ({"question": "wait 0"}, {"question": "wait 0", "stream": True}):
        got = httpx.post(f"{address}/api/ask", json=body, trust_env=False, timeout=60)
        assert (got.status_code, got.json()["error"]["type"]) == (503, "overloaded_error")
        assert got.headers["retry-after"]
    thread.join(60)
    assert texts == ["So it is."]


@pytest.mark.parametrize("flags", [["--readers", "4"], ["--rate", "100"]], ids=" ".join)
def test_the_load_can_be_measured(flags: list[str]) -> None:
    command = [sys.executable, "-m", "tests.loading", "--seconds", "1", *flags]
    run = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "memory: " in run.stdout
