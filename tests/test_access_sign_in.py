"""Readers who sign in with a password, or whom a proxy signs in, over a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.settings import load
from tests.access import ASK, KEY, PASSWORD, bearer, site
from tests.serving import Bare, served
from ui.service import Service
from ui.web.app import create_app
from ui.web.limits import Slowdown
from ui.web.login import _local

# --- The password --------------------------------------------------------------------------


def test_a_reader_signs_in_and_out(tmp_path: Path) -> None:
    with site(tmp_path, password=PASSWORD) as client:
        page = client.get("/article?source=a%20b", headers={"Accept": "text/html"})
        assert page.status_code == 303
        assert page.headers["location"] == "/login?next=/article%3Fsource%3Da%2520b"
        form = client.get(page.headers["location"])
        assert 'value="/article?source=a%20b"' in form.text
        assert form.headers["x-frame-options"] == "SAMEORIGIN"
        wrong = client.post("/login", data={"password": "x"})
        assert (wrong.status_code, "not the password" in wrong.text) == (403, True)
        right = client.post("/login", data={"password": PASSWORD, "next": "/article?source=a"})
        assert (right.status_code, right.headers["location"]) == (303, "/article?source=a")
        cookie = right.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 200
        assert client.post("/api/ask", json=ASK).status_code == 200
        assert client.post("/logout").status_code == 303
        assert client.post("/api/ask", json=ASK).status_code == 401


def test_guessing_passwords_takes_ever_longer(tmp_path: Path) -> None:
    with site(tmp_path, password=PASSWORD) as client:
        codes = [client.post("/login", data={"password": str(n)}).status_code for n in range(8)]
        assert codes == [403] * 5 + [429] * 3
        locked = client.post("/login", data={"password": PASSWORD})
        assert locked.status_code == 429
        assert int(locked.headers["retry-after"]) >= 1


def test_waits_double_and_end() -> None:
    now = [0.0]
    slow = Slowdown(lambda: now[0])
    waits = []
    for _ in range(14):
        slow.failed("192.0.2.1")
        waits.append(slow.wait("192.0.2.1"))
        now[0] += waits[-1]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert slow.wait("192.0.2.2") == 0
    slow.succeeded("192.0.2.1")
    slow.failed("192.0.2.1")
    assert slow.wait("192.0.2.1") == 0


@given(st.text())
def test_nobody_is_sent_elsewhere_after_signing_in(there: str) -> None:
    found = _local(there)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found in (there, "/")


@pytest.mark.parametrize(
    "there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/\t/x"]
)
def test_known_ways_elsewhere_lead_to_the_top(there: str) -> None:
    assert _local(there) == "/"


# --- A proxy that signs in -----------------------------------------------------------------


def test_only_a_trusted_proxy_names_the_reader(tmp_path: Path) -> None:
    header = {"X-Forwarded-User": "ann"}
    with site(tmp_path, user_header="X-Forwarded-User", trusted_proxies="127.0.0.1") as client:
        assert client.post("/api/ask", json=ASK, headers=header).status_code == 200
        assert client.post("/api/ask", json=ASK).status_code == 401
    with site(tmp_path, user_header="X-Forwarded-User", trusted_proxies="192.0.2.0/24") as client:
        forged = {**header, "X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1"}
        assert client.post("/api/ask", json=ASK, headers=forged).status_code == 401


def test_a_forged_name_does_not_reach_what_is_behind_the_gate(tmp_path: Path) -> None:
    settings = load({}, tmp_path, library=tmp_path, user_header="X-User",
                    trusted_proxies="192.0.2.1", access_keys=KEY)  # fmt: skip
    app = create_app(Service(Bare()), settings=settings)
    seen = []

    @app.middleware("http")
    async def nothing(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(request.scope["headers"])
        return response

    with served(app) as address:
        forged = {**bearer(KEY), "X-User": "ann"}
        assert httpx.get(f"{address}/v1/models", headers=forged, trust_env=False).is_success
    assert seen
    assert not any(name == b"x-user" for headers in seen for name, _ in headers)
