"""Embeddings from an OpenAI-compatible endpoint, and the choice between it and this machine.

The library remembers which model its vectors are of, so that one never mixes two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.domain import Span
from rag.embed import Embedded, Embedder, Vector, open_embedder
from rag.errors import EmbeddingError
from rag.tokens import TokenCounter

if TYPE_CHECKING:
    from openai import OpenAI

    from rag.settings import Settings

# Texts in one request; every endpoint we know takes more.
_BATCH = 64
# Passages whose texts are gathered into requests at a time.
_WINDOW = 16


class EndpointEmbedder:
    """An embedding model behind OpenAI's protocol."""

    word_vectors = None

    def __init__(self, settings: Settings) -> None:
        """Use the endpoint's `embedding_endpoint_model`; it is asked once for its dimensions.

        Raises:
            EmbeddingError: it cannot be reached, or gives no embeddings.
        """
        self._settings = settings
        self._model = settings.embedding_endpoint_model
        self.name = f"endpoint:{self._model}"
        self._counter = TokenCounter(self._model)
        self._client: OpenAI | None = None
        self.dimensions = len(self._vectors(["dimensions"])[0])

    def count(self, text: str) -> int:
        """Tokens of `text`; an upper estimate where the model's encoding is not known."""
        return self._counter.count(text)

    def query(self, text: str) -> Vector:
        """The unit-length vector (d,) of a question."""
        vector: Vector = self._vectors([text])[0]
        return vector

    def passages(self, items: Iterable[tuple[str, Sequence[Span]]]) -> Iterator[Embedded]:
        """Vectors of each text and of the spans of it, in order; many texts to a request."""
        rest = iter(items)
        while window := list(islice(rest, _WINDOW)):
            texts = [t for text, spans in window for t in (text, *(s.of(text) for s in spans))]
            vectors = self._vectors(texts)
            at = 0
            for _, spans in window:
                end = at + 1 + len(spans)
                yield Embedded(vectors[at], vectors[at + 1 : end])
                at = end

    def _vectors(self, texts: Sequence[str]) -> Vector:
        """Unit-length vectors (n, d) of `texts`."""
        import openai

        if self._client is None:
            self._client = openai.OpenAI(
                api_key=self._settings.api_key.value or "none",
                base_url=self._settings.base_url or None,
                timeout=self._settings.model_deadline,
                max_retries=self._settings.model_retries,
            )
        rows: list[list[float]] = []
        try:
            for first in range(0, len(texts), _BATCH):
                # An endpoint may refuse an empty text.
                batch = [t if t.strip() else "-" for t in texts[first : first + _BATCH]]
                reply = self._client.embeddings.create(
                    model=self._model, input=batch, encoding_format="float"
                )
                rows += [d.embedding for d in sorted(reply.data, key=lambda d: d.index)]
            vectors = np.asarray(rows, dtype=np.float32)
            if vectors.ndim != 2 or len(vectors) != len(texts):
                raise ValueError(f"{len(rows)} vectors for {len(texts)} texts")
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            where = self._settings.base_url or "OpenAI"
            raise EmbeddingError(
                f"no embeddings of {self._model!r} from {where}: {error}; "
                "see embedding_endpoint_model"
            ) from error
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        unit: Vector = vectors / lengths
        return unit


def choose_embedder(settings: Settings, cache: Path) -> Embedder:
    """The embedder that the settings name: an endpoint's, or one on this machine.

    Args:
        settings: the settings in force.
        cache: per-user folder for the prepared model of this machine.

    Raises:
        EmbeddingError: it cannot be reached, or a file of it is missing or damaged.
    """
    if settings.embedding_endpoint_model:
        return EndpointEmbedder(settings)
    return open_embedder(settings.embedding_model, cache)
