"""How often a reader may ask, and how much may be sent, over a real server."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tests.access import ASK, KEY, bearer, site
from ui.web.limits import Buckets, neighbourhood


def test_a_reader_asks_so_often_and_others_still_may(tmp_path: Path) -> None:
    limits = {"questions_per_minute": 3, "access_keys": f"a={KEY},b={KEY}2"}
    with site(tmp_path, **limits) as client:

        def ask(key: str) -> httpx.Response:
            return client.post("/api/ask", json=ASK, headers=bearer(key))

        codes = [ask(KEY).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        late = ask(KEY)
        assert late.json()["error"]["type"] == "rate_limit_error"
        assert 1 <= int(late.headers["retry-after"]) <= 20
        assert ask(KEY + "2").status_code == 200
        assert client.get("/api/sources/x", headers=bearer(KEY)).status_code == 404


def test_strangers_are_counted_by_address(tmp_path: Path) -> None:
    with site(tmp_path, requests_per_minute=5, access_keys=KEY) as client:
        codes = [client.get("/api/sources").status_code for _ in range(7)]
        assert codes == [401] * 5 + [429] * 2
        assert client.get("/v1/models", headers=bearer(KEY)).status_code == 200


@given(
    st.integers(1, 100),
    st.lists(st.floats(0, 30, allow_nan=False), max_size=200),
)
def test_no_more_passes_than_a_full_bucket_and_what_flows_in(rate: int, gaps: list[float]) -> None:
    now = [0.0]
    buckets = Buckets(rate, lambda: now[0])
    passed = 0
    for gap in gaps:
        now[0] += gap
        wait = buckets.take("ann")
        passed += not wait
        assert wait <= 60 / rate
    assert passed <= rate + now[0] * rate / 60 + 1e-6
    assert buckets.take("ben") == 0


def test_an_address_of_ipv6_is_counted_with_its_neighbours() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:2")
    assert neighbourhood("2001:db8::1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("192.0.2.1") != neighbourhood("192.0.2.2")


def test_a_large_body_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with site(tmp_path, max_body_kb=16) as client:
        body = {"question": "x" * 20_000}
        got = client.post("/api/ask", json=body)
        assert (got.status_code, "16 kB" in got.json()["error"]["message"]) == (413, True)

        def pieces() -> Iterator[bytes]:
            for _ in range(40):
                yield b"x" * 1000

        headers = {"Content-Type": "application/json"}
        assert client.post("/api/ask", content=pieces(), headers=headers).status_code == 413
        assert client.post("/login", content=pieces()).status_code == 413


def test_a_slow_body_is_given_up(tmp_path: Path) -> None:
    with site(tmp_path, body_seconds=0.5) as client:
        address = (client.base_url.host, client.base_url.port)
        with socket.create_connection(address) as slow:
            slow.sendall(
                b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
            slow.settimeout(20)
            start, got = time.monotonic(), b""
            while piece := slow.recv(4096):
                got += piece
            assert time.monotonic() - start < 15
        assert got.startswith(b"HTTP/1.1 408 ")
        assert client.get("/health").status_code == 200
