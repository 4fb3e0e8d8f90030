"""Answers as HTML: pure functions.

Whatever comes from an article, a question or a setting goes through `ui.escape`; the markup
around it is written here, in `ui.cards` and in `ui.figure`. No function here imports Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.compose import unescape
from rag.domain import Answer, Citation
from ui import escape
from ui.article import article_html
from ui.cards import points_html
from ui.figure import figure_html, marker_html
from ui.standing import UNCHECKED, Standings
from ui.weight import weight_html

__all__ = ["answer_html", "article_html", "message_html", "partial_html"]

_MARKER = re.compile(r"\[(\d+)\]")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")


def answer_html(answer: Answer, known: Standings = UNCHECKED, given: str = "") -> str:
    """An answer as attributed quotes with clickable markers, or as a refusal with near misses.

    Args:
        answer: what the assistant returned.
        known: what has become of its quotes, for an answer that was given earlier.
        given: when that was, as a person writes it.

    Returns:
        HTML in which every text of others is escaped.
    """
    if answer.refused:
        return _refusal(answer, known)
    parts = []
    if answer.mode != "quotes":
        # A model's sentences are not among the citations; in quotes mode the quotes are the text.
        parts.append(_prose(answer.text, answer.citations))
    parts.extend(points_html(answer, known))
    if answer.uncovered:
        words = f"The articles don't say: {' '.join(answer.uncovered)}"
        parts.append(f'<p class="pq-uncovered">{escape.text(words)}</p>')
    if answer.notice:
        parts.append(f'<p class="pq-notice" role="note">{escape.text(answer.notice)}</p>')
    if answer.withheld:
        items = "".join(
            f"<li>{escape.text(w.text)} ({escape.text(w.reason)})</li>" for w in answer.withheld
        )
        count = len(answer.withheld)
        noun = "sentence" if count == 1 else "sentences"
        parts.append(
            f'<details class="pq-withheld"><summary>{count} drafted {noun} withheld'
            f"</summary><ul>{items}</ul></details>"
        )
    parts.append(weight_html(answer, given))
    return f'<div class="pq-answer">{"".join(parts)}</div>'


def partial_html(answer: Answer) -> str:
    """The sentences of an answer that is still being made, with the line that says so.

    Args:
        answer: what there is of it, with the citations of its sentences.

    Returns:
        HTML in which every text of others is escaped.
    """
    return (
        f'<div class="pq-answer">{_prose(answer.text, answer.citations)}'
        f'<p class="pq-pending"><span class="pq-doing">Writing</span>'
        f'<span class="pq-dots" aria-hidden="true"></span></p></div>'
    )


def message_html(text: str) -> str:
    """A notice in the assistant's place, such as an error that a person can mend.

    Args:
        text: the notice.

    Returns:
        The notice as a paragraph.
    """
    return f'<p class="pq-message">{escape.text(text)}</p>'


def _refusal(answer: Answer, known: Standings) -> str:
    """That the articles do not say, which words they lack, and what comes nearest."""
    lead = _PARAGRAPHS.split(answer.text.strip(), maxsplit=1)[0] or "The articles don't say."
    parts = [f'<p class="pq-lead">{escape.text(lead)}</p>']
    unsaid = [word for word in answer.missing if word.casefold() not in lead.casefold()]
    if unsaid:
        words = ", ".join(f"“{escape.text(word)}”" for word in unsaid)
        parts.append(f'<p class="pq-missing">Not found in the articles: {words}.</p>')
    if answer.near_misses:
        parts.append('<p class="pq-nearest">Nearest</p>')
        parts.extend(figure_html(citation, known=known) for citation in answer.near_misses)
    return f'<div class="pq-answer pq-refused">{"".join(parts)}</div>'


def _prose(text: str, citations: Sequence[Citation]) -> str:
    """A model's verified sentences, their markers made clickable."""
    buttons = {str(citation.marker): marker_html(citation) for citation in citations}
    paragraphs = []
    for paragraph in _PARAGRAPHS.split(text.strip()):
        # Odd parts are what the pattern's group caught: the numbers.
        pieces = [
            buttons.get(piece, f"[{piece}]") if place % 2 else escape.text(unescape(piece))
            for place, piece in enumerate(_MARKER.split(paragraph))
        ]
        paragraphs.append(f'<p class="pq-prose" dir="auto">{"".join(pieces)}</p>')
    return "".join(paragraphs)
