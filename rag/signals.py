"""What speaks for a unit of text being the answer to a question, as numbers.

The signals are plain: how near its vector is, which of the question's words it or its
surroundings have, whether it offers the kind of thing asked for. `rag.evidence` weighs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.beside import counted, counts
from rag.designations import designations, namesakes
from rag.domain import Article, Hit, Kind, Passage, Span, Unit
from rag.library import StoredPassage
from rag.questions import MEASURES, offers, wanted
from rag.reading import NEITHER, Numbers, Reading, alike_words, credits, read, share, word_weights
from rag.retrieve import Query, Retrieved
from rag.tables import is_header, spelled_out
from rag.when import dated, fit, order_fit

UNIT_SIGNALS = (
    "cosine_own", "cosine_spread", "cosine_centred", "covered", "covered_around",
    "covered_before", "alike_here", "alike_rank", "passage", "passage_gap", "offers",
    "offers_measure", "question", "list_item", "name_in_place", "time", "order", "counted",
    "code", "namesake", "topic", "beyond_topic",
)  # fmt: skip


# Weights below this in sum say nothing.
_LITTLE = 0.05


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be evidence, with the hit it comes from, its vector (d,) and signals (n,)."""

    hit: Hit
    unit: Unit
    reading: Reading
    cosine: float
    passage_gap: float
    vector: Numbers
    signals: Numbers

    @property
    def text(self) -> str:
        """The unit's own characters."""
        return self.unit.span.of(self.hit.passage.article.text)

    @property
    def above(self) -> list[Reading]:
        """The readings of the article's title and of the headings, lead-in or table header that
        the unit stands under, which may be in the passage before."""
        article = self.hit.passage.article
        contexts = (read(span.of(article.text)) for span in self.unit.context)
        return [read(article.metadata.title or ""), *contexts]


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
    topics: list[Numbers]


def unit_candidates(retrieved: Retrieved, depth: int) -> list[Candidate]:
    """The quotable units of the `depth` best hits, with their signals."""
    query = retrieved.query
    rows = _Rows([], [], [], [], [], [], [], [], [])
    hits = retrieved.hits[:depth]
    tops = _topics(query, [hit.passage for hit in hits])
    for hit, item, topics in zip(hits, retrieved.stored[:depth], tops, strict=True):
        _add_passage(rows, query, hit, item, topics)
    if not rows.units:
        return []
    vectors = np.array(rows.vectors, dtype=np.float64)
    cosines = vectors @ query.vector
    weights = word_weights(query, query.words)
    exact, before, around = np.array(rows.credits), np.array(rows.before), np.array(rows.around)
    alike = np.maximum(exact, alike_words(query, query.words, rows.readings))
    topic = np.array(rows.topics)
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
        "time": _times(query, rows),
        "order": _orders(query, rows),
        "counted": _counts(query, rows.texts),
        "topic": share(weights, topic),
        "beyond_topic": _beyond(weights, topic, alike),
        "code": np.array([float(u.kind is Kind.CODE) for u in rows.units]),
        "namesake": _namesakes(question, rows.texts),
    }
    table = np.column_stack([signals[name] for name in UNIT_SIGNALS])
    return [
        Candidate(hit, unit, reading, float(cosine), float(behind), vector, row)
        for hit, unit, reading, cosine, behind, vector, row in zip(
            rows.hits, rows.units, rows.readings, cosines, gap, vectors, table, strict=True
        )
    ]


def _times(query: Query, rows: _Rows) -> Numbers:
    """How well each unit fits the time that the question names."""
    if not query.when.periods:
        return np.full(len(rows.units), NEITHER)
    known = [
        fit(query.when, p.article.metadata.published, text, p.span.of(p.article.text))
        for p, text in zip((hit.passage for hit in rows.hits), rows.texts, strict=True)
    ]
    return np.array([NEITHER if x is None else x for x in known])


def _orders(query: Query, rows: _Rows) -> Numbers:
    """How well each unit fits "the latest" or "the first", where the question asks for it."""
    if query.when.order is None:
        return np.full(len(rows.units), NEITHER)
    days = [
        dated(hit.passage.article.metadata.published, text)
        for hit, text in zip(rows.hits, rows.texts, strict=True)
    ]
    return np.array([NEITHER if x is None else x for x in order_fit(query.when.order, days)])


