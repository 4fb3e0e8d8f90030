"""Who comes in and who does not, over a real server: passwords, tokens, keys, proxies, origins."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LibraryError, SettingsError, UsageError
from rag.settings import is_loopback, load
from tests.serving import Bare, served
from ui.cli import main
from ui.service import Service
from ui.web.app import create_app
from ui.web.gate import COOKIE
from ui.web.limits import Buckets, Slowdown, neighbourhood
from ui.web.login import _local
from ui.web.policy import read_policy
from ui.web.tokens import TokenError, Tokens, session_key

SECRET = "s" * 40
KEY = "k" * 24
PASSWORD = "correct horse"
ASK = {"question": "Who?"}


@contextmanager
def site(folder: Path, **settings: Any) -> Iterator[httpx.Client]:
    """A server with these settings over an empty assistant, and a client of it."""
    app = create_app(Service(Bare()), settings=load({}, folder, library=folder, **settings))
    with (
        served(app) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        yield client


def token(secret: str = SECRET, life: float = 60, **claims: Any) -> str:
    claims = {"sub": "ann", "aud": "pullquote", "exp": time.time() + life} | claims
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, "HS256")


def bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}


# --- Where it may listen -------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "wiki.example.org"])
def test_it_does_not_listen_for_others_without_a_way_to_come_in(host: str) -> None:
    with pytest.raises(UsageError, match=r"password, access_keys, token_secret.*--insecure"):
        read_policy(load({}, host=host))
    assert read_policy(load({}, host=host, insecure=True)).limited
    for guard in (
        {"password": PASSWORD},
        {"access_keys": KEY},
        {"token_secret": SECRET},
        {"user_header": "X-User", "trusted_proxies": "127.0.0.1"},
    ):
        assert read_policy(load({}, host=host, **guard)).guarded


def test_the_command_line_says_so_before_it_reads_anything(tmp_path: Path) -> None:
    command = ["serve", str(tmp_path / "none"), "--library", str(tmp_path), "--host", "0.0.0.0"]
    run = CliRunner().invoke(main, command)
    assert run.exit_code == 2
    assert "--insecure" in run.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "proxied",
    [
        {"server_names": "localhost, ask.example.org"},
        {"trusted_proxies": "127.0.0.1"},
        {"root_path": "/ask"},
    ],
)
def test_a_proxy_in_front_counts_as_listening_for_others(proxied: dict[str, str]) -> None:
    assert load({}, **proxied).public
    with pytest.raises(UsageError, match="through a proxy"):
        read_policy(load({}, **proxied))


def test_names_of_this_machine_are_its_own() -> None:
    assert not read_policy(load({}, server_names="pullquote.localhost")).limited


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password": "short"}, "password: too short"),
        ({"access_keys": "a=short"}, "access_keys: too short"),
        ({"token_secret": "s" * 31}, "token_secret: too short"),
        ({"user_header": "X-User"}, "trusted_proxies"),
        ({"trusted_proxies": "nginx"}, "trusted_proxies"),
        ({"frame_ancestors": "*"}, "frame_ancestors"),
        ({"frame_ancestors": "https://*.example.org"}, "without"),
        ({"cors_origins": "wiki.example.org"}, "no origin"),
        ({"cors_origins": "https://wiki.example.org/page"}, "no origin"),
        ({"root_path": "ask"}, "slash"),
    ],
)
def test_settings_that_would_not_hold_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_policy(load({}, **settings))


def test_secrets_do_not_show_themselves() -> None:
    settings = load({}, password=PASSWORD, token_secret=SECRET, access_keys=KEY)
    assert not any(secret in repr(settings) for secret in (PASSWORD, SECRET, KEY))


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.example.org", False)],
)  # fmt: skip
def test_which_addresses_are_this_machines_alone(host: str, own: bool) -> None:
    assert is_loopback(host) == own


# --- Keys and tokens -----------------------------------------------------------------------


def test_without_anything_set_this_machine_asks_freely(tmp_path: Path) -> None:
    with site(tmp_path) as client:
        assert client.post("/api/ask", json=ASK).status_code == 200
        assert client.post("/api/ask", json=ASK, headers=bearer("whatever")).status_code == 200
        assert client.get("/login").status_code in (404, 405)
    assert not (tmp_path / "server.key").exists()


def test_a_key_lets_programs_in_and_nothing_else_does(tmp_path: Path) -> None:
    with site(tmp_path, access_keys=f"tool={KEY}") as client:
        assert client.post("/api/ask", json=ASK, headers=bearer(KEY)).status_code == 200
        assert client.get("/v1/models", headers=bearer(KEY)).json()["data"]
        for wrong in ({}, bearer(KEY + "k"), bearer(KEY[:-1]), bearer("x"), bearer(token())):
            got = client.post("/api/ask", json=ASK, headers=wrong)
            assert got.status_code == 401, wrong
            assert got.headers["www-authenticate"].startswith("Bearer")
            assert got.json()["error"]["type"] == "authentication_error"
        for path in ("/", "/article?source=a", "/metrics", "/api/sources", "/gradio_api/info"):
            assert client.get(path).status_code == 401, path
        assert client.get("/health").json() == {"status": "ok"}
        assert "articles" in client.get("/health", headers=bearer(KEY)).json()


def test_tokens_that_the_wiki_mints(tmp_path: Path) -> None:
    with site(tmp_path, token_secret=SECRET) as client:

        def status(shown: str) -> tuple[int, str]:
            got = client.post("/api/ask", json=ASK, headers=bearer(shown))
            return got.status_code, got.json().get("error", {}).get("message", "")

        good = token()
        assert status(good)[0] == 200
        assert status(good)[0] == 200
        assert status(token(life=-10)) == (401, "the token has expired")
        assert status(token(life=4000)) == (401, "the token lives longer than 3600 seconds")
        for wrong in (
            token(secret="t" * 40),
            token(aud="another"),
            token(aud=None),
            token(sub=None),
            token(exp=None),
            jwt.encode({"sub": "ann", "aud": "pullquote", "exp": 2**33}, None, "none"),
            good[:-4] + "AAAA",
            "no.token.atall",
        ):
            assert status(wrong)[0] == 401, wrong


def test_a_token_with_a_number_works_once(tmp_path: Path) -> None:
    with site(tmp_path, token_secret=SECRET) as client:
        once = bearer(token(jti="1"))
        assert client.post("/api/ask", json=ASK, headers=once).status_code == 200
        again = client.post("/api/ask", json=ASK, headers=once)
        assert (again.status_code, again.json()["error"]["message"]) == (
            401,
            "the token was used before",
        )
        assert client.post("/api/ask", json=ASK, headers=bearer(token(jti="2"))).status_code == 200


def test_a_token_gives_a_session(tmp_path: Path) -> None:
    with site(tmp_path, token_secret=SECRET) as client:
        shown = {"token": token(jti="1")}
        got = client.post("/api/session", json=shown)
        assert got.status_code == 200
        assert client.post("/api/session", json=shown).status_code == 401
        session = got.json()["session"]
        client.cookies.clear()
        assert client.post("/api/ask", json=ASK).status_code == 401
        assert client.post("/api/ask", json=ASK, headers=bearer(session)).status_code == 200
        assert client.post("/api/session", json={"token": session}).status_code == 401
        cookie = got.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert client.get("/", headers={"Cookie": f"{COOKIE}={session}"}).status_code == 200
        # The wiki's secret signs tokens, not sessions: nobody makes a longer one with it.
        forged = token(aud="pullquote-session", life=10**6)
        assert client.post("/api/ask", json=ASK, headers=bearer(forged)).status_code == 401


def test_used_tokens_are_forgotten_once_they_have_expired() -> None:
    tokens = Tokens(SECRET, b"x" * 32)
    for number in range(1100):
        tokens.check(token(life=0.5, jti=str(number)))
    deadline = time.time() + 10
    while len(tokens._used) > 1000 and time.time() < deadline:
        time.sleep(0.5)
        tokens.check(token(jti=f"new {time.time()}"))
    assert len(tokens._used) < 1000


def test_the_session_key_is_the_owners_alone_and_hangs_on_the_password(tmp_path: Path) -> None:
    first = session_key(tmp_path, PASSWORD)
    assert session_key(tmp_path, PASSWORD) == first
    assert session_key(tmp_path, PASSWORD + "!") != first
    mode = stat.S_IMODE((tmp_path / "server.key").stat().st_mode)
    assert mode == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["server.key"]
    with pytest.raises(TokenError):
        Tokens("", session_key(tmp_path, PASSWORD + "!")).check(Tokens("", first).session("ann"))
    (tmp_path / "server.key").write_bytes(b"cut")
    with pytest.raises(LibraryError, match="damaged"):
        session_key(tmp_path, PASSWORD)


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


# --- Other sites ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="a program"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 200, id="own page"),
        pytest.param({"Sec-Fetch-Site": "none"}, 200, id="the reader"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, 403, id="x"
        ),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="another port"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="old browser"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed"),
        pytest.param({"Origin": "https://wiki.example.org"}, 200, id="allowed"),
    ],
)
def test_other_sites_do_not_ask_on_a_readers_behalf(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    with site(tmp_path, cors_origins="https://wiki.example.org/") as client:
        assert client.post("/api/ask", json=ASK, headers=headers).status_code == status


def test_a_form_of_another_site_is_no_request(tmp_path: Path) -> None:
    with site(tmp_path) as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            headers = {"Content-Type": kind}
            got = client.post("/api/ask", content=b'{"question": "Who?"}', headers=headers)
            assert got.status_code == 415, kind


def test_only_listed_origins_read_answers(tmp_path: Path) -> None:
    asking = {"Access-Control-Request-Method": "POST",
              "Access-Control-Request-Headers": "authorization,content-type"}  # fmt: skip
    with site(tmp_path, cors_origins="https://wiki.example.org", access_keys=KEY) as client:
        for path in ("/api/ask", "/", "/gradio_api/info"):
            listed = {"Origin": "https://wiki.example.org"}
            allowed = client.options(path, headers={**listed, **asking})
            assert allowed.headers["access-control-allow-origin"] == "https://wiki.example.org"
            assert "access-control-allow-credentials" not in allowed.headers
            for stranger in ("https://evil.example", "https://wiki.example.org.evil.example"):
                refused = client.options(path, headers={"Origin": stranger, **asking})
                assert "access-control-allow-origin" not in refused.headers
                got = client.get(path, headers={"Origin": stranger, **bearer(KEY)})
                assert "access-control-allow-origin" not in got.headers
    with site(tmp_path) as client:
        got = client.get("/gradio_api/info", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in got.headers


def test_a_name_that_is_not_ours_is_turned_away(tmp_path: Path) -> None:
    with site(tmp_path) as client:
        for name in ("evil.example", "127.0.0.1.evil.example:80", "", "localhost.evil.example"):
            assert client.get("/health", headers={"Host": name}).status_code == 421, name
        for name in ("localhost:7860", "127.0.0.1", "[::1]:7860", "wiki.localhost"):
            assert client.get("/health", headers={"Host": name}).status_code == 200, name
    with site(tmp_path, server_names="ask.example.org", access_keys=KEY) as client:
        assert client.get("/health", headers={"Host": "ask.example.org"}).status_code == 200


def test_only_the_widgets_own_files_are_open(tmp_path: Path) -> None:
    with site(tmp_path, access_keys=KEY, host="0.0.0.0", server_names="ask.example.org") as client:
        for path in ("/widget/../api/sources", "/widget/a/b", "/widget/", "//widget", "/widgets",
                     "/health/", "//health", "/api/session/x", "/embed.js/x"):  # fmt: skip
            # As it is written: httpx would tidy it up.
            with socket.create_connection((client.base_url.host, client.base_url.port)) as raw:
                raw.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
                assert raw.recv(65536).startswith(b"HTTP/1.1 401"), path
        for cookie in ('a b="\\x;;=,', f"{COOKIE}=x.y.z", f'{COOKIE}="'):
            assert client.get("/api/sources", headers={"Cookie": cookie}).status_code == 401
        assert client.get("/health").status_code == 200


def test_framing_is_for_listed_origins(tmp_path: Path) -> None:
    with site(tmp_path, frame_ancestors="https://wiki.example.org", password=PASSWORD) as client:
        headers = client.get("/health").headers
        policy = headers["content-security-policy"]
        assert policy.endswith("frame-ancestors 'self' https://wiki.example.org")
        assert "x-frame-options" not in headers
        login = client.get("/login").headers
        assert login["content-security-policy"].endswith("frame-ancestors 'self'")
        assert login["x-frame-options"] == "SAMEORIGIN"
    with site(tmp_path) as client:
        headers = client.get("/health").headers
        assert headers["content-security-policy"].endswith("frame-ancestors 'self'")
        assert headers["x-frame-options"] == "SAMEORIGIN"


# --- How much ------------------------------------------------------------------------------


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


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_the_key_file_is_made_once_by_many(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: session_key(tmp_path, "x"), range(32)))
    assert len(keys) == 1
