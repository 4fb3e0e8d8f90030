"""Published question-answering sets without conversations: SQuAD and CLAPNQ.

Formats as their makers describe them: https://rajpurkar.github.io/SQuAD-explorer and
https://github.com/primeqa/clapnq (``annotated_data``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.importers.reading import json_file, json_lines, need, objects, texts
from eval.importers.writing import SetBuilder, locate
from rag.domain import Span
from rag.errors import UsageError
from rag.text import sentences

# What a CLAPNQ annotator who had no answer of their own wrote in its place.
_NO_ANSWER = {"", "na", "n/a"}


def squad(path: Path, builder: SetBuilder) -> None:
    """Take in a SQuAD 1.1 or 2.0 file; one document an article, evidence the answer's sentence.

    Version 2.0 marks what its article does not answer with ``is_impossible``. A question without
    answers that is not so marked, as in a test file, is left out: nobody said that it has none.

    Raises:
        UsageError: the file is none, or an answer doesn't stand in its paragraph.
    """
    for number, article in enumerate(need(json_file(path), "data", list, str(path)), 1):
        where = f"{path}: article {number}"
        need(article, "paragraphs", list, where)
        paragraphs = objects(article, "paragraphs", where)
        contexts = [need(p, "context", str, where) for p in paragraphs]
        title = str(article.get("title") or f"article {number}").replace("_", " ")
        name = builder.document(f"{path.name}:{number}", title, "\n\n".join([title, *contexts]))
        for paragraph in paragraphs if name else ():
            bounds = list(sentences(paragraph["context"], Span(0, len(paragraph["context"]))))
            need(paragraph, "qas", list, where)
            for entry in objects(paragraph, "qas", where):
                place = f"{path}: question {need(entry, 'id', (str, int), where)}"
                impossible = bool(entry.get("is_impossible"))
                answers = [] if impossible else objects(entry, "answers", place)
                if not answers and not impossible:
                    builder.skip("questions without an answer that are not marked as impossible")
                    continue
                group = [
                    (str(name), _around(paragraph["context"], bounds, answer, place))
                    for answer in answers
                ]
                builder.question(
                    place, str(entry["id"]), need(entry, "question", str, place),
                    answerable=not impossible, evidence=[group],
                    answers=[a["text"] for a in answers],
                )  # fmt: skip


def _around(context: str, bounds: Sequence[Span], answer: Any, where: str) -> str:
    """The sentence, or the run of them, that holds an answer."""
    text, start = need(answer, "text", str, where), need(answer, "answer_start", int, where)
    if not text or start < 0 or context[start : start + len(text)] != text:
        raise UsageError(
            f"{where}: its answer {text[:60]!r} does not stand at character {start} of its "
            "paragraph; answer_start counts characters, not bytes: correct it, or drop the answer"
        )
    held = [b for b in bounds if b.start < start + len(text) and b.end > start]
    return context[held[0].start : held[-1].end] if held else text


def clapnq(path: Path, builder: SetBuilder) -> None:
    """Take in a CLAPNQ file of annotations; the selected sentences are one group of evidence.

    Each output is one annotator's; a question is unanswerable where none has an answer.

    Raises:
        UsageError: a line is not of that form, or a sentence doesn't stand in its passage.
    """
    for where, line in json_lines(path):
        key = str(need(line, "id", (str, int), where))
        named: list[tuple[str, str]] = []
        need(line, "passages", list, where)
        for passage in objects(line, "passages", where):
            title, text = str(passage.get("title") or ""), need(passage, "text", str, where)
            # The same page comes in several passages: each is a document of its own.
            name = builder.document(f"{title}\n{text}", title, f"{title}\n\n{text}".strip())
            if name:
                named.append((name, text))
        need(line, "output", list, where)
        outputs = [o for o in objects(line, "output", where) if not _skipped(o)]
        group = [
            _selected(sentence, named, where)
            for output in outputs
            for sentence in texts(output, "selected_sentences", where)
        ]
        builder.question(
            where, f"clapnq-{key}", need(line, "input", str, where), answerable=bool(outputs),
            evidence=[group], sources=[n for n, _ in named] if outputs else [],
            answers=[str(o["answer"]) for o in outputs],
        )  # fmt: skip


def _skipped(output: Mapping[str, Any]) -> bool:
    """Whether an annotator gave no answer."""
    return str(output.get("answer") or "").strip().lower() in _NO_ANSWER


def _selected(sentence: str, named: Sequence[tuple[str, str]], where: str) -> tuple[str, str]:
    # The published file ends some sentences in a stray "&".
    wanted = sentence.strip().removesuffix("&").strip()
    for name, text in named:
        if words := locate(text, wanted):
            return name, words
    raise UsageError(
        f"{where}: the selected sentence stands in no passage of its line: {wanted[:80]!r}; "
        "copy it from there word for word"
    )
