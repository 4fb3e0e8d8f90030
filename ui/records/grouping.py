"""Questions that ask much the same, found by their vectors.

Agglomerative clustering with average linkage, cut at a distance: groups are joined while the mean
cosine between their members stays above a threshold. The pairs to join are found along chains of
nearest neighbours (Murtagh 1983; Müllner 2011, "Modern hierarchical, agglomerative clustering
algorithms", algorithm NN-chain), which takes time in proportion to the square of the number of
questions and gives the same groups in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.embed import Embedder

# Mean cosine from which questions are taken to ask the same.
SAME = 0.8
# A square of so many takes 16 MB; of more questions, the rest stand alone.
MOST = 2000


class Similar:
    """Groups questions by the vectors of an embedder; those it has seen are remembered."""

    def __init__(self, embedder: Embedder) -> None:
        self._vector = lru_cache(maxsize=2 * MOST)(embedder.query)

    def __call__(self, questions: Sequence[str]) -> list[list[int]]:
        """The places of questions that belong together, in the order of their firsts."""
        import numpy as np

        few = questions[:MOST]
        alone = [[i] for i in range(len(few), len(questions))]
        if not few:
            return alone
        return average_linkage(np.stack([self._vector(q) for q in few]), SAME) + alone


def alike(questions: Sequence[str]) -> list[list[int]]:
    """The places of questions with the same words, where there are no vectors to go by."""
    from rag.text import fold

    groups: dict[str, list[int]] = {}
    for place, question in enumerate(questions):
        groups.setdefault(" ".join(fold(question).split()), []).append(place)
    return list(groups.values())


def average_linkage(vectors: Any, least: float) -> list[list[int]]:
    """Groups of unit-length `vectors` (n, d) whose mean cosine to one another is `least` or more.

    Returns:
        The rows of each group in order; groups in the order of their first rows.
    """
    import numpy as np

    count = len(vectors)
    near = (vectors @ vectors.T).astype(np.float32)
    np.fill_diagonal(near, -np.inf)
    size = np.ones(count)
    joins: list[tuple[float, int, int]] = []
    alive = np.ones(count, dtype=bool)
    chain: list[int] = []
    for _ in range(count - 1):
        if not chain:
            chain = [int(np.argmax(alive))]
        while True:
            last = chain[-1]
            best = int(np.argmax(near[last]))
            # Of equals the one before in the chain, or it would go round for ever.
            if len(chain) > 1 and near[last, chain[-2]] >= near[last, best]:
                best = chain[-2]
                break
            chain.append(best)
        one, other = sorted((chain.pop(), chain.pop()))
        joins.append((float(near[one, other]), one, other))
        whole = size[one] + size[other]
        row = (size[one] * near[one] + size[other] * near[other]) / whole
        row[one] = row[other] = -np.inf
        near[one], near[:, one] = row, row
        near[other], near[:, other] = -np.inf, -np.inf
        size[one] = whole
        alive[other] = False
    # A join at a lower cosine than another one's never comes inside it: their order is no matter.
    group = list(range(count))
    for cosine, one, other in joins:
        if cosine >= least:
            group[_first(group, other)] = _first(group, one)
    found: dict[int, list[int]] = {}
    for i in range(count):
        found.setdefault(_first(group, i), []).append(i)
    return list(found.values())


def _first(group: list[int], row: int) -> int:
    """The row by which the group of `row` goes."""
    while group[row] != row:
        group[row] = row = group[group[row]]
    return row
