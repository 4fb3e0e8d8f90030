"""What the tests of importers share: small hand-made files in each format."""

from __future__ import annotations

import json
from pathlib import Path

from eval.cases import QuestionSet, load_set

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


def task_with(number: int, *contexts: dict, **more: object) -> dict:
    return MTRAG | {"task_id": f"t<::>{number}", "contexts": list(contexts), **more}


def verdicts(*values: str) -> dict:
    """What several people said of a context, one after the other."""
    return {"feedback": {"relevant": {f"person {n}": {"value": v, "timestamp": 1724708654 + n}
                                      for n, v in enumerate(values)}}}  # fmt: skip
