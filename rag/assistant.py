"""A question in, an Answer out: retrieve, assess, quote."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.compose import escape, quoted_answer, refusal
from rag.conversation import Turn, last_turn
from rag.domain import Also, Answer, Citation, Evidence, Point
from rag.embed import Embedder, open_embedder
from rag.errors import UsageError
from rag.evidence import assess, load_weights
from rag.filters import EVERYTHING, Filter
from rag.library import Library
from rag.parts import part_turns
from rag.quotes import make_quote
from rag.retrieve import Retriever
from rag.select import Asked, Selection, select
from rag.settings import Settings

_NEAR_MISSES = 3


class Assistant:
    """Answers questions from a library. Safe to use from several threads."""

    def __init__(self, library: Library, embedder: Embedder, settings: Settings) -> None:
        """Answer from `library`, whose vectors must be of `embedder`'s model.

        Raises:
            ModelMismatchError: they are of another.
        """
        library.use_model(embedder.name, embedder.dimensions)
        self.library = library
        self._retriever = Retriever(library, embedder, settings.candidates)
        self._weights = load_weights()
        self._settings = settings

    def answer(
        self, question: str, history: Sequence[Mapping[str, str]] = (), where: Filter = EVERYTHING
    ) -> Answer:
        """Answer a question with quotes, or say that the articles don't.

        Args:
            question: what is asked.
            history: the conversation before it, as OpenAI-style messages, oldest first.
            where: the articles to answer from; where it accepts none, the answer says so.

        Raises:
            UsageError: the question is empty or too long.
        """
        start = time.perf_counter()
        turn = last_turn(self._checked(question), history)
        within = self.library.select(where)
        if within is not None and not within.articles:
            return self._nothing(question, turn.standalone, where, start)
        asked = self._asked(turn, where)
        turns = part_turns(turn)
        parts = [self._asked(part, where) for part in turns] if len(turns) > 1 else []
        found = time.perf_counter()
        weights, assessment = self._weights, asked.assessment
        selection = select(
            asked, parts, weights.share, weights.answerable_from, self._settings.quotes
        )
        citations, points = _cite(selection)
        near: tuple[Citation, ...] = ()
        if citations:
            text = quoted_answer(citations, points, selection.uncovered)
        else:
            near = _nearest(assessment.evidence[:_NEAR_MISSES])
            text = refusal(assessment.missing)
        done = time.perf_counter()
        return Answer(
            question=question,
            text=text,
            standalone_question=turn.standalone,
            citations=citations,
            refused=not citations,
            near_misses=near,
            missing=() if citations else assessment.missing,
            points=points,
            uncovered=selection.uncovered,
            hits=asked.retrieved.hits,
            probability=assessment.probability,
            timings_ms={
                "retrieve": 1000 * (found - start),
                "answer": 1000 * (done - found),
                "total": 1000 * (done - start),
            },
        )

    @staticmethod
    def _nothing(question: str, standalone: str, where: Filter, start: float) -> Answer:
        """The refusal where no article is left to answer from."""
        took = 1000 * (time.perf_counter() - start)
        return Answer(
            question=question,
            text=escape(f"No article matches the filter: {where}."),
            standalone_question=standalone,
            refused=True,
            timings_ms={"retrieve": took, "answer": 0.0, "total": took},
        )

    def _asked(self, turn: Turn, where: Filter) -> Asked:
        retrieved = self._retriever.search(turn, where=where)
        return Asked(turn.question, retrieved, assess(retrieved, self._weights))

    def _checked(self, question: str) -> str:
        stripped = question.strip()
        if not any(c.isalnum() for c in stripped):
            raise UsageError("the question is empty: ask something in words")
        if len(stripped) > self._settings.max_question:
            raise UsageError(
                f"the question has {len(stripped):,} characters and at most "
                f"{self._settings.max_question:,} are answered: shorten it (max_question)"
            )
        return stripped


def _nearest(evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    return tuple(
        Citation(marker, make_quote(e.article, e.span), e.kind, e.context)
        for marker, e in enumerate(evidence, 1)
    )


def _cite(selection: Selection) -> tuple[tuple[Citation, ...], tuple[Point, ...]]:
    """The selection's quotes under markers from 1 in the order shown, and its points."""
    citations: list[Citation] = []
    points = []
    for group in selection.groups:
        markers, also, spoken = [], [], []
        for side in group.sides:
            marker = len(citations) + 1
            quote = make_quote(side.article, side.span)
            citations.append(Citation(marker, quote, side.kind, side.context))
            markers.append(marker)
            spoken += [marker] if side.spoken else []
            also += [Also(marker, make_quote(s.article, s.span), s.reprint) for s in side.also]
        points.append(
            Point(tuple(markers), group.relation, tuple(also), group.parts, tuple(spoken))
        )
    return tuple(citations), tuple(points)


def open_assistant(settings: Settings, cache: Path) -> Assistant:
    """An assistant over the library that the settings name.

    Args:
        settings: the settings in force.
        cache: per-user folder for the prepared embedding model.

    Raises:
        NotFoundError: there is no library there yet.
        LibraryError: it cannot be opened.
        EmbeddingError: the embedding model cannot be loaded.
    """
    library = Library(settings.library)
    return Assistant(library, open_embedder(settings.embedding_model, cache), settings)
