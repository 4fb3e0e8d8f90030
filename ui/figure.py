"""One quote as HTML: who says it and when, what it is read with, and its words in their form."""

from __future__ import annotations

from rag.compose import written_date
from rag.domain import Citation, Kind
from ui import escape, form


def marker_html(citation: Citation) -> str:
    """The clickable marker of `citation`; the page's script reads its data."""
    quote = citation.quote
    return (
        f'<button type="button" class="pq-marker"'
        f' data-source="{escape.attribute(quote.article.source)}"'
        f' data-revision="{escape.attribute(quote.revision)}"'
        f' data-start="{quote.span.start}" data-end="{quote.span.end}"'
        f' data-marker="{citation.marker}" aria-pressed="false"'
        f' aria-label="Show quote {citation.marker} in its article">[{citation.marker}]</button>'
    )


def figure_html(citation: Citation) -> str:
    """A quote with who said it and when.

    Returns:
        HTML in which the text content of the element of class ``pq-words`` is the quote.
    """
    article = citation.quote.article
    who = article.metadata.publisher or article.name
    return (
        f'<figure class="pq-quote"><figcaption><cite dir="auto">{escape.text(who)}</cite>'
        f" · {escape.text(written_date(article.metadata.published))}</figcaption>"
        f'{_context(citation)}<blockquote dir="auto">{_words(citation)} '
        f"{marker_html(citation)}</blockquote></figure>"
    )


def _context(citation: Citation) -> str:
    """The headings above a quote as a path, and below them what leads in to it."""
    lines = (
        f'<p class="pq-context" dir="auto">{" › ".join(escape.text(part) for part in line)}</p>'
        for line in form.context_lines(citation)
    )
    return "".join(lines)


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
        f"{_edge(cell.before)}{escape.text(cell.words)}{_edge(cell.after)}"
        for cell in form.cells(row)
    )
    return "".join(f'<{tag} dir="auto">{part}</{tag}>' for part in parts)


def _edge(bound: str) -> str:
    return f'<span class="pq-edge">{escape.text(bound)}</span>' if bound else ""
