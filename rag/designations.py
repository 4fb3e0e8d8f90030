"""Names with a number, as in "Article 5" or "Mk4": what one says is not said of its namesakes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.number_words import MONTHS
from rag.text import word_key

# Not the possessive before a number, nor a number that goes on ("30-day", "5 %").
_DESIGNATION = re.compile(
    r"(?<![\w'’])([^\W\d_]{1,15})[ \-\u00a0]?(\d{1,6}(?:[.,]\d+)*)"
    r"(?![\w%]|[.,]\d|-\w|[ \u00a0\u202f]%)"
)
# What comes before a number without being part of a name.
_BEFORE = frozenset({"year", "years", "day", "days", "page", "pages", "row", "rows"})


def designations(text: str) -> frozenset[tuple[str, str]]:
    """The names with their numbers in `text`: ("article", "5") for "Article 5" and "article-5"."""
    found = ((m[1].lower(), m[2]) for m in _DESIGNATION.finditer(text))
    return frozenset(pair for pair in found if not _is_other(pair[0]))


def _is_other(word: str) -> bool:
    """Whether a number after this word is a date's, an amount's or a place's in a text."""
    return word in MONTHS or word in _BEFORE or word_key(word)[1]


def namesakes(asked: Iterable[tuple[str, str]], text: str) -> float:
    """The share of the designations in `asked` that `text` has with other numbers alone, 0 to 1."""
    named = designations(text)
    pairs = list(asked)
    other = [p for p in pairs if p not in named and any(word == p[0] for word, _ in named)]
    return len(other) / len(pairs) if pairs else 0.0
