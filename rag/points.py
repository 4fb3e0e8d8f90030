"""Do two statements say the same, or answer one question differently?

The same words in another article make one point with two sources. Where the thing asked for, a
figure, a date or a time of day, is not the same in two articles, they disagree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from rag.domain import Article, Evidence, Kind, Span, Unit
from rag.figures import (
    Figure,
    clash,
    clash_of_clocks,
    clash_of_days,
    clocks,
    days,
    figures,
    other_numbers,
    unit_of,
)
from rag.questions import MEASURES, Wanted, wanted
from rag.reading import alike_words, credits, read, share
from rag.retrieve import Retrieved
from rag.stance import stance
from rag.text import same_name, surfaces, words

# "Did it …?", "Is it true that …?": answered by yes, no, or not yet.
_YES_OR_NO = re.compile(
    r"^\W*(?:(?:and|but|so|then)\s+)?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|"
    r"would|should)(?:n[’']t)?\b",
    re.IGNORECASE,
)
# Of 100: the words of one in the other, in any order, but for small edits.
_SAME = 80
# Fewer words than these, names aside, say too little to be compared.
_LEAST_WORDS = 3
_DATELINE = re.compile(r"^\W{0,2}[A-Z][^()\n]{0,40}\([^()\n]{1,40}\)\s*[-–—:]\s*")
# Sentences about one matter have a cosine above this, and share this much of what the better
# one has of the question's words; for dates, of which texts have many, nearly all of it.
_ONE_MATTER = 0.55
_ONE_MATTER_DENIED = 0.65
_SHARED = 0.4
_SHARED_DATED = 0.9
# Below this share of the question's words a sentence is hardly about it: no date is compared.
_LEAST_DATED = 0.2
_COUNTED = re.compile(
    r"\bhow\s+(?:many|much)\s+((?:\w+\s+){0,2}?\w+)\b|\b(?:number|amount|total)\s+of\s+((?:\w+\s+)?\w+)",
    re.IGNORECASE,
)
_HOW_MUCH = re.compile(r"\bhow\s+(?:long|big|large|small|strong|fast|late|early)\b", re.IGNORECASE)
_POPULATION = re.compile(r"\bpopulation\b", re.IGNORECASE)

# Evidence is compared piece by piece, each with many others.
_KEPT = 4096
_figures = lru_cache(maxsize=_KEPT)(figures)
_days = lru_cache(maxsize=_KEPT)(days)


@lru_cache(maxsize=2 * _KEPT)
def _processed(text: str) -> str:
    """The words of `text` as rapidfuzz compares them."""
    from rapidfuzz.utils import default_process

    return str(default_process(text))


def same_statement(one: str, other: str) -> bool:
    """Whether two texts say the same in nearly the same words, figures and names alike."""
    from rapidfuzz import fuzz

    one, other = (_DATELINE.sub("", text) for text in (one, other))
    return (
        fuzz.token_sort_ratio(_lowered(one), _lowered(other), score_cutoff=_SAME) > 0
        and clash(_figures(one), _figures(other)) is not True
        and not other_numbers(_figures(one), _figures(other))
        and clash_of_days(_days(one), _days(other)) is not True
        and stance(one) == stance(other)
        and not _other_names(one, other)
    )


@lru_cache(maxsize=_KEPT)
def _lowered(text: str) -> str:
    """The words of `text` in lower case."""
    return " ".join(surface.lower() for surface in surfaces(text))


@lru_cache(maxsize=_KEPT)
def _names(text: str) -> frozenset[str]:
    return frozenset(w.surface for w in words(text) if w.capitalised and not w.stop)


@lru_cache(maxsize=_KEPT)
def _unnamed(text: str) -> str:
    """The words of `text` in lower case, without its names."""
    return " ".join(w.surface.lower() for w in words(text) if not w.capitalised or w.stop)


def _other_names(one: str, other: str) -> bool:
    """Whether each text has a name that the other does not have in any spelling."""
    a, b = _names(one), _names(other)
    lacks = [
        any(not any(same_name(x, y) for y in theirs) for x in mine - theirs)
        for mine, theirs in ((a, b), (b, a))
    ]
    return all(lacks)


def _other_person(one: str, other: str) -> bool | None:
    """Whether two texts say the same of different names; None where they don't say the same."""
    from rapidfuzz import fuzz

    left = [_unnamed(t) for t in (one, other)]
    alike = len(left[0].split()) >= _LEAST_WORDS and fuzz.ratio(*left) >= _SAME
    if not alike or clash(_figures(one), _figures(other)) is True:
        return None
    return True if _other_names(one, other) else None


def asked_of(question: str) -> frozenset[str]:
    """What a question wants counted, as the keys that `rag.figures` gives to what is counted."""
    if _POPULATION.search(question):
        return frozenset({"person"})
    match = _COUNTED.search(question)
    if not match:
        return frozenset()
    found = words(match[1] or match[2])
    # "how much time", "how much money": any figure of time or money will do.
    if found[0].term in ("time", "money"):
        return frozenset()
    return frozenset(unit_of(w.surface, w.term) for w in found if not w.stop)


def differ(
    question: str, one: str, other: str, dates: tuple[str | None, str | None]
) -> bool | None:
    """Whether two texts give different values of the kind of thing that is asked for.

    Args:
        question: what is asked.
        one: a text that answers it.
        other: a text of another article.
        dates: when the articles of the two were published, as ISO dates; None for unknown.

    Returns:
        True where the values differ, False where they agree, None where they don't compare.
    """
    kind = wanted(question)
    if kind in (Wanted.PERSON, Wanted.PLACE):
        return _other_person(one, other)
    if kind is Wanted.TIME:
        found = clash_of_days(*(_days(t, d) for t, d in zip((one, other), dates, strict=True)))
        return clash_of_clocks(clocks(one), clocks(other)) if found is None else found
    if kind is Wanted.CLOCK:
        return clash_of_clocks(clocks(one), clocks(other))
    if kind is Wanted.NUMBER or kind in MEASURES or _HOW_MUCH.search(question):
        return _clash_of_asked(question, _figures(one), _figures(other))
    return None


