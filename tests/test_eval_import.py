"""Importers: small hand-made files in each format become sets that load, and bad ones say why."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.cases import QuestionSet, load_set
from eval.importers import IMPORTERS, import_set
from eval.importers.writing import safe_name
from rag.errors import UsageError

LIGHTHOUSE = "Skerry Light was lit in 1861. Its keeper, Ada Moor, rowed out each week."
STORM = "A storm broke the lamp in 1902! Two boats came.\nThe repair cost 90 pounds."


def squad_file(folder: Path, start: int = LIGHTHOUSE.index("1861"), extra: str = "") -> Path:
    questions = [
        {
            "id": "q1",
            "question": "When was Skerry Light lit?",
            "answers": [
                {"text": "1861", "answer_start": start},
                {"text": "in 1861", "answer_start": start - 3},
            ],
            "is_impossible": False,
        },
        {
            "id": "q2",
            "question": "Who painted Skerry Light?",
            "answers": [],
            "plausible_answers": [{"text": "Ada Moor", "answer_start": 42}],
            "is_impossible": True,
        },
        {
            "id": "q3",
            "question": "Who lit it, and how often did she row?",
            "answers": [
                {
                    "text": LIGHTHOUSE[20:],
                    "answer_start": 20,
                }
            ],
        },
    ]
    article = {
        "title": "../../Skerry_Light",
        "paragraphs": [
            {"context": LIGHTHOUSE, "qas": questions},
            {"context": STORM, "qas": []},
        ],
    }
    path = folder / "squad.json"
    path.write_text(json.dumps({"version": "v2.0", "data": [article]}) + extra)
    return path


def lines_file(folder: Path, name: str, *lines: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def text_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


CLAPNQ = {
    "id": 77,
    "input": "when was skerry light lit",
    "passages": [
        {"title": "Skerry Light", "text": LIGHTHOUSE, "sentences": LIGHTHOUSE.split(". ")},
    ],
    "output": [
        {
            "answer": "It was lit in 1861 and a keeper rowed out.",
            "selected_sentences": [
                "Skerry  Light was lit in 1861.&",
                "Its keeper, Ada Moor, rowed out each week.",
            ],
            "meta": {"round": 2},
        }
    ],
}
# As published: no answer is an empty one in the unanswerable file, and "NA" in the other.
META = {"annotator": [], "has_minimal_answer": False, "non_consecutive": False, "round": 0,
        "skip": False}  # fmt: skip
CLAPNQ_UNANSWERABLE = CLAPNQ | {
    "id": "78",
    "input": "who painted skerry light",
    "output": [{"answer": "", "selected_sentences": [], "meta": META}],
}
TURN = {"speaker": "user", "text": "When was it lit?"}
CONTEXT = {"document_id": "coast/1-90", "text": LIGHTHOUSE, "score": 3.1}
MTRAG = {
    "task_id": "a<::>2",
    "input": [
        {"speaker": "user", "text": "What is Skerry Light?"},
        {"speaker": "agent", "text": "A lighthouse."},
        TURN,
    ],
    "contexts": [CONTEXT],
    "targets": [{"speaker": "agent", "text": "In 1861."}],
    "Question Type": ["Factoid"],
    "Answerability": ["ANSWERABLE"],
    "Multi-Turn": float("nan"),
}


def beir_folder(folder: Path, qrels: str = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n"):
    lines_file(
        folder, "beir/corpus.jsonl",
        {"_id": "d1", "title": "Skerry Light", "text": LIGHTHOUSE},
        {"_id": "d2", "title": "", "text": STORM},
        {"_id": "d3", "title": "", "text": "  "},
    )  # fmt: skip
    lines_file(
        folder, "beir/queries.jsonl",
        {"_id": "q1", "text": "keeper of Skerry Light"}, {"_id": "q2", "text": "unjudged"},
    )  # fmt: skip
    text_file(folder, "beir/qrels/test.tsv", qrels)
    return folder / "beir"


def articles(folder: Path) -> Path:
    text_file(folder, "articles/light.txt", LIGHTHOUSE)
    text_file(folder, "articles/more/storm.md", STORM)
    text_file(folder, "articles/more/Light.txt", "Another light, on Gull Head.")
    return folder / "articles"


def loaded(folder: Path) -> QuestionSet:
    """The set, after a look at what every set must keep."""
    found = load_set(folder)
    assert sorted(p.name for p in folder.iterdir()) == ["docs", "questions.jsonl"]
    for case in found.cases:
        for group in case.evidence:
            for gold in group:
                assert gold.quote in (found.docs / gold.source).read_bytes().decode()
    return found


def test_squad_articles_become_documents_and_the_answers_sentence_evidence(tmp_path):
    written = import_set("squad", [squad_file(tmp_path)], tmp_path / "set")
    when, who, both = loaded(tmp_path / "set").cases
    assert (written.documents, written.questions, written.skipped) == (1, 3, {})
    assert [g.quote for g in when.evidence[0]] == ["Skerry Light was lit in 1861."]
    assert when.answers == ("1861", "in 1861")
    assert not who.answerable and not who.evidence and not who.answers
    assert both.evidence[0][0].quote == LIGHTHOUSE
    (document,) = (tmp_path / "set/docs").iterdir()
    assert document.name.startswith("skerry-light-")
    assert document.read_bytes().decode().endswith(f"{LIGHTHOUSE}\n\n{STORM}")


def test_clapnq_selected_sentences_are_found_in_the_passages_own_words(tmp_path):
    path = lines_file(tmp_path, "dev.jsonl", CLAPNQ, CLAPNQ_UNANSWERABLE, CLAPNQ)
    written = import_set("clapnq", [path], tmp_path / "set")
    answerable, unanswerable = loaded(tmp_path / "set").cases
    assert written.documents == 1
    assert written.skipped == {"repeated questions": 1}
    assert answerable.id == "clapnq-77"
    assert [g.quote for g in answerable.evidence[0]] == [
        "Skerry Light was lit in 1861.", "Its keeper, Ada Moor, rowed out each week.",
    ]  # fmt: skip
    assert not unanswerable.answerable and not unanswerable.gold_sources


def test_a_clapnq_annotator_without_an_answer_does_not_count(tmp_path):
    none = {"answer": "NA", "selected_sentences": [LIGHTHOUSE[:29]], "meta": META}
    both = CLAPNQ | {"output": [none, *CLAPNQ["output"]]}
    path = lines_file(tmp_path, "dev.jsonl", both, CLAPNQ | {"id": "79", "output": [none]})
    import_set("clapnq", [path], tmp_path / "set")
    answered, unanswered = loaded(tmp_path / "set").cases
    assert answered.answers == ("It was lit in 1861 and a keeper rowed out.",)
    assert not unanswered.answerable and not unanswered.answers


def test_squad_1_1_has_no_mark_of_the_impossible_and_its_test_files_no_answers(tmp_path):
    entries = [
        {"answers": [{"answer_start": 24, "text": "1861"}], "question": "When was Skerry Light "
         "lit? ", "id": "56be4db0acb8001400a502ec"},
        {"answers": [], "question": "Who kept it?", "id": "56be4db0acb8001400a502ed"},
    ]  # fmt: skip
    article = {"title": "Skerry_Light", "paragraphs": [{"context": LIGHTHOUSE, "qas": entries}]}
    path = text_file(tmp_path, "dev-v1.1.json", json.dumps({"data": [article], "version": "1.1"}))
    written = import_set("squad", [path], tmp_path / "set")
    (case,) = loaded(tmp_path / "set").cases
    assert case.answerable and case.question == "When was Skerry Light lit?"
    assert written.skipped == {
        "questions without an answer that are not marked as impossible": 1
    }  # fmt: skip


def test_mtrag_tasks_keep_their_history_and_small_talk_is_left_out(tmp_path):
    judged = [
        CONTEXT | {"feedback": {"relevant": {"ann": {"value": "yes"}}}},
        {
            "document_id": "d2",
            "text": STORM,
            "feedback": {"relevant": {"ann": {"value": "no"}}},
        },
    ]
    path = lines_file(
        tmp_path, "tasks.jsonl", MTRAG,
        MTRAG | {"task_id": "b<::>1", "input": [TURN], "Answerability": ["UNANSWERABLE"]},
        MTRAG | {"task_id": "c<::>1", "Answerability": ["CONVERSATIONAL"]},
        MTRAG | {"task_id": "d<::>1", "contexts": judged},
    )  # fmt: skip
    written = import_set("mtrag", [path], tmp_path / "set")
    first, none, last = loaded(tmp_path / "set").cases
    assert first.history == (
        {"role": "user", "content": "What is Skerry Light?"},
        {"role": "assistant", "content": "A lighthouse."},
    )
    assert (first.question, first.type, first.answers) == (TURN["text"], "factoid", ("In 1861.",))
    assert not none.answerable and not none.gold_sources and not none.history
    assert last.gold_sources == first.gold_sources and len(last.gold_sources) == 1
    assert written.skipped == {"questions that are conversational": 1}
    assert written.documents == 2


def task_with(number: int, *contexts: dict, **more: object) -> dict:
    return MTRAG | {"task_id": f"t<::>{number}", "contexts": list(contexts), **more}


def verdicts(*values: str) -> dict:
    """What several people said of a context, one after the other."""
    return {"feedback": {"relevant": {f"person {n}": {"value": v, "timestamp": 1724708654 + n}
                                      for n, v in enumerate(values)}}}  # fmt: skip


def test_mtrag_gold_is_what_the_file_marks(tmp_path):
    other = {"document_id": "d2", "text": STORM, "title": "Storm", "source": "", "score": 16.5}
    path = lines_file(
        tmp_path, "RAG.jsonl",
        # Retrieved passages, of which one is a reference; of which none is; a task without any.
        task_with(1, CONTEXT | {"reference": True}, other, **{"No. References": 3}),
        task_with(2, CONTEXT, other, **{"No. References": 1}),
        task_with(3, other, answerability=["UNANSWERABLE"], Answerability=float("nan")),
        # Judged by people: the last word counts, and what nobody judged was only retrieved.
        task_with(4, CONTEXT | verdicts("no", "yes"), other),
        task_with(5, CONTEXT | verdicts("yes", "no"), other | verdicts("yes")),
        # References without any mark.
        task_with(6, CONTEXT, other),
    )  # fmt: skip
    written = import_set("mtrag", [path], tmp_path / "set")
    gold = {c.id[-1]: {s.rpartition("-")[0] for s in c.gold_sources}
            for c in loaded(tmp_path / "set").cases}  # fmt: skip
    light, storm = "coast-1-90", "storm"
    assert gold == {"1": {light}, "3": set(), "4": {light}, "5": {storm}, "6": {light, storm}}
    assert written.skipped == {"answerable questions without a gold document in the file": 1}


def test_mtrag_conversations_are_taken_turn_by_turn(tmp_path):
    def user(text: str, label: str) -> dict:
        labels = {"Question Type": ["Factoid"], "Multi-Turn": ["N/A"], "Answerability": [label]}
        return {"speaker": "user", "text": text, "timestamp": 1724708469, "enrichments": labels}

    def agent(text: str, *contexts: dict) -> dict:
        return {"speaker": "agent", "text": text, "timestamp": 1724708471,
                "contexts": list(contexts), "original_text": "It is."}  # fmt: skip

    messages = [
        user("What is Skerry Light?", "ANSWERABLE"),
        agent("A lighthouse.", CONTEXT | verdicts("yes"),
              CONTEXT | {"document_id": "d2", "text": STORM} | verdicts("yes", "no")),
        user("Thank you!", "CONVERSATIONAL"),
        agent("You are welcome."),
        user("Who painted it?", "UNANSWERABLE"),
        agent("I'm sorry, but I don't have the answer to your question."),
        user("Still there?", "ANSWERABLE"),
    ]  # fmt: skip
    path = text_file(tmp_path, "conversations.json", json.dumps([
        {"author": "d2b56e91", "retriever": {}, "generator": {}, "messages": messages,
         "status": "accepted", "domain": "coast"}
    ]))  # fmt: skip
    written = import_set("mtrag", [path], tmp_path / "set")
    what, painted = loaded(tmp_path / "set").cases
    assert (what.answers, what.type, len(what.gold_sources)) == (("A lighthouse.",), "factoid", 1)
    assert not what.history and [m["role"] for m in painted.history] == ["user", "assistant"] * 2
    assert not painted.answerable and painted.history[1]["content"] == "A lighthouse."
    assert written.skipped == {"questions that are conversational": 1}
    assert written.documents == 2


def test_beir_folders_give_sources_without_quotes(tmp_path):
    written = import_set("beir", [beir_folder(tmp_path)], tmp_path / "set")
    (case,) = loaded(tmp_path / "set").cases
    assert case.answerable and not case.evidence
    assert [s.split("-")[:2] for s in case.gold_sources] == [["skerry", "light"]]
    assert written.documents == 2
    assert written.skipped == {
        "documents without words": 1, "questions without a relevant document": 1,
    }  # fmt: skip


def test_two_beir_folders_may_use_the_same_ids(tmp_path):
    folders = [beir_folder(tmp_path), beir_folder(tmp_path / "other/beir").rename(tmp_path / "two")]
    written = import_set("beir", folders, tmp_path / "set")
    assert (written.documents, written.questions) == (4, 2)


def test_of_several_beir_splits_test_is_taken_or_the_one_that_is_named(tmp_path):
    folder = beir_folder(tmp_path)
    text_file(folder, "qrels/dev.tsv", "query-id\tcorpus-id\tscore\r\nq2\td2\t1.0\r\n")
    import_set("beir", [folder], tmp_path / "test")
    import_set("beir", [folder / "qrels/dev.tsv"], tmp_path / "dev")
    for name, question in (("test", "keeper of Skerry Light"), ("dev", "unjudged")):
        (case,) = loaded(tmp_path / name).cases
        assert case.question == question


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_its_delimiter_and_names(tmp_path, delimiter):
    rows = [
        ["Nr", "Expected_Answer", "QUERY", "File", "Quote", "Answerable"],
        ["", "1861", "When was it lit?", "", "was lit in 1861", ""],
        ["x", "90 pounds", '"What did it\ncost?"', "more/storm.md", "", "yes"],
        ["y", "", "Who painted it?", "", "", "No"],
    ]
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    path = text_file(tmp_path, "team.csv", "\ufeff" + text)
    import_set("csv", [path], tmp_path / "set", articles(tmp_path))
    lit, cost, painted = loaded(tmp_path / "set").cases
    assert (lit.id, lit.evidence[0][0].source) == ("team-2", "light.txt")
    assert (cost.question, cost.gold_sources) == ("What did it cost?", {"storm.md"})
    assert not painted.answerable
    names = {p.name.lower() for p in (tmp_path / "set/docs").iterdir()}
    assert len(names) == 3 and {"light.txt", "storm.md"} <= names


def test_line_ends_stay_as_they_are(tmp_path):
    docs = tmp_path / "articles"
    docs.mkdir()
    (docs / "a.txt").write_bytes(b"One line,\r\nand another.\r\n")
    path = text_file(
        tmp_path, "t.csv", 'question,answer,quote\nWhich?,another,"line, and another"\n'
    )
    import_set("csv", [path], tmp_path / "set", docs)
    (case,) = loaded(tmp_path / "set").cases
    assert (
        case.evidence[0][0].quote == "line,\r\nand another" or "\r\n" in case.evidence[0][0].quote
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


@pytest.mark.parametrize("title", ["../../etc/passwd", "", "日本", "a" * 500, "CON", "x\x00/y"])
def test_names_of_documents_are_safe(title):
    name = safe_name(title, title)
    assert name == Path(name).name
    assert len(name) < 90 and name.isascii() and "\x00" not in name
    assert name != safe_name(title, title + "2")
