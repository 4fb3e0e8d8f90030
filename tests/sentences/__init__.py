"""Sentences true and false of small pieces of evidence, written for these tests.

`first` was written before the checks and mended with them, the others each after; what
share of them was judged rightly at first sight is in docs/models.md. A line is a piece of evidence,
a true sentence of one, or a false one with the reason for which it is withheld; without a reason
where it is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rag.domain import Article, Evidence, Metadata, Span

SETS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


@dataclass(frozen=True)
class Sentence:
    text: str
    of: Evidence
    true: bool
    reason: str = ""


def evidence(text: str, number: int = 1, **metadata: str) -> Evidence:
    article = Article(number, f"article-{number}.txt", text, f"r{number}", Metadata(**metadata))
    return Evidence(number, article, Span(0, len(text)), 0.9)


def sentences(name: str) -> list[Sentence]:
    lines = (Path(__file__).parent / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    pieces = {
        row.pop("evidence"): evidence(row.pop("text"), number, **row)
        for number, row in enumerate((r for r in rows if "evidence" in r), 1)
    }
    return [
        Sentence(row.get("true") or row["lie"], pieces[row["of"]], "true" in row,
                 row.get("reason", ""))
        for row in rows if "of" in row
    ]  # fmt: skip


TRUE = [s for name in SETS for s in sentences(name) if s.true]
LIES = [s for name in SETS for s in sentences(name) if not s.true and s.reason]
# What the checks cannot tell from a true sentence.
MISSED = [s for name in SETS for s in sentences(name) if not s.true and not s.reason]
