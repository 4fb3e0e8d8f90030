"""A run: a question set answered and scored, with all that is needed to compare it later."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from eval.cases import Case, Gold, QuestionSet
from eval.documents import Documents, fault, library_documents, read_documents
from eval.metrics import METRICS, Scores, all_scores
from eval.stats import Column, Estimate, estimate
from ingest.job import ingest
from rag.assistant import Assistant
from rag.contract import answer_dict
from rag.domain import Answer
from rag.embed_openai import choose_embedder
from rag.errors import LibraryError, UsageError
from rag.library import Library
from rag.llm import open_model
from rag.reader import reader_of
from rag.settings import Secret, Settings

Messages = Sequence[Mapping[str, str]]
Answerer = Callable[[str, Messages], Answer]
Progress = Callable[[int, int, str], None]

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One question: the case, its answer in the contract's form, scores, and faults of quotes.

    `judged` are a model judge's reasons by the name of its score, where one was asked.
    """

    case: Case
    answer: dict[str, Any]
    scores: Scores
    faults: tuple[str, ...] = ()
    judged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """All rows of one set, and what they were made with. `seconds` is wall time."""

    name: str
    rows: tuple[Row, ...]
    environment: Mapping[str, Any]
    seconds: float

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Scores by name, one float a question, NaN where one does not apply."""
        names = dict.fromkeys(name for m in METRICS.values() for name in m.statistic.columns)
        return {
            name: np.array([row.scores.get(name) for row in self.rows], dtype=np.float64)
            for name in names
        }

    @cached_property
    def metrics(self) -> dict[str, Estimate]:
        """Every metric of the set, those without a score too."""
        return {name: estimate(self.columns, m.statistic) for name, m in METRICS.items()}


def evaluate(
    question_set: QuestionSet, answer: Answerer, documents: Documents,
    environment: Mapping[str, Any] | None = None, progress: Progress | None = None,
) -> Run:  # fmt: skip
    """Answer and score every case of a set.

    Args:
        question_set: what is asked.
        answer: takes a question and the conversation before it; an Assistant's own method, or
            whatever shall be measured instead.
        documents: what the quotes must stand in.
        environment: what to remember about how the answers were made.
        progress: told after each question: number done, number in all, its text.
    """
    start = time.perf_counter()
    said: dict[str, str] = {}
    answers = []
    for number, case in enumerate(question_set.cases, 1):
        answers.append(_ask(answer, case.question, _messages(case, answer, said)))
        if progress:
            progress(number, len(question_set.cases), case.question)
    scores = all_scores(question_set.cases, answers, documents)
    rows = tuple(
        Row(case, given, score, tuple(fault(c, documents) for c in given["citations"]))
        for case, given, score in zip(question_set.cases, answers, scores, strict=True)
    )
    about = {
        "pullquote": importlib.metadata.version("pullquote"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "questions": _digest([_case_dict(c) for c in question_set.cases]),
        "documents": documents.digest(),
        **(environment or {}),
    }
    return Run(question_set.name, rows, about, time.perf_counter() - start)


def _ask(answer: Answerer, question: str, history: Messages) -> dict[str, Any]:
    """The answer in the contract's form; a question that is turned down counts as refused."""
    try:
        return answer_dict(answer(question, history))
    except UsageError as error:
        empty = Answer(question, f"Not answered: {error}", question, refused=True)
        return {**answer_dict(empty), "error": str(error)}


def _messages(case: Case, answer: Answerer, said: dict[str, str]) -> list[Mapping[str, str]]:
    """The conversation before a case. Earlier questions given as plain text are asked first."""
    messages: list[Mapping[str, str]] = []
    for turn in case.history:
        if not isinstance(turn, str):
            messages.append(turn)
            continue
        if turn not in said:
            said[turn] = _ask(answer, turn, ())["answer"]
        messages += [
            {"role": "user", "content": turn},
            {"role": "assistant", "content": said[turn]},
        ]
    return messages


