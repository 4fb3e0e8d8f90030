"""Names in a question that stand nowhere in the articles which its best evidence is of."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rag.beside import Vectors
from rag.domain import Article
from rag.text import Word, fold, name_key, words

# Times have a say of their own (`rag.when`), and "I'm" is no name.
_NO_NAMES = frozenset(
    name.lower() for name in (*calendar.month_name, *calendar.day_name, *calendar.month_abbr)
) | {"i", "i'm", "i've", "i'd", "i'll", "ok"}
_SENTENCE_END = re.compile(r"[.?!:;“\"(]\s*$")
# Word vectors bring what is of one meaning this near ("Britain", "UK"), and other names less than
# that: two countries or towns by half of the way.
_SAME, _OTHER = 0.6, 0.3
_SPELLED_FROM = 4
_INITIALS = range(2, 7)
# So many characters of an article are read word by word; names as they are written are sought in
# all of it.
_LONGEST = 50_000
_CACHED = 32


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in an article: its words' terms, its names' keys and their initials in a row,
    and its words in lower case."""

    terms: frozenset[str]
    keys: frozenset[str]
    initials: str
    surfaces: frozenset[str]


def names(question: str) -> list[Word]:
    """The words of `question` that are written as names, where every word would not be."""
    found = [
        word
        for number, word in enumerate(words(question))
        if number
        and word.capitalised
        and not word.stop
        and fold(word.surface) not in _NO_NAMES
        and not _SENTENCE_END.search(question[: word.span.start])
    ]
    return [] if question.istitle() or question.isupper() else found


@dataclass(frozen=True, slots=True)
class Absent:
    """Names of a question that stand nowhere, and how far one is from what does, 0 to 1."""

    names: tuple[str, ...] = ()
    far: float = 0.0


def absent(question: str, articles: Sequence[Article], vectors: Vectors | None) -> Absent:
    """The names of `question` that stand in none of `articles`.

    Other spellings of a name and its initials are it; so is a word of its meaning, the more the
    nearer.

    Args:
        question: what is asked.
        articles: those that the best evidence is of.
        vectors: gives unit-length vectors (n, d) of single words, if there is such a thing.
    """
    missing = [
        word
        for word in names(question)
        if not any(_stands(word, a) or _joined(word, question, a) for a in articles)
    ]
    if not missing or not articles:
        return Absent()
    far = np.ones(len(missing))
    known = sorted(frozenset[str]().union(*(_words(a).surfaces for a in articles)))
    if vectors is not None and known:
        near = (vectors([w.surface.lower() for w in missing]) @ vectors(known).T).max(axis=1)
        far = np.clip((_SAME - near) / (_SAME - _OTHER), 0.0, 1.0)
    lacking = (w.surface for w, one in zip(missing, far, strict=True) if one > 0)
    return Absent(tuple(dict.fromkeys(lacking)), float(far.max()))


def _stands(word: Word, article: Article) -> bool:
    """Whether a word of a question stands in an article, or a spelling or the initials of it."""
    if any(word.surface in text for text in _texts(article)):
        return True
    known = _words(article)
    if word.term in known.terms:
        return True
    if word.surface.isupper() and len(word.surface) in _INITIALS:
        return word.surface in known.initials
    return len(word.surface) >= _SPELLED_FROM and name_key(word.surface) in known.keys


def _joined(word: Word, question: str, article: Article) -> bool:
    """Whether a word stands in an article in one with the one before or after it in the question:
    "Spider Web" as "Spiderweb"."""
    before = question[: word.span.start].split()[-1:]
    after = question[word.span.end :].split()[:1]
    known = _words(article).terms
    pairs = [b + word.surface for b in before] + [word.surface + a for a in after]
    return any(known & {w.term for w in words(pair)} for pair in pairs)


def _texts(article: Article) -> list[str]:
    meant = article.metadata
    return [t for t in (meant.title, meant.publisher, meant.author, article.text) if t]


@lru_cache(maxsize=_CACHED)
def _words(article: Article) -> _Words:
    found = words(" \n".join(_texts(article))[:_LONGEST])
    named = [w for w in found if w.capitalised]
    return _Words(
        frozenset(w.term for w in found),
        frozenset(name_key(w.surface) for w in named if len(w.surface) >= _SPELLED_FROM),
        "".join(w.surface[0] for w in named),
        frozenset(w.surface.lower() for w in found if not w.stop),
    )
