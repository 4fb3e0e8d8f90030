"""Is one article another one again, under another name?"""

from __future__ import annotations

from functools import lru_cache

from rag.text import all_terms

# An article is a reprint where half of what opens the shorter one opens the other.
_REPRINTED = 0.5
_OPENING = 3000
_SHINGLE = 5


def is_reprint(one: str, other: str) -> bool:
    """Whether two articles' texts are one story: most of what opens the shorter is in both.

    Runs of five words are compared, as in Broder (1997), "On the resemblance and containment
    of documents".
    """
    a, b = _shingles(one[:_OPENING]), _shingles(other[:_OPENING])
    least = min(len(a), len(b))
    return least > 0 and len(a & b) >= _REPRINTED * least


@lru_cache(maxsize=512)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    found = all_terms(text)
    return frozenset(zip(*(found[i:] for i in range(_SHINGLE)), strict=False))