def _clash_of_asked(question: str, one: list[Figure], other: list[Figure]) -> bool | None:
    known = _figures(question)
    asked = asked_of(question)
    a, b = ([f for f in lot if not any(f.value == k.value for k in known)] for lot in (one, other))
    if asked:
        # One of the two must name what is asked for; the other may name its measure alone.
        near = [f for f in (*a, *b) if f.of & asked]
        keys = frozenset().union(*(f.of for f in near)) if near else frozenset()
        a, b = ([f for f in lot if f.of & keys] for lot in (a, b))
    return clash(a, b)


class Comparison:
    """Compares the evidence for one question: the same, different, or not comparable."""

    def __init__(self, question: str, retrieved: Retrieved) -> None:
        """Compare what was `retrieved` as answers to `question`."""
        self._question = question
        self._retrieved = retrieved
        self._twins: dict[tuple[int, Span], list[Evidence]] = {}
        self._vectors = {
            (hit.passage.article.id, unit.span): vector
            for hit, item in zip(retrieved.hits, retrieved.stored, strict=True)
            for unit, vector in zip(hit.passage.units, item.unit_vectors, strict=True)
        }

    def same(self, one: Evidence, other: Evidence) -> bool:
        """Whether two pieces of evidence say the same: by their words, or by what is asked for."""
        if same_statement(one.text, other.text):
            return True
        return one.article.id != other.article.id and self._values_differ(one, other) is False

    def differ(self, one: Evidence, other: Evidence) -> bool:
        """Whether another article answers the question differently."""
        return one.article.id != other.article.id and self._values_differ(one, other) is True

    def contrary(self, best: Evidence, other: Evidence) -> bool:
        """Whether a yes-or-no question gets another answer, be it from the same article.

        Only what says so counts: a denial, or that it is open. That a sentence has neither is no
        sign that it affirms what the best one denies.
        """
        found = stance(other.text)
        return (
            bool(_YES_OR_NO.match(self._question))
            and found not in ("affirmed", stance(best.text))
            and self._cosine(best, other) >= _ONE_MATTER_DENIED
            and self._one_matter(best, other)
        )

    def twins(self, one: Evidence) -> list[Evidence]:
        """Units of other retrieved articles in nearly the same words, whatever their figures."""
        from rapidfuzz import fuzz, process

        key = one.article.id, one.span
        if (known := self._twins.get(key)) is not None:
            return known
        units, texts = self._quotable
        # All at once: one call for each takes several times as long.
        (scores,) = process.cdist(
            [_processed(one.text)], texts, scorer=fuzz.token_sort_ratio, score_cutoff=_SAME
        )
        found = self._twins[key] = [
            Evidence(0, article, unit.span, 0.0, unit.kind, unit.context)
            for (article, unit), score in zip(units, scores, strict=True)
            if score and article.id != one.article.id
        ]
        return found

    @cached_property
    def _quotable(self) -> tuple[list[tuple[Article, Unit]], list[str]]:
        """All units but headings of what was retrieved, and their words."""
        units = [
            (hit.passage.article, unit)
            for hit in self._retrieved.hits
            for unit in hit.passage.units
            if unit.kind is not Kind.HEADING
        ]
        return units, [_processed(unit.span.of(article.text)) for article, unit in units]

    def _values_differ(self, one: Evidence, other: Evidence) -> bool | None:
        """Whether the values asked for differ; None where the two are on different matters."""
        dates = (one.article.metadata.published, other.article.metadata.published)
        found = differ(self._question, one.text, other.text, dates)
        return found if found is not None and self._one_matter(one, other) else None

    def _one_matter(self, one: Evidence, other: Evidence) -> bool:
        if self._cosine(one, other) < _ONE_MATTER:
            return False
        if self._of_the_time(one) is not self._of_the_time(other):
            return False
        low, high = sorted(self._covered((one, other)))
        dated = wanted(self._question) is Wanted.TIME and _days(one.text) and _days(other.text)
        if dated:
            return low >= max(_LEAST_DATED, _SHARED_DATED * high)
        return low >= _SHARED * high

    def _of_the_time(self, evidence: Evidence) -> bool | None:
        """Whether the evidence is of the date that the question names; None where none is known."""
        asked = _days(self._question)
        published = evidence.article.metadata.published
        # An article tells of the months before it too: only its year is held against it.
        found = _days(evidence.text, published) or _days((published or "")[:4])
        if not asked or not found:
            return None
        return any(not a.differs(b) for a in asked for b in found)

    def _cosine(self, one: Evidence, other: Evidence) -> float:
        a, b = (self._vectors.get((e.article.id, e.span)) for e in (one, other))
        return -1.0 if a is None or b is None else float(a @ b)

    def _covered(self, evidence: Sequence[Evidence]) -> list[float]:
        """The share of the question's words, by weight, that each piece of evidence has."""
        query = self._retrieved.query
        readings = [read(e.text) for e in evidence]
        weights = np.array([query.weights[w.term] for w in query.words])
        got = np.maximum(credits(query.words, readings), alike_words(query, query.words, readings))
        return [float(x) for x in share(weights, got)]
