"""Where the server may listen, and which settings would not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rag.errors import SettingsError, UsageError
from rag.settings import is_loopback, load
from tests.access import KEY, PASSWORD, SECRET
from ui.cli import main
from ui.web.policy import read_policy


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
