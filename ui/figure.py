"""One quote as HTML: who says it and when, what it is read with, and its words in their form."""

from __future__ import annotations

import re

from rag.compose import written_date
from rag.domain import Article, Citation, Kind, Quote
from rag.tables import cells
from ui import escape, form
from ui.footnotes import quote_text
from ui.standing import UNCHECKED, Standings, mark_html

# Characters around a quote, and of a quote, in the card over its marker.
_AROUND = 90
_MOST = 600
_BOLD = re.compile(r"\*\*(?=[^\s*])([^*\n]+)(?<=\S)\*\*")


def marker_html(citation: Citation) -> str:
    """The clickable marker of `citation`; the page's script reads its data."""
    marker = citation.marker
    label = f"Show quote {marker} in its article"
    return opener_html(citation.quote, marker, "pq-marker", label, f"[{marker}]")


def opener_html(quote: Quote, marker: int, name: str, label: str, shown: str) -> str:
    """A button of class `name` that opens `quote` in its article."""
    return (
        f'<button type="button" class="{name}"'
        f' data-source="{escape.attribute(quote.article.source)}"'
        f' data-revision="{escape.attribute(quote.revision)}"'
        f' data-start="{quote.span.start}" data-end="{quote.span.end}"'
        f' data-marker="{marker}" aria-pressed="false"'
        f' aria-label="{escape.attribute(label)}">{shown}</button>'
    )


def source_html(article: Article) -> str:
    """Who says it and when."""
    who = article.metadata.publisher or article.name
    date = escape.text(written_date(article.metadata.published))
    return f'<cite dir="auto">{escape.text(who)}</cite> · {date}'


def figure_html(
    citation: Citation, when: str = "", how: str = "", below: str = "", known: Standings = UNCHECKED
) -> str:
    """A quote with who said it and when.

    Args:
        citation: the quote.
        when: where it comes in time, said before its source; "" for nothing.
        how: what is said after its source.
        below: HTML to stand under the quote.
        known: what has become of quotes since, where that was looked up.

    Returns:
        HTML in which the text content of the element of class ``pq-words`` is the quote.
    """
    before = (
        f'<span class="pq-when">{escape.text(when)}</span><span class="pq-dot"> · </span>'
        if when
        else ""
    )
    after = f" · {escape.text(how)}" if how else ""
    return (
        f'<figure class="pq-quote"><figcaption>{before}{source_html(citation.quote.article)}'
        f"{after}</figcaption>"
        f'{_context(citation)}<blockquote dir="auto">{_words(citation)} '
        f"{marker_html(citation)}</blockquote>{mark_html(citation.quote, known)}"
        f"{_tools(citation)}{below}{_preview(citation)}</figure>"
    )


def _tools(citation: Citation) -> str:
    """The button that copies the quote, and what it copies."""
    label = f"Copy quote {citation.marker} with its source"
    return (
        f'<p class="pq-tools"><button type="button" class="pq-plain pq-copy-quote" '
        f'aria-label="{label}">Copy quote</button></p>'
        f'<template class="pq-quote-text">{escape.text(quote_text(citation))}</template>'
    )


def _preview(citation: Citation) -> str:
    """What the card over a marker shows: the quote between the words around it."""
    quote = citation.quote
    text, span = quote.article.text, quote.span
    before = text[max(0, span.start - _AROUND) : span.start]
    after = text[span.end : span.end + _AROUND]
    words = quote.text if len(quote.text) <= _MOST else f"{quote.text[:_MOST]} …"
    # No word is cut.
    start = end = ""
    if span.start > _AROUND:
        start, before = "…", before.partition(" ")[2]
    if span.end + _AROUND < len(text):
        end, after = "…", after.rpartition(" ")[0]
    meta = quote.article.metadata
    title = f" · {escape.text(meta.title)}" if meta.title and meta.publisher else ""
    return (
        f'<template class="pq-near"><p class="pq-near-who">{source_html(quote.article)}{title}</p>'
        f'<p class="pq-near-text" dir="auto">{start}{escape.text(before)}'
        f"<b>{escape.text(words)}</b>{escape.text(after)}{end}</p></template>"
    )


def _context(citation: Citation) -> str:
    """The headings above a quote as a path, and below them what leads in to it."""
    lines = (
        f'<p class="pq-context" dir="auto">{" › ".join(_emphasised(part) for part in line)}</p>'
        for line in form.context_lines(citation)
    )
    return "".join(lines)


def _emphasised(text: str) -> str:
    """`text` with what Markdown sets in bold set so, and the marks that say it not seen."""
    # Odd parts are what the pattern's group caught: the words between the marks.
    return "".join(
        f"{_edge('**')}<strong>{escape.text(part)}</strong>{_edge('**')}" if place % 2
        else escape.text(part)
        for place, part in enumerate(_BOLD.split(text))
    )  # fmt: skip


def _words(citation: Citation) -> str:
    """The quote's own words: a sentence in quotation marks, a row in its table, code as code."""
    words = citation.quote.text
    if citation.kind is Kind.TABLE_ROW:
        return _table(words, form.header(citation))
    if citation.kind is Kind.CODE:
        columns = form.indent(citation) if "\n" in words or "\r" in words else 0
        return (
            f'<pre class="pq-code"><code class="pq-words" style="text-indent: {columns}ch">'
            f"{escape.text(words)}</code></pre>"
        )
    return f'“<span class="pq-words">{escape.text(words)}</span>”'


def _table(row: str, header: str | None) -> str:
    """A row below its header. What bounds the cells is there, but only the table is seen."""
    head = f"<thead><tr>{_cells(header, 'th')}</tr></thead>" if header else ""
    return (
        f'<div class="pq-table" tabindex="0" role="group" aria-label="Row of a table"><table>{head}'
        f'<tbody><tr class="pq-words">{_cells(row, "td")}</tr></tbody></table></div>'
    )


def _cells(row: str, tag: str) -> str:
    parts = (
        f"{_edge(cell.before)}{escape.text(cell.words)}{_edge(cell.after)}" for cell in cells(row)
    )
    return "".join(f'<{tag} dir="auto">{part}</{tag}>' for part in parts)


def _edge(bound: str) -> str:
    return f'<span class="pq-edge">{escape.text(bound)}</span>' if bound else ""
