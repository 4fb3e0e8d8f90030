"""`pullquote verify`: quotes of earlier answers against the library as it is now."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ingest.job import ingest
from rag.assistant import Assistant
from rag.contract import answer_dict
from rag.errors import UsageError
from rag.library import Library
from rag.settings import load
from rag.verify import Standing, verify_answer
from ui.cli import main

TEXT = "Ferries\n\nThe ferry Marsten carries 212 passengers. It sails from Cape Orrin at noon.\n"
QUESTION = "How many passengers does the ferry Marsten carry?"


@pytest.fixture
def place(tmp_path, embedder):
    """A library of one article, an answer from it, and what writes the article anew."""
    source, folder = tmp_path / "articles" / "ferry.txt", tmp_path / "library"
    source.parent.mkdir()
    library = Library(folder, create=True)
    settings = load({}, library=folder)

    def write(text):
        source.write_text(text, encoding="utf-8")
        ingest([source.parent], library, embedder, settings)

    write(TEXT)
    answer = answer_dict(Assistant(library, embedder, settings).answer(QUESTION))
    assert answer["citations"]
    return library, answer, write, source


def standings(answer, library):
    return {q.standing for q in verify_answer(answer, library)}


def test_quotes_that_stand_are_ok(place):
    library, answer, _, _ = place
    assert standings(answer, library) == {Standing.OK}


def test_a_changed_source_has_the_quote_elsewhere(place):
    library, answer, write, _ = place
    write("Ferries\n\nMore of them sail each year. " + TEXT.split("\n\n")[1])
    checked = verify_answer(answer, library)
    assert {q.standing for q in checked} == {Standing.MOVED}
    for q, c in zip(checked, answer["citations"] + answer["near_misses"], strict=True):
        text = library.article(q.source).text
        assert text[q.start : q.start + len(c["quote"])] == c["quote"]


def test_a_changed_source_may_have_lost_the_quote(place):
    library, answer, write, _ = place
    write(TEXT.replace("212", "221").replace("noon", "one"))
    assert Standing.LOST in standings(answer, library)


def test_a_source_that_is_gone(place):
    library, answer, _, _ = place
    library.remove("ferry.txt")
    library.refresh()
    assert standings(answer, library) == {Standing.GONE}


@pytest.mark.parametrize("forged", [{"quote": "The ferry sank."}, {"start": 1}, {"end": 3}])
def test_a_forged_quote_is_wrong(place, forged):
    library, answer, _, _ = place
    answer["citations"][0] |= forged
    assert Standing.WRONG in standings(answer, library)


@pytest.mark.parametrize(
    "broken", [3, {}, {"citations": [{}]}, {"citations": [{"marker": "x"}]}, {"citations": "no"}]
)
def test_what_is_no_answer_is_said_to_be_none(place, broken):
    with pytest.raises(UsageError):
        verify_answer(broken, place[0])


def run(*args, stdin=None):
    return CliRunner().invoke(main, ["verify", *map(str, args)], input=stdin)


def test_on_the_command_line(place, tmp_path):
    library, answer, write, _ = place
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(answer), encoding="utf-8")
    good = run(file, "--library", library.folder)
    assert good.exit_code == 0
    assert good.stdout.splitlines()[0] == "[1] ferry.txt: ok"
    lines = "\n".join(json.dumps({"id": n, **answer}) for n in (1, 2))
    batch = run("-", "--json", "--library", library.folder, stdin=lines)
    assert [json.loads(x)["id"] for x in batch.stdout.splitlines()] == [1, 2]
    assert all(json.loads(x)["ok"] for x in batch.stdout.splitlines())
    write(TEXT.replace("212", "300"))
    changed = run(file, "--library", library.folder)
    assert changed.exit_code == 1
    assert "source changed" in changed.stdout
    nonsense = run("-", "--library", library.folder, stdin="not JSON")
    assert nonsense.exit_code == 2
    assert "not JSON" in nonsense.output
