"""The question sets of the examples, held against the documents they are asked of.

The shared news reports and the public sets lie beside the repository; the sets about them are
skipped where they are absent.
"""

import json
import re
from collections import Counter

import pytest

from eval.cases import load_set
from tests.conftest import ARTICLES, HANDBOOK, ROOT, SHARED

QUESTIONS = ROOT / "examples/questions"
DOCS = {
    "articles": ARTICLES,
    "ceasefire": SHARED / "articles",
    "encyclopedia": SHARED / "evalsets/xquad/docs",
    "handbook": HANDBOOK,
    "manuals": SHARED / "evalsets/mtrag/docs",
    "passages": SHARED / "evalsets/clapnq/docs",
    "reports": SHARED / "articles",
    "wiki": HANDBOOK,
}
NOT_THERE = {"unanswerable", "false-premise"}
PAGE = {"code", "heading", "list", "steps", "table"}
TYPES = {
    "disagreement", "fact", "follow-up", "name-variant", "parts", "speaker", "time", *NOT_THERE,
    *PAGE,
}  # fmt: skip
FIELDS = {
    "answerable", "answers", "evidence", "gold_sources", "history", "id", "question", "type",
}  # fmt: skip


def problems(rows, texts):
    """What is wrong with a question set: one line for each fault.

    Args:
        rows: the questions, as read from the file.
        texts: the documents' texts by file name.
    """
    said = [f"{i}: {n} questions with this id" for i, n in _counts(rows, "id") if n > 1]
    asked = Counter((r["question"].lower(), json.dumps(r["history"])) for r in rows)
    said += [f"{question}: asked {n} times" for (question, _), n in asked.items() if n > 1]
    return said + [f"{row['id']}: {fault}" for row in rows for fault in _faults(row, texts)]


def _counts(rows, field):
    return Counter(row[field] for row in rows).items()