def _namesakes(question: str, texts: Sequence[str]) -> Numbers:
    """How far each text is of what has a number of its own beside the one asked about."""
    asked = designations(question)
    return np.array([namesakes(asked, text) if asked else 0.0 for text in texts])


def _counts(query: Query, texts: Sequence[str]) -> Numbers:
    """How near each text comes to having a number of what the question wants counted."""
    noun = counted(query.turn.question)
    if noun is None or query.word_vectors is None:
        return np.zeros(len(texts))
    return np.array([counts(noun, text, query.word_vectors) for text in texts])


def _beyond(weights: Numbers, topics: Numbers, got: Numbers) -> Numbers:
    """The share of the words that title and headings lack, (units, words), that each unit has.

    Title and headings tell what a unit is about; the rest of a question is what it asks of that.
    """
    left = weights * (1 - topics)
    total = left.sum(axis=1)
    shares = (left * got).sum(axis=1) / np.maximum(total, _LITTLE)
    result: Numbers = np.where(total > _LITTLE, shares, NEITHER)
    return result


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


def _topics(query: Query, passages: Sequence[Passage]) -> list[dict[Span | None, Numbers]]:
    """How much of each word (words,) what each passage stands under has: its article's title, under
    None, and its units' headings, lead-ins and table headers.

    These are short: a word of like meaning there says as much as the word.
    """
    found, readings = [], []
    for passage in passages:
        text, title = passage.article.text, passage.article.metadata.title or ""
        spans = dict.fromkeys(span for unit in passage.units for span in unit.context)
        found.append([None, *spans])
        readings += [read(title), *(read(span.of(text)) for span in spans)]
    words = query.words
    meant = iter(np.maximum(credits(words, readings), alike_words(query, words, readings)))
    return [{span: next(meant) for span in spans} for spans in found]


def _add_passage(
    rows: _Rows, query: Query, hit: Hit, item: StoredPassage, topics: Mapping[Span | None, Numbers]
) -> None:
    article, units = hit.passage.article, hit.passage.units
    texts = [u.span.of(article.text) for u in units]
    readings = [read(t) for t in texts]
    got = credits(query.words, readings)
    before, beside = _beside(units, got)
    for i, unit in enumerate(units):
        if unit.kind is Kind.HEADING or _leads_in(unit, texts[i], units[i + 1 : i + 2]):
            continue
        rows.hits.append(hit)
        rows.units.append(unit)
        rows.texts.append(as_read(unit, article))
        rows.readings.append(readings[i])
        rows.vectors.append(item.unit_vectors[i])
        rows.credits.append(got[i])
        rows.before.append(before[i])
        topic = topics[None]
        for span in unit.context:
            topic = np.maximum(topic, topics[span])
        rows.topics.append(topic)
        # The row above says nothing of this row.
        rows.around.append(np.maximum(topic, got[i] if unit.kind is Kind.TABLE_ROW else beside[i]))


def _beside(units: Sequence[Unit], got: Numbers) -> tuple[Numbers, Numbers]:
    """How much of each word (units, words) a unit has with the one before it, and with both
    neighbours, headings aside: the next section's heading says nothing of a unit."""
    before = got.copy()
    before[1:] = np.maximum(got[1:], got[:-1])
    beside = got * np.array([unit.kind is not Kind.HEADING for unit in units], dtype=bool)[:, None]
    near = beside.copy()
    near[1:] = np.maximum(near[1:], beside[:-1])
    near[:-1] = np.maximum(near[:-1], beside[1:])
    return before, near


def as_read(unit: Unit, article: Article) -> str:
    """The unit's text; of a table's row, with what its header says of each cell."""
    text = unit.span.of(article.text)
    nearest = unit.context[-1].of(article.text) if unit.context else ""
    return spelled_out(text, nearest) if is_header(unit.kind, nearest) else text


def _leads_in(unit: Unit, text: str, following: Sequence[Unit]) -> bool:
    """Whether a sentence only announces the list, table or code that follows it."""
    announces = unit.kind is Kind.SENTENCE and text.rstrip("*_ ").endswith(":")
    return announces and any(unit.span in other.context for other in following)
