"""`pullquote sync` from the first source to the last, and wrong usage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.sources import make_source
from ui.cli import main


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        command = ["sync", *arguments, "--library", str(tmp_path / "lib")]
        return CliRunner().invoke(main, command)

    return invoke


def test_the_command_from_the_first_source_to_the_last(
    run: Callable[..., Result], folder: Path
) -> None:
    assert "no source is registered" in run().stderr
    added = run("add", str(folder), "--every", "5m")
    assert added.stdout == f"notes: {folder}, every 5 min\n"
    assert "due now" in run("list").stdout
    (folder / "empty.md").write_text("")
    first = run()
    assert first.exit_code == 1
    assert first.stdout == "notes: 1 added, 0 updated, 0 unchanged, 0 removed, 1 failed\n"
    assert first.stderr.startswith("failed: notes: ") and "empty" in first.stderr
    (folder / "empty.md").unlink()
    quiet = run()
    assert quiet.exit_code == 0 and not quiet.stdout and "next: notes in 5 min" in quiet.stderr
    again = json.loads(run("notes", "--json").stdout)
    assert (again["name"], again["unchanged"], again["error"]) == ("notes", ["kettle.md"], None)
    [row] = json.loads(run("list", "--json").stdout)["sources"]
    assert row["what"] == "path" and row["every"] == 300 and row["counts"]["unchanged"] == 1
    removed = run("remove", "notes", "--articles")
    assert removed.stdout == "notes: no longer synced, 1 article removed\n"
    assert json.loads(run("list", "--json").stdout) == {"sources": []}


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], "no source is called 'nowhere'"),
    (["remove", "nowhere"], "no source is called 'nowhere'"),
    (["add"], "give one source"),
    (["add", "missing-folder"], "no such file or folder"),
    (["add", ""], "an empty source"),
    (["add", "ftp://w.example/"], "must begin with http"),
    (["add", "mediawiki:notes"], "must begin with http"),
    (["add", "http://user:word@w.example/"], "user or password"),
    (["add", ".", "--every", "never"], "write 30s, 15m, 2h or 1d"),
    (["add", ".", "--every", "1s"], "10s at least"),
    (["add", ".", "--name", "list"], "is a command of sync"),
    (["add", ".", "--name", "-x/"], "a name has letters"),
    (["add", ".", "--base-url", "wiki.example"], "must begin with http"),
    (["add", "https://w.example/feed.xml", "--base-url", "https://w.example/"], "for a folder"),
])  # fmt: skip
def test_wrong_usage(run: Callable[..., Result], arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and said in result.stderr and not result.stdout


def test_one_source_under_two_names_is_refused(run: Callable[..., Result], folder: Path) -> None:
    assert run("add", str(folder)).exit_code == 0
    twice = run("add", str(folder) + "/", "--name", "other")
    assert twice.exit_code == 2 and "registered already, as notes" in twice.stderr
    (folder.parent / "more" / "notes").mkdir(parents=True)
    taken = run("add", str(folder.parent / "more" / "notes"))
    assert taken.exit_code == 2 and "give a --name" in taken.stderr


def test_addresses_are_told_apart() -> None:
    kinds = {
        "https://w.example/w/api.php": "mediawiki",
        "mediawiki:https://w.example/interface": "mediawiki",
        "https://w.example/feed.xml": "address",
    }
    assert {where: make_source(where).what.value for where in kinds} == kinds
    assert make_source("https://w.example/w/api.php").name == "w.example-w"
