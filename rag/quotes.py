"""The only maker of a Quote. What it makes is the article's own text at the span, checked."""

from __future__ import annotations

from rag.domain import Article, Quote, Span


def make_quote(article: Article, span: Span) -> Quote:
    """The quote at `span` of `article`.

    Raises:
        ValueError: the span is empty, reaches past the text, or has white space at an end.
    """
    text = span.of(article.text)
    if span.end > len(article.text) or not text or text != text.strip():
        raise ValueError(f"not a quotable span of {article.source}: {span.start}..{span.end}")
    return Quote(article, span, text)
