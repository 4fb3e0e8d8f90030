"""Importers of files that are wrong: a message that says why, and nothing is written."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.importers import IMPORTERS, import_set
from rag.errors import UsageError
from tests.importing import (
    CLAPNQ,
    CONTEXT,
    MTRAG,
    articles,
    beir_folder,
    lines_file,
    loaded,
    squad_file,
    text_file,
    verdicts,
)

BAD = [
    pytest.param("squad", lambda d: squad_file(d, start=3), "question q1", id="answer elsewhere"),
    pytest.param("squad", lambda d: squad_file(d, extra="}"), "squad.json:1: not JSON", id="json"),
    pytest.param("squad", lambda d: lines_file(d, "s.json", {"rows": []}), "no 'data'", id="data"),
    pytest.param("squad", lambda d: d / "none.json", "no such file", id="no file"),
    pytest.param(
        "squad",
        lambda d: lines_file(d, "s.json", {"data": [{"title": "x", "paragraphs": ["y"]}]}),
        "s.json: article 1: 'paragraphs' must hold objects",
        id="paragraphs",
    ),
    pytest.param(
        "clapnq",
        lambda d: lines_file(d, "c.jsonl", CLAPNQ | {"output": {"answer": "x"}}),
        "c.jsonl:1: no 'output' (list)",
        id="output",
    ),
    pytest.param(
        "mtrag",
        lambda d: text_file(d, "m.json", '[{"messages": [7]}]'),
        "m.json: conversation 1: 'messages' must hold objects",
        id="messages",
    ),
    pytest.param("mtrag", lambda d: text_file(d, "m.json", "[1, "), "m.json:1: not JSON", id="cut"),
    pytest.param(
        "clapnq",
        lambda d: text_file(d, "c.jsonl", json.dumps(CLAPNQ) + "\n{oops\n"),
        "c.jsonl:2: not JSON",
        id="bad line",
    ),
    pytest.param(
        "clapnq",
        lambda d: lines_file(
            d, "c.jsonl", CLAPNQ | {"output": [{"answer": "x", "selected_sentences": ["Gone."]}]}
        ),
        "c.jsonl:1: the selected sentence stands in no passage",
        id="sentence not in passage",
    ),
    pytest.param(
        "clapnq", lambda d: lines_file(d, "c.jsonl", [1]), "not a JSON object", id="no object"
    ),
    pytest.param(
        "mtrag",
        lambda d: lines_file(d, "m.jsonl", MTRAG | {"input": [{"speaker": "dog", "text": "?"}]}),
        "m.jsonl:1: unknown speaker 'dog'",
        id="speaker",
    ),
    pytest.param(
        "mtrag",
        lambda d: lines_file(d, "m.jsonl", MTRAG | {"input": []}),
        "must end in a turn of the user",
        id="no turn",
    ),
    pytest.param("beir", lambda d: d, "corpus.jsonl: no such file", id="no corpus"),
    pytest.param(
        "beir", lambda d: beir_folder(d, "q1\td9\t1\n"), "test.tsv:1: document 'd9'", id="lacking"
    ),
    pytest.param(
        "beir", lambda d: beir_folder(d, "q\tc\ts\nq9\td1\t1\n"), "'q9' is not in", id="no query"
    ),
    pytest.param(
        "beir", lambda d: beir_folder(d, "q\tc\ts\nq1 d1 1\n"), "test.tsv:2: not 'query", id="tabs"
    ),
    pytest.param(
        "csv", lambda d: text_file(d, "t.csv", "who,what\na,b\n"), "t.csv:1: no column", id="head"
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", "question,answer\nWhen?,\n"),
        "t.csv:2: no answer",
        id="no answer",
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", "question,answer\n,7\n"),
        "t.csv:2: no question",
        id="no question",
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", "question,answer,quote\nWhen?,7,not there\n"),
        "t.csv:2: the quote stands in no document",
        id="quote",
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", "question,answer,source,quote\nA?,7,storm.md,was lit\n"),
        "t.csv:2: the quote does not stand in storm.md",
        id="quote of another",
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", "question,answer,source\nWhen?,7,../x\n"),
        "t.csv:2: no document '../x'",
        id="source",
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", "question,answer,answerable\nWhen?,7,perhaps\n"),
        "write yes or no",
        id="answerable",
    ),
    pytest.param(
        "csv",
        lambda d: text_file(d, "t.csv", 'question,answer\n"When?,7\n'),
        "t.csv:2",
        id="open quotation mark",
    ),
]


@pytest.mark.parametrize(("name", "make", "message"), BAD)
def test_bad_input_is_named_and_nothing_is_written(tmp_path, name, make, message):
    docs = articles(tmp_path) if name == "csv" else None
    with pytest.raises(UsageError) as raised:
        import_set(name, [make(tmp_path)], tmp_path / "set", docs)
    assert message in str(raised.value)
    assert not (tmp_path / "set").exists()


def broken(value: object, random: Random) -> object:
    """`value` with one thing in it replaced by another kind of thing, or dropped."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(list(value))
        if random.random() < 0.2:
            return {k: v for k, v in value.items() if k != key}
        return value | {key: broken(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.8:
        at = random.randrange(len(value))
        return [*value[:at], broken(value[at], random), *value[at + 1 :]]
    return random.choice([None, "", "x", 7, -1, 1.5, True, [], {}, [None], ["x"], {"x": None}])


@given(st.randoms(use_true_random=False), st.sampled_from(["squad", "clapnq", "mtrag", "beir"]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_wrong_inside_is_a_message_or_no_matter(random, name):
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if name == "squad":
            path = squad_file(folder)
            path.write_text(json.dumps(broken(json.loads(path.read_text()), random)))
        elif name == "beir":
            path = beir_folder(folder)
            for file in (path / "corpus.jsonl", path / "queries.jsonl"):
                lines = [json.loads(line) for line in file.read_text().splitlines()]
                lines_file(path, file.name, *[broken(line, random) for line in lines])
        else:
            judged = MTRAG | {"contexts": [CONTEXT | verdicts("yes")]}
            line = broken(CLAPNQ if name == "clapnq" else judged, random)
            path = lines_file(folder, "x.jsonl", line)
        with suppress(UsageError):
            import_set(name, [path], folder / "set")
            loaded(folder / "set")


def test_every_format_is_shown_to_fail():
    assert {p.values[0] for p in BAD} == set(IMPORTERS)


def test_a_folder_in_use_is_left_alone(tmp_path):
    text_file(tmp_path, "set/mine.txt", "mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        import_set("squad", [squad_file(tmp_path)], tmp_path / "set")
    assert [p.name for p in (tmp_path / "set").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("name", "given"), [("csv", False), ("squad", True)])
def test_documents_are_named_for_tables_alone(tmp_path, name, given):
    with pytest.raises(UsageError, match="--docs"):
        import_set(name, [], tmp_path / "set", tmp_path if given else None)
