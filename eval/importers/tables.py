"""BEIR folders and tables of questions with expected answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from eval.importers.reading import json_lines, need, read_text
from eval.importers.writing import SetBuilder
from rag.errors import UsageError

# What people call the columns, in lower case with spaces.
_COLUMNS = {
    "question": ("question", "query", "prompt", "input", "q"),
    "answer": ("answer", "expected answer", "expected", "expected output", "reference",
               "reference answer", "ground truth", "gold answer", "a"),
    "source": ("source", "document", "doc", "file", "filename", "file name", "article"),
    "quote": ("quote", "evidence", "gold quote", "passage", "context", "citation", "sentence"),
    "id": ("id", "key", "number", "no", "nr", "case"),
    "answerable": ("answerable", "is answerable", "has answer", "answerability"),
}  # fmt: skip
_TRUE = {"yes", "y", "true", "1", "answerable"}
_FALSE = {"no", "n", "false", "0", "unanswerable"}


def beir(path: Path, builder: SetBuilder) -> None:
    """Take in a BEIR folder (https://github.com/beir-cellar/beir): gold sources without quotes.

    Of several splits the one called test is taken, on which figures are published, and all of
    them where none is; one of the folder's qrels files, given as `path`, chooses another.

    Raises:
        UsageError: a file is missing or not of that form, or names what the folder lacks.
    """
    if path.suffix == ".tsv" and path.parent.name == "qrels":
        judgements, path = [path], path.parent.parent
    else:
        judgements = sorted((path / "qrels").glob("*.tsv"))
        judgements = [f for f in judgements if f.stem == "test"] or judgements
    for wanted in (path / "corpus.jsonl", path / "queries.jsonl"):
        if not wanted.is_file():
            raise UsageError(f"{wanted}: no such file; a BEIR folder has it beside qrels/")
    if not judgements:
        raise UsageError(f"{path / 'qrels'}: no .tsv file; a BEIR folder has one for each split")
    # Several folders in one set may use the same ids.
    prefix = f"{path.resolve().name}:"
    empty = set()
    for where, line in json_lines(path / "corpus.jsonl"):
        key, title = str(need(line, "_id", (str, int), where)), str(line.get("title") or "")
        text = f"{title}\n\n{need(line, 'text', str, where)}".strip()
        if builder.document(prefix + key, title or key, text) is None:
            empty.add(key)
    gold: dict[str, list[str]] = {}
    for file in judgements:
        for where, query, document in _judged(file):
            name = builder.known(prefix + document)
            if name is None and document not in empty:
                raise UsageError(
                    f"{where}: document {document!r} is not in corpus.jsonl; "
                    "add it, or drop the line"
                )
            gold.setdefault(query, []).extend([name] if name else [])
    for where, line in json_lines(path / "queries.jsonl"):
        key = str(need(line, "_id", (str, int), where))
        if sources := gold.pop(key, None):
            text = need(line, "text", str, where)
            builder.question(where, key, text, answerable=True, sources=sources)
        else:
            builder.skip("questions without a relevant document")
    if gold:
        raise UsageError(
            f"{path / 'qrels'}: question {next(iter(gold))!r} is not in queries.jsonl; "
            "add it, or drop its lines"
        )


def _judged(path: Path) -> Iterator[tuple[str, str, str]]:
    """Place, question and document of every line that calls a document relevant."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        fields = line.rstrip("\r").split("\t")
        where = f"{path}:{number}"
        score = _number(fields[-1])
        # The first row is the head, in files that have one.
        if not line.strip() or (number == 1 and score is None):
            continue
        if len(fields) != 3 or score is None:
            raise UsageError(
                f"{where}: not 'query-id, corpus-id, score' with tabs between: {line[:60]!r}"
            )
        if score > 0:
            yield where, fields[0], fields[1]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def add_folder(folder: Path, builder: SetBuilder) -> None:
    """Take in every article below `folder`, under its own name, as documents of a set.

    Raises:
        UsageError: there is none, or one cannot be read.
    """
    from ingest.read import discover

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; --docs names the one with the articles")
    before = None
    for before in discover(folder):
        name = Path(before.relative).name
        builder.document(before.relative, Path(name).stem, read_text(before.path), name)
    if before is None:
        raise UsageError(f"{folder}: no .txt or .md file in it; --docs names the articles' folder")


def table(path: Path, builder: SetBuilder) -> None:
    """Take in a table of questions and expected answers, comma, semicolon or tab between columns.

    A quote without a source is looked for in all documents.

    Raises:
        UsageError: a column is missing, or a row lacks what it needs.
    """
    for number, row in _rows(path):
        where = f"{path}:{number}"
        question, answer, quote = row["question"], row.get("answer", ""), row.get("quote", "")
        answerable = _answerable(row, where)
        if answerable and not (answer or quote or row.get("source")):
            raise UsageError(
                f"{where}: no answer; write one, or add a column 'answerable' with 'no' in it"
            )
        sources = [_source(row["source"], builder, where)] if row.get("source") else []
        evidence = []
        if quote and answerable:
            held = [(sources[0], quote)] if sources else builder.holding(quote)
            if not held:
                raise UsageError(
                    f"{where}: the quote stands in no document: {quote[:80]!r}; copy it word for "
                    "word from one of --docs"
                )
            evidence = [held]
        builder.question(
            where, row.get("id") or f"{path.stem}-{number}", question, answerable=answerable,
            evidence=evidence, sources=sources if answerable else [],
            answers=[answer] if answerable else [],
        )  # fmt: skip


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The line and the cells, by our names of the columns, of every row that isn't blank."""
    text = read_text(path)
    head = next(line for line in text.splitlines() if line.strip())
    # The delimiter is the one under which the head has most names that we know.
    best = max(",;\t|", key=lambda d: len(_columns(next(csv.reader([head], delimiter=d)))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=best, strict=True)
    columns: Mapping[str, int] = {}
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells)
                for wanted in ("question", "answer"):
                    if wanted not in columns:
                        raise UsageError(
                            f"{path}:{reader.line_num}: no column {wanted!r} among "
                            f"{', '.join(map(repr, cells))}; name one so in the first row"
                        )
                continue
            row = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
            if not row.get("question"):
                raise UsageError(
                    f"{path}:{reader.line_num}: no question; write one, or drop the row"
                )
            yield reader.line_num, row
    except csv.Error as error:
        raise UsageError(
            f"{path}:{reader.line_num}: {error}; "
            "put cells that have the delimiter in quotation marks"
        ) from error


def _columns(cells: list[str]) -> dict[str, int]:
    plain = [" ".join(cell.lower().replace("_", " ").replace("-", " ").split()) for cell in cells]
    found = {}
    for name, synonyms in _COLUMNS.items():
        for synonym in synonyms:
            if synonym in plain:
                found[name] = plain.index(synonym)
                break
    return found


def _answerable(row: Mapping[str, str], where: str) -> bool:
    said = row.get("answerable", "").lower()
    if said and said not in _TRUE | _FALSE:
        raise UsageError(f"{where}: answerable is {said!r}; write yes or no")
    return said not in _FALSE


def _source(said: str, builder: SetBuilder, where: str) -> str:
    name = builder.find(said)
    if name is None:
        raise UsageError(
            f"{where}: no document {said!r}; name a file below --docs as it is named there"
        )
    return name
