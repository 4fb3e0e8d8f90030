"""Checking a file of drafted questions that a person has edited, and making a set of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases import file_name
from eval.importers.writing import SetBuilder, Written
from rag.domain import Article
from rag.errors import UsageError
from rag.library import Library
from rag.text import terms

ACCEPTED, DRAFT = "accepted", "draft"
_FIELDS: Mapping[str, type] = {
    "id": str, "status": str, "question": str, "answerable": bool, "evidence": list,
}  # fmt: skip
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Checked:
    """The lines that are questions, and what is wrong, each with its line."""

    lines: tuple[Mapping[str, Any], ...]
    problems: tuple[str, ...]

    def count(self, status: str) -> int:
        """How many lines have a status."""
        return sum(line["status"] == status for line in self.lines)


class _Articles:
    """The library's articles by the names that a question set has for them."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.sources = [e.source for e in library.catalogue.entries()]

    def source(self, said: str) -> str | None:
        """The source that `said` means: itself, or the only one with that file name."""
        if said in self.sources:
            return said
        found = [s for s in self.sources if file_name(s) == said]
        return found[0] if len(found) == 1 else None

    def article(self, said: str) -> Article | None:
        source = self.source(said)
        return None if source is None else self._library.article(source)


def check(path: Path, library: Library) -> Checked:
    """Read a drafted file and hold every quote in it against the library's articles.

    Args:
        path: the file, one JSON object a line.
        library: what the quotes must stand in, as it is now.

    Raises:
        UsageError: the file cannot be read as text.
    """
    try:
        rows = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    articles = _Articles(library)
    problems: list[str] = []
    lines: list[Mapping[str, Any]] = []
    places: dict[tuple[str, Any], int] = {}
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        where = f"{path}:{number}"
        try:
            line = json.loads(row)
        except json.JSONDecodeError as error:
            problems.append(f"{where}: not JSON: {error.msg} at column {error.colno}")
            continue
        found = list(_shape(line)) or [*_content(line, articles), *_repeated(line, number, places)]
        problems += [f"{where}: {problem}" for problem in found]
        if not found:
            lines.append(line)
    if not any(row.strip() for row in rows):
        problems.append(f"{path}: no question in it")
    problems += [f"{path}: {problem}" for problem in _left_out_twice(lines, articles)]
    return Checked(tuple(lines), tuple(problems))


def _shape(line: object) -> Iterator[str]:
    if not isinstance(line, dict):
        yield "not a JSON object"
        return
    for name, kind in _FIELDS.items():
        if not isinstance(line.get(name), kind):
            yield f"the field {name!r} is missing, or not of type {kind.__name__}"
    if line.get("status") not in (ACCEPTED, DRAFT):
        yield f"status is {line.get('status')!r}: write {ACCEPTED!r}, or delete the line"
    for group in line["evidence"] if isinstance(line.get("evidence"), list) else ():
        whole = isinstance(group, list) and group and all(
            isinstance(e, dict) and isinstance(e.get("source"), str)
            and isinstance(e.get("quote"), str) for e in group
        )  # fmt: skip
        if not whole:
            yield "evidence must be a list of lists of {'source', 'quote'}"


def _content(line: Mapping[str, Any], articles: _Articles) -> Iterator[str]:
    if not any(c.isalnum() for c in line["question"]):
        yield "the question is empty"
    if line["answerable"] and not line["evidence"]:
        yield "answerable, but without evidence: add a quote, or set answerable to false"
    if not line["answerable"] and line["evidence"]:
        yield "unanswerable, but with evidence: take it out, or set answerable to true"
    for entry in (e for group in line["evidence"] for e in group):
        article = articles.article(entry["source"])
        if article is None:
            yield f"no article {entry['source']!r} in the library; pullquote status lists them"
        elif not entry["quote"].strip() or entry["quote"] not in article.text:
            yield (
                f"the quote does not stand in {entry['source']}: {_short(entry['quote'])!r}; "
                f"nearest there: {_short(nearest(article.text, entry['quote']))!r}"
            )
    if "left_out" in line and articles.source(str(line["left_out"])) is None:
        yield f"left_out: no article {line['left_out']!r} in the library"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def nearest(text: str, quote: str) -> str:
    """The stretch of `text` most like `quote`, in whole words (rapidfuzz's partial alignment)."""
    from rapidfuzz.fuzz import partial_ratio_alignment

    found = partial_ratio_alignment(quote, text)
    if not quote or found is None:
        return ""
    start, end = found.dest_start, found.dest_end
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[start:end].strip()


def _repeated(
    line: Mapping[str, Any], number: int, places: dict[tuple[str, Any], int]
) -> Iterator[str]:
    """Whether an earlier line has the same id, or asks the same in the same words."""
    history = json.dumps(line.get("history") or [], sort_keys=True)
    asked = (tuple(sorted(terms(line["question"]))), history)
    for name, key in (("id", line["id"]), ("question", asked)):
        first = places.setdefault((name, key), number)
        if first != number:
            yield f"the same {name} as line {first}"


def _left_out_twice(lines: Sequence[Mapping[str, Any]], articles: _Articles) -> Iterator[str]:
    """Answerable questions whose articles the set leaves out for the sake of others."""
    accepted = [line for line in lines if line["status"] == ACCEPTED]
    out = _left_out(accepted, articles)
    for line in accepted:
        for group in line["evidence"]:
            if all(articles.source(e["source"]) in out for e in group):
                yield (
                    f"question {line['id']} needs {group[0]['source']}, which other questions "
                    "leave out: delete one or the other"
                )


def _left_out(lines: Sequence[Mapping[str, Any]], articles: _Articles) -> set[str | None]:
    return {articles.source(str(line["left_out"])) for line in lines if "left_out" in line}


def write_set(checked: Checked, library: Library, folder: Path) -> Written:
    """Write the accepted questions as a set, with the library's articles as its documents.

    Articles that unanswerable questions leave out are no documents of the set.

    Args:
        checked: what `check` found right.
        library: where the articles are.
        folder: a new or empty folder.

    Raises:
        UsageError: no question is accepted, or the folder cannot be used.
    """
    accepted = [line for line in checked.lines if line["status"] == ACCEPTED]
    if not accepted:
        raise UsageError(
            f'no question is accepted yet: set "status" to "{ACCEPTED}" in the lines to keep'
        )
    articles = _Articles(library)
    out = _left_out(accepted, articles)
    builder = SetBuilder()
    for kept in articles.sources:
        if kept not in out:
            builder.document(kept, kept, library.article(kept).text, file_name(kept))
    for line in accepted:
        groups = [
            [
                (str(builder.known(source)), entry["quote"])
                for entry in group
                if (source := articles.source(entry["source"])) is not None and source not in out
            ]
            for group in line["evidence"]
        ]
        builder.question(
            line["id"], line["id"], line["question"], answerable=line["answerable"],
            evidence=groups, answers=line.get("answers") or (),
            history=line.get("history") or (), kind=line.get("type"),
        )  # fmt: skip
    return builder.write(folder)
