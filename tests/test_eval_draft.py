"""Drafted questions: what the templates make of sentences, and the file that a person edits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from eval.cases import load_set
from eval.draft import Drafting, Sentence
from eval.draft.check import check, nearest
from eval.draft.forms import Asked, ask
from ingest.job import ingest
from rag.library import Library
from rag.settings import load
from tests.conftest import ARTICLES
from ui.cli import main

MADE = [
    ("Some 4,000 people live in Orhavn.", "How many people live in Orhavn", "4,000"),
    ("At least 12 boats were lost, the harbour master said.", "How many boats were lost", "12"),
    ("Over 60 percent of voters were women.", "What percentage of voters were women", "60 percent"),
    ("The crews hauled away about 900 tons of sand and clay on Monday.",
     "How many tons of sand and clay did The crews haul away", "900"),
    ("The old organ has nearly 8,000 pipes, and each was cleaned.",
     "How many pipes does The old organ have", "8,000"),
    ("The Vell tunnel has cost around 3 billion euros.", "How much has The Vell tunnel cost",
     "3 billion euros"),
    ("Donors of the Arnfield trust gave $5 million.",
     "How much did Donors of the Arnfield trust give", "$5 million"),
    ("The satellite weighs about four tonnes and circles the Earth.",
     "How much does The satellite weigh", "four tonnes"),
    ("The Vell canal is 700 feet wide and 50 feet deep.", "How wide is The Vell canal", "700 feet"),
    ("The launcher left Kourou at 1:24 p.m. local time on 6 March 2025.",
     "When did The launcher leave Kourou", "6 March 2025"),
    ("The probe had been launched on 14 July from Sriharikota.",
     "When was The probe launched from Sriharikota", "14 July"),
    ("On 3 May 2021, the Vell bridge reopened to all traffic.",
     "When did the Vell bridge reopen to all traffic", "3 May 2021"),
    ("The grid at Vell went down at 12:33 p.m. on Monday.",
     "At what time did The grid at Vell go down", "12:33 p.m."),
    ("Mara Quill, the head of the Vell Museum, opened the show.",
     "Who is the head of the Vell Museum", "Mara Quill"),
    ("Chief architect Mara Quill oversaw the rebuilding of the spire.",
     "Who oversaw the rebuilding of the spire", "Mara Quill"),
    ("Northgrid is headed by Mara Quill, a former minister.", "Who is Northgrid headed by",
     "Mara Quill"),
    ("The talks on fishing were held in Vell Harbour.", "Where were The talks on fishing held",
     "Vell Harbour"),
    ("The first flight was called off because of a leak.", "Why was The first flight called off",
     "because of a leak"),
    ("The fire at the Vell mill was caused by a loose cable.",
     "What caused The fire at the Vell mill", "a loose cable"),
    ("The lander, called Vikram, touched down.", "What is The lander called", "Vikram"),
    ("President Mara Quill said that protecting lives was the first concern.",
     "What did President Mara Quill say about protecting lives",
     "protecting lives was the first concern."),
]  # fmt: skip

LEFT_ALONE = [
    "“We sold 40 candles,” said the owner.",
    "It opened in 1977.",
    "He left in May 2020.",
    "Is that all?",
    "1977 people say was better.",
    "The man arrested by police in May 2020 was freed.",
    "The town was emptied before the lava came in May 2020.",
    "Although the judge agreed in 1999, nobody paid.",
    "More at https://example.org in 2020.",
    "A very quiet day.",
]


@pytest.mark.parametrize(("sentence", "question", "answer"), MADE)
def test_a_sentence_becomes_a_question(sentence, question, answer):
    assert (question, answer) in [(a.question, a.answer) for a in ask(sentence)]


@pytest.mark.parametrize("sentence", LEFT_ALONE)
def test_a_sentence_that_cannot_be_turned_surely_is_left_alone(sentence):
    assert list(ask(sentence)) == []


@pytest.fixture(scope="module")
def library(tmp_path_factory, embedder) -> Library:
    settings = load({}, library=tmp_path_factory.mktemp("drafting"))
    library = Library(settings.library, create=True)
    ingest([ARTICLES], library, embedder, settings)
    return library


@pytest.fixture(scope="module")
def drafting(library, embedder) -> Drafting:
    return Drafting(library, embedder, 40)


@pytest.fixture(scope="module")
def lines(drafting) -> list[dict]:
    return drafting.run(30, seed=1)


@pytest.fixture
def drafted(lines, tmp_path) -> Path:
    path = tmp_path / "questions.draft.jsonl"
    write(path, lines)
    return path


def write(path: Path, lines: list[dict]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def accept(path: Path, **changes: object) -> list[dict]:
    lines = [line | {"status": "accepted"} for line in read(path)]
    lines[0] |= changes
    write(path, lines)
    return lines


def test_drafts_are_whole_and_spread_over_articles_and_kinds(drafting, library):
    lines = drafting.run(20, seed=3)
    assert len(lines) == 20
    assert len({line["question"] for line in lines}) == 20
    assert len({line["type"] for line in lines}) >= 5
    assert len({source for line in lines for source in line["gold_sources"]}) >= 8
    for line in lines:
        assert line["status"] == "draft"
        assert line["question"][0].isupper() and line["question"].endswith("?")
        for entry in (e for group in line["evidence"] for e in group):
            assert entry["quote"] in library.article(entry["source"]).text


@pytest.mark.parametrize("seed", range(3))
def test_unanswerable_questions_are_of_articles_that_no_answerable_one_needs(drafting, seed):
    lines = drafting.run(40, seed)
    out = {line["left_out"] for line in lines if not line["answerable"]}
    assert out
    assert not out & {source for line in lines for source in line["gold_sources"]}
    answerable = {line["question"] for line in lines if line["answerable"]}
    assert not answerable & {line["question"] for line in lines if not line["answerable"]}


def test_one_seed_drafts_one_file_and_another_seed_another(drafting):
    assert drafting.run(15, seed=1) == drafting.run(15, seed=1)
    assert drafting.run(15, seed=1) != drafting.run(15, seed=2)


def test_articles_that_say_the_same_are_alternatives(drafting):
    lines = drafting.run(100, seed=0) + drafting.run(100, seed=1)
    alternatives = [group for line in lines for group in line["evidence"] if len(group) > 1]
    assert alternatives
    for group in alternatives:
        assert len({entry["source"] for entry in group}) == len(group)


def test_another_drafter_takes_the_place_of_the_templates(library, embedder):
    class Shouting:
        def draft(self, sentence: Sentence):
            if "Vikram" in sentence.text:
                yield Asked("shout", "VIKRAM?", "Vikram")

    lines = [Drafting(library, embedder, 40, Shouting()).run(5, seed) for seed in range(4)]
    assert any(line[0]["question"] == "VIKRAM?" for line in lines if line)


def test_an_accepted_file_becomes_a_set_without_the_articles_left_out(drafted, library, tmp_path):
    lines = accept(drafted)
    done = new("--check", drafted, "--out", tmp_path / "set", library=library)
    assert done.exit_code == 0, done.output
    found = load_set(tmp_path / "set")
    assert [c.question for c in found.cases] == [line["question"] for line in lines]
    docs = {p.name for p in (tmp_path / "set/docs").iterdir()}
    out = {line["left_out"] for line in lines if "left_out" in line}
    assert out and docs == {p.name for p in ARTICLES.iterdir()} - out
    for gold in (g for case in found.cases for group in case.evidence for g in group):
        assert gold.quote in (found.docs / gold.source).read_bytes().decode()


PROBLEMS = [
    pytest.param({"status": "ok"}, "status is 'ok'", id="status"),
    pytest.param({"question": " "}, "the question is empty", id="question"),
    pytest.param({"question": None}, "the field 'question' is missing", id="field"),
    pytest.param({"evidence": []}, "answerable, but without evidence", id="no evidence"),
    pytest.param({"evidence": [["x"]]}, "evidence must be a list of lists", id="form"),
    pytest.param({"answerable": False}, "unanswerable, but with evidence", id="contradiction"),
    pytest.param(
        {"evidence": [[{"source": "none.txt", "quote": "x"}]]}, "no article 'none.txt'", id="source"
    ),
    pytest.param(
        {
            "evidence": [
                [{"source": "post_7731.txt", "quote": "The lander, named Vikram, came down at 6"}]
            ]
        },
        "nearest there: 'The lander, called Vikram, touched down at",
        id="quote",
    ),
    pytest.param({"id": "draft-002"}, ":2: the same id as line 1", id="id"),
    pytest.param({"left_out": "none.txt"}, "left_out: no article", id="left out"),
]


@pytest.mark.parametrize(("changes", "message"), PROBLEMS)
def test_what_is_wrong_with_a_file_is_named_by_line(drafted, library, changes, message, tmp_path):
    accept(drafted, **changes)
    done = new("--check", drafted, "--out", tmp_path / "set", library=library)
    assert done.exit_code == 1
    assert message in done.output and f"{drafted.name}:" in done.output
    assert not (tmp_path / "set").exists()


def test_the_same_question_in_other_order_is_a_repeat(drafted, library):
    lines = accept(drafted)
    write(drafted, [*lines, lines[0] | {"id": "mine", "question": f"So, {lines[0]['question']}"}])
    (problem,) = check(drafted, library).problems
    assert problem.endswith(f":{len(lines) + 1}: the same question as line 1")


def test_a_question_whose_article_another_leaves_out_is_named(drafted, library):
    lines = accept(drafted)
    source = lines[0]["gold_sources"][0]
    write(drafted, [lines[0], lines[-1] | {"left_out": source}])
    (problem,) = check(drafted, library).problems
    assert f"needs {source}, which other questions leave out" in problem


def test_a_line_that_is_no_json_is_named(drafted, library):
    drafted.write_text(drafted.read_text() + "{oops\n[]\n")
    assert [p.split(": ", 1)[1] for p in check(drafted, library).problems] == [
        "not JSON: Expecting property name enclosed in double quotes at column 2",
        "not a JSON object",
    ]


@pytest.mark.parametrize(("text", "quote"), [("", "x"), ("abc", ""), ("short", "a longer quote")])
def test_nearest_copes_with_any_text(text, quote):
    assert isinstance(nearest(text, quote), str)


def new(*arguments: object, library: Library):
    words = ["eval", "new", "--library", str(library.folder), *map(str, arguments)]
    return CliRunner().invoke(main, words)


def test_the_command_writes_drafts_and_says_how_to_accept_them(library, tmp_path):
    path = tmp_path / "mine.jsonl"
    done = new("--out", path, "--count", 8, "--seed", 2, library=library)
    assert done.exit_code == 0, done.output
    assert len(read(path)) == 8
    assert 'set "status" to "accepted"' in done.output
    assert new("--out", path, library=library).exit_code == 2
    checked = new("--check", path, library=library)
    assert checked.exit_code == 0 and "8 still drafts" in checked.output
    refused = new("--check", path, "--out", tmp_path / "set", library=library)
    assert refused.exit_code == 2 and "no question is accepted yet" in refused.output


@pytest.mark.parametrize("arguments", [[], ["--check", "f", "--count", 3], ["--count", 0]])
def test_wrong_usage_is_told(arguments, library):
    assert new(*arguments, library=library).exit_code == 2


def test_the_import_command_reports_what_it_wrote(tmp_path):
    shutil.copytree(ARTICLES, tmp_path / "articles")
    (tmp_path / "team.csv").write_text("question;answer\nWhat is the lander called?;Vikram\n")
    words = ["eval", "import", "csv", str(tmp_path / "team.csv"), "--out", str(tmp_path / "set")]
    done = CliRunner().invoke(main, [*words, "--docs", str(tmp_path / "articles")])
    assert done.exit_code == 0, done.output
    assert "1 questions, 14 documents" in done.output
    assert CliRunner().invoke(main, words).exit_code == 2