def _faults(row, texts):
    if set(row) != FIELDS:
        yield f"fields {sorted(set(row) ^ FIELDS)}"
    if row["type"] not in TYPES:
        yield f"unknown type {row['type']}"
    if row["answerable"] == (row["type"] in NOT_THERE):
        yield f"{row['type']}, but answerable is {row['answerable']}"
    quotes = [quote for group in row["evidence"] for quote in group]
    if not all([row["answerable"] == bool(quotes) == bool(row["answers"]), *row["evidence"]]):
        yield "evidence and answers are for answerable questions, and all of them"
    if sorted(row["gold_sources"]) != sorted({q["source"] for q in quotes}):
        yield "gold_sources are not those of the evidence"
    for quote in quotes:
        if quote["source"] not in texts:
            yield f"no document {quote['source']}"
        elif not quote["quote"].strip() or quote["quote"] not in texts[quote["source"]]:
            yield f"not in {quote['source']}: {quote['quote']}"
    if any(quote in group[:i] for group in row["evidence"] for i, quote in enumerate(group)):
        yield "one quote twice in a group"
    if row["type"] in {"parts", "disagreement"} and len(row["evidence"]) < 2:
        yield f"{row['type']} takes two groups or more"
    turns = [turn["role"] for turn in row["history"]]
    if turns != ["user", "assistant"] * (len(turns) // 2):
        yield f"history in turns of {turns}"
    if row["type"] == "follow-up" and not turns:
        yield "a follow-up of nothing"


def read(name):
    lines = (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module", params=sorted(p.stem for p in QUESTIONS.glob("*.jsonl")))
def question_set(request):
    docs = DOCS[request.param]
    if not docs.is_dir():
        pytest.skip(f"no {docs.name} beside the repository")
    texts = {p.name: p.read_bytes().decode("utf-8-sig") for p in docs.iterdir()}
    return request.param, read(request.param), texts


def test_every_question_holds_against_its_documents(question_set):
    name, rows, texts = question_set
    faults = problems(rows, texts)
    assert not faults, "\n".join(["", *faults])
    assert len(load_set(QUESTIONS / f"{name}.jsonl", DOCS[name]).cases) == len(rows) > 80


def test_every_document_of_ours_is_asked_about():
    for name, docs in (("articles", ARTICLES), ("handbook", HANDBOOK)):
        asked = {source for row in read(name) for source in row["gold_sources"]}
        assert asked == {p.name for p in docs.iterdir()}


def test_no_id_stands_in_two_sets():
    ids = [row["id"] for name in DOCS for row in read(name)]
    assert len(ids) == len(set(ids))


def test_the_sets_have_enough_of_every_kind():
    handbook = Counter(row["type"] for row in read("handbook"))
    assert set(handbook) == TYPES
    assert min(handbook.values()) >= 6
    assert min(handbook[kind] for kind in ("code", "list", "steps", "table")) >= 12
    assert handbook["unanswerable"] >= 25
    assert handbook["false-premise"] >= 8
    articles = Counter(row["type"] for row in read("articles"))
    assert set(articles) == TYPES - PAGE
    assert min(articles.values()) >= 8
    assert articles["false-premise"] >= 12


def test_rows_and_code_lines_are_quoted_whole():
    lines = {
        p.name: [line.strip() for line in p.read_text(encoding="utf-8").splitlines()]
        for p in HANDBOOK.iterdir()
    }
    quoted = [
        (row["type"], quote)
        for row in read("handbook")
        for group in row["evidence"]
        for quote in group
        if row["type"] in {"code", "table"} or quote["quote"].startswith("|")
    ]
    assert len(quoted) > 24
    for kind, quote in quoted:
        assert quote["quote"] in lines[quote["source"]]
        assert (kind != "table") or re.fullmatch(r"\|.*\|", quote["quote"])


def test_examples_are_kept_byte_for_byte():
    kept = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert {"examples/articles/* -text", "examples/handbook/* -text"} <= set(kept)


# --- The check itself ----------------------------------------------------------------------

TEXTS = {"a.md": "The dam is 40 metres high.\nIt was built in 1931."}
HIGH = {"source": "a.md", "quote": "The dam is 40 metres high."}
BUILT = {"source": "a.md", "quote": "It was built in 1931."}
GOOD = {
    "id": "x-1", "question": "How high?", "history": [], "answerable": True,
    "gold_sources": ["a.md"], "evidence": [[HIGH]], "answers": ["40 metres"], "type": "fact",
}  # fmt: skip
REFUSED = {"answerable": False, "evidence": [], "gold_sources": [], "answers": []}
ASKED = {"role": "user", "content": "Is there a dam?"}


def test_a_good_set_passes():
    both = {"id": "x-2", "question": "High and old?", "type": "parts", "answers": ["40", "1931"]}
    wide = {"id": "x-3", "question": "How wide?", "type": "unanswerable"}
    rows = [GOOD, GOOD | both | {"evidence": [[HIGH], [BUILT]]}, GOOD | wide | REFUSED]
    assert problems(rows, TEXTS) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"evidence": [[HIGH | {"quote": "The dam is 40 meters high."}]]}, "not in a.md"),
        ({"evidence": [[HIGH | {"quote": ""}]]}, "not in a.md"),
        ({"evidence": [[HIGH, HIGH]]}, "one quote twice"),
        ({"evidence": [[HIGH], []]}, "evidence and answers"),
        ({"evidence": [], "gold_sources": []}, "evidence and answers"),
        ({"evidence": [[HIGH | {"source": "b.md"}]], "gold_sources": ["b.md"]}, "no document b.md"),
        ({"gold_sources": []}, "gold_sources"),
        ({"answers": []}, "evidence and answers"),
        ({"type": "riddle"}, "unknown type"),
        ({"type": "unanswerable"}, "but answerable is True"),
        ({"type": "false-premise", "answerable": False}, "evidence and answers"),
        (REFUSED, "but answerable is False"),
        ({"type": "parts"}, "two groups"),
        ({"type": "disagreement"}, "two groups"),
        ({"type": "follow-up"}, "a follow-up of nothing"),
        ({"type": "follow-up", "history": [ASKED]}, "history in turns"),
        ({"note": "?"}, "fields ['note']"),
    ],
)
def test_a_fault_is_found(change, fault):
    assert any(fault in said for said in problems([GOOD | change], TEXTS))


def test_a_repeated_id_and_a_repeated_question_are_found():
    said = problems([GOOD, GOOD | {"question": "how HIGH?"}], TEXTS)
    assert said == ["x-1: 2 questions with this id", "how high?: asked 2 times"]
