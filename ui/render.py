"""Answers and articles as HTML: pure functions.

Whatever comes from an article, a question or a setting goes through `ui.escape`; the markup
around it is written here, in `ui.cards` and in `ui.figure`. No function here imports Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from rag.compose import unescape, written_date
from rag.domain import Answer, Article, Citation, Span
from ui import escape
from ui.cards import points_html
from ui.figure import figure_html, marker_html

# Above this many characters a browser lays an article out slowly: show the quote's surroundings.
LONG_ARTICLE = 200_000
_SURROUNDINGS = 40_000

_MARKER = re.compile(r"\[(\d+)\]")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")


def answer_html(answer: Answer) -> str:
    """An answer as attributed quotes with clickable markers, or as a refusal with near misses.

    Args:
        answer: what the assistant returned.

    Returns:
        HTML in which every text of others is escaped.
    """
    if answer.refused:
        return _refusal(answer)
    parts = []
    if answer.mode != "quotes":
        # A model's sentences are not among the citations; in quotes mode the quotes are the text.
        parts.append(_prose(answer.text, answer.citations))
    parts.extend(points_html(answer))
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
        f'<p class="pq-pending">Writing<span aria-hidden="true"></span></p></div>'
    )


def article_html(article: Article, span: Span | None, others: Sequence[Span] = ()) -> str:
    """An article to read, with a quote of it marked exactly.

    Args:
        article: the article, whole.
        span: the quote's place, or None for an article without one.
        others: places of further quotes, marked more faintly where they leave `span` free.

    Returns:
        HTML whose ``<mark id="quote">`` has exactly the quote's characters as its text content,
        but for U+0000, which HTML cannot hold. A very long article is cut around the quote.

    Raises:
        ValueError: `span` reaches beyond the article's end.
    """
    if span is not None and span.end > len(article.text):
        raise ValueError(f"the article ends at {len(article.text)}, before {span.end}")
    window = _window(article.text, span)
    note = ""
    if len(window) < len(article.text):
        note = (
            f'<p class="pq-note">This article has {len(article.text):,} characters. '
            f"Shown here: {window.start:,} to {window.end:,}.</p>"
        )
    meta = article.metadata
    byline = [x for x in (meta.publisher, meta.author) if x] + [written_date(meta.published)]
    where = f"<code>{escape.text(article.source)}</code>"
    if span is not None:
        where += f" · characters {span.start:,} to {span.end:,}"
    return (
        f'<article class="pq-article" aria-label="Source article"><header>'
        f'<h2 dir="auto">{escape.text(article.name)}</h2>'
        f'<p class="pq-byline">{" · ".join(f"<span>{escape.text(x)}</span>" for x in byline)}</p>'
        f'<p class="pq-where">{where}{_link(meta.url)}</p></header>{note}'
        f'<div class="pq-text" style="white-space: pre-wrap">'
        f"{_marked(article.text, window, span, others)}</div></article>"
    )


def message_html(text: str) -> str:
    """A notice in the assistant's place, such as an error that a person can mend.

    Args:
        text: the notice.

    Returns:
        The notice as a paragraph.
    """
    return f'<p class="pq-message">{escape.text(text)}</p>'


def pending_html() -> str:
    """What stands in an answer's place while it is being made.

    Returns:
        An animated line that screen readers announce.
    """
    return '<p class="pq-pending">Looking through the articles<span aria-hidden="true"></span></p>'


def conversation_html(turns: Iterable[tuple[str, str]], welcome: str) -> str:
    """The whole conversation.

    Args:
        turns: questions as text and replies as HTML of this module, oldest first.
        welcome: what to say while there are no turns, as text.

    Returns:
        A log of turns, or the welcome.
    """
    items = "".join(
        f'<section class="pq-turn" data-turn="{number}" aria-label="Question {number}">'
        f'<p class="pq-question" dir="auto">{escape.text(question)}</p>{reply}</section>'
        for number, (question, reply) in enumerate(turns, start=1)
    )
    body = items or f'<p class="pq-welcome">{escape.text(welcome)}</p>'
    return (
        f'<div class="pq-log" role="log" aria-label="Conversation" aria-live="polite">{body}</div>'
    )


def status_html(articles: int, model: str | None = None) -> str:
    """The line that says what answers come from.

    Args:
        articles: how many the library has.
        model: the name of the model that words answers; None in quotes mode.

    Returns:
        The page's heading and its status line.
    """
    mode = f"Model {escape.text(model)}" if model else "Quotes mode"
    noun = "article" if articles == 1 else "articles"
    return (
        f'<header class="pq-top"><h1>Pullquote</h1>'
        f'<p class="pq-status">{mode} · {articles:,} {noun}</p></header>'
    )


def _refusal(answer: Answer) -> str:
    """That the articles do not say, which words they lack, and what comes nearest."""
    lead = _PARAGRAPHS.split(answer.text.strip(), maxsplit=1)[0] or "The articles don't say."
    parts = [f'<p class="pq-lead">{escape.text(lead)}</p>']
    unsaid = [word for word in answer.missing if word.casefold() not in lead.casefold()]
    if unsaid:
        words = ", ".join(f"“{escape.text(word)}”" for word in unsaid)
        parts.append(f'<p class="pq-missing">Not found in the articles: {words}.</p>')
    if answer.near_misses:
        parts.append('<h3 class="pq-nearest">Nearest</h3>')
        parts.extend(figure_html(citation) for citation in answer.near_misses)
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


def _link(url: str | None) -> str:
    """`url` as a link where it is one to the web, else as text."""
    if not url:
        return ""
    try:
        web = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        web = False
    if not web:
        return f" · {escape.text(url)}"
    return (
        f' · <a href="{escape.attribute(url)}" target="_blank" rel="noopener noreferrer nofollow">'
        f"Original page</a>"
    )


def _window(text: str, span: Span | None) -> Span:
    """The part of `text` to show: all of it, or whole lines around `span`."""
    if len(text) <= LONG_ARTICLE:
        return Span(0, len(text))
    here = span or Span(0, 0)
    start = max(0, here.start - _SURROUNDINGS)
    end = min(len(text), here.end + _SURROUNDINGS)
    # Lines may be longer than the window: then cut where it falls.
    start = text.find("\n", start, here.start) + 1 or start if start else 0
    cut = text.rfind("\n", here.end, end) if end < len(text) else -1
    return Span(start, cut if cut > 0 else end)


def _marked(text: str, window: Span, span: Span | None, others: Sequence[Span]) -> str:
    """The characters of `text` in `window`, quotes marked; none is added, lost or moved."""
    if span is None:
        return _faint(text, window, others)
    return (
        f"{_faint(text, Span(window.start, span.start), others)}"
        f'<mark id="quote" data-start="{span.start}" data-end="{span.end}" tabindex="-1">'
        f"{escape.text(span.of(text))}</mark>"
        f"{_faint(text, Span(span.end, window.end), others)}"
    )


def _faint(text: str, part: Span, others: Sequence[Span]) -> str:
    """The characters of `text` in `part`, those of `others` marked faintly."""
    pieces, at = [], part.start
    for other in sorted(others):
        start, end = max(at, other.start), min(part.end, other.end)
        if start < end:
            pieces.append(escape.text(text[at:start]))
            pieces.append(f'<span class="pq-also">{escape.text(text[start:end])}</span>')
            at = end
    pieces.append(escape.text(text[at : part.end]))
    return "".join(pieces)
