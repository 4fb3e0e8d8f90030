"""Words in quotation marks, and where an article has them."""

from __future__ import annotations

import re

from rag.domain import Span
from rag.text import fold

_QUOTED = re.compile(
    r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]|(?<!\w)[‘']([^‘’']+)[’'](?!\w)"
)
_QUOTE_MARKS = re.compile(r"[“”\"«»„]")


def quotations(text: str) -> list[tuple[Span, str]] | None:
    """The quotations of `text`: each one's place, marks included, and its content.

    None where a quotation mark has no partner.
    """
    found = [
        (Span(*m.span()), next(g for g in m.groups() if g is not None))
        for m in _QUOTED.finditer(text)
    ]
    rest = list(text)
    for span, _ in found:
        rest[span.start : span.end] = " " * len(span)
    return None if _QUOTE_MARKS.search("".join(rest)) else found


def find_words(content: str, text: str) -> Span | None:
    """Where the words of `content` stand in `text` in order and unbroken; typography aside."""
    wanted = [fold(m.group()) for m in re.finditer(r"\w+", content)]
    there = list(re.finditer(r"\w+", text))
    folded = [fold(m.group()) for m in there]
    for at in range(len(folded) - len(wanted) + 1) if wanted else ():
        if folded[at : at + len(wanted)] == wanted:
            return Span(there[at].start(), there[at + len(wanted) - 1].end())
    return None
