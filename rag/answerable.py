"""What speaks for the articles answering a question at all, as numbers for `rag.evidence`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.beside import denied
from rag.questions import FIGURES, MEASURES, Wanted, asks_for_speaker, offers, wanted
from rag.reading import NEITHER, Numbers, Reading, alike_words, credits, read, share, word_weights
from rag.retrieve import Query, Retrieved
from rag.signals import Candidate, as_read
from rag.text import Word, words

# Units whose vectors are this near say much the same.
_SAME_MATTER = 0.6
_NEXT = 2
# From so many words of its own on, a question is of something; this unlike is not like at all.
_SEVERAL = 2
_NOTHING = 0.95
# "What is said about the ferry?" may be answered by a sentence in which nobody speaks.
_NO_KIND = frozenset({Wanted.OTHER, Wanted.SPEECH})
# Fewer words are not a question but what to look for: they say no less of what is there.
_SHORT = 6
ANSWER_SIGNALS = (
    "cosine", "fused", "passage_gap", "entropy", "unlike_passage", "figures",
    "follow_up", "denied", "covered_by_title", "speaker_there", "offers_measure",
    "lacks_number", "together", "cosine_of_follow_up", "cosine_by_title", "lacks_kind", "length",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A question's own words (n,) beside the best passage: the readings of its article's title and
    its units, and how far each word stays from all of them, (n,) in 0 to 1."""

    own: Sequence[Word]
    passage: Sequence[Reading]
    unlike: Numbers

    @property
    def beside_the_point(self) -> bool:
        """Whether there are several words, and nothing in the passage is like any."""
        return len(self.own) >= _SEVERAL and bool((self.unlike > _NOTHING).all())


def compare(retrieved: Retrieved, best: Candidate) -> Compared:
    """The question's own words beside the passage of the `best` candidate."""
    query = retrieved.query
    own_terms = {w.term for w in words(query.turn.question)}
    own = [w for w in query.words if w.term in own_terms]
    passage = _passage_readings(best)
    return Compared(own, passage, _unlike(query, own, passage))


def answer_signals(
    retrieved: Retrieved, ranked: Sequence[tuple[Candidate, float]], compared: Compared
) -> Numbers:
    """What speaks for the question being answerable at all, (n,) in the order of ANSWER_SIGNALS.

    `ranked` are the candidates with their scores (log-odds up to a constant), best first;
    `compared` is what `compare` says of the best.
    """
    query, hits = retrieved.query, retrieved.hits
    question = query.turn.question
    best = ranked[0][0]
    article = best.hit.passage.article
    text = as_read(best.unit, article)
    kind = wanted(question)
    offered = offers(kind, text, question)
    weights = word_weights(query, compared.own)
    follow_up = float(bool(query.turn.previous))
    alone = 1 - follow_up
    by_title = float(share(weights, credits(compared.own, compared.passage[:1])[0]))
    values = {
        "cosine": best.cosine,
        "fused": hits[0].score,
        "passage_gap": best.passage_gap,
        "entropy": _entropy(np.array([score for _, score in ranked])),
        "unlike_passage": float(share(weights, compared.unlike)),
        "figures": _figures(question, best.reading),
        "follow_up": follow_up,
        "denied": 0.0 if kind in FIGURES and offered else denied(question, text),
        "covered_by_title": by_title,
        "speaker_there": float(
            asks_for_speaker(question) and offers(Wanted.SPEECH, text, question)
        ),
        "offers_measure": float(kind in MEASURES and offered),
        "lacks_number": float(kind is Wanted.NUMBER and not offered),
        "together": _together([c for c, _ in ranked[: 1 + _NEXT]]),
        # A follow-up is searched with what came before it, and a title puts every unit of its
        # article near the question: a cosine says less, or more, in either case.
        "cosine_of_follow_up": follow_up * best.cosine,
        "cosine_by_title": by_title * best.cosine,
        # What a follow-up asks for stands in part in the questions before it.
        "lacks_kind": alone * float(kind not in _NO_KIND and not offered),
        # The longer a question, the less of it any one sentence has.
        "length": alone * max(_SHORT, len(question.split())),
    }
    return np.array([values[name] for name in ANSWER_SIGNALS])


def chances(scores: Numbers) -> Numbers:
    """The chance of each unit (n,), if one of them answers, by their log-odds up to a constant."""
    each = np.exp(scores - scores.max())
    result: Numbers = each / each.sum()
    return result


def _entropy(scores: Numbers) -> float:
    """How evenly the chances are spread: 0 where one unit has all, 1 where all are equal."""
    each = chances(scores)
    return float(-(each * np.log(each + 1e-12)).sum() / np.log(max(2, len(each))))


def _together(best: Sequence[Candidate]) -> float:
    """The share of the runners-up that stand in the story of the best unit, or say much the same.

    Where the articles have what was asked, the best units are about it; else they are about
    whatever shares a word with the question.
    """
    first, *others = best
    article = first.hit.passage.article
    count = 0
    for other in others:
        there = other.hit.passage.article
        same = there.id == article.id or (article.story != 0 and there.story == article.story)
        norms = np.linalg.norm(first.vector) * np.linalg.norm(other.vector)
        count += same or float(first.vector @ other.vector) > _SAME_MATTER * float(norms)
    return count / len(others) if others else 1.0


def _unlike(query: Query, asked: Sequence[Word], readings: Sequence[Reading]) -> Numbers:
    """How far each asked word stays from every word of the readings, 0 to 1.

    One name or figure is not like another, however near their vectors are.
    """
    exact = np.array([w.capitalised or w.surface[0].isdigit() for w in asked], dtype=bool)
    alike = np.where(exact, 0.0, alike_words(query, asked, readings))
    result: Numbers = 1 - np.maximum(credits(asked, readings), alike).max(axis=0, initial=0)
    return result


def _figures(question: str, reading: Reading) -> float:
    """The share of the question's figures that the reading has."""
    asked = {w.term for w in words(question) if w.surface[0].isdigit()}
    return len(asked & reading.terms) / len(asked) if asked else NEITHER


def _passage_readings(best: Candidate) -> list[Reading]:
    """The readings of each unit of the passage, and of what the best one stands under."""
    text = best.hit.passage.article.text
    spans = (unit.span for unit in best.hit.passage.units if unit.span not in best.unit.context)
    return [*best.above, *(read(span.of(text)) for span in spans)]
