"""What speaks for the articles answering a question at all, as numbers for `rag.evidence`."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence

import numpy as np

from rag.beside import denied
from rag.domain import Hit
from rag.questions import FIGURES, Wanted, asks_for_speaker, offers, wanted
from rag.reading import NEITHER, Numbers, Reading, alike_words, credits, read, share, word_weights
from rag.retrieve import Query, Retrieved
from rag.signals import Candidate
from rag.text import Word, words

ANSWER_SIGNALS = (
    "cosine", "fused", "passage_gap", "entropy", "lacks", "names_missing", "unlike_passage",
    "figures", "dates", "follow_up", "figure_asked", "denied", "covered_by_title",
    "speaker_there",
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
    own_terms = {w.term for w in words(question)}
    own = [w for w in query.words if w.term in own_terms]
    names = [w for w in query.words if w.capitalised and w.span.start > 0]
    kind = wanted(question)
    offered = offers(kind, text, question)
    weights = word_weights(query, own)
    values = {
        "cosine": best.cosine,
        "fused": hits[0].score,
        "passage_gap": best.passage_gap,
        "entropy": _entropy(np.array([score for _, score in ranked])),
        "lacks": float(kind is not Wanted.OTHER and not offered),
        "names_missing": float((credits(names, passage).max(axis=0) == 0).mean()) if names else 0.0,
        "unlike_passage": float(share(weights, _unlike(query, own, passage))),
        "figures": _figures(question, best.reading),
        "dates": _dates(question, text, article.metadata.published),
        "follow_up": float(bool(query.turn.previous)),
        "figure_asked": float(kind in FIGURES),
        "denied": 0.0 if kind in FIGURES and offered else denied(question, text),
        "speaker_there": float(
            asks_for_speaker(question) and offers(Wanted.SPEECH, text, question)
        ),
        "covered_by_title": float(share(weights, credits(own, passage[:1])[0])),
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


_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}


def _figures(question: str, reading: Reading) -> float:
    """The share of the question's figures that the reading has."""
    asked = {w.term for w in words(question) if w.surface[0].isdigit()}
    return len(asked & reading.terms) / len(asked) if asked else NEITHER


def _dates(question: str, text: str, published: str | None) -> float:
    """The share of the question's years and months that `text` has or was published in."""
    found, published, lower = [], published or "", text.lower()
    for word in {w.surface for w in words(question)}:
        if _YEAR.fullmatch(word):
            found.append(word in lower or published.startswith(word))
        elif word in _MONTHS:
            found.append(word.lower() in lower or published[5:7] == f"{_MONTHS[word]:02d}")
    return sum(found) / len(found) if found else NEITHER


def _passage_readings(hit: Hit) -> list[Reading]:
    """The readings of the article's title and of each unit of the passage."""
    article = hit.passage.article
    texts = [article.metadata.title or "", *(u.span.of(article.text) for u in hit.passage.units)]
    return [read(text) for text in texts]
