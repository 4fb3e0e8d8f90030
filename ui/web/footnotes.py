"""An answer as one Markdown text with quotes and sources at its foot, for clients of text alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.compose import attribution, escape, written_date
from rag.domain import Answer, Citation, Kind

_SOURCES = "\n\n**Sources**\n\n"
_NEAREST = "\n\n**Nearest in the articles**\n\n"
_NOTE = "\n\n*"
# The text's own stars are escaped.
_NOTICE = re.compile(r"\n\n\*[^\n]+\*$")


def body(answer: Answer) -> str:
    """What the answer says, without its foot; grows as the answer does."""
    return answer.text


def foot(answer: Answer) -> str:
    """What follows the text of a complete answer: a notice, and a list of its quotes and sources.

    A quote that the text has word for word is not printed again. A refused answer lists what came
    nearest.
    """
    parts = [f"{_NOTE}{escape(answer.notice)}*"] if answer.notice else []
    if answer.citations:
        parts.append(_SOURCES + _list(answer.citations, answer.text))
    elif answer.near_misses:
        parts.append(_NEAREST + _list(answer.near_misses, ""))
    return "".join(parts)


def without_foot(text: str) -> str:
    """An earlier answer as its client sends it back, without what `foot` put under it."""
    ends = [place for mark in (_SOURCES, _NEAREST) if (place := text.rfind(mark)) >= 0]
    return _NOTICE.sub("", text[: min(ends)] if ends else text)


def _list(citations: Sequence[Citation], text: str) -> str:
    return "\n".join(f"- {_line(citation, text)}" for citation in citations)


def _line(citation: Citation, text: str) -> str:
    quote = citation.quote
    shown = f"“{escape(quote.text)}”"
    source = _source(citation)
    if shown in text:
        return f"[{citation.marker}] {source}"
    if citation.kind is Kind.CODE:
        # On one line code would lose the line ends that it means something by.
        inside = "\n".join(f"  {line}" for line in quote.text.splitlines())
        return f"[{citation.marker}] {source}:\n\n  ```\n{inside}\n  ```"
    return f"[{citation.marker}] {shown} {source}"


def _source(citation: Citation) -> str:
    article = citation.quote.article
    url = article.metadata.url or ""
    if not url.startswith(("http://", "https://")):
        title = article.metadata.title
        name = escape(title) if title and title not in attribution(article) else ""
        return f"{name}, {escape(attribution(article))}".removeprefix(", ")
    words = escape(article.name)
    # Spaces and brackets would end a link's address.
    safe = url.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("<", "%3C")
    when = written_date(article.metadata.published)
    publisher = article.metadata.publisher
    return ", ".join([f"[{words}]({safe})", *([escape(publisher)] if publisher else []), when])
