"""The dense view: ids and vectors of passages in Chroma; their text stays in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.library.rows import Added

_NAME = "passages"
_LARGEST_BATCH = 5000


class VectorView:
    """A Chroma collection of passage vectors under cosine distance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._client: Any = None
        self._collection: Any = None

    def open(self) -> None:
        """Open the collection in `folder`, making it where it is missing."""
        if self._collection is not None:
            return
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(
            str(self.folder), settings=Settings(anonymized_telemetry=False)
        )
        self._collection = self._client.get_or_create_collection(
            _NAME, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )

    def close(self) -> None:
        """Let go of the files."""
        if self._client is not None:
            self._client.close()
        self._client = self._collection = None

    def apply(self, added: Iterator[list[Added]], removed: Sequence[int]) -> None:
        """Take in added passages and drop removed ones; doing it twice does no harm."""
        for rows in added:
            vectors = np.stack([r.vector for r in rows])
            self._collection.upsert(ids=[str(r.id) for r in rows], embeddings=vectors)
        for first in range(0, len(removed), _LARGEST_BATCH):
            ids = [str(i) for i in removed[first : first + _LARGEST_BATCH]]
            self._collection.delete(ids=ids)

    def search(self, vector: NDArray[np.float32], limit: int) -> dict[int, float]:
        """Ids of the `limit` nearest passages with their cosine to `vector` (d,)."""
        found = self._collection.query(
            query_embeddings=vector[None, :], n_results=limit, include=["distances"]
        )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return {int(i): 1.0 - float(d) for i, d in pairs}
