"""Pullquote's retrieval as a llama-index retriever, for llama-index's own pipelines.

The only module that imports llama-index without a model in play: it takes seconds to import, so
the command line answers without it. Node offsets are the article's own, never searched for.
"""

from __future__ import annotations

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.conversation import Turn
from rag.domain import Hit
from rag.retrieve import Retriever


class HybridRetriever(BaseRetriever):
    """Dense and keyword candidates, fused, as nodes whose text is the article's at its offsets."""

    def __init__(self, retriever: Retriever, similarity_top_k: int = 10) -> None:
        """Give the `similarity_top_k` best passages that `retriever` finds."""
        self._retriever = retriever
        self._top_k = similarity_top_k
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._retriever.search(Turn(query_bundle.query_str), self._top_k)
        return [NodeWithScore(node=as_node(hit), score=hit.score) for hit in found.hits]


def as_node(hit: Hit) -> TextNode:
    """A retrieved passage as a llama-index node, metadata for citing it included."""
    passage, article = hit.passage, hit.passage.article
    metadata = {
        "source": article.source,
        "revision": article.revision,
        "title": article.metadata.title,
        "publisher": article.metadata.publisher,
        "published": article.metadata.published,
        "url": article.metadata.url,
    }
    return TextNode(
        id_=str(passage.id),
        text=passage.span.of(article.text),
        start_char_idx=passage.span.start,
        end_char_idx=passage.span.end,
        metadata={k: v for k, v in metadata.items() if v is not None},
    )
