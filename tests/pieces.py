"""What the tests of structure share: a page cut into pieces, and what is said in them."""

from __future__ import annotations

from ingest.job import parse
from ingest.split import Piece
from rag.domain import Kind


class Words:
    """Counts white-space separated words as tokens: the splitter only needs a measure."""

    def count(self, text: str) -> int:
        return len(text.split())


def pieces(text: str, markdown: bool = True, budget: int = 60) -> tuple[Piece, ...]:
    return parse(text, markdown, Words(), budget).pieces  # type: ignore[arg-type]


def said(text: str, markdown: bool = True) -> list[tuple[Kind, str, list[str]]]:
    """Kind, words and context of each unit that can be quoted."""
    return [
        (u.kind, u.span.of(text), [s.of(text) for s in u.context])
        for p in pieces(text, markdown)
        for u in p.units
        if u.kind is not Kind.HEADING
    ]
