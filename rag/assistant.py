"""A question in, an Answer out: retrieve, assess, quote."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.compose import escape, quoted_answer, refusal
from rag.conversation import last_turn
from rag.domain import Answer, Citation, Evidence
from rag.embed import Embedder, open_embedder
from rag.errors import UsageError
from rag.evidence import assess, load_weights, select
from rag.filters import EVERYTHING, Filter
from rag.library import Library
from rag.quotes import make_quote
from rag.retrieve import Retriever
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
        selection = self.library.select(where)
        if selection is not None and not selection.articles:
            return self._nothing(question, turn.standalone, where, start)
        retrieved = self._retriever.search(turn, where=where)
        found = time.perf_counter()
        assessment = assess(retrieved, self._weights)
        chosen = select(assessment.evidence, self._weights, self._settings.quotes)
        citations: tuple[Citation, ...] = ()
        near: tuple[Citation, ...] = ()
        if assessment.answerable:
            citations = _cite(chosen)
            text = quoted_answer(citations)
        else:
            near = _cite(assessment.evidence[:_NEAR_MISSES])
            text = refusal(assessment.missing)
        done = time.perf_counter()
        return Answer(
            question=question,
            text=text,
            standalone_question=turn.standalone,
            citations=citations,
            refused=not assessment.answerable,
            near_misses=near,
            missing=() if assessment.answerable else assessment.missing,
            hits=retrieved.hits,
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


def _cite(evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    return tuple(
        Citation(marker, make_quote(e.article, e.span), e.kind, e.context)
        for marker, e in enumerate(evidence, 1)
    )


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
