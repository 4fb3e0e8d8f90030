"""Input that a hurried person gives: every mistake is one line that names it, and a mend."""

import json
import os
import sys

import pytest
from click.testing import CliRunner

from ui.cli import main

HALF = "\ud800"
ARTICLE = (
    "The ferry Aurora carries 212 passengers.\n\nIt sails from Bergen at 9 a.m. each day."
    "\u2028\u0085"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    (folder / "ferry.txt").write_text(ARTICLE, encoding="utf-8")
    done = run("ingest", folder / "ferry.txt", "--library", folder / "library")
    assert done.exit_code == 0, done.output
    return folder / "library"


def run(*arguments, stdin=None):
    return CliRunner().invoke(main, [*map(str, arguments)], input=stdin)


LINES = {
    b"\xff\xfe{": "line 1: not a request: not UTF-8",
    b"{not json": "line 2: not a request: not JSON",
    b"[1]": "line 3: not a request: not an object",
    b'{"id": 4}': 'line 4: not a request: it has no "question"',
    b'{"question": 5}': "line 5: not a request: question must be text",
    b'{"question": "Aurora?", "history": "x"}': "line 6: not a request: question must be text",
    b'{"question": "\\ud800 Aurora"}': "line 7: the question, or what came",
    b'{"question": "How many?", "history": [{"role": "user", "content": "\\ud800"}]}': "line 8",
    b"[" * 100_000: "line 9: not a request: not JSON",
    b'{"id": "\\ud800", "question": "Who?", "filter": {"since": "soon"}}': "line 10: since",
}


def test_each_broken_line_of_a_batch_says_what_is_wrong_and_the_rest_is_answered(library):
    last = json.dumps({"id": "good", "question": "How many passengers does the Aurora carry?"})
    stdin = b"\n".join([*LINES, last.encode()])
    done = run("ask", "--batch", "-", "--library", library, stdin=stdin)
    said = done.stderr.splitlines()
    assert done.exit_code == 1 and len(said) == len(LINES)
    for line, says in zip(said, LINES.values(), strict=True):
        assert line.startswith(f"pullquote: {says}")
        assert "Error(" not in line
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(LINES) + 1 and answers[-1]["id"] == "good"
    assert "212" in answers[-1]["citations"][0]["quote"]


def test_a_question_that_is_not_utf_8_is_told_so(library):
    for flags in ((), ("--json",)):
        done = run("ask", f"caf{HALF} Aurora", *flags, "--library", library)
        assert done.exit_code == 2 and "not all in UTF-8" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_file_whose_name_is_not_utf_8_is_listed_and_the_rest_goes_in(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.txt").write_text(ARTICLE, encoding="utf-8")
    bad = folder / os.fsdecode(b"caf\xe9")
    bad.mkdir()
    for file in (bad.with_suffix(".txt"), bad / "below.txt"):
        file.write_text("The cafe opens at noon.", encoding="utf-8")
    done = run("ingest", folder, "--library", tmp_path / "library")
    assert done.exit_code == 1 and done.stdout.startswith("1 added, 0 updated, 0 unchanged")
    assert done.stderr.count("its name is not UTF-8; rename it") == 2
    again = run("ingest", bad, "--library", tmp_path / "library")
    assert again.exit_code == 1 and "its name is not UTF-8" in again.stderr
    assert "caf\ufffd: its name" in run("status", "--library", tmp_path / "library").stdout


@pytest.mark.parametrize(("path", "says"), [
    ("", "an empty PATH; for the folder you are in, write ."),
    ("ftp://news.example/a", "must begin with http:// or https://"),
])  # fmt: skip
def test_what_is_neither_path_nor_address_changes_nothing(tmp_path, path, says):
    done = run("ingest", path, "--library", tmp_path / "library")
    assert done.exit_code == 2 and says in done.stderr and not (tmp_path / "library").exists()


def test_answers_one_a_line_are_verified_whatever_their_quotes_hold(library):
    questions = [{"id": n, "question": "When does the Aurora sail from Bergen?"} for n in (1, 2)]
    asked = "\n".join(map(json.dumps, questions))
    answers = run("ask", "--batch", "-", "--library", library, stdin=asked).stdout
    # A library keeps such characters; so may an answer that another program made.
    lines = [json.loads(line) | {"note": ARTICLE} for line in answers.split("\n") if line]
    stdin = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    done = run("verify", "-", "--library", library, stdin=stdin)
    assert done.exit_code == 0 and "answer 2 [1] ferry.txt: ok" in done.stdout


@pytest.mark.parametrize(("data", "says"), [
    (b"\xff\xfe{", "not UTF-8"),
    (b"{not", "not JSON"),
    (b"", "there is no answer in it"),
    (b'{"citations": [{"marker": 1}]}', "answer.json: not a citation: it has no 'source'"),
])  # fmt: skip
def test_a_file_that_is_no_answer_is_named(library, tmp_path, data, says):
    file = tmp_path / "answer.json"
    file.write_bytes(data)
    done = run("verify", file, "--library", library)
    assert done.exit_code == 2 and f"{file}: " in done.stderr and says in done.stderr


@pytest.mark.parametrize(("data", "says"), [
    (b"\xff\xfe{", "questions.jsonl: cannot be read"),
    (b"{not", "questions.jsonl:1: not a case: Expecting"),
    (b'{"id": 1, "question": "Who?"}', "questions.jsonl:1: not a case: it has no 'answerable'"),
    (b"[]", "questions.jsonl:1: not a case: not an object"),
])  # fmt: skip
def test_a_question_set_that_cannot_be_read_is_named(tmp_path, data, says):
    file = tmp_path / "questions.jsonl"
    file.write_bytes(data)
    done = run("eval", file, "--docs", tmp_path)
    assert done.exit_code == 2 and says in done.stderr
    none = run("eval", file, "--docs", tmp_path / "nowhere")
    assert none.exit_code == 2 and "nowhere: no such folder of documents" in none.stderr


@pytest.mark.parametrize("control", ["\x1b", "\x7f", "\x9b", "\u202e", "\u2066"])
def test_no_article_steers_the_terminal(tmp_path, control):
    article = tmp_path / "a.md"
    article.write_text(
        f"---\ntitle: Ferry {control}news\n---\nThe ferry Aurora sank {control}[31moff Bergen.",
        encoding="utf-8",
    )
    library = ("--library", tmp_path / "library")
    assert run("ingest", article, *library).exit_code == 0
    asked = run("ask", "Where did the ferry Aurora sink?", *library)
    assert "Bergen" in asked.stdout and control not in asked.stdout
    status = run("status", *library)
    assert "Ferry" in status.stdout and control not in status.stdout


@pytest.mark.parametrize("command", [
    "", "ingest", "ask", "serve", "status", "show", "remove", "reindex", "verify", "eval",
    "eval new", "eval import", "eval bench",
])  # fmt: skip
def test_every_help_shows_how_it_is_used(command):
    shown = run(*command.split(), "--help")
    assert shown.exit_code == 0 and "Examples:\n" in shown.stdout
    # click's names of types, where nobody has said what the value is.
    assert not any(
        f" {t} " in shown.stdout for t in ("TEXT", "INTEGER", "INTEGER RANGE", "FILENAME")
    )
