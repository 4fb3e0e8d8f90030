"""Writing a question set in the contract's form: docs/ and questions.jsonl, every quote checked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.text import fold

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_CHARACTERS = 60
# What ingest takes for a sign of a binary file; published sets have some by accident.
_CONTROL = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


def safe_name(title: str, key: str, suffix: str = ".txt") -> str:
    """A file name for the document `key`: readable, unlike any other's, without a path in it."""
    slug = _NOT_SLUG.sub("-", fold(title))[:_SLUG_CHARACTERS].strip("-") or "document"
    return f"{slug}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}{suffix}"


def locate(text: str, quote: str) -> str | None:
    """The characters of `text` that say `quote`, white space aside; None if there are none."""
    if quote in text:
        return quote
    parts = [re.escape(part) for part in quote.split()]
    found = re.search(r"\s+".join(parts), text) if parts else None
    return found.group() if found else None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and what was left out for which reason, with how often."""

    folder: Path
    documents: int
    questions: int
    skipped: Mapping[str, int]


@dataclass(slots=True)
class SetBuilder:
    """Collects documents and questions, checks them, and writes them last and together."""

    _texts: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _questions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _skipped: dict[str, int] = field(default_factory=dict)

    def document(self, key: str, title: str, text: str, name: str | None = None) -> str | None:
        """Take in a document; a second time, the same one.

        Args:
            key: what the input calls it.
            title: what its file is named after.
            text: all of it.
            name: a file name to keep, where no other document has it.

        Returns:
            Its file name in the set; None, and a count among the skipped, if it has no words.
        """
        if key in self._names:
            return self._names[key]
        text = self.cleaned(text).removeprefix("\ufeff")
        if not any(c.isalnum() for c in text):
            self.skip("documents without words")
            return None
        # Some file systems hold "A.txt" and "a.txt" for one name.
        if name is None or name.lower() in self._taken:
            name = safe_name(title or key, key, Path(name or "").suffix or ".txt")
        self._taken.add(name.lower())
        self._names[key] = name
        self._texts[name] = text
        return name

    @staticmethod
    def cleaned(text: str) -> str:
        """`text` as it can stand in a file: what no text file has becomes a space or a mark."""
        return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))

    def known(self, key: str) -> str | None:
        """The file name of the document that the input calls `key`."""
        return self._names.get(key)

    def find(self, said: str) -> str | None:
        """The file name of the one document that a person calls `said`: path, name or stem."""
        if said in self._names:
            return self._names[said]
        found = [n for k, n in self._names.items() if said in (n, Path(k).name, Path(k).stem)]
        return found[0] if len(found) == 1 else None

    def holding(self, quote: str) -> list[tuple[str, str]]:
        """File name and own words of every document that says `quote`."""
        found = ((name, locate(text, quote)) for name, text in self._texts.items())
        return [(name, words) for name, words in found if words is not None]

    def skip(self, reason: str) -> None:
        """Count something that was left out."""
        self._skipped[reason] = self._skipped.get(reason, 0) + 1

    def question(
        self, where: str, key: str, question: str, *, answerable: bool,
        evidence: Sequence[Sequence[tuple[str, str]]] = (), sources: Sequence[str] = (),
        answers: Sequence[str] = (), history: Sequence[Mapping[str, str]] = (),
        kind: str | None = None,
    ) -> None:  # fmt: skip
        """Take in a question.

        Args:
            where: file and line, for messages.
            key: its id; a second question of that id gets another, a repeat is left out.
            question: what is asked.
            answerable: whether the documents answer it.
            evidence: groups of alternatives, each a document's file name and a quote.
            sources: file names of further documents that answer, without quotes.
            answers: what a right answer may say.
            history: OpenAI-style messages, oldest first.
            kind: the type under which a report lists it.

        Raises:
            UsageError: it is empty, or a quote doesn't stand in its document.
        """
        question = " ".join(self.cleaned(question).split())
        if not any(c.isalnum() for c in question):
            raise UsageError(f"{where}: the question is empty; write one, or drop the entry")
        groups = [self._group(where, group) for group in evidence if group]
        names = [entry["source"] for group in groups for entry in group]
        line: dict[str, Any] = {
            "id": key,
            "question": question,
            "history": list(history),
            "answerable": answerable,
            "gold_sources": list(dict.fromkeys([*names, *sources])),
            "evidence": groups,
            "answers": list(dict.fromkeys(a for a in map(str.strip, answers) if a)),
        }
        if kind:
            line["type"] = kind
        count = 1
        while line["id"] in self._questions:
            if self._questions[line["id"]] | {"id": key} == line | {"id": key}:
                self.skip("repeated questions")
                return
            count += 1
            line["id"] = f"{key}-{count}"
        self._questions[line["id"]] = line

    def _group(self, where: str, group: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        found = {}
        for name, quote in group:
            words = locate(self._texts[name], self.cleaned(quote).strip())
            if not words:
                raise UsageError(
                    f"{where}: the quote does not stand in {name}: {quote[:80]!r}; "
                    "copy it from the document word for word"
                )
            found[name, words] = {"source": name, "quote": words}
        return list(found.values())

    def write(self, folder: Path) -> Written:
        """Write the set into `folder`, a new or empty one; questions.jsonl comes last.

        Raises:
            UsageError: the folder has something in it or cannot be written, or no question came.
        """
        if not self._questions:
            raise UsageError("no question in the input: is it the format that was named?")
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise UsageError(f"{folder}: not an empty folder; name a new one with --out")
            docs = folder / "docs"
            docs.mkdir(parents=True)
            for name, text in self._texts.items():
                # Bytes, since a text stream would rewrite line ends, and quotes count them.
                (docs / name).write_bytes(text.encode())
            lines = [json.dumps(q, ensure_ascii=False) for q in self._questions.values()]
            (folder / "questions.jsonl").write_bytes(("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise UsageError(f"{folder}: {error.strerror}; name another folder with --out") from (
                error
            )
        return Written(folder, len(self._texts), len(self._questions), dict(self._skipped))
