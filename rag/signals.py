"""What speaks for a unit of text being the answer to a question, as numbers.

The signals are plain: how near its vector is, which of the question's words it or its
surroundings have, whether it offers the kind of thing asked for. `rag.evidence` weighs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.domain import Hit, Kind, Unit
from rag.library import StoredPassage
from rag.questions import MEASURES, Wanted, denies, offers, wanted
from rag.retrieve import Query, Retrieved
from rag.text import Word, name_key, same_name, words


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read once: its terms, its name-like words by key, how many words it has."""

    words: tuple[str, ...]
    terms: frozenset[str]
    names: frozenset[tuple[str, str]]
    length: int


@lru_cache(maxsize=50_000)
def read(text: str) -> Reading:
    """The terms and names of `text`; cached, since the same units come up again and again."""
    found = words(text)
    return Reading(
        tuple(dict.fromkeys(w.surface.lower() for w in found if not w.stop)),
        frozenset(w.term for w in found if not w.stop),
        frozenset(
            (name_key(w.surface), w.surface) for w in found if w.capitalised and len(w.surface) > 3
        ),
        len(found),
    )


@lru_cache(maxsize=50_000)
def _credit(word: Word, reading: Reading) -> float:
    """How much of `word` the text has: 1 as such, less for another spelling of it as a name."""
    if word.term in reading.terms:
        return 1.0
    if len(word.surface) >= 4:
        key = name_key(word.surface)
        if any(k[:1] == key[:1] and same_name(word.surface, name) for k, name in reading.names):
            return 0.9
    return 0.0


def covered(query: Query, *readings: Reading) -> float:
    """The share, by weight, of the question's terms that stand in any of the readings."""
    total = sum(query.weights.values())
    if not total:
        return 0.0
    got = sum(
        query.weights[w.term] * max(_credit(w, r) for r in readings) for w in _distinct(query)
    )
    return got / total


def missing_words(query: Query, readings: Sequence[Reading]) -> list[Word]:
    """The question's words that stand in none of the readings, heaviest first."""
    absent = [w for w in _distinct(query) if not any(_credit(w, r) for r in readings)]
    return sorted(absent, key=lambda w: -query.weights[w.term])


def _distinct(query: Query) -> list[Word]:
    return list({w.term: w for w in query.words}.values())


