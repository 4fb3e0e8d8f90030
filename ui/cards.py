"""An answer's quotes as HTML: the sides of a difference together, and who else says the same."""

from __future__ import annotations

from collections.abc import Sequence

from rag.compose import leading_words, order_words
from rag.domain import Also, Answer, Article, Citation, Point, Relation
from ui import escape
from ui.figure import figure_html, opener_html, source_html
from ui.standing import UNCHECKED, Standings, mark_html


def points_html(answer: Answer, known: Standings = UNCHECKED) -> list[str]:
    """The citations by their points; each alone where the answer has no points.

    Args:
        answer: complete.
        known: what has become of its quotes since, where that was looked up.

    Returns:
        HTML, one piece a point, in which every text of others is escaped.
    """
    by_marker = {citation.marker: citation for citation in answer.citations}
    points = answer.points or [Point((marker,), Relation.ONE) for marker in by_marker]
    return [_point(p, [by_marker[marker] for marker in p.markers], known) for p in points]


def _point(point: Point, cited: Sequence[Citation], known: Standings) -> str:
    """One quote, or the sides of a difference under the words that say so."""
    if len(cited) == 1:
        return _quote(cited[0], point, known)
    sides = "".join(
        f'<li class="pq-side">{_quote(citation, point, known, when)}</li>'
        for citation, when in zip(cited, order_words(point, cited), strict=True)
    )
    lead = leading_words(point, cited)
    # Not a heading: a chat is read from top to bottom, and headings would fill its outline.
    return (
        f'<section class="pq-differs" data-relation="{point.relation.value}" '
        f'aria-label="{escape.attribute(lead)}"><p class="pq-lead">{escape.text(lead)}</p>'
        f'<ol class="pq-sides">{sides}</ol></section>'
    )


def _quote(citation: Citation, point: Point, known: Standings, when: str = "") -> str:
    how = "quoting a speaker" if citation.marker in point.spoken else ""
    also = [a for a in point.also if a.marker == citation.marker]
    return figure_html(citation, when, how, _also(also, known), known)


def _also(also: Sequence[Also], known: Standings) -> str:
    """Where else the quote's statement stands, each place with its words, folded away."""
    if not also:
        return ""
    names = ", ".join(escape.text(_name(a.quote.article)) for a in also)
    items = "".join(f"<li>{_place(a, known)}</li>" for a in also)
    return (
        f'<details class="pq-also-in"><summary>Also in {names}</summary><ul>{items}</ul></details>'
    )


def _place(also: Also, known: Standings) -> str:
    """One further source: who, when, its words, and the way to them."""
    quote, reprint = also.quote, " · a reprint" if also.reprint else ""
    label = f"Show quote {also.marker} as in {_name(quote.article)}"
    return (
        f"{source_html(quote.article)}{reprint}"
        f'<p>“<span class="pq-also-words" dir="auto">{escape.text(quote.text)}</span>” '
        f"{opener_html(quote, also.marker, 'pq-also-open', label, 'Show')}</p>"
        f"{mark_html(quote, known)}"
    )


def _name(article: Article) -> str:
    return article.metadata.publisher or article.name
