"""What speaks for a unit of text being the answer to a question, as numbers.

The signals are plain: how near its vector is, which of the question's words it or its
surroundings have, whether it offers the kind of thing asked for. `rag.evidence` weighs them.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.domain import Hit, Kind, Unit
from rag.library import StoredPassage
from rag.questions import MEASURES, Wanted, offers, wanted
from rag.reading import Numbers, Reading, alike_words, credits, read, share
from rag.retrieve import Query, Retrieved
from rag.text import Word, words

UNIT_SIGNALS = (
    "cosine_own", "cosine_spread", "cosine_centred", "covered", "covered_around",
    "covered_before", "alike_here", "alike_rank", "passage", "passage_gap", "offers",
    "offers_measure", "question", "list_item", "name_in_place",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be evidence, with the hit it comes from and its signals (n,)."""

    hit: Hit
    unit: Unit
    reading: Reading
    cosine: float
    passage_gap: float
    signals: Numbers


@dataclass(slots=True)
class _Rows:
    """The candidates of a question while their signals are gathered, a list entry for each."""

    hits: list[Hit]
    units: list[Unit]
    texts: list[str]
    readings: list[Reading]
    vectors: list[Numbers]
    credits: list[Numbers]
    before: list[Numbers]
    around: list[Numbers]


def unit_candidates(retrieved: Retrieved, depth: int) -> list[Candidate]:
    """The quotable units of the `depth` best hits, with their signals."""
    query = retrieved.query
    rows = _Rows([], [], [], [], [], [], [], [])
    for hit, item in zip(retrieved.hits[:depth], retrieved.stored[:depth], strict=True):
        _add_passage(rows, query, hit, item)
    if not rows.units:
        return []
    vectors = np.array(rows.vectors, dtype=np.float64)
    cosines = vectors @ query.vector
    weights = _weights(query, query.words)
    exact, before, around = np.array(rows.credits), np.array(rows.before), np.array(rows.around)
    alike = np.maximum(exact, alike_words(query, query.words, rows.readings))
    alike_here = share(_telling(weights, alike), alike)
    rank = np.empty(len(cosines))
    rank[np.argsort(-alike_here, kind="stable")] = np.arange(len(cosines))
    telling = _telling(weights, exact)
    passage = np.array([hit.score for hit in rows.hits])
    best: dict[int, float] = {}
    for hit in rows.hits:
        article = hit.passage.article.id
        best[article] = max(hit.score, best.get(article, hit.score))
    gap = passage - [best[hit.passage.article.id] for hit in rows.hits]
    question = query.turn.question
    kind = wanted(question)
    offered = np.array([float(offers(kind, text, question)) for text in rows.texts])
    names = np.array([w.capitalised for w in query.words], dtype=bool)
    signals = {
        "cosine_own": vectors @ query.own - cosines,
        "cosine_spread": (cosines - cosines.mean()) / (cosines.std() + 1e-6),
        "cosine_centred": _centred(vectors, query.vector.astype(np.float64)),
        "covered": share(weights, exact),
        "covered_around": share(weights, around),
        "covered_before": share(telling, before) - share(telling, exact),
        "alike_here": alike_here,
        "alike_rank": 1 / (1 + rank),
        "passage": passage,
        "passage_gap": gap,
        "offers": offered,
        "offers_measure": offered * (kind in MEASURES),
        "question": np.array([float(t.rstrip("\"”’' ").endswith("?")) for t in rows.texts]),
        "list_item": np.array([float(u.kind is Kind.LIST_ITEM) for u in rows.units]),
        "name_in_place": exact[:, names].mean(axis=1) if names.any() else np.full(len(rank), 0.5),
    }
    table = np.column_stack([signals[name] for name in UNIT_SIGNALS])
    return [
        Candidate(hit, unit, reading, float(cosine), float(behind), row)
        for hit, unit, reading, cosine, behind, row in zip(
            rows.hits, rows.units, rows.readings, cosines, gap, table, strict=True
        )
    ]


def _weights(query: Query, asked: Sequence[Word]) -> Numbers:
    return np.array([query.weights[w.term] for w in asked], dtype=np.float64)


def _telling(weights: Numbers, got: Numbers) -> Numbers:
    """The weights of words by how well they tell the rows of `got` (rows, words) apart.

    A word that most candidates share names the topic; one that few have is what is asked.
    """
    result: Numbers = weights * np.log(1 + len(got) / (1 + got.sum(axis=0)))
    return result


def _centred(vectors: Numbers, question: Numbers) -> Numbers:
    """Cosines of the question with vectors (n, d) once what these have in common is taken away."""
    mean = vectors.mean(axis=0)
    common = mean / (np.linalg.norm(mean) + 1e-9)
    apart, asked = vectors - mean, question - (common @ question) * common
    norms = np.linalg.norm(apart, axis=1) * np.linalg.norm(asked)
    result: Numbers = apart @ asked / (norms + 1e-6)
    return result