# Unrelated words have about this cosine.
_UNALIKE = 0.25
UNIT_SIGNALS = (
    "cosine", "cosine_lead", "cosine_own", "cosine_mean", "covered", "covered_lead",
    "alike", "alike_lead", "alike_here", "alike_here_lead",
    "covered_here", "covered_here_lead", "covered_around", "passage", "passage_lead", "offers",
    "lacks", "offers_person", "offers_measure", "short", "long", "question", "list_item",
    "table_row", "code", "opens_article", "neighbour_cosine", "rank", "name_in_place", "said",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be evidence, with the hit it comes from and its signals (n,)."""

    hit: Hit
    unit: Unit
    cosine: float
    covered: float
    signals: NDArray[np.float64]


@dataclass(slots=True)
class _Row:
    """A candidate while its signals are gathered."""

    hit: Hit
    unit: Unit
    reading: Reading
    signals: dict[str, float]


def unit_candidates(retrieved: Retrieved, depth: int) -> list[Candidate]:
    """The quotable units of the `depth` best hits, with their signals."""
    query = retrieved.query
    kind = wanted(query.turn.question)
    reply = read(query.turn.reply)
    rows: list[_Row] = []
    pairs = zip(retrieved.hits[:depth], retrieved.stored[:depth], strict=True)
    for rank, (hit, item) in enumerate(pairs):
        rows += _passage_rows(query, kind, reply, rank, hit, item)
    if not rows:
        return []
    # A word that most candidates share names the topic; one that few have tells them apart.
    exact = np.array([[_credit(w, row.reading) for w in query.words] for row in rows])
    alike = np.maximum(exact, alike_words(query, [row.reading for row in rows]))
    weights = np.array([query.weights[w.term] for w in query.words])
    for name, credits in (("covered_here", exact), ("alike_here", alike)):
        rare = weights * np.log(1 + len(rows) / (1 + credits.sum(axis=0)))
        _set(rows, name, credits @ rare / max(float(rare.sum()), 1e-9))
    _set(rows, "alike", alike @ weights / max(float(weights.sum()), 1e-9))
    for name in ("cosine", "covered", "covered_here", "alike", "alike_here", "passage"):
        best = max(row.signals[name] for row in rows)
        for row in rows:
            row.signals[f"{name}_lead"] = row.signals[name] - best
    return [
        Candidate(
            row.hit, row.unit, row.signals["cosine"], row.signals["covered"],
            np.array([row.signals[name] for name in UNIT_SIGNALS]),
        )
        for row in rows
    ]  # fmt: skip


def _set(rows: Sequence[_Row], name: str, values: NDArray[np.float64]) -> None:
    for row, value in zip(rows, values, strict=True):
        row.signals[name] = float(value)


def alike_words(query: Query, readings: Sequence[Reading]) -> NDArray[np.float64]:
    """How near the question's words come to a word of each reading, (readings, words) in 0 to 1.

    Static word vectors bring "price" near "cost" where no stem does.
    """
    result = np.zeros((len(readings), len(query.words)))
    vocabulary = list({w: None for reading in readings for w in reading.words})
    if query.word_vectors is None or not vocabulary or not query.words:
        return result
    place = {word: i for i, word in enumerate(vocabulary)}
    near = (
        query.word_vectors(vocabulary)
        @ query.word_vectors([w.surface.lower() for w in query.words]).T
    )
    near = np.clip((near - _UNALIKE) / (1 - _UNALIKE), 0, 1)
    for row, reading in enumerate(readings):
        if reading.words:
            result[row] = near[[place[w] for w in reading.words]].max(axis=0)
    return result


def _passage_rows(
    query: Query, kind: Wanted, reply: Reading, rank: int, hit: Hit, item: StoredPassage
) -> list[_Row]:
    article, units = item.passage.article, item.passage.units
    texts = [u.span.of(article.text) for u in units]
    readings = [read(t) for t in texts]
    heading = title = read(article.metadata.title or "")
    cosines = item.unit_vectors @ query.vector
    own = item.unit_vectors @ query.own
    names = [w for w in query.words if w.capitalised]
    rows = []
    for i, unit in enumerate(units):
        if unit.kind is Kind.HEADING:
            heading = readings[i]
            continue
        text, reading = texts[i], readings[i]
        around = [title, heading, reading, *readings[max(0, i - 1) : i], *readings[i + 1 : i + 2]]
        near = [float(cosines[j]) for j in (i - 1, i + 1) if 0 <= j < len(units)]
        offered = float(offers(kind, text, query.turn.question))
        rows.append(_Row(hit, unit, reading, {
            "cosine": float(cosines[i]),
            "cosine_own": float(own[i] - cosines[i]),
            "cosine_mean": float(cosines.mean()),
            "covered": covered(query, reading),
            "covered_around": covered(query, *around),
            "passage": hit.score,
            "offers": offered,
            "lacks": float(kind is not Wanted.OTHER and not offered),
            "offers_person": offered * (kind is Wanted.PERSON),
            "offers_measure": offered * (kind in MEASURES),
            "short": max(0.0, 1 - reading.length / 8),
            "long": max(0.0, min(2.0, reading.length / 40 - 1)),
            "question": float(text.rstrip("\"”’' ").endswith("?")),
            "list_item": float(unit.kind is Kind.LIST_ITEM),
            "table_row": float(unit.kind is Kind.TABLE_ROW),
            "code": float(unit.kind is Kind.CODE),
            "opens_article": float(unit.span.start < 250),
            "neighbour_cosine": max(near, default=0.0),
            "rank": 1 / (1 + rank),
            "name_in_place": sum(_credit(w, reading) for w in names) / len(names) if names else 0.5,
            "said": len(reading.terms & reply.terms) / max(1, len(reading.terms)),
        }))  # fmt: skip
    return rows


ANSWER_SIGNALS = (
    "cosine", "passage_cosine", "fused", "fused_lead", "covered_unit", "covered_around",
    "covered_passage", "covered_top", "missing_share", "heaviest_missing", "unknown", "probability",
    "probability_lead", "keyword", "lacks", "lacks_measure", "terms", "denied", "names_missing",
    "names_missing_here", "alike_around", "heaviest_unlike", "unit_score",
)  # fmt: skip


def answer_signals(
    retrieved: Retrieved, ranked: Sequence[tuple[Candidate, float]]
) -> NDArray[np.float64]:
    """What speaks for the question being answerable at all, (n,) in the order of ANSWER_SIGNALS.

    `ranked` are the candidates with their scores (log-odds up to a constant), best first.
    """
    query, hits = retrieved.query, retrieved.hits
    question = query.turn.question
    best = ranked[0][0]
    scores = np.array([score for _, score in ranked])
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    passages = [_passage_readings(h) for h in hits[:5]]
    own = _passage_readings(best.hit)
    near = _around(best)
    weights = {w.term: query.weights[w.term] for w in query.words}
    weight = sum(weights.values()) or 1.0
    absent = missing_words(query, [r for p in passages for r in p])
    names = [w for w in query.words if w.capitalised and w.span.start > 0]
    alike = np.maximum(
        alike_words(query, near).max(axis=0, initial=0),
        [max(_credit(w, r) for r in near) for w in query.words],
    )
    heavy = np.array([query.weights[w.term] for w in query.words])
    others = [h.score for h in hits[1:11]]
    text = best.unit.span.of(best.hit.passage.article.text)
    kind = wanted(question)
    lacks = kind is not Wanted.OTHER and not offers(kind, text, question)
    values = {
        "cosine": best.cosine,
        "passage_cosine": max(h.cosine for h in hits),
        "fused": hits[0].score,
        "fused_lead": hits[0].score - (sum(others) / len(others) if others else 0.0),
        "covered_unit": best.covered,
        "covered_around": covered(query, *near),
        "covered_passage": covered(query, *own),
        "covered_top": max(covered(query, *p) for p in passages),
        "missing_share": sum(weights[w.term] for w in absent) / weight,
        "heaviest_missing": max((weights[w.term] for w in absent), default=0.0),
        "unknown": min(2.0, float(len(query.unknown))),
        "probability": float(chances[0]),
        "probability_lead": float(chances[0] - (chances[3] if len(chances) > 3 else 0.0)),
        "keyword": max((h.keyword for h in hits), default=0.0) / (weight * 10),
        "lacks": float(lacks),
        "lacks_measure": float(lacks and kind in MEASURES),
        "terms": min(1.0, len(weights) / 10),
        "denied": float(denies(text, question)),
        "names_missing": _share_missing(names, own),
        "names_missing_here": _share_missing(names, near),
        "alike_around": float(alike @ heavy / heavy.sum()) if len(heavy) else 0.0,
        "heaviest_unlike": float((heavy * (1 - alike)).max(initial=0.0)),
        "unit_score": float(scores[0]),
    }
    return np.array([values[name] for name in ANSWER_SIGNALS])


def _passage_readings(hit: Hit) -> list[Reading]:
    article = hit.passage.article
    texts = [article.metadata.title or "", *(u.span.of(article.text) for u in hit.passage.units)]
    return [read(text) for text in texts]


def _around(candidate: Candidate) -> list[Reading]:
    """The readings of a candidate, its neighbours and its article's title."""
    title, *readings = _passage_readings(candidate.hit)
    place = candidate.hit.passage.units.index(candidate.unit)
    return [title, *readings[max(0, place - 1) : place + 2]]


def _share_missing(names: Sequence[Word], readings: Sequence[Reading]) -> float:
    if not names:
        return 0.0
    return sum(not any(_credit(w, r) for r in readings) for w in names) / len(names)
