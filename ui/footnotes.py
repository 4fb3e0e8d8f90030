"""Answers to paste elsewhere: Markdown, each quote a footnote with its source and place."""

from __future__ import annotations

import re

from rag.compose import attribution, escape, written_date
from rag.domain import Answer, Citation
from ui.fragment import text_fragment

_MARKER = re.compile(r"(?<!\\)\[(\d+)\]")


def answer_markdown(answer: Answer) -> str:
    """An answer as Markdown with its quotes as footnotes.

    Args:
        answer: complete.

    Returns:
        The question in bold, the answer with footnote marks, and a footnote a quote: its own words
        on one line, who says it and when, where it stands, and the way to the live page. For a
        refusal the nearest quotes, as a list.
    """
    known = {c.marker for c in answer.citations}
    text = _MARKER.sub(lambda m: f"[^{m[1]}]" if int(m[1]) in known else m[0], answer.text)
    parts = [f"**{escape(answer.question.strip())}**", text.strip()]
    if answer.refused and answer.near_misses:
        parts.append("Nearest:")
        parts.append("\n".join(f"- {quote_markdown(c)}" for c in answer.near_misses))
    parts.append("\n".join(f"[^{c.marker}]: {quote_markdown(c)}" for c in answer.citations))
    return "\n\n".join(part for part in parts if part) + "\n"


def quote_markdown(citation: Citation) -> str:
    """One quote with its source, on one line of Markdown."""
    quote = citation.quote
    article = quote.article
    title = f"*{escape(article.name)}*, " if article.metadata.publisher else ""
    where = f"{title}{escape(attribution(article))}"
    place = f"{escape(article.source)}:{quote.span.start}-{quote.span.end}"
    return f"“{escape(quote.text)}” — {where} ({place}){_address(citation)}"


def quote_text(citation: Citation) -> str:
    """One quote with its source as plain text: the article's own characters, as they are."""
    quote = citation.quote
    meta = quote.article.metadata
    who = ", ".join(x for x in (quote.article.name, meta.publisher) if x)
    place = f"{quote.article.source}:{quote.span.start}-{quote.span.end}"
    url = text_fragment(meta.url, quote.text) if meta.url else ""
    return f"“{quote.text}”\n— {who}, {written_date(meta.published)} ({place})" + (
        f"\n{url}" if url else ""
    )


def _address(citation: Citation) -> str:
    url = citation.quote.article.metadata.url
    if not url:
        return ""
    address = text_fragment(url, citation.quote.text)
    if address.startswith(("http://", "https://")) and not re.search(r"[\s<>]", address):
        return f" <{address}>"
    return f" {escape(address)}"
