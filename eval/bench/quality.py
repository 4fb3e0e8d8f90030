"""Which documents are found: Pullquote's retrieval and its two halves alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.process import Figures, Setup, watch
from eval.cases import Case
from eval.metrics import retrieval_scores
from rag.conversation import Turn, last_turn
from rag.domain import Hit
from rag.library import Library
from rag.retrieve import Retriever

# Passages that every system may show; documents are ranked by their best one.
DEPTH = 20
_NAMES = ("hit@1", "hit@5", "mrr")


def messages(case: Case) -> list[Mapping[str, Any]]:
    """The history as OpenAI-style messages; sets also write it as bare user turns."""
    return [{"role": "user", "content": h} if isinstance(h, str) else h for h in case.history]


def plain_query(case: Case) -> str:
    """The question behind the one before it: the plain way to search for a follow-up."""
    turn = last_turn(case.question, messages(case))
    return f"{turn.previous} {turn.question}".strip()


def judged(cases: Sequence[Case]) -> list[Case]:
    """The questions whose gold documents are known."""
    return [c for c in cases if c.answerable and c.gold_sources]


def score(cases: Sequence[Case], ranked: Sequence[Sequence[str]]) -> Figures:
    """Mean hit@1, hit@5 and MRR of `ranked`, the source of each passage found, best first."""
    answers = [{"passages": [{"source": s} for s in sources[:DEPTH]]} for sources in ranked]
    rows = retrieval_scores(cases, answers)
    return {name: float(np.mean([row[name] or 0.0 for row in rows])) for name in _NAMES}


def timed(
    cases: Sequence[Case], find: Callable[[Case], Sequence[str]], encoded: Callable[[], float]
) -> tuple[list[Sequence[str]], Figures]:
    """What `find` gives for each case, and how long it took.

    Args:
        cases: the questions.
        find: the source of each passage found, best first.
        encoded: seconds that the encoder has taken so far.

    Returns:
        The sources, and median (`ms`), 95th percentile (`p95_ms`) and the median of what is not
        the encoder's (`beyond_ms`), all in milliseconds.
    """
    find(cases[0])  # whatever is loaded on first use is start-up
    ranked, spent, beyond = [], [], []
    for case in cases:
        before, start = encoded(), time.perf_counter()
        ranked.append(find(case))
        seconds = time.perf_counter() - start
        spent.append(1000 * seconds)
        beyond.append(1000 * (seconds - (encoded() - before)))
    return ranked, {
        "ms": float(np.median(spent)), "p95_ms": float(np.percentile(spent, 95)),
        "beyond_ms": float(np.median(beyond)),
    }  # fmt: skip


def measure_own(setup: Setup, folder: Path, cases: Sequence[Case]) -> Figures:
    """The figures of each of our own systems on the library at `folder`, by the system's name."""
    library, embedder = Library(folder), setup.embedder()
    candidates = setup.settings.candidates
    retriever = Retriever(library, embedder, candidates)

    def fused(case: Case) -> list[str]:
        found = retriever.search(last_turn(case.question, messages(case)), DEPTH)
        return [hit.passage.article.source for hit in found.hits]

    spent = {"encoder": 0.0}
    watch(embedder, ("query",), spent, "encoder")
    ranked, milliseconds = timed(cases, fused, lambda: spent["encoder"])
    systems = {"Pullquote": {**score(cases, ranked), **milliseconds}}
    # All candidates of both indexes come with both scores, so each index's own order is in them.
    hits = [retriever.search(Turn(plain_query(c)), 2 * candidates).hits for c in cases]
    for name, by in (("dense only", _cosine), ("keyword only", _keyword)):
        systems[name] = score(cases, [_sources(found, by) for found in hits])
    library.close()
    return {"systems": systems}


def _cosine(hit: Hit) -> float:
    return hit.cosine


def _keyword(hit: Hit) -> float:
    return hit.keyword


def _sources(hits: Sequence[Hit], by: Callable[[Hit], float]) -> list[str]:
    best = sorted((h for h in hits if by(h) > 0), key=lambda h: (-by(h), h.passage.id))
    return [hit.passage.article.source for hit in best]
