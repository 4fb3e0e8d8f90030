"""A question set that grows case by case, beside the library that it is asked of."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases import file_name
from rag.errors import UsageError

FOLDER = "cases"
FILE = "questions.jsonl"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to keep. `evidence` are groups of alternative quotes, each a source and its words;
    a question that the articles don't answer has none."""

    id: str
    question: str
    history: Sequence[Mapping[str, str]]
    answerable: bool
    evidence: Sequence[Sequence[tuple[str, str]]]
    answers: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """The case as a line of a question set has it.

        Raises:
            UsageError: it has no question, or no evidence where it should have some.
        """
        if not self.question.strip():
            raise UsageError("A case needs a question.")
        groups = [group for group in self.evidence if group] if self.answerable else []
        if self.answerable and not groups:
            raise UsageError("Choose at least one quote, or say that the articles don't answer it.")
        evidence = [
            [{"source": file_name(source), "quote": quote} for source, quote in group]
            for group in groups
        ]
        return {
            "id": self.id,
            "question": self.question.strip(),
            "history": [dict(message) for message in self.history],
            "answerable": self.answerable,
            "gold_sources": sorted({e["source"] for group in evidence for e in group}),
            "evidence": evidence,
            "answers": [a.strip() for a in self.answers if a.strip()] if self.answerable else [],
        }


class Casebook:
    """The cases of one library, in ``cases/questions.jsonl`` in its folder."""

    def __init__(self, library: Path) -> None:
        self.file = library / FOLDER / FILE
        self._lock = threading.Lock()

    def cases(self) -> dict[str, dict[str, Any]]:
        """All cases as they are written, by id.

        Raises:
            UsageError: a line is not a case.
        """
        if not self.file.is_file():
            return {}
        found = {}
        # Not splitlines: a string may hold a separator that JSON leaves as it is.
        for number, line in enumerate(self.file.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
                found[str(case["id"])] = case
            except (ValueError, TypeError, KeyError) as error:
                raise UsageError(f"{self.file}:{number}: not a case: {error}") from error
        return found

    def put(self, case: NewCase) -> None:
        """Keep `case`, in place of one with its id.

        Raises:
            UsageError: it is not complete, or the file holds what is no case.
        """
        written = case.as_dict()
        with self._lock:
            self._write({**self.cases(), case.id: written})

    def drop(self, number: str) -> None:
        """Take the case with this id away, if there is one."""
        with self._lock:
            cases = self.cases()
            if cases.pop(number, None) is not None:
                self._write(cases)

    def _write(self, cases: Mapping[str, Mapping[str, Any]]) -> None:
        """Written in one step: whoever reads meanwhile sees the old set or the new one."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            for case in cases.values():
                out.write(json.dumps(case, ensure_ascii=False) + "\n")
        Path(name).replace(self.file)


def library_of(sets: Sequence[Path]) -> Path | None:
    """The library whose casebook all of these question sets are, if they are one's."""
    folders = {(path if path.name == FOLDER else path.parent).resolve() for path in sets}
    if len(folders) != 1:
        return None
    (folder,) = folders
    library = folder.parent
    known = folder.name == FOLDER and (library / "catalogue.sqlite3").is_file()
    return library if known else None
