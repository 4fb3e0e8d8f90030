"""An answer as JSON beside the articles that it quotes, and back, exactly as it was shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rag.contract import answer_dict
from rag.domain import (
    Also,
    Answer,
    Article,
    Citation,
    Kind,
    Point,
    Quote,
    Relation,
    Span,
    Withheld,
)
from rag.quotes import make_quote

Find = Callable[[str], Article]


def article_key(article: Article) -> str:
    """What `article` is kept under: the same for the same text under the same description."""
    about = [article.source, article.revision, asdict(article.metadata)]
    return hashlib.blake2b(json.dumps(about).encode(), digest_size=16).hexdigest()


def quoted_articles(answer: Answer) -> dict[str, Article]:
    """Every article that `answer` has characters of, by its key."""
    return {article_key(quote.article): quote.article for quote in _quotes(answer)}


def pack(answer: Answer) -> dict[str, Any]:
    """`answer` as JSON: what the API prints of it, and beside it what that leaves out.

    Its retrieved passages are kept by their places alone.
    """
    return {
        "answer": answer_dict(answer),
        "citations": [_aside(c) for c in answer.citations],
        "near_misses": [_aside(c) for c in answer.near_misses],
        "also": [[article_key(a.quote.article) for a in p.also] for p in answer.points],
    }


def unpack(body: Mapping[str, Any], find: Find) -> Answer:
    """The answer that `pack` made `body` of, without its retrieved passages.

    Args:
        body: what `pack` returned.
        find: the kept article of a key.

    Raises:
        ValueError: a quote does not stand in its kept article: the record is damaged.
        LookupError: a part is missing.
    """
    said = body["answer"]
    points = zip(said["points"], body["also"], strict=True)
    return Answer(
        question=said["question"],
        text=said["answer"],
        standalone_question=said["standalone_question"],
        citations=_citations(said["citations"], body["citations"], find),
        refused=said["refused"],
        near_misses=_citations(said["near_misses"], body["near_misses"], find),
        missing=tuple(said["missing"]),
        points=tuple(_point(point, keys, find) for point, keys in points),
        uncovered=tuple(said["uncovered"]),
        withheld=tuple(Withheld(w["text"], w["reason"]) for w in said["withheld"]),
        probability=said["probability"],
        mode=said["mode"],
        model=said["model"],
        timings_ms=said["timings_ms"],
        notice=said["notice"] or "",
        usage=said["usage"],
    )


def _quotes(answer: Answer) -> Iterator[Quote]:
    yield from (c.quote for c in (*answer.citations, *answer.near_misses))
    yield from (also.quote for point in answer.points for also in point.also)


def _aside(citation: Citation) -> dict[str, Any]:
    return {
        "article": article_key(citation.quote.article),
        "context": [[span.start, span.end] for span in citation.context],
    }


def _citations(
    said: Sequence[Mapping[str, Any]], aside: Sequence[Mapping[str, Any]], find: Find
) -> tuple[Citation, ...]:
    return tuple(
        Citation(
            quote["marker"],
            _quote(quote, find(beside["article"])),
            Kind(quote["kind"]),
            tuple(Span(start, end) for start, end in beside["context"]),
        )
        for quote, beside in zip(said, aside, strict=True)
    )


def _quote(said: Mapping[str, Any], article: Article) -> Quote:
    quote = make_quote(article, Span(said["start"], said["end"]))
    if quote.text != said["quote"]:
        raise ValueError(f"the quote of {article.source} at {said['start']} is another")
    return quote


def _point(said: Mapping[str, Any], keys: Sequence[str], find: Find) -> Point:
    also = tuple(
        Also(a["marker"], _quote(a, find(key)), a["reprint"])
        for a, key in zip(said["also"], keys, strict=True)
    )
    relation = Relation(said["relation"])
    return Point(
        tuple(said["markers"]), relation, also, tuple(said["parts"]), tuple(said["spoken"])
    )
