"""Importers: small hand-made files in each format become sets that load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.importers import import_set
from eval.importers.writing import safe_name
from tests.importing import (
    CLAPNQ,
    CLAPNQ_UNANSWERABLE,
    CONTEXT,
    LIGHTHOUSE,
    META,
    MTRAG,
    STORM,
    TURN,
    articles,
    beir_folder,
    lines_file,
    loaded,
    squad_file,
    task_with,
    text_file,
    verdicts,
)


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


@pytest.mark.parametrize("title", ["../../etc/passwd", "", "日本", "a" * 500, "CON", "x\x00/y"])
def test_names_of_documents_are_safe(title):
    name = safe_name(title, title)
    assert name == Path(name).name
    assert len(name) < 90 and name.isascii() and "\x00" not in name
    assert name != safe_name(title, title + "2")
