"""The form in which a quote is shown: a table's row by its cells, what it is read with, its indent.

Nothing is written here: every function gives back the article's own characters, in parts.
"""

from __future__ import annotations

import re

from rag.domain import Citation
from rag.tables import is_header


def header(citation: Citation) -> str | None:
    """The header of the table that the quote is a row of."""
    texts = citation.context_texts
    return texts[-1] if texts and is_header(citation.kind, texts[-1]) else None


def context_lines(citation: Citation) -> list[list[str]]:
    """What a quote is read with, by lines: the headings above it, then each lead-in or parent."""
    texts = list(citation.context_texts)
    if header(citation):
        texts.pop()
    path: list[str] = []
    lines = [path]
    for text in texts:
        # A heading is short and says nothing yet: no stop, no colon, one line.
        heading = len(lines) == 1 and not re.search(r"[.!?:…]\W*$|[\r\n]", text)
        if heading and len(text) <= 100:
            path.append(text)
        else:
            lines.append([text])
    return [line for line in lines if line]


def indent(citation: Citation) -> int:
    """How many columns of space stand before the quote on its line; 0 where words do."""
    text, start = citation.quote.article.text, citation.quote.span.start
    before = text[max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1 : start]
    return 0 if before.strip() else len(before.expandtabs(4))
