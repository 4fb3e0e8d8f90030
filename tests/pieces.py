"""What the tests of texts share: any text, and a page cut into pieces with what they say."""

from __future__ import annotations

from hypothesis import strategies as st

from ingest.job import parse
from ingest.split import Piece
from rag.domain import Kind

# Text as files have it: letters, marks and line ends of all kinds, and what breaks offsets:
# characters of several code units, combining marks, quotes, markup.
texts = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
        st.sampled_from(list("aB. \n\r\t-*#|`>1“”\"'’?!é\u0301🦉\u2028\x85")),
    ),
    max_size=400,
)


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
