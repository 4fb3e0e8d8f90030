"""A question in, an Answer out: retrieve, assess, quote."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from threadpoolctl import threadpool_limits

from rag.compose import escape, quoted_answer, refusal
from rag.conversation import Turn, last_turn
from rag.domain import Also, Answer, Citation, Evidence, Point
from rag.draft import Drafter
from rag.embed import Embedder
from rag.embed_openai import choose_embedder
from rag.errors import UsageError
from rag.evidence import assess, load_weights
from rag.favour import Favoured, favoured
from rag.filters import EVERYTHING, Filter
from rag.library import Library
from rag.llm import ChatModel, open_model
from rag.parts import part_turns
from rag.quotes import make_quote
from rag.reader import reader_of
from rag.rerank import PairReader
from rag.retrieve import Retriever
from rag.rewrite import Rewriter, Rewritten
from rag.select import Asked, Selection, select
from rag.settings import Settings

_NEAR_MISSES = 3


class Assistant:
    """Answers questions from a library. Safe to use from several threads."""

    def __init__(
        self, library: Library, embedder: Embedder, settings: Settings,
        model: ChatModel | None = None, reader: PairReader | None = None,
    ) -> None:  # fmt: skip
        """Answer from `library`, whose vectors must be of `embedder`'s model.

        With a chat `model` the answers are in its words; without one they are quotes. The
        `reader` reads the best units beside the question.

        Raises:
            ModelMismatchError: they are of another.
        """
        library.use_model(embedder.name, embedder.dimensions)
        # An answer's matrices are so small that sharing them out among threads costs more than
        # it saves, and keeps other cores spinning that other questions could use.
        threadpool_limits(1, user_api="blas")
        self.library = library
        self.embedder = embedder
        self._retriever = Retriever(library, embedder, settings.candidates)
        self._weights = load_weights()
        self._reader = reader
        self._settings = settings
        self._drafter = None if model is None else Drafter(model, settings)
        self._rewriter = None if model is None else Rewriter(model, settings)

    @property
    def model(self) -> str | None:
        """The name of the model that words the answers; None in quotes mode."""
        return None if self._drafter is None else self._drafter.model.name

    def quoting(self) -> Assistant:
        """This assistant in quotes mode, over the same library."""
        other = copy.copy(self)
        other._drafter = other._rewriter = None
        return other

    def answer(
        self, question: str, history: Sequence[Mapping[str, str]] = (), where: Filter = EVERYTHING,
        page: str = "",
    ) -> Answer:  # fmt: skip
        """Answer a question with quotes, or say that the articles don't.

        Args:
            question: what is asked.
            history: the conversation before it, as OpenAI-style messages, oldest first.
            where: the articles to answer from; where it accepts none, the answer says so.
            page: the address of the page that the reader is on; see `rag.favour`.

        Raises:
            UsageError: the question is empty or too long.
        """
        *_, complete = self.stream(question, history, where, page)
        return complete

    def stream(
        self, question: str, history: Sequence[Mapping[str, str]] = (), where: Filter = EVERYTHING,
        page: str = "",
    ) -> Iterator[Answer]:  # fmt: skip
        """As `answer`, the answer as it grows: the last is complete, whatever came before.

        While a model is waited for, the same answer comes again a few times a second, so that a
        caller whose reader has left can leave too.
        """
        start = time.perf_counter()
        _check_characters(question, history)
        turn = last_turn(self._checked(question), history)
        within = self.library.select(where)
        if within is not None and not within.articles:
            yield self._nothing(question, turn.standalone, where, start)
            return
        rewritten = Rewritten(turn)
        if self._rewriter is not None:
            rewritten = self._rewriter.rewrite(turn, history)
        favour = favoured(page) if page else None
        asked = self._asked(rewritten.turn, where, favour)
        turns = part_turns(rewritten.turn)
        parts = [self._asked(part, where, favour) for part in turns] if len(turns) > 1 else []
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
            unlike = assessment.unlike
            text = refusal(assessment.missing, unlike.lacking, unlike.mostly_of_another_time)
        done = time.perf_counter()
        note = _reading(asked.retrieved.query.read_as)
        quotes = Answer(
            question=question,
            text=text,
            standalone_question=rewritten.turn.standalone,
            citations=citations,
            refused=not citations,
            near_misses=near,
            missing=() if citations else assessment.missing,
            points=points,
            uncovered=selection.uncovered,
            withheld=rewritten.withheld,
            hits=asked.retrieved.hits,
            probability=assessment.probability,
            usage=rewritten.usage,
            timings_ms={
                "retrieve": 1000 * (found - start),
                "answer": 1000 * (done - found),
                "total": 1000 * (done - start),
            },
        )
        if self._drafter is None or quotes.refused:
            # Decided before the model is asked: nothing is spent on what has no answer here.
            yield replace(quotes, notice=note, read_as=note)
        else:
            evidence = _offered(citations, [asked, *parts])
            for answer in self._drafter.stream(quotes, evidence, self._version()):
                notice = " ".join(filter(None, (note, answer.notice)))
                yield replace(answer, notice=notice, read_as=note)

    def _version(self) -> int:
        """The number of the library's latest change."""
        return self.library.catalogue.change()

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

    def _asked(self, turn: Turn, where: Filter, favour: Favoured | None) -> Asked:
        retrieved = self._retriever.search(turn, where=where)
        found = assess(retrieved, self._weights, self._reader, favour)
        return Asked(turn.question, retrieved, found)

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


def _reading(read_as: Mapping[str, str]) -> str:
    """Which words were taken for slips of the pen."""
    pairs = ", ".join(f"“{word}” as “{meant}”" for word, meant in read_as.items())
    return f"Read {pairs}." if pairs else ""


def _check_characters(question: str, history: Sequence[Mapping[str, str]]) -> None:
    """Raise UsageError for half a character, which no model reads and no UTF-8 holds."""
    try:
        for text in (question, *(message.get("content") or "" for message in history)):
            text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            "the question, or what came before it, is not all in UTF-8: type it anew"
        ) from error


def _offered(citations: Sequence[Citation], asked: Sequence[Asked]) -> list[Evidence]:
    """Evidence for a model: what quotes mode would quote, then the best of each part."""
    found = {
        (e.article.id, e.span): e
        for of_part in zip_longest(*(a.assessment.evidence for a in asked))
        for e in of_part
        if e is not None
    }
    quoted = dict.fromkeys((c.quote.article.id, c.quote.span) for c in citations)
    return [found[key] for key in dict.fromkeys([*quoted, *found]) if key in found]


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


def open_assistant(settings: Settings, cache: Path, ask_model: bool = True) -> Assistant:
    """An assistant over the library that the settings name.

    Args:
        settings: the settings in force.
        cache: per-user folder for the prepared models.
        ask_model: False for quotes mode, whatever model the settings choose.

    Raises:
        NotFoundError: there is no library there yet.
        LibraryError: it cannot be opened.
        EmbeddingError: a model cannot be loaded.
    """
    library = Library(settings.library)
    embedder = choose_embedder(settings, cache)
    model = open_model(settings) if ask_model else None
    return Assistant(library, embedder, settings, model, reader_of(settings, cache))