def _add_passage(rows: _Rows, query: Query, hit: Hit, item: StoredPassage) -> None:
    article, units = hit.passage.article, hit.passage.units
    texts = [u.span.of(article.text) for u in units]
    readings = [read(t) for t in texts]
    got = credits(query.words, readings)
    title = credits(query.words, [read(article.metadata.title or "")])[0]
    contexts = {span for unit in units for span in unit.context}
    known = {s: credits(query.words, [read(s.of(article.text))])[0] for s in contexts}
    for i, unit in enumerate(units):
        if unit.kind is Kind.HEADING or _leads_in(unit, texts[i], units[i + 1 : i + 2]):
            continue
        rows.hits.append(hit)
        rows.units.append(unit)
        rows.texts.append(texts[i])
        rows.readings.append(readings[i])
        rows.vectors.append(item.unit_vectors[i])
        rows.credits.append(got[i])
        rows.before.append(got[max(0, i - 1) : i + 1].max(axis=0))
        # The row above says nothing of this row, nor the next section's heading of this one.
        near = range(i, i + 1) if unit.kind is Kind.TABLE_ROW else range(max(0, i - 1), i + 2)
        close = [got[j] for j in near if j < len(units) and units[j].kind is not Kind.HEADING]
        rows.around.append(np.max([title, *close, *(known[s] for s in unit.context)], axis=0))


def _leads_in(unit: Unit, text: str, following: Sequence[Unit]) -> bool:
    """Whether a sentence only announces the list, table or code that follows it."""
    announces = unit.kind is Kind.SENTENCE and text.rstrip("*_ ").endswith(":")
    return announces and any(unit.span in other.context for other in following)


ANSWER_SIGNALS = (
    "cosine", "fused", "passage_gap", "entropy", "covered_around", "unknown",
    "lacks", "names_missing", "missing_here", "heaviest_unlike", "heaviest_unlike_passage",
    "unlike_passage", "figures", "dates", "follow_up",
)  # fmt: skip


def answer_signals(retrieved: Retrieved, ranked: Sequence[tuple[Candidate, float]]) -> Numbers:
    """What speaks for the question being answerable at all, (n,) in the order of ANSWER_SIGNALS.

    `ranked` are the candidates with their scores (log-odds up to a constant), best first.
    """
    query, hits = retrieved.query, retrieved.hits
    question = query.turn.question
    best = ranked[0][0]
    article = best.hit.passage.article
    text = best.unit.span.of(article.text)
    passage = _passage_readings(best.hit)
    place = best.hit.passage.units.index(best.unit) + 1
    title, near = passage[0], passage[max(1, place - 1) : place + 2]
    own_terms = {w.term for w in words(question)}
    own = [w for w in query.words if w.term in own_terms]
    names = [w for w in query.words if w.capitalised and w.span.start > 0]
    kind = wanted(question)
    around = credits(query.words, [title, *near]).max(axis=0, initial=0)
    weights, own_weights = _weights(query, query.words), _weights(query, own)
    unlike = _unlike(query, own, passage)
    values = {
        "cosine": best.cosine,
        "fused": hits[0].score,
        "passage_gap": best.passage_gap,
        "entropy": _entropy(np.array([score for _, score in ranked])),
        "covered_around": float(share(weights, around)),
        "unknown": min(2.0, float(len(query.unknown))),
        "lacks": float(kind is not Wanted.OTHER and not offers(kind, text, question)),
        "names_missing": float((credits(names, passage).max(axis=0) == 0).mean()) if names else 0.0,
        "missing_here": float(
            share(own_weights, 1 - credits(own, [title, best.reading]).max(axis=0))
        ),
        "heaviest_unlike": float(
            (weights * _unlike(query, query.words, [title, *near])).max(initial=0)
        ),
        "heaviest_unlike_passage": float((own_weights * unlike).max(initial=0)),
        "unlike_passage": float(share(own_weights, unlike)),
        "figures": _figures(question, best.reading),
        "dates": _dates(question, text, article.metadata.published),
        "follow_up": float(bool(query.turn.previous)),
    }
    return np.array([values[name] for name in ANSWER_SIGNALS])


def _entropy(scores: Numbers) -> float:
    """How evenly the chances are spread: 0 where one unit has all, 1 where all are equal."""
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    return float(-(chances * np.log(chances + 1e-12)).sum() / np.log(max(2, len(chances))))


def _unlike(query: Query, asked: Sequence[Word], readings: Sequence[Reading]) -> Numbers:
    """How far each asked word stays from every word of the readings, 0 to 1."""
    near = np.maximum(credits(asked, readings), alike_words(query, asked, readings))
    result: Numbers = 1 - near.max(axis=0, initial=0)
    return result


# Where the question has no figure or date, having them says as little as lacking them.
_NEITHER = 0.5
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}


def _figures(question: str, reading: Reading) -> float:
    """The share of the question's figures that the reading has."""
    asked = {w.term for w in words(question) if w.surface[0].isdigit()}
    return len(asked & reading.terms) / len(asked) if asked else _NEITHER


def _dates(question: str, text: str, published: str | None) -> float:
    """The share of the question's years and months that `text` has or was published in."""
    found, published, lower = [], published or "", text.lower()
    for word in {w.surface for w in words(question)}:
        if _YEAR.fullmatch(word):
            found.append(word in lower or published.startswith(word))
        elif word in _MONTHS:
            found.append(word.lower() in lower or published[5:7] == f"{_MONTHS[word]:02d}")
    return sum(found) / len(found) if found else _NEITHER


def _passage_readings(hit: Hit) -> list[Reading]:
    """The readings of the article's title and of each unit of the passage."""
    article = hit.passage.article
    texts = [article.metadata.title or "", *(u.span.of(article.text) for u in hit.passage.units)]
    return [read(text) for text in texts]
