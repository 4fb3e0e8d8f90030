"""Passages of many articles through the encoder as one stream, which keeps every core busy."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from ingest.draft import Parsed
from ingest.split import embedding_text, lead_spans, unit_vectors
from rag.domain import Span
from rag.embed import Embedded, Embedder
from rag.library import NewPassage

T = TypeVar("T")


def embedded(
    articles: Iterable[tuple[T, Parsed | None]], embedder: Embedder
) -> Iterator[tuple[T, tuple[NewPassage, ...]]]:
    """Each article with its passages to store, in order; none for what has nothing to embed."""
    waiting: deque[tuple[T, Parsed | None]] = deque()

    def stream() -> Iterator[tuple[str, Sequence[Span]]]:
        for label, parsed in articles:
            waiting.append((label, parsed))
            if parsed is not None:
                for piece in parsed.pieces:
                    yield embedding_text(parsed.text, piece, parsed.metadata.title, embedder)

    def bare() -> Iterator[tuple[T, tuple[NewPassage, ...]]]:
        while waiting and not (waiting[0][1] and waiting[0][1].pieces):
            yield waiting.popleft()[0], ()

    done: list[Embedded] = []
    for vectors in embedder.passages(stream()):
        if not done:
            yield from bare()
        done.append(vectors)
        parsed = waiting[0][1]
        assert parsed is not None
        if len(done) == len(parsed.pieces):
            label = waiting.popleft()[0]
            yield label, _stored(parsed, done, embedder)
            done = []
    yield from bare()


def _stored(
    parsed: Parsed, vectors: Sequence[Embedded], embedder: Embedder
) -> tuple[NewPassage, ...]:
    text = parsed.text
    found = []
    for piece, one in zip(parsed.pieces, vectors, strict=True):
        spans = lead_spans(text, piece, embedder)
        lead = " ".join(span.of(text) for span in spans)
        own = unit_vectors(piece, one.spans, spans)
        found.append(NewPassage(piece.span, piece.units, one.vector, own, lead))
    return tuple(found)
