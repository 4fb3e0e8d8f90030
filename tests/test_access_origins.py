"""What pages of other sites may ask, read and frame, over a real server."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.access import ASK, KEY, PASSWORD, bearer, site
from ui.web.gate import COOKIE


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
