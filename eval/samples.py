"""Questions of a set with what was found for each, to fit on."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, QuestionSet, load_set
from eval.metrics import covers
from ingest.job import ingest
from rag.conversation import last_turn
from rag.domain import Span
from rag.embed import open_embedder
from rag.evidence import DEPTH
from rag.library import Library
from rag.retrieve import Retrieved, Retriever
from rag.settings import cache_folder, load
from rag.signals import UNIT_SIGNALS, Candidate, unit_candidates

FOLDS = 5
SEED = 5
_MOST_TURNED = 300
# Its articles do have the matter, only not as asked.
_FALSE_PREMISE = "false-premise"


@dataclass(frozen=True, slots=True)
class Sample:
    """One question: what was found, its candidates' signals (n, d), which are gold (n,).

    `places` are the gold ones' articles and spans; `premise` says whether the question takes for
    granted what the articles deny, `turned` whether it was asked after another on purpose; a
    `lesser` one teaches the decision alone, and counts less there.
    """

    name: str
    retrieved: Retrieved
    signals: NDArray[np.float64]
    gold: NDArray[np.bool_] | None
    places: frozenset[tuple[int, Span]]
    answerable: bool
    premise: bool
    fold: int
    turned: bool = False
    lesser: bool = False


def collect(
    question_set: QuestionSet, rng: np.random.Generator, limit: int | None = None
) -> list[Sample]:
    """Ingest the set's documents into a temporary library and retrieve for every question.

    Args:
        question_set: the questions; the samples are in their order.
        rng: deals the questions to folds.
        limit: passages to keep of each question; None for all candidates of both indexes.
    """
    with tempfile.TemporaryDirectory(prefix="pullquote-fit-") as folder:
        settings = load(os.environ, library=folder)
        library = Library(settings.library, create=True)
        embedder = open_embedder(settings.embedding_model, cache_folder(os.environ))
        ingest([question_set.docs], library, embedder, settings)
        retriever = Retriever(library, embedder, settings.candidates)
        samples = []
        for case in question_set.cases:
            history = [
                {"role": "user", "content": h} if isinstance(h, str) else h for h in case.history
            ]
            turn = last_turn(case.question, history)
            retrieved = retriever.search(turn, limit or 2 * settings.candidates)
            fold = int(rng.integers(FOLDS))
            samples.append(sample(question_set.name, case, retrieved, fold))
        library.close()
    return samples


def turned(question_set: QuestionSet) -> QuestionSet:
    """The set's questions without a conversation, each after another answerable one, by lot."""
    alone = [case for case in question_set.cases if not case.history]
    before = [case for case in alone if case.answerable]
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(alone))[:_MOST_TURNED]
    cases = []
    for case in (alone[at] for at in sorted(chosen)):
        other = before[int(rng.integers(len(before)))]
        if other is not case:
            reply = {"role": "assistant", "content": next(iter(other.answers), "")}
            history = ({"role": "user", "content": other.question}, reply)
            cases.append(replace(case, history=history))
    return replace(question_set, cases=tuple(cases))


def sample(name: str, case: Case, retrieved: Retrieved, fold: int) -> Sample:
    """What was found for a question, with the candidates that are gold marked."""
    candidates = unit_candidates(retrieved, DEPTH)
    gold = None
    if case.evidence:
        gold = np.array([
            any(covers(c.text, c.hit.passage.article.source, g)
                for group in case.evidence for g in group)
            for c in candidates
        ], dtype=bool)  # fmt: skip
    signals = np.array([c.signals for c in candidates]).reshape(-1, len(UNIT_SIGNALS))
    marks = () if gold is None else zip(candidates, gold, strict=True)
    places = frozenset(place(c) for c, is_gold in marks if is_gold)
    premise = case.type == _FALSE_PREMISE
    return Sample(name, retrieved, signals, gold, places, case.answerable, premise, fold)


def place(candidate: Candidate) -> tuple[int, Span]:
    """The candidate's article and its span there."""
    return candidate.hit.passage.article.id, candidate.unit.span


def set_arguments(parser: argparse.ArgumentParser) -> None:
    """Have a command line name question sets."""
    parser.add_argument("set", nargs="+", help="a set's folder, or QUESTIONS.jsonl:DOCS_FOLDER")
    lesser = "sets that teach the decision alone, where they count less than the others"
    parser.add_argument("--lesser", nargs="*", default=[], metavar="SET", help=lesser)


def named_set(name: str) -> QuestionSet:
    """The set that a command line names: a folder, or ``QUESTIONS.jsonl:DOCS_FOLDER``."""
    questions, _, docs = name.partition(":")
    return load_set(Path(questions), Path(docs) if docs else None)
