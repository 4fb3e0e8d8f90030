"""Question sets: a folder with docs/ and questions.jsonl, or a file beside its documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from rag.errors import UsageError

_SEED = 7


@dataclass(frozen=True, slots=True)
class Gold:
    """A quote that answers: the file name of its article, and the exact text."""

    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what a right answer must have.

    `evidence` are groups of alternative quotes: a right answer has one of each group.
    """

    id: str
    question: str
    history: tuple[Any, ...]
    answerable: bool
    gold_sources: frozenset[str]
    evidence: tuple[tuple[Gold, ...], ...]
    answers: tuple[str, ...]
    type: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Cases and the folder of the documents they are asked of."""

    name: str
    docs: Path
    cases: tuple[Case, ...]


def drawn(cases: Sequence[Case], number: int) -> tuple[Case, ...]:
    """As many of `cases`, drawn by lot, the same whenever the cases are; in their order."""
    places = np.random.default_rng(_SEED).permutation(len(cases))[:number]
    return tuple(cases[at] for at in sorted(places))


def file_name(source: str) -> str:
    """The last part of a source, by which question sets name documents."""
    return PurePosixPath(source).name


def load_set(path: Path, docs: Path | None = None) -> QuestionSet:
    """Read a question set.

    Args:
        path: a folder with ``docs/`` and ``questions.jsonl``, or a questions file.
        docs: the documents' folder, where `path` is a file.

    Raises:
        UsageError: a part is missing, or a line is not a case; the message names it.
    """
    questions = path / "questions.jsonl" if path.is_dir() else path
    folder = docs or (path / "docs" if path.is_dir() else None)
    if not questions.is_file():
        raise UsageError(f"{questions}: no such questions file")
    if docs is not None and not docs.is_dir():
        raise UsageError(f"{docs}: no such folder of documents")
    if folder is None or not folder.is_dir():
        raise UsageError(f"{questions}: name the folder of its documents with --docs")
    cases = []
    # Not splitlines: a string may hold a separator that JSON leaves as it is.
    for number, line in enumerate(_text(questions).split("\n"), 1):
        if not line.strip():
            continue
        try:
            cases.append(_case(json.loads(line)))
        except KeyError as error:
            raise UsageError(f"{questions}:{number}: not a case: it has no {error}") from error
        except (ValueError, TypeError) as error:
            raise UsageError(f"{questions}:{number}: not a case: {error}") from error
    name = path.name if path.is_dir() else path.stem
    return QuestionSet(name, folder, tuple(cases))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from error


def _case(data: Any) -> Case:
    if not isinstance(data, dict):
        raise TypeError("not an object")
    evidence = tuple(
        tuple(Gold(e["source"], e["quote"]) for e in group) for group in data.get("evidence", ())
    )
    sources = data.get("gold_sources") or [e.source for group in evidence for e in group]
    answerable = bool(data["answerable"])
    kind = data.get("type") or ("answerable" if answerable else "unanswerable")
    return Case(
        data["id"], data["question"], tuple(data.get("history") or ()), answerable,
        frozenset(sources), evidence, tuple(data.get("answers") or ()), kind,
    )  # fmt: skip
