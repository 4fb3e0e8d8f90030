"""Texts read once, and how much of a question's words they have.

A word counts as such, as another spelling of a name, or, for less, by a word of like meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.retrieve import Query
from rag.text import Word, name_key, same_name, surfaces, word_key

Numbers = NDArray[np.float64]

# Unrelated words have about this cosine.
_UNALIKE = 0.25
_SPELLING = 0.9
# Where a question names no time, figure or the like, having one says as little as lacking it.
NEITHER = 0.5
_same_name = lru_cache(maxsize=65536)(same_name)
_name_key = lru_cache(maxsize=65536)(name_key)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text read once: its words, their terms, the figures among these, its name-like words by
    the first sound."""

    words: tuple[str, ...]
    terms: frozenset[str]
    figures: frozenset[str]
    names: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=50_000)
def read(text: str) -> Reading:
    """The terms and names of `text`; cached, since the same units come up again and again."""
    # Without `words`, which takes longer for what is of no use here.
    every = surfaces(text)
    found = {surface: term for surface in every for term, stop in [word_key(surface)] if not stop}
    names: dict[str, tuple[str, ...]] = {}
    for name in {surface for surface in every if len(surface) > 3 and surface[0].isupper()}:
        first = _name_key(name)[:1]
        names[first] = (*names.get(first, ()), name)
    terms = frozenset(found.values())
    return Reading(
        tuple(dict.fromkeys(surface.lower() for surface in found)),
        terms,
        frozenset(term for term in terms if term[0].isdigit()),
        names,
    )


def _spelled(surface: str, names: Sequence[str]) -> float:
    """How much of a word is in a text that has not itself, but these names that begin like it."""
    return _SPELLING if any(_same_name(surface, name) for name in names) else 0.0


def credits(asked: Sequence[Word], readings: Sequence[Reading]) -> Numbers:
    """How much of each asked word each reading has, (readings, words) in 0 to 1.

    A text has all of a word as such, less of another spelling of it as a name.
    """
    found = np.zeros((len(readings), len(asked)))
    keys = [_name_key(w.surface)[:1] if len(w.surface) >= 4 else None for w in asked]
    known = list(enumerate(zip(asked, keys, strict=True)))
    for row, reading in enumerate(readings):
        terms, names = reading.terms, reading.names
        for column, (word, key) in known:
            if word.term in terms:
                found[row, column] = 1.0
            elif key is not None and key in names:
                found[row, column] = _spelled(word.surface, names[key])
    return found


def word_weights(query: Query, asked: Sequence[Word]) -> Numbers:
    """How much each asked word weighs, (words,) in 0 to 1: the rarer in the library, the more."""
    return np.array([query.weights[w.term] for w in asked], dtype=np.float64)


def share(weights: Numbers, got: Numbers) -> Numbers:
    """The share, by weight, of words (…, words) that were got, (…)."""
    result: Numbers = got @ weights / max(float(weights.sum()), 1e-9)
    return result


def alike_words(query: Query, asked: Sequence[Word], readings: Sequence[Reading]) -> Numbers:
    """How near the asked words come to a word of each reading, (readings, words) in 0 to 1.

    Static word vectors bring "price" near "cost" where no stem does.
    """
    result = np.zeros((len(readings), len(asked)))
    full = [i for i, reading in enumerate(readings) if reading.words]
    if query.word_vectors is None or not full or not asked:
        return result
    place: dict[str, int] = {}
    order = [place.setdefault(w, len(place)) for i in full for w in readings[i].words]
    starts = np.cumsum([0, *(len(readings[i].words) for i in full[:-1])])
    near = (
        query.word_vectors(list(place)) @ query.word_vectors([w.surface.lower() for w in asked]).T
    )
    near = np.clip((near - _UNALIKE) / (1 - _UNALIKE), 0, 1)
    result[full] = np.maximum.reduceat(near[order], starts, axis=0)
    return result
