"""What others do with the same articles, the same questions and the same encoder.

llama-index's plain pipeline on Chroma with its BM25 retriever, and txtai's hybrid index. Both
come with the `bench` extra; their packages are imported only in the processes that measure them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.bench.process import Figures, Setup, peak_mb
from eval.bench.quality import DEPTH, plain_query, score, timed
from eval.cases import Case
from eval.documents import read_documents
from rag.embed import OnnxEmbedder

if TYPE_CHECKING:
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.schema import TextNode

# Tokens of a passage that the encoder reads whole; llama-index's own default is 1,024.
_FITTING, _OVERLAP = 200, 20
# Cut before the clock starts, so that loading a tokeniser is start-up and not ingest.
_WARM = {"warm": "A text."}


class Encoder:
    """The encoder as peers call it, with the seconds it took, by the clock and of processor."""

    def __init__(self, embedder: OnnxEmbedder) -> None:
        self._embedder = embedder
        self.seconds = self.cpu_seconds = 0.0

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start, busy = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.process_time() - busy

    def query(self, text: str) -> NDArray[np.float32]:
        """The unit-length vector (d,) of a question."""
        with self._timed():
            return self._embedder.query(text)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length vectors (n, d) of texts, on every core."""
        with self._timed():
            found = self._embedder.passages((text, ()) for text in texts)
            return np.stack([embedded.vector for embedded in found])


def _missing(error: ImportError) -> Figures:
    return {"systems": {}, "missing": str(error)}


def _ask(
    cases: Sequence[Case], encoder: Encoder, ingested: Figures,
    find: Callable[[str], Sequence[str]],
) -> Figures:  # fmt: skip
    """The figures of a system: of its ingest, and of what `find` gives for each question."""
    ranked, milliseconds = timed(
        cases, lambda case: find(plain_query(case)), lambda: encoder.seconds
    )
    return {**score(cases, ranked), **milliseconds, **ingested}


def _ingested(started: tuple[float, float], encoder: Encoder, passages: int) -> Figures:
    """The figures of an ingest that `started` at that time by the clock and of processor."""
    spent, busy = time.perf_counter() - started[0], time.process_time() - started[1]
    return {
        "passages": passages, "ingest_s": spent, "encoder_s": encoder.seconds,
        "ingest_cpu_s": busy, "encoder_cpu_s": encoder.cpu_seconds, "ingest_peak_mb": peak_mb(),
    }  # fmt: skip


def _nodes(texts: dict[str, str], fitting: bool) -> list[TextNode]:
    """The texts cut by llama-index's default splitter, at its own size or at one that fits."""
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import Document

    splitter = (
        SentenceSplitter(chunk_size=_FITTING, chunk_overlap=_OVERLAP)
        if fitting
        else SentenceSplitter()
    )
    # As its own folder reader does, the file's name is kept out of what is embedded.
    documents = [
        Document(text=text, metadata={"source": source}, excluded_embed_metadata_keys=["source"])
        for source, text in texts.items()
    ]
    nodes: list[Any] = splitter.get_nodes_from_documents(documents)
    return nodes


def _as_embedding(encoder: Encoder) -> BaseEmbedding:
    """The encoder as llama-index wants it."""
    from llama_index.core.embeddings import BaseEmbedding

    class Shared(BaseEmbedding):
        """Our encoder; the largest batch, so that it is fed as well as by ourselves."""

        def _get_query_embedding(self, query: str) -> list[float]:
            numbers: list[float] = encoder.query(query).tolist()
            return numbers

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            rows: list[list[float]] = encoder.passages(texts).tolist()
            return rows

    return Shared(model_name="shared", embed_batch_size=2048)


def measure_llama_index(setup: Setup, docs: Path, cases: Sequence[Case], fitting: bool) -> Figures:
    """llama-index: default splitter, Chroma, BM25, and each of two fusions of both.

    Args:
        setup: the encoder.
        docs: the documents.
        cases: the questions, all with gold documents.
        fitting: passages that the encoder reads whole instead of the default ones.
    """
    try:
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.llms import MockLLM
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.chroma import ChromaVectorStore
    except ImportError as error:
        return _missing(error)
    encoder = Encoder(setup.embedder())
    texts = dict(read_documents(docs, setup.settings.max_article_mb).texts)
    with tempfile.TemporaryDirectory(prefix="pullquote-bench-") as folder:
        _nodes(_WARM, fitting)
        store = ChromaVectorStore.from_params("passages", persist_dir=f"{folder}/chroma")
        context = StorageContext.from_defaults(vector_store=store)
        model = _as_embedding(encoder)
        started = time.perf_counter(), time.process_time()
        nodes = _nodes(texts, fitting)
        index = VectorStoreIndex(nodes, storage_context=context, embed_model=model)
        keyword = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(DEPTH, len(nodes)))
        keyword.persist(f"{folder}/bm25")
        ingested = _ingested(started, encoder, len(nodes))
        systems = {}
        for name, mode in (
            ("reciprocal rank", FUSION_MODES.RECIPROCAL_RANK),
            ("relative score", FUSION_MODES.RELATIVE_SCORE),
        ):
            # One query and no threads: what is quickest here.
            fusion = QueryFusionRetriever(
                [index.as_retriever(similarity_top_k=DEPTH), keyword], llm=MockLLM(), mode=mode,
                num_queries=1, similarity_top_k=DEPTH, use_async=False,
            )  # fmt: skip

            def find(query: str, fusion: Any = fusion) -> list[str]:
                return [str(found.node.metadata["source"]) for found in fusion.retrieve(query)]

            size = f"{_FITTING} tokens" if fitting else "default passages"
            systems[f"llama-index, {size}, {name}"] = _ask(cases, encoder, ingested, find)
    return {"systems": systems}


def measure_txtai(setup: Setup, docs: Path, cases: Sequence[Case], fitting: bool) -> Figures:
    """txtai: a hybrid index without content, over its own paragraphs or, `fitting`, over the
    passages that llama-index makes to fit the encoder. Arguments as `measure_llama_index`.
    """
    try:
        from txtai.embeddings import Embeddings
        from txtai.pipeline import Segmentation
    except ImportError as error:
        return _missing(error)
    encoder = Encoder(setup.embedder())
    texts = dict(read_documents(docs, setup.settings.max_article_mb).texts)

    def transform(rows: list[str]) -> NDArray[np.float32]:
        return encoder.query(rows[0])[None, :] if len(rows) == 1 else encoder.passages(rows)

    with tempfile.TemporaryDirectory(prefix="pullquote-bench-") as folder:
        embeddings = Embeddings(
            content=False, hybrid=True, method="external", transform=transform, batch=2048
        )
        _nodes(_WARM, fitting)
        started = time.perf_counter(), time.process_time()
        if fitting:
            passages = [(str(n.metadata["source"]), n.text) for n in _nodes(texts, True)]
        else:
            segment = Segmentation(paragraphs=True)
            passages = [(s, part) for s, text in texts.items() for part in segment(text)]
        embeddings.index((i, text, None) for i, (_, text) in enumerate(passages))
        # A function cannot be saved: the index is, and the setting stays here.
        embeddings.config["transform"] = None
        embeddings.save(f"{folder}/index")
        ingested = _ingested(started, encoder, len(passages))

        def find(query: str) -> list[str]:
            return [passages[int(i)][0] for i, _ in embeddings.search(query, DEPTH)]

        name = f"txtai, {_FITTING} tokens" if fitting else "txtai, its paragraphs"
        figures = _ask(cases, encoder, ingested, find)
        embeddings.close()
    return {"systems": {name: figures}}
