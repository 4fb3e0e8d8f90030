"""Articles in any number, made from real ones: the text recombined, the vectors with it.

Encoding 100,000 passages takes a quarter of an hour and more, and random vectors would show an
index at its worst (an HNSW index finds hardly any neighbours among them). So a made passage is a
run of units of one real passage with one or two units of another from the same article or the
next (further ones where those give nothing new), and its vector is the mean of its units' own
vectors, at unit length: what mean pooling would give but for the units' lengths and their view of
each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.domain import Article, Kind, Span, Unit
from rag.library import NewPassage, StoredPassage

_MOST_BORROWED = 2
# Mixes tried before the next article is taken in as well.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Made:
    """An article with its passages, ready for the catalogue."""

    article: Article
    passages: tuple[NewPassage, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A unit's text, kind and vector (d,), away from its article."""

    text: str
    kind: Kind
    vector: NDArray[np.float32]


def generate(material: Sequence[Sequence[StoredPassage]], count: int, seed: int) -> Iterator[Made]:
    """Articles with `count` passages in all; the same arguments give the same articles.

    Args:
        material: the passages of each real article; every article has some.
        count: passages to make; the last article is cut to fit.
        seed: of the choices.
    """
    rng = np.random.default_rng(seed)
    number = 0
    made: set[tuple[str, ...]] = set()
    while count > 0:
        for home in rng.permutation(len(material)):
            passages = material[home][:count]
            if not passages:
                return
            around = [material[(home + i) % len(material)] for i in range(len(material))]
            mixed = [_new_mix(passage, around, made, rng) for passage in passages]
            yield _write(number, passages[0].passage.article, mixed)
            number += 1
            count -= len(passages)


def _new_mix(
    base: StoredPassage, around: Sequence[Sequence[StoredPassage]], made: set[tuple[str, ...]],
    rng: np.random.Generator,
) -> list[_Part]:  # fmt: skip
    """A mix whose units are those of none in `made`, of ever more articles where it must be.

    In whatever order, the same units give the same vector; only where all of `around` has no new
    mix is one repeated.
    """
    for articles in range(2, len(around) + 2):
        near = [passage for article in around[:articles] for passage in article]
        for _ in range(_TRIES):
            mixed = _mix(base, near, rng)
            key = tuple(sorted(part.text for part in mixed))
            if key not in made:
                made.add(key)
                return mixed
    return mixed


def _mix(
    base: StoredPassage, near: Sequence[StoredPassage], rng: np.random.Generator
) -> list[_Part]:
    """A run of the units of `base` with some of another passage before or after it."""
    own, other = _parts(base), _parts(near[int(rng.integers(len(near)))])
    borrowed = min(int(rng.integers(1, _MOST_BORROWED + 1)), len(other))
    kept = max(1, len(own) - borrowed)
    first = int(rng.integers(len(own) - kept + 1))
    second = int(rng.integers(len(other) - borrowed + 1))
    run, loan = own[first : first + kept], other[second : second + borrowed]
    return [*run, *loan] if rng.integers(2) else [*loan, *run]


def _parts(stored: StoredPassage) -> list[_Part]:
    text = stored.passage.article.text
    return [
        _Part(unit.span.of(text), unit.kind, vector)
        for unit, vector in zip(stored.passage.units, stored.unit_vectors, strict=True)
    ]


def _write(number: int, home: Article, mixed: Sequence[Sequence[_Part]]) -> Made:
    """The article in which these passages stand one below the other, under its home's title."""
    text, passages = "", []
    for parts in mixed:
        units = []
        for index, part in enumerate(parts):
            if index:
                text += " " if part.kind is Kind.SENTENCE else "\n"
            units.append(Unit(Span(len(text), len(text) + len(part.text)), part.kind))
            text += part.text
        vectors = np.stack([p.vector for p in parts])
        mean = vectors.mean(axis=0)
        vector = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
        span = Span(units[0].span.start, units[-1].span.end)
        passages.append(NewPassage(span, tuple(units), vector, vectors))
        text += "\n\n"
    revision = hashlib.sha256(text.encode()).hexdigest()
    article = Article(0, f"made/{number:06}.txt", text, revision, home.metadata)
    return Made(article, tuple(passages))
