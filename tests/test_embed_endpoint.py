"""Embeddings from an endpoint: batched, in order, and never mixed with another model's."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.job import ingest
from rag.assistant import Assistant
from rag.domain import Span
from rag.embed_openai import EndpointEmbedder, choose_embedder
from rag.errors import EmbeddingError, ModelMismatchError
from rag.library import Library
from rag.settings import load
from tests.conftest import ARTICLES
from tests.model_server import bag_of_letters, scripted


def settings_for(script, **more):
    environ = {**script.environ, "PULLQUOTE_EMBEDDING_ENDPOINT_MODEL": "letters"}
    return load(environ, **more)


def test_vectors_are_of_unit_length_and_in_order():
    texts = [f"Text number {n} of the {'otter' * (n % 5)}." for n in range(50)]
    with scripted([""]) as script:
        embedder = EndpointEmbedder(settings_for(script))
        script.requests.clear()
        found = list(embedder.passages((t, [Span(0, 4), Span(5, 11)]) for t in texts))
    assert embedder.dimensions == 26
    assert len(found) == 50
    for text, embedded in zip(texts, found, strict=True):
        expected = np.array(bag_of_letters(text))
        assert np.allclose(embedded.vector, expected / np.linalg.norm(expected), atol=1e-6)
        assert embedded.spans.shape == (2, 26)
    assert max(len(r["input"]) for r in script.requests) <= 64
    assert len(script.requests) == 4


def test_a_library_remembers_whose_vectors_it_has(tmp_path, embedder):
    with scripted([""]) as script:
        settings = settings_for(script, library=tmp_path / "library")
        chosen = choose_embedder(settings, tmp_path)
        library = Library(settings.library, create=True)
        summary = ingest([ARTICLES], library, chosen, settings)
        assert not summary.failed
        answer = Assistant(library, chosen, settings).answer("When did the Key Bridge fall?")
        assert len(answer.hits) >= 10
    with pytest.raises(ModelMismatchError, match="endpoint:letters"):
        Assistant(library, embedder, settings)


def test_an_endpoint_that_is_not_there(tmp_path):
    environ = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "PULLQUOTE_MODEL_RETRIES": "0",
               "PULLQUOTE_EMBEDDING_ENDPOINT_MODEL": "letters"}  # fmt: skip
    with pytest.raises(EmbeddingError, match="embedding_endpoint_model"):
        choose_embedder(load(environ), tmp_path)
