"""Answers in the form that the command line and the API print: what other programs rely on."""

from __future__ import annotations

from typing import Any

from rag.domain import Answer, Citation, Point, Quote


def citation_dict(citation: Citation) -> dict[str, Any]:
    """`citation` in the form that the command line and the API print."""
    return {
        "marker": citation.marker,
        **_quote_dict(citation.quote),
        "kind": citation.kind.value,
        "context": list(citation.context_texts),
    }


def _quote_dict(quote: Quote) -> dict[str, Any]:
    article = quote.article
    return {
        "quote": quote.text,
        "source": article.source,
        "revision": quote.revision,
        "start": quote.span.start,
        "end": quote.span.end,
        "title": article.metadata.title,
        "publisher": article.metadata.publisher,
        "published": article.metadata.published,
        "url": article.metadata.url,
    }


def point_dict(point: Point) -> dict[str, Any]:
    """`point` in the form that the command line and the API print."""
    return {
        "markers": list(point.markers),
        "relation": point.relation.value,
        "also": [
            {"marker": a.marker, "reprint": a.reprint, **_quote_dict(a.quote)} for a in point.also
        ],
        "parts": list(point.parts),
        "spoken": list(point.spoken),
    }


def answer_dict(answer: Answer) -> dict[str, Any]:
    """`answer` in the form that the command line and the API print."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "mode": answer.mode,
        "model": answer.model,
        "probability": round(answer.probability, 4),
        "citations": [citation_dict(c) for c in answer.citations],
        "passages": [
            {
                "source": h.passage.article.source,
                "start": h.passage.span.start,
                "end": h.passage.span.end,
                "score": round(h.score, 4),
            }
            for h in answer.hits
        ],
        "near_misses": [citation_dict(c) for c in answer.near_misses],
        "missing": list(answer.missing),
        "points": [point_dict(p) for p in answer.points],
        "uncovered": list(answer.uncovered),
        "withheld": [{"text": w.text, "reason": w.reason} for w in answer.withheld],
        "standalone_question": answer.standalone_question,
        "timings_ms": {k: round(v, 2) for k, v in answer.timings_ms.items()},
        "notice": answer.notice or None,
        "usage": answer.usage and dict(answer.usage),
    }
