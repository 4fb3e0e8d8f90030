"""MTRAG, a set of conversations: its tasks, and the conversations that they were made of.

Formats as https://github.com/IBM/mt-rag-benchmark has them: ``generation_tasks/*.jsonl`` with one
question a line, and ``conversations/*.json`` with whole conversations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from eval.importers.reading import json_file, json_lines, need, objects, read_text
from eval.importers.writing import SetBuilder
from rag.errors import UsageError

_ROLES = {"user": "user", "agent": "assistant", "assistant": "assistant"}
# Small talk has no right answer in documents, and neither has a question that lacks its subject.
_ANSWERABLE = {"ANSWERABLE": True, "PARTIAL": True, "UNANSWERABLE": False}
_HAVE_NO_GOLD = "answerable questions without a gold document in the file"


def mtrag(path: Path, builder: SetBuilder) -> None:
    """Take in MTRAG tasks or conversations: the last turn is the question, those before history.

    Gold are the contexts that a file marks as ``reference``, or that people found relevant. In
    a file without either mark all of them are, as in the reference tasks.

    Raises:
        UsageError: a line is not of that form.
    """
    if read_text(path).lstrip()[:1] == "[":
        _conversations(path, builder)
        return
    for where, line in json_lines(path):
        need(line, "input", list, where)
        history = _messages(objects(line, "input", where), where)
        if not history or history[-1]["role"] != "user":
            raise UsageError(f"{where}: 'input' must end in a turn of the user; add the question")
        _question(
            where, f"mtrag-{need(line, 'task_id', (str, int), where)}", history,
            objects(line, "contexts", where), line, objects(line, "targets", where), builder,
        )  # fmt: skip


def _conversations(path: Path, builder: SetBuilder) -> None:
    """Every turn of a user that the agent answers is a question; the answer has the contexts."""
    for number, conversation in enumerate(json_file(path), 1):
        where = f"{path}: conversation {number}"
        need(conversation, "messages", list, where)
        turns = objects(conversation, "messages", where)
        messages = _messages(turns, where)
        for turn, (asked, replied) in enumerate(pairwise(messages)):
            if (asked["role"], replied["role"]) != ("user", "assistant"):
                continue
            place = f"{where}, turn {turn + 1}"
            labels = turns[turn].get("enrichments") or {}
            _question(
                place, f"mtrag-{path.stem}-{number}-{turn // 2 + 1}", messages[: turn + 1],
                objects(turns[turn + 1], "contexts", place),
                labels if isinstance(labels, Mapping) else {}, [turns[turn + 1]], builder,
            )  # fmt: skip


def _messages(turns: Sequence[Mapping[str, Any]], where: str) -> list[dict[str, str]]:
    return [{"role": _role(t, where), "content": need(t, "text", str, where)} for t in turns]


def _role(turn: Mapping[str, Any], where: str) -> str:
    speaker = need(turn, "speaker", str, where)
    if speaker not in _ROLES:
        raise UsageError(f"{where}: unknown speaker {speaker!r}; known: {', '.join(_ROLES)}")
    return _ROLES[speaker]


def _question(
    where: str, key: str, messages: Sequence[Mapping[str, str]],
    contexts: Sequence[Mapping[str, Any]], labels: Mapping[str, Any],
    targets: Sequence[Mapping[str, Any]], builder: SetBuilder,
) -> None:  # fmt: skip
    """Take in the last of `messages`, answered by `targets` from `contexts`."""
    # Retrieved passages that nobody judged stand beside the references of a file that has them.
    marked = "No. References" in labels or any(_judged(c) is not None for c in contexts)
    gold = []
    for context in contexts:
        source = need(context, "document_id", str, where)
        text = need(context, "text", str, where)
        name = builder.document(source, str(context.get("title") or source), text)
        if name and (_judged(context) or not marked):
            gold.append(name)
    label = _first(labels, "Answerability", "answerability")
    if label not in _ANSWERABLE:
        builder.skip(
            f"questions that are {str(label).lower()}" if label else "unlabelled questions"
        )
        return
    answerable = _ANSWERABLE[label]
    if answerable and not gold:
        builder.skip(_HAVE_NO_GOLD)
        return
    kind = _first(labels, "Question Type")
    answers = [t["text"] for t in targets if isinstance(t.get("text"), str)]
    builder.question(
        where, key, messages[-1]["content"], answerable=answerable,
        sources=gold if answerable else [], answers=answers if answerable else [],
        history=messages[:-1], kind=kind.lower() if kind and answerable else None,
    )  # fmt: skip


def _judged(context: Mapping[str, Any]) -> bool | None:
    """Whether a context is called gold; None where the file does not say.

    Several people may have judged it: the last one saw what the others had said.
    """
    if context.get("reference") is not None:
        return bool(context["reference"])
    feedback = context.get("feedback")
    found = feedback.get("relevant") if isinstance(feedback, Mapping) else None
    verdicts = [v for v in found.values() if isinstance(v, Mapping)] if isinstance(
        found, Mapping) else []  # fmt: skip
    if not verdicts:
        return None
    last = max(verdicts, key=lambda v: t if isinstance(t := v.get("timestamp"), int | float) else 0)
    return last.get("value") == "yes"


def _first(labels: Mapping[str, Any], *names: str) -> str | None:
    """The first label under one of `names`; missing ones are NaN in the published files."""
    for name in names:
        value = labels.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None
