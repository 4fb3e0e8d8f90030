"""Attacks as they are tried, with a real browser where one is needed: see docs/security.md."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from rag.assistant import Assistant
from rag.settings import load
from tests.conftest import CHROMIUM_FLAGS
from tests.page import chromium
from tests.serving import served
from ui.service import Reply, Service
from ui.web.app import create_app

KEY = "k" * 24


@contextmanager
def foreign(html: str) -> Iterator[str]:
    """A page of another origin: the same machine, another port."""
    page = Starlette(routes=[Route("/", lambda _: HTMLResponse(html))])
    with served(page) as address:
        yield address


@pytest.fixture
def heard(assistant: Assistant) -> tuple[Service, list[Reply]]:
    """A service, and every answer that it gave."""
    service, replies = Service(assistant), list[Reply]()
    service.watchers.append(replies.append)
    return service, replies


def framed(page: Page, address: str, path: str) -> str:
    """What a foreign page's frame of `address` shows."""
    with foreign(f"<iframe src='{address}{path}' width=600 height=400></iframe>") as other:
        page.goto(other)
        page.wait_for_timeout(1500)
        frame = page.frames[1]
        if frame.url.startswith("chrome-error"):
            return ""
        return frame.content()


@pytest.mark.parametrize("path", ["/", "/api/docs", "/health", "/article?source=a"])
def test_a_foreign_page_frames_nothing(heard: Any, page: Page, path: str) -> None:
    with served(create_app(heard[0])) as address:
        assert framed(page, address, path) == ""


def test_a_listed_origin_frames_all_but_the_sign_in(heard: Any, page: Page, tmp_path: Path) -> None:
    html = "<iframe width=600 height=400></iframe>"
    with foreign(html) as other:
        settings = load({}, tmp_path, library=tmp_path, frame_ancestors=other,
                        password="correct horse")  # fmt: skip
        with served(create_app(heard[0], settings=settings)) as address:
            page.goto(other)
            for path, shown in (("/health", True), ("/login", False)):
                page.evaluate("url => document.querySelector('iframe').src = url", address + path)
                page.wait_for_timeout(1500)
                assert page.frames[1].url.startswith("chrome-error") != shown, path


STEAL = """
async ([url, options]) => {
  try {
    const got = await fetch(url, options);
    return [got.type, got.status, await got.text()];
  } catch (error) { return ["failed", 0, String(error)]; }
}
"""


def test_a_foreign_page_neither_reads_nor_asks(heard: Any, page: Page, answered: str) -> None:
    service, replies = heard
    body = f'{{"question": "{answered}"}}'
    json = {"Content-Type": "application/json"}
    with served(create_app(service)) as address, foreign("<p>evil</p>") as other:
        page.goto(other)
        tries: Sequence[tuple[str, dict[str, Any]]] = (
            ("/api/ask", {"method": "POST", "body": body, "headers": json}),
            ("/api/ask", {"method": "POST", "body": body, "mode": "no-cors"}),
            ("/v1/chat/completions", {"method": "POST", "body": body, "mode": "no-cors"}),
            ("/mcp", {"method": "POST", "body": "{}", "mode": "no-cors"}),
            ("/gradio_api/queue/join", {"method": "POST", "body": "{}", "mode": "no-cors"}),
            ("/api/sources", {}),
            ("/gradio_api/info", {"credentials": "include"}),
            ("/config", {}),
        )
        for path, options in tries:
            kind, _, text = page.evaluate(STEAL, [address + path, options])
            assert kind in ("failed", "opaque"), path
            assert kind == "failed" or text == "", path
    assert not replies


def test_a_form_of_a_foreign_page_changes_nothing(heard: Any, page: Page, answered: str) -> None:
    service, replies = heard
    with served(create_app(service)) as address:
        html = (
            f"<form id=f method=post enctype=text/plain action='{address}/api/ask'>"
            f'<input name=\'{{"question":"{answered}","x":"\' value=\'"}}\'></form>'
            "<script>f.submit()</script>"
        )
        with foreign(html) as other:
            page.goto(other)
            page.wait_for_timeout(1500)
            assert page.url == f"{address}/api/ask"
            assert "another site" in page.content()
    assert not replies


