"""The command line as its users meet it: the contract's objects, exit codes, and bad input."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.conftest import ARTICLES
from ui.cli import main

QUESTION = "How many people were missing after the Baltimore bridge fell?"
ANSWER_KEYS = {
    "question", "answer", "refused", "mode", "model", "citations", "passages", "near_misses",
    "withheld", "standalone_question", "timings_ms",
}  # fmt: skip
CITATION_KEYS = {
    "marker", "quote", "source", "revision", "start", "end", "title", "publisher", "published",
    "url", "kind", "context",
}  # fmt: skip


@pytest.fixture
def library(ingested):
    return ingested


@pytest.fixture
def run(library):
    def invoke(*arguments, stdin=None, at=library, env=None):
        command = [*map(str, arguments), "--library", str(at)]
        return CliRunner().invoke(main, command, input=stdin, env=env)

    return invoke


def in_file(citation):
    data = (ARTICLES / citation["source"]).read_bytes().decode("utf-8-sig")
    return data[citation["start"] : citation["end"]]


def test_an_answer_has_the_contracts_form_and_its_quotes_stand_in_the_files(run):
    answer = json.loads(run("ask", QUESTION, "--json").stdout)
    assert answer.keys() >= ANSWER_KEYS
    assert (answer["refused"], answer["mode"], answer["model"]) == (False, "quotes", None)
    assert answer["citations"] and len(answer["passages"]) >= 10
    for marker, citation in enumerate(answer["citations"], 1):
        assert citation.keys() == CITATION_KEYS
        assert citation["marker"] == marker and f"[{marker}]" in answer["answer"]
        assert citation["quote"] == in_file(citation) != ""
    scores = [p["score"] for p in answer["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert answer["timings_ms"].keys() >= {"retrieve", "answer", "total"}


def test_a_refusal_has_near_misses_and_no_citation(run):
    answer = json.loads(run("ask", "What is the boiling point of tungsten?", "--json").stdout)
    assert answer["refused"] and not answer["citations"] and answer["near_misses"]
    assert len(answer["passages"]) >= 10
    assert all(c["quote"] == in_file(c) for c in answer["near_misses"])


def test_on_a_terminal_each_quote_has_its_place(run):
    result = run("ask", QUESTION)
    assert result.exit_code == 0
    assert "[1]" in result.stdout and "“" in result.stdout and ".txt:" in result.stdout


def test_a_batch_keeps_order_and_ids_and_reports_bad_lines_in_their_place(run):
    lines = [
        {"id": "b", "question": QUESTION},
        {"id": 7, "question": "   "},
        "{not json",
        {"id": "c", "question": "And when?", "history": [{"role": "user", "content": QUESTION}]},
        {"id": "d", "question": "x" * 100_000},
        {"id": "e", "question": QUESTION, "history": ["a plain string"]},
        {"question": QUESTION},
    ]
    stdin = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines)
    result = run("ask", "--batch", "-", stdin=stdin)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [a["id"] for a in answers] == ["b", 7, None, "c", "d", "e", None]
    assert ["error" in a for a in answers] == [False, True, True, False, True, True, False]
    assert all(a.keys() >= ANSWER_KEYS for a in answers)
    assert QUESTION in answers[3]["standalone_question"]
    assert "line 3" in result.stderr


def test_a_batch_answers_each_line_as_it_is_read(library):
    command = [sys.executable, "-c", "from ui.cli import main; main()"]
    with subprocess.Popen(
        [*command, "ask", "--batch", "-", "--library", str(library)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for number in range(2):
            process.stdin.write(json.dumps({"id": number, "question": QUESTION}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0


def test_status_show_and_remove(run, library, tmp_path):
    copy = tmp_path / "library"
    shutil.copytree(library, copy)
    report = json.loads(run("status", "--json", at=copy).stdout)
    sources = {a["source"] for a in report["articles"]}
    assert sources == {p.name for p in ARTICLES.iterdir()}
    assert "a41f.txt" in run("status", at=copy).stdout
    assert run("show", "a41f.txt", at=copy).stdout_bytes == (ARTICLES / "a41f.txt").read_bytes()
    gone = run("remove", "a41f.txt", "nope.txt", at=copy)
    assert gone.exit_code == 1 and "nope.txt" in gone.stderr and "1 removed" in gone.stdout
    assert run("show", "a41f.txt", at=copy).exit_code == 1
    assert "a41f.txt" not in run("status", at=copy).stdout


@pytest.mark.parametrize(("arguments", "code", "says"), [
    pytest.param(["ask", ""], 2, "the question is empty", id="empty question"),
    pytest.param(["ask", " ?! "], 2, "the question is empty", id="question without a word"),
    pytest.param(["ask", "why " * 25_000], 2, "at most 4,000", id="100,000 characters"),
    pytest.param(["ask"], 2, "give one question", id="no question"),
    pytest.param(["ask", "Why?", "--batch", "-"], 2, "give one question", id="question and batch"),
    pytest.param(["ask", "Why?", "--mode", "magic"], 2, "magic", id="unknown mode"),
    pytest.param(["show", "nope.txt"], 1, "no article 'nope.txt'", id="unknown source"),
    pytest.param(["ingest"], 2, "PATHS", id="nothing to ingest"),
    pytest.param(["serve", "--port", "99999"], 2, "port must be from 0 to 65535", id="bad port"),
])  # fmt: skip
def test_wrong_use_is_told_in_one_line_with_its_exit_code(run, arguments, code, says):
    result = run(*arguments)
    assert result.exit_code == code and says in result.stderr and result.stdout == ""
    assert "Traceback" not in result.stderr


BAD_FILES = {
    "empty.txt": (b"", "the file is empty"),
    "blank.md": (b" \n\t\n", "the file is empty"),
    "marks.txt": (b"---\n***\n", "no words in it"),
    "binary.txt": (bytes(range(256)) * 20, "binary content"),
    "latin.txt": ("Café in Besançon".encode("latin-1"), "not UTF-8 (byte 0xe9 at 3)"),
    "large.txt": (b"a word " * 7_200_000, "50.4 MB is over the limit of 10 MB"),
    "menu.txt": (b"Share on Facebook Tweet\n\nLEAVE A REPLY\n", "nothing in it but menus"),
}


def test_each_bad_file_is_named_with_its_reason_and_the_good_ones_go_in(run, tmp_path):
    folder, library = tmp_path / "mixed", tmp_path / "library"
    folder.mkdir()
    shutil.copy(ARTICLES / "a41f.txt", folder)
    for name, (data, _) in BAD_FILES.items():
        (folder / name).write_bytes(data)
    result = run("ingest", folder, tmp_path / "missing.txt", "--json", at=library)
    summary = json.loads(result.stdout)
    assert result.exit_code == 1 and summary["added"] == ["a41f.txt"]
    failed = {f["source"]: f["reason"] for f in summary["failed"]}
    assert failed.keys() == {*BAD_FILES, "missing.txt"}
    for name, (_, reason) in BAD_FILES.items():
        assert name in failed[name] and reason in failed[name]
    assert "no such file" in failed["missing.txt"]
    assert all(reason in result.stderr for reason in failed.values())


def test_an_article_that_turns_bad_keeps_its_last_good_text(run, tmp_path):
    folder, library = tmp_path / "articles", tmp_path / "library"
    folder.mkdir()
    (folder / "note.txt").write_text("The ferry Aurora sank off Bergen on 2 May 2024.")
    assert run("ingest", folder, at=library).exit_code == 0
    (folder / "note.txt").write_bytes(b"\x89PNG\x00\x01" * 50)
    assert run("ingest", folder, at=library).exit_code == 1
    assert "Aurora" in run("show", "note.txt", at=library).stdout


def test_an_empty_folder_is_an_error_and_removes_nothing(run, tmp_path):
    folder, copy = tmp_path / "articles", tmp_path / "library"
    shutil.copytree(ARTICLES, folder)
    assert run("ingest", folder, at=copy).exit_code == 0
    for path in folder.iterdir():
        path.unlink()
    result = run("ingest", folder, at=copy)
    assert result.exit_code == 1 and "no article (.txt, .md" in result.stderr
    assert len(json.loads(run("status", "--json", at=copy).stdout)["articles"]) == 14


def without_root_powers(*command):
    """Run a command with the file permissions that everybody but root has to respect."""
    drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    prefix = [*drop, "--inh-caps", "-all"] if os.geteuid() == 0 else []
    return subprocess.run([*prefix, *command], capture_output=True, text=True, check=False)


def test_files_and_libraries_without_permission_are_told(tmp_path):
    command = [sys.executable, "-c", "from ui.cli import main; main()"]
    secret = tmp_path / "secret.txt"
    secret.write_text("The ferry sank.")
    secret.chmod(0)
    result = without_root_powers(*command, "ingest", secret, "--library", tmp_path / "one")
    assert result.returncode == 1 and f"{secret}: no permission to read it" in result.stderr

    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    result = without_root_powers(*command, "ingest", ARTICLES, "--library", locked / "library")
    assert result.returncode == 1 and "cannot write to the library" in result.stderr
    assert "--library" in result.stderr


def test_a_library_of_another_model_is_refused_with_the_mend(run, library, tmp_path):
    from rag.library import Library

    copy = tmp_path / "library"
    shutil.copytree(library, copy)
    opened = Library(copy)
    opened.catalogue.set("embedding_model", "another-model")
    opened.close()
    for command in (["ask", QUESTION], ["ingest", ARTICLES]):
        result = run(*command, at=copy)
        assert result.exit_code == 1 and "another-model" in result.stderr
    assert len(json.loads(run("status", "--json", at=copy).stdout)["articles"]) == 14


def test_asking_without_a_library_says_how_to_make_one(run, tmp_path):
    result = run("ask", QUESTION, at=tmp_path / "none")
    assert result.exit_code == 1 and "pullquote ingest" in result.stderr
    assert not (tmp_path / "none").exists()


def test_control_characters_of_an_article_do_not_reach_the_terminal(run, tmp_path):
    (tmp_path / "a.txt").write_text("The ferry Aurora sank \x1b[31moff Bergen in May 2024.")
    run("ingest", tmp_path / "a.txt", at=tmp_path / "library")
    shown = run("ask", "Where did the ferry Aurora sank?", at=tmp_path / "library").stdout
    assert "\x1b" not in shown and "␛[31m" in shown


def test_a_library_is_checked_and_what_is_wrong_is_listed(run, library, tmp_path):
    from rag.library import Library

    copy = tmp_path / "library"
    shutil.copytree(library, copy)
    done = run("status", "--check", at=copy)
    assert done.exit_code == 0 and "14 articles" in done.stdout and "all well" in done.stdout
    opened = Library(copy)
    with opened.catalogue.transaction() as db:
        db.execute("UPDATE articles SET text = text || ' ' WHERE id = 1")
        db.execute("DELETE FROM passages WHERE id = 7")
    opened.close()
    done = run("status", "--check", at=copy)
    assert done.exit_code == 1 and "its text is not that of its revision" in done.stdout
    assert "chroma: has gone 1 passages, such as 7" in done.stdout
    assert "keywords: has gone 1 passages, such as 7" in done.stdout


def test_reindex_says_what_it_made_and_ask_goes_on(run, library, tmp_path):
    copy = tmp_path / "library"
    shutil.copytree(library, copy)
    before = json.loads(run("status", "--json", at=copy).stdout)["passages"]
    done = run("reindex", "--passage-tokens", 60, at=copy)
    assert done.exit_code == 0 and "passages of at most 60 tokens" in done.stdout
    assert json.loads(run("status", "--json", at=copy).stdout)["passages"] > before
    assert run("status", "--check", at=copy).exit_code == 0
    assert json.loads(run("ask", QUESTION, "--json", at=copy).stdout)["citations"]
    wrong = run("reindex", "--passage-tokens", 5, at=copy)
    assert wrong.exit_code == 2 and "passage_tokens must be from 32 to 480" in wrong.stderr


def test_a_dry_run_leaves_no_library_behind(run, tmp_path):
    done = run("ingest", ARTICLES, "--dry-run", at=tmp_path / "none")
    assert done.exit_code == 0 and done.stdout.startswith("would be: 14 added")
    assert not (tmp_path / "none").exists()
