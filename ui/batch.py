"""`pullquote ask --batch`: a request a line, an answer a line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from rag.errors import UsageError
from ui.report import plain, print_json

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.filters import Filter


def answer_lines(assistant: Assistant, lines: TextIO, where: Filter) -> int:
    """Answer each line as it is read. A line that cannot be answered says so in its place.

    Args:
        assistant: what answers.
        lines: a request each, as JSON.
        where: the articles to answer from, where a line has no filter of its own.

    Returns:
        How many lines could not be answered.
    """
    from rag.contract import answer_dict
    from rag.domain import Answer
    from rag.filters import read_filter

    failed = 0
    for number, line in enumerate(iter(lines.readline, ""), 1):
        if not line.strip():
            continue
        request: Any = {}
        try:
            request = _object(line)
            question, history = _checked(request)
            own = read_filter(request["filter"]) if "filter" in request else where
            result = answer_dict(assistant.answer(question, history, own))
        except UsageError as error:
            failed += 1
            reason = str(error)
            click.echo(plain(f"pullquote: line {number}: {reason}"), err=True)
            asked = str(request.get("question", "")) if isinstance(request, dict) else ""
            shown = asked[:200]
            empty = Answer(shown, f"Not answered: {reason}", shown, refused=True)
            result = {**answer_dict(empty), "error": reason}
        identity = request.get("id") if isinstance(request, dict) else None
        print_json({"id": identity, **result})
        sys.stdout.flush()
    return failed


def _object(line: str) -> dict[str, Any]:
    """The JSON object on `line`."""
    try:
        line.encode()
        found = json.loads(line)
    except UnicodeEncodeError as error:
        raise UsageError("not a request: not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not a request: not JSON ({error})") from error
    if not isinstance(found, dict):
        raise UsageError('not a request: not an object such as {"id": 1, "question": "Who won?"}')
    return found


def _checked(request: dict[str, Any]) -> tuple[str, list[dict[str, str]]]:
    """The question and the OpenAI-style messages of `request`."""
    if "question" not in request:
        raise UsageError('not a request: it has no "question"')
    question, history = request["question"], request.get("history") or []
    if not isinstance(question, str) or not isinstance(history, list):
        raise UsageError("not a request: question must be text, history a list of messages")
    for message in history:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str | None):
            raise UsageError(
                "not a request: each message of history must have a role and content in text"
            )
    return question, history