def run_set(
    question_set: QuestionSet, settings: Settings, cache: Path,
    live: bool = False, progress: Progress | None = None, ask_model: bool = False,
) -> Run:  # fmt: skip
    """Measure Pullquote on a set.

    Args:
        question_set: what is asked, and of which documents.
        settings: the settings in force; their library is used only if `live`.
        cache: per-user folder for the prepared models.
        live: answer from the library as it stands, instead of from a temporary one into which
            the set's documents are ingested first. Quotes are held against the set's documents,
            or against the files that the library's articles came from where the set has none.
        progress: told after each question.
        ask_model: answer with the chat model of the settings, not in quotes mode.

    Raises:
        EmbeddingError: a model cannot be loaded.
        LibraryError: a document of the set cannot be ingested, or the live library not opened.
    """
    embedder, second = choose_embedder(settings, cache), reader_of(settings, cache)
    with tempfile.TemporaryDirectory(prefix="pullquote-eval-") as temporary:
        if not live:
            settings = dataclasses.replace(settings, library=Path(temporary))
        with closing(Library(settings.library, create=not live)) as library:
            ingest_seconds = 0.0
            if not live:
                start = time.perf_counter()
                summary = ingest([question_set.docs], library, embedder, settings)
                ingest_seconds = time.perf_counter() - start
                if summary.failed:
                    raise LibraryError(f"{question_set.name}: {summary.failed[0][1]}")
            if question_set.docs == settings.library:
                documents = library_documents(library, settings.max_article_mb)
            else:
                documents = read_documents(question_set.docs, settings.max_article_mb)
            articles, passages = library.count()
            environment = {
                "library": str(settings.library) if live else "temporary, of the set's documents",
                "articles": articles,
                "passages": passages,
                "embedding_model": embedder.name,
                "ingest_seconds": round(ingest_seconds, 2),
                "settings": _settings_dict(settings),
            }
            model = open_model(settings) if ask_model else None
            assistant = Assistant(library, embedder, settings, model, second)
            environment["model"] = assistant.model
            return evaluate(question_set, assistant.answer, documents, environment, progress)


def _settings_dict(settings: Settings) -> dict[str, Any]:
    """What can change an answer: no secret, nor how the server serves."""
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    apart = ("library", "host", "port", "uploads", "max_upload_mb", "keep_days")
    return {k: v for k, v in values.items() if k not in apart and not isinstance(v, Secret)}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _case_dict(case: Case) -> dict[str, Any]:
    """A case as a line of questions.jsonl has it."""
    return dataclasses.asdict(case) | {"gold_sources": sorted(case.gold_sources)}


def _run_dict(run: Run) -> dict[str, Any]:
    rows = [
        {"case": _case_dict(r.case), "answer": r.answer, "scores": r.scores, "faults": r.faults}
        | ({"judged": r.judged} if r.judged else {})
        for r in run.rows
    ]
    head = {"set": run.name, "environment": run.environment, "seconds": round(run.seconds, 2)}
    return {**head, "rows": rows}


def save_runs(path: Path, runs: Sequence[Run]) -> None:
    """Write runs to a file that `load_runs` reads."""
    content = {"pullquote_runs": _FORMAT, "runs": [_run_dict(run) for run in runs]}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_runs(path: Path) -> dict[str, Run]:
    """The runs in a file, by the name of their set.

    Raises:
        UsageError: there is no such file, or it holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["pullquote_runs"] != _FORMAT:
            raise ValueError(f"its format is {content['pullquote_runs']!r}, not {_FORMAT}")
        return {data["set"]: _run(data) for data in content["runs"]}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"{path}: not a run ({error!r}): make one with pullquote eval SET --save {path}"
        ) from error


def _run(data: Mapping[str, Any]) -> Run:
    rows = tuple(
        Row(_case(r["case"]), r["answer"], r["scores"], tuple(r["faults"]), r.get("judged", {}))
        for r in data["rows"]
    )
    return Run(data["set"], rows, data["environment"], data["seconds"])


def _case(data: dict[str, Any]) -> Case:
    return Case(**data | {
        "history": tuple(data["history"]),
        "gold_sources": frozenset(data["gold_sources"]),
        "evidence": tuple(tuple(Gold(**g) for g in group) for group in data["evidence"]),
        "answers": tuple(data["answers"]),
    })  # fmt: skip
