"""An article to read in the source panel, with a quote of it marked exactly. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from rag.compose import written_date
from rag.domain import Article, Span
from ui import escape
from ui.fragment import text_fragment

# Above this many characters a browser lays an article out slowly: show the quote's surroundings.
LONG_ARTICLE = 200_000
_SURROUNDINGS = 40_000


def article_html(
    article: Article, span: Span | None, others: Sequence[Span] = (), notice: str = ""
) -> str:
    """An article to read, with a quote of it marked exactly.

    Args:
        article: the article, whole.
        span: the quote's place, or None for an article without one.
        others: places of further quotes, marked more faintly where they leave `span` free.
        notice: HTML to stand in its header, such as that it has changed since.

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
    link = _link(meta.url, "" if span is None else span.of(article.text))
    return (
        f'<article class="pq-article" aria-label="Source article"><header>'
        f'<h2 dir="auto">{escape.text(article.name)}</h2>'
        f'<p class="pq-byline">{" · ".join(f"<span>{escape.text(x)}</span>" for x in byline)}</p>'
        f'<p class="pq-where">{where}{link}</p>{notice}</header>{note}'
        f'<div class="pq-text" style="white-space: pre-wrap">'
        f"{_marked(article.text, window, span, others)}</div></article>"
    )


def _link(url: str | None, quote: str) -> str:
    """`url` as a link where it is one to the web, opening at the quote; else as text."""
    words = "Open the quote on the live page" if quote else "Open the live page"
    address = text_fragment(url, quote) if url and quote else url
    return escape.link(url, words, address, tab=True)


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