def test_a_session_is_not_lent_to_a_foreign_page(
    heard: Any, page: Page, answered: str, tmp_path: Path
) -> None:
    """Signed in here, the reader opens a foreign page: their cookie asks nothing on its behalf."""
    service, replies = heard
    settings = load({}, tmp_path, library=tmp_path, password="correct horse")
    body = f'{{"question": "{answered}"}}'
    with served(create_app(service, settings=settings)) as address, foreign("<p>evil") as other:
        page.goto(f"{address}/login?next=/health")
        page.fill("#password", "correct horse")
        page.press("#password", "Enter")
        page.wait_for_url(f"{address}/health")
        assert "articles" in page.content()
        page.goto(other)
        for options in (
            {"method": "POST", "body": body, "credentials": "include", "mode": "no-cors"},
            {"method": "POST", "body": body, "credentials": "include",
             "headers": {"Content-Type": "application/json"}},
            {"credentials": "include"},
        ):  # fmt: skip
            kind, _, text = page.evaluate(STEAL, [f"{address}/api/ask", options])
            assert (kind, text if kind == "opaque" else "") in (("failed", ""), ("opaque", ""))
    assert not replies


def test_a_name_that_is_made_to_point_here_gets_nothing(
    heard: Any, browser: Browser, answered: str
) -> None:
    """DNS rebinding: the browser takes evil.example for this machine, and all for one origin."""
    service, replies = heard
    flags = [*CHROMIUM_FLAGS, "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    misled = browser.browser_type.launch(executable_path=chromium(), args=flags)
    with served(create_app(service)) as address:
        page = misled.new_page()
        evil = address.replace("127.0.0.1", "evil.example")
        got = page.goto(f"{evil}/api/sources")
        assert got
        assert got.status == 421
        options = {"method": "POST", "body": f'{{"question": "{answered}"}}',
                   "headers": {"Content-Type": "application/json"}}  # fmt: skip
        kind, status, text = page.evaluate(STEAL, [f"{evil}/api/ask", options])
        assert (kind, status) == ("basic", 421)
        assert "not called" in text
    misled.close()
    assert not replies


def test_a_link_with_a_token_signs_in_and_leaves_no_trace(
    heard: Any, page: Page, tmp_path: Path
) -> None:
    settings = load({}, tmp_path, library=tmp_path, token_secret="s" * 32)
    claims = {"sub": "ann", "aud": "pullquote", "exp": time.time() + 60, "jti": "1"}
    token = jwt.encode(claims, "s" * 32, "HS256")
    with served(create_app(heard[0], settings=settings)) as address:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/login#token={token}")
        page.wait_for_url(f"{address}/", timeout=60_000)
        page.locator("textarea").first.wait_for(timeout=60_000)
        assert not [url for url in asked if token in url.partition("#")[0]]
        # The link was used: whoever finds it comes too late.
        page.context.clear_cookies()
        page.goto(f"{address}/login#token={token}")
        page.get_by_text("the token was used before").wait_for()


def test_a_flood_of_one_reader_is_bounded_and_others_are_served(
    heard: Any, answered: str, tmp_path: Path
) -> None:
    service, replies = heard
    settings = load({}, tmp_path, library=tmp_path, access_keys=f"one={KEY},two={KEY}2",
                    questions_per_minute=30)  # fmt: skip
    statuses: Counter[int] = Counter()
    with served(create_app(service, settings=settings)) as address:

        def send(key: str, count: int) -> None:
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
                for _ in range(count):
                    got = client.post("/api/ask", json={"question": answered}, headers=headers)
                    statuses[got.status_code] += 1

        begun = time.monotonic()
        threads = [threading.Thread(target=send, args=(KEY, 50)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # A bucket's worth, and what has flowed in since.
        most = 30 + (time.monotonic() - begun) / 2 + 1
        assert set(statuses) == {200, 429}
        assert 30 <= statuses[200] <= most
        assert len(replies) == statuses[200]
        send(f"{KEY}2", 1)
        assert statuses[200] == len(replies)
