"""Published question-answering sets: SQuAD, CLAPNQ and MTRAG.

Formats as their makers describe them: https://rajpurkar.github.io/SQuAD-explorer,
https://github.com/primeqa/clapnq and https://github.com/IBM/mt-rag-benchmark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.importers.reading import json_lines, need, read_text
from eval.importers.writing import SetBuilder, locate
from rag.domain import Span
from rag.errors import UsageError
from rag.text import sentences

_ROLES = {"user": "user", "agent": "assistant", "assistant": "assistant"}
# Small talk has no right answer in documents, and neither has a question that lacks its subject.
_ANSWERABLE = {"ANSWERABLE": True, "PARTIAL": True, "UNANSWERABLE": False}


def squad(path: Path, builder: SetBuilder) -> None:
    """Take in a SQuAD 1.1 or 2.0 file; one document an article, evidence the answer's sentence.

    Raises:
        UsageError: the file is none, or an answer doesn't stand in its paragraph.
    """
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}:{error.lineno}: not JSON ({error.msg}); SQuAD is one JSON file with 'data'"
        ) from error
    for number, article in enumerate(need(content, "data", list, str(path)), 1):
        where = f"{path}: article {number}"
        paragraphs = need(article, "paragraphs", list, where)
        contexts = [need(p, "context", str, where) for p in paragraphs]
        title = str(article.get("title") or f"article {number}").replace("_", " ")
        name = builder.document(f"{path.name}:{number}", title, "\n\n".join([title, *contexts]))
        for paragraph in paragraphs if name else ():
            bounds = list(sentences(paragraph["context"], Span(0, len(paragraph["context"]))))
            for entry in need(paragraph, "qas", list, where):
                place = f"{path}: question {need(entry, 'id', (str, int), where)}"
                answers = [] if entry.get("is_impossible") else need(entry, "answers", list, place)
                group = [
                    (str(name), _around(paragraph["context"], bounds, answer, place))
                    for answer in answers
                ]
                builder.question(
                    place, str(entry["id"]), need(entry, "question", str, place),
                    answerable=bool(answers), evidence=[group],
                    answers=[a["text"] for a in answers],
                )  # fmt: skip


def _around(context: str, bounds: Sequence[Span], answer: Any, where: str) -> str:
    """The sentence, or the run of them, that holds an answer."""
    text, start = need(answer, "text", str, where), need(answer, "answer_start", int, where)
    if context[start : start + len(text)] != text:
        raise UsageError(
            f"{where}: its answer {text[:60]!r} does not stand at character {start} of its "
            "paragraph; answer_start counts characters, not bytes: correct it, or drop the answer"
        )
    held = [b for b in bounds if b.start < start + len(text) and b.end > start]
    return context[held[0].start : held[-1].end] if held else text


def clapnq(path: Path, builder: SetBuilder) -> None:
    """Take in a CLAPNQ file of annotations; the selected sentences are one group of evidence.

    Raises:
        UsageError: a line is not of that form, or a sentence doesn't stand in its passage.
    """
    for where, line in json_lines(path):
        key = str(need(line, "id", (str, int), where))
        named: list[tuple[str, str]] = []
        for passage in need(line, "passages", list, where):
            title, text = str(passage.get("title") or ""), need(passage, "text", str, where)
            # The same page comes in several passages: each is a document of its own.
            name = builder.document(f"{title}\n{text}", title, f"{title}\n\n{text}".strip())
            if name:
                named.append((name, text))
        outputs = [o for o in line.get("output") or () if o.get("answer")]
        group = [
            _selected(sentence, named, where)
            for output in outputs
            for sentence in output.get("selected_sentences") or ()
        ]
        builder.question(
            where, f"clapnq-{key}", need(line, "input", str, where), answerable=bool(outputs),
            evidence=[group], sources=[n for n, _ in named] if outputs else [],
            answers=[str(o["answer"]) for o in outputs],
        )  # fmt: skip


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


def mtrag(path: Path, builder: SetBuilder) -> None:
    """Take in MTRAG tasks: the last turn is the question, the turns before it its history.

    Where contexts carry a person's judgement, the relevant ones are gold, else all of them are.

    Raises:
        UsageError: a line is not of that form.
    """
    for where, line in json_lines(path):
        turns = need(line, "input", list, where)
        history = [
            {"role": _role(turn, where), "content": need(turn, "text", str, where)}
            for turn in turns
        ]
        if not history or history[-1]["role"] != "user":
            raise UsageError(f"{where}: 'input' must end in a turn of the user; add the question")
        names = []
        for context in line.get("contexts") or ():
            source = need(context, "document_id", str, where)
            name = builder.document(source, source, need(context, "text", str, where))
            if name and _relevant(context):
                names.append(name)
        label = _first(line, "Answerability", "answerability")
        if label not in _ANSWERABLE:
            builder.skip(f"questions that are {str(label).lower()}")
            continue
        answerable = _ANSWERABLE[label]
        kind = _first(line, "Question Type")
        targets = [t.get("text") or "" for t in line.get("targets") or ()]
        key = str(need(line, "task_id", (str, int), where))
        builder.question(
            where, f"mtrag-{key}", history[-1]["content"], answerable=answerable,
            sources=names if answerable else [], answers=targets if answerable else [],
            history=history[:-1], kind=kind.lower() if kind and answerable else None,
        )  # fmt: skip


def _role(turn: Any, where: str) -> str:
    speaker = need(turn, "speaker", str, where)
    if speaker not in _ROLES:
        raise UsageError(f"{where}: unknown speaker {speaker!r}; known: {', '.join(_ROLES)}")
    return _ROLES[speaker]


def _first(line: Mapping[str, Any], *names: str) -> str | None:
    """The first label under one of `names`; missing ones are NaN in the published files."""
    for name in names:
        value = line.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None


def _relevant(context: Mapping[str, Any]) -> bool:
    judged = (context.get("feedback") or {}).get("relevant") or {}
    return not judged or any(v.get("value") == "yes" for v in judged.values())
