"""The web server: its routes, headers, errors, start and stop."""

from __future__ import annotations

import dataclasses
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.errors import UsageError
from rag.settings import load
from tests.serving import Bare
from ui.chat import ChatTurn, history_of, respond
from ui.server import serve
from ui.service import Service

TOP = Path(__file__).resolve().parent.parent


def test_article_route_and_headers(site: str, assistant: Any, answered: str) -> None:
    quote = assistant.answer(answered).citations[0].quote
    query = {"source": quote.article.source, "revision": quote.revision}
    with httpx.Client(base_url=site, trust_env=False) as client:
        place = {"start": quote.span.start, "end": quote.span.end}
        found = client.get("/article", params={**query, **place, "also": "0-1"})
        assert found.status_code == 200
        assert '<mark id="quote"' in found.text
        assert "<mark" not in client.get("/article", params=query).text
        gone = client.get("/article", params={"source": "../../etc/passwd"})
        assert (gone.status_code, gone.headers["content-type"][:10]) == (404, "text/plain")
        assert client.get("/article", params={**query, "revision": "old"}).status_code == 409
        for bad in ({"start": 5, "end": 1}, {"start": 0, "end": 10**9}, {"start": 1}, {"end": "x"}):
            assert client.get("/article", params={**query, **bad}).status_code == 422
        assert client.get("/article", params={**query, "also": "x"}).status_code == 422
        articles, passages = assistant.library.count()
        health = client.get("/health")
        assert health.json() == {"status": "ok", "articles": articles, "passages": passages}
        for path in ("/", "/article", "/health", "/nowhere"):
            headers = client.get(path).headers
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"


def test_errors_become_readable_turns(caplog: pytest.LogCaptureFixture) -> None:
    *_, turn = respond(Service(Bare(UsageError("Too <long>."))), "why?")
    assert (turn.question, turn.reply) == ("why?", "")
    assert "Too &lt;long&gt;." in turn.html
    *_, turn = respond(Service(Bare(RuntimeError("secret"))), "why?")
    assert "secret" not in turn.html
    assert "secret" in caplog.text


def test_failed_turns_are_not_remembered() -> None:
    turns = [ChatTurn("a", "b", "<p>"), ChatTurn("c", "", "<p>")]
    assert history_of(turns) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
    ]


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} .* --port"):
            serve(Service(Bare()), load({}, port=port))
    with pytest.raises(UsageError, match="--host"):
        serve(Service(Bare()), load({}, host="192.0.2.1", port=port, insecure=True))
    with pytest.raises(UsageError, match="--port"):
        serve(Service(Bare()), dataclasses.replace(load({}), port=70000))


def test_serve_says_where_it_is_and_stops_when_interrupted() -> None:
    code = (
        "from tests.serving import Bare; from ui.server import serve; "
        "from rag.settings import load; from ui.service import Service; "
        "serve(Service(Bare()), load({}, port=0))"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=TOP, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = process.stderr.readline()
        assert line.startswith("Pullquote is at http://127.0.0.1:"), line
        address = line.split()[-1]
        assert httpx.get(f"{address}/health", trust_env=False).json()["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert process.stderr.read() == ""


def test_other_commands_do_not_pay_for_gradio() -> None:
    code = "import sys, ui.chat, ui.page, ui.render; print('gradio' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr
