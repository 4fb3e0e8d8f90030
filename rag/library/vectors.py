"""The dense view: ids and vectors of passages in Chroma; their text stays in the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.library.rows import Added
from rag.library.view import View

_NAME = "passages"
_LARGEST_BATCH = 5000
# Twice Chroma's own links and candidates: of groups of passages that nearly repeat each other,
# fewer fall off the graph (docs/benchmark.md). A collection keeps what it was made with; one that
# is to have these is made anew when the view's folder is deleted.
_HNSW = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200}
# The length of what `_apart` adds to a vector of length 1.
_JITTER = 5e-4
_SQUARE = (256**2 - 1) / 12


class VectorView(View):
    """A Chroma collection of passage vectors under cosine distance."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._client: Any = None
        self._collection: Any = None

    def open(self) -> None:
        """Open the collection in `folder`, making it where it is missing."""
        with self._lock:
            if self._collection is None:
                self._open()

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(
            str(self.folder), settings=Settings(anonymized_telemetry=False)
        )
        self._collection = self._client.get_or_create_collection(
            _NAME, configuration={"hnsw": _HNSW}, embedding_function=None
        )

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = self._collection = None

    def apply(self, added: Iterator[list[Added]], removed: Sequence[int]) -> None:
        """Take in added passages and drop removed ones; doing it twice does no harm."""
        for rows in added:
            self._collection.upsert(ids=[str(r.id) for r in rows], embeddings=_apart(rows))
        for first in range(0, len(removed), _LARGEST_BATCH):
            ids = [str(i) for i in removed[first : first + _LARGEST_BATCH]]
            self._collection.delete(ids=ids)

    def ids(self) -> set[int]:
        """The ids of all passages in it."""
        return {int(i) for i in self._collection.get(include=[])["ids"]}

    def search(self, vector: NDArray[np.float32], limit: int) -> dict[int, float]:
        """Ids of the `limit` nearest passages with their cosine to `vector` (d,)."""
        with self._lock:
            self.open()  # a question may come between closing and opening anew
            found = self._collection.query(
                query_embeddings=vector[None, :], n_results=limit, include=["distances"]
            )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return {int(i): 1.0 - float(d) for i, d in pairs}


def _apart(rows: Sequence[Added]) -> NDArray[np.float32]:
    """The rows' vectors (n, d), each moved a little, by its id another way and always the same.

    The same text in many articles gives many equal vectors. HNSW leaves a neighbour out where one
    it has is nearer to it, which equal ones never are: a group of more copies than a node has
    links is joined to itself alone, no search enters it, and one that starts in it does not leave
    (https://github.com/qdrant/qdrant/pull/10239). Of 60 texts with 140 copies each, Chroma found
    46; so moved, all of them. A cosine changes by some 0.00003.
    """
    vectors = np.stack([row.vector for row in rows])
    width = vectors.shape[1]
    # Bytes without a pattern, by the id: making a generator of random numbers takes six times as
    # long. As numbers from -127.5 to 127.5 they have a mean of 0 and, squared, of `_SQUARE`.
    noise = b"".join(hashlib.shake_128(b"%d" % row.id).digest(width) for row in rows)
    moved = np.frombuffer(noise, np.uint8).reshape(vectors.shape) - np.float32(127.5)
    found: NDArray[np.float32] = vectors + moved * np.float32(_JITTER / (_SQUARE * width) ** 0.5)
    return found
