"""Quotes to the words around them, in Markdown. The only words not quoted say who and when."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date

from rag.domain import Article, Citation

REFUSAL = "The articles don't say."
# What Markdown would take for markup, links or HTML. Quoted text must be shown, not obeyed.
_MARKUP = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w))")
_BLOCK_START = re.compile(r"^(\s*)([#>+-]|\d+[.)])(?=\s)")


def written_date(published: str | None) -> str:
    """An ISO date, or a prefix of one, as people write it; "undated" for None."""
    if not published:
        return "undated"
    month_only = len(published) == len("2025-06")
    try:
        day = date.fromisoformat(f"{published}-01" if month_only else published)
    except ValueError:
        return published
    words = f"{calendar.month_name[day.month]} {day.year}"
    return words if month_only else f"{day.day} {words}"


def attribution(article: Article) -> str:
    """Who says it and when: publisher, else title, else source, with the article's date."""
    return (
        f"{article.metadata.publisher or article.name}, {written_date(article.metadata.published)}"
    )


def escape(text: str) -> str:
    """`text` on one line of Markdown, each character shown as it is."""
    line = re.sub(r"\s+", " ", text)
    return _BLOCK_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line))


def quoted_answer(citations: Sequence[Citation]) -> str:
    """One attributed, dated quote a paragraph, each ending in its marker."""
    return "\n\n".join(
        f"{escape(attribution(c.quote.article))}: “{escape(c.quote.text)}” [{c.marker}]"
        for c in citations
    )


def refusal(missing: Sequence[str]) -> str:
    """That the articles don't say, and which of the question's words they nowhere have."""
    if not missing:
        return REFUSAL
    return f"{REFUSAL} They nowhere mention {', '.join(f'“{escape(w)}”' for w in missing)}."
