"""A turn of a conversation as HTML: its answer and what a reader can do with it."""

from __future__ import annotations

from datetime import datetime

from rag.compose import written_date
from rag.domain import Answer
from ui import escape
from ui.footnotes import answer_markdown
from ui.records import Feedback, Verdict
from ui.render import answer_html
from ui.service import Recalled
from ui.standing import standings

_SAY = ((Verdict.GOOD, "Good", "Good answer"), (Verdict.BAD, "Bad", "Bad answer"))


def reply_html(answer: Answer, number: str | None) -> str:
    """A complete answer just given.

    Args:
        answer: the answer.
        number: its id in the records; None where it is not kept.

    Returns:
        HTML in which every text of others is escaped.
    """
    return answer_html(answer) + actions_html(answer, number)


def recalled_html(recalled: Recalled) -> str:
    """A kept answer, its quotes marked where they no longer stand."""
    record = recalled.record
    shown = answer_html(record.answer, standings(recalled), given_words(record.created))
    return shown + actions_html(record.answer, record.id, record.feedback)


def given_words(created: str) -> str:
    """When an answer was given, as a person writes it; the time is UTC."""
    try:
        when = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{written_date(when.date().isoformat())}, {when:%H:%M} UTC"


def actions_html(answer: Answer, number: str | None, said: Feedback | None = None) -> str:
    """The buttons under an answer, with the Markdown that the first of them copies.

    Args:
        answer: complete.
        number: its id in the records; without one it can be neither shared nor judged.
        said: what was said of it already.

    Returns:
        HTML in which every text of others is escaped.
    """
    copy = (
        f'<button type="button" class="pq-plain pq-copy">Copy</button>'
        f'<template class="pq-markdown">{escape.text(answer_markdown(answer))}</template>'
    )
    again = '<button type="button" class="pq-plain pq-again">Ask again</button>'
    if number is None:
        return f'<div class="pq-actions">{copy}{again}</div>'
    share = '<button type="button" class="pq-plain pq-share">Share</button>'
    verdicts = "".join(_verdict(v, shown, label, said) for v, shown, label in _SAY)
    gap = ""
    if answer.refused:
        gap = _verdict(Verdict.GAP, "Report this gap", "Report this gap", said)
    return (
        f'<div class="pq-actions" data-id="{escape.attribute(number)}">{gap}{copy}{share}{again}'
        f'<span class="pq-verdicts" role="group" aria-label="Is this answer good?">{verdicts}'
        f'</span><div class="pq-said" role="status">{_said(said)}</div></div>'
    )


def _verdict(verdict: Verdict, shown: str, label: str, said: Feedback | None) -> str:
    pressed = "true" if said is not None and said.verdict is verdict else "false"
    return (
        f'<button type="button" class="pq-plain pq-say" data-verdict="{verdict.value}" '
        f'aria-pressed="{pressed}" aria-label="{label}">{shown}</button>'
    )


def _said(said: Feedback | None) -> str:
    if said is None:
        return ""
    return f"Your comment: {escape.text(said.comment)}" if said.comment else ""
