"""What a sentence may draw on: the evidence it cites, and what is known of those articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rag import amounts, facts, wording
from rag.domain import Evidence

_SEPARATOR = "\n\u2029\n"
# Words of one root, such as "destroy" and "destruction", share this many letters and this share.
_ROOT, _ROOT_SHARE = 5, 0.6
_MISSPELT = 0.7


class UnsupportedError(Exception):
    """The reason why a sentence is withheld. Never leaves `rag.check`."""


@dataclass(frozen=True)
class Support:
    """What a sentence may draw on.

    `text` is the evidence's own; `body` that with headings; `known` that with title, publisher and
    author;
    `published` the articles' dates; `credits` their publishers, authors and titles.
    """

    text: str
    body: str
    known: str
    published: tuple[str, ...]
    credits: str

    @cached_property
    def tokens(self) -> tuple[facts.Token, ...]:
        """The words of `known`."""
        return facts.tokens(self.known)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of `known`."""
        return frozenset(t.term for t in self.tokens if t.term)

    @cached_property
    def numbers(self) -> amounts.Numbers:
        """The figures and dates of `known`."""
        return amounts.read_numbers(self.known)

    @cached_property
    def clauses(self) -> list[tuple[facts.Token, ...]]:
        """The clauses of `known`."""
        return facts.clauses(self.known)

    @cached_property
    def denied(self) -> frozenset[str]:
        """The stems that `known` denies."""
        return frozenset(n.terms[0] for n in facts.negations(self.known) if n.terms)

    def has(self, stem: str) -> bool:
        """Whether a stem, one of the same root, or one of like meaning stands in it."""
        return (
            stem in self.stems
            or any(_akin(stem, other) for other in self.stems)
            or bool(wording.like(stem) & self.stems)
        )

    def misspelt(self, key: str) -> str:
        """The name in it of which a word is nearly, but not quite, the spelling; "" for none."""
        from rapidfuzz.distance import OSA

        for name in (t for t in self.tokens if t.name and t.term):
            if OSA.normalized_similarity(key, name.key) >= _MISSPELT:
                return name.text
        return ""


def make_support(cited: Sequence[Evidence]) -> Support:
    """What the evidence that a sentence cites lets it say."""
    texts = [e.text for e in cited]
    about = [e.article.metadata for e in cited]
    credits = [c for m in about for c in (m.publisher, m.author, m.title) if c]
    around = [line for e in cited for line in e.context_texts]
    return Support(
        _SEPARATOR.join(texts),
        _SEPARATOR.join([*texts, *around]),
        _SEPARATOR.join([*texts, *around, *credits]),
        tuple(m.published for m in about if m.published),
        " ".join(credits),
    )


def _akin(one: str, other: str) -> bool:
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return shared >= _ROOT and shared >= _ROOT_SHARE * max(len(one), len(other))
