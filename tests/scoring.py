"""What the tests of figures share: cases and answers made by hand, and their scores."""

import pytest

from eval.cases import Case, Gold
from eval.documents import Documents
from eval.metrics import all_scores

BRIDGE = "The bridge opened in 1977. Six people died. Eight people were on it."
DOCUMENTS = Documents({"bridge.txt": BRIDGE, "sub/eruption.md": "Lava reached the town."})


def cite(quote, source="bridge.txt", start=None, revision=None):
    start = DOCUMENTS.texts[source].find(quote) if start is None else start
    revision = revision or DOCUMENTS.revisions[source]
    return {
        "marker": 1, "quote": quote, "source": source, "revision": revision,
        "start": start, "end": start + len(quote),
    }  # fmt: skip


def case(kind="fact", answerable=True, evidence=(), answers=(), sources=("bridge.txt",)):
    groups = tuple(tuple(Gold("bridge.txt", q) for q in group) for group in evidence)
    gold = frozenset(sources if answerable else ())
    return Case("q", "Q?", (), answerable, gold, groups, tuple(answers), kind)


def passage(place):
    """A passage from ``source`` or ``(source, start, end)``."""
    source, start, end = (place, 0, 10_000) if isinstance(place, str) else place
    return {"source": source, "start": start, "end": end}


def answer(*citations, refused=False, passages=("bridge.txt",), near=(), text="", p=0.5, ms=10.0):
    return {
        "answer": text, "refused": refused, "citations": list(citations),
        "near_misses": list(near), "passages": [passage(p) for p in passages],
        "probability": p, "timings_ms": {"total": ms},
    }  # fmt: skip


def scored(case_, answer_):
    return all_scores([case_], [answer_], DOCUMENTS)[0]


def close(scores, **expected):
    for name, value in expected.items():
        found = scores[name]
        assert found == (None if value is None else pytest.approx(value)), name
