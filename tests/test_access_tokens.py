"""Keys of programs and tokens of a wiki's side, over a real server."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import jwt
import pytest

from rag.errors import LibraryError
from tests.access import ASK, KEY, PASSWORD, SECRET, bearer, site, token
from ui.web.gate import COOKIE
from ui.web.tokens import TokenError, Tokens, session_key


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


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_the_key_file_is_made_once_by_many(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: session_key(tmp_path, "x"), range(32)))
    assert len(keys) == 1
