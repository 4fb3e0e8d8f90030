"""From a question to ranked passages: dense and keyword candidates, fused.

Fusion is the weighted sum of cosine and of the BM25 score over its best, which on our
development sets beats either alone and reciprocal rank fusion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.conversation import Turn
from rag.domain import Hit
from rag.embed import Embedder
from rag.library import Library, StoredPassage
from rag.library.keywords import name_term
from rag.text import Word, words

DENSE_SHARE = 0.7
# A spelling variant counts for less than the word itself.
_NAME_BOOST = 0.5


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for search.

    `own` is the vector of the question alone, `vector` that of it in its conversation, both (d,).
    `words` are its content words, those of the conversation it leans on among them; `weights`
    their rarity in the library by term, 0 to 1; `unknown` the question's own words that stand
    nowhere in the library, in any spelling; `word_vectors` gives unit-length vectors (n, d) of
    single words, where the embedding model has them.
    """

    turn: Turn
    own: NDArray[np.float32]
    vector: NDArray[np.float32]
    words: tuple[Word, ...]
    weights: Mapping[str, float]
    unknown: tuple[str, ...]
    word_vectors: Callable[[Sequence[str]], NDArray[np.float32]] | None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found for a query: hits best first, and the stored passage of each."""

    query: Query
    hits: tuple[Hit, ...]
    stored: tuple[StoredPassage, ...]


class Retriever:
    """Hybrid search over a library."""

    def __init__(self, library: Library, embedder: Embedder, candidates: int) -> None:
        """Search `library` with `candidates` passages from each index."""
        self._library = library
        self._embedder = embedder
        self._candidates = candidates

    def analyse(self, turn: Turn) -> Query:
        """Embed the turn and weigh its terms by how rare they are in the library."""
        self._library.refresh()
        total = max(1, self._library.count()[1])
        # The rarity of a word that one library lacks is 1 in any, however large the library.
        rarest = math.log(1 + (total + 0.5) / 0.5)
        lean = turn.lean
        weights: dict[str, float] = {}
        unknown = []
        content: list[Word] = []
        for share, text in (
            (1.0, turn.question), (lean.joined_words, turn.previous), (lean.reply_words, turn.reply)
        ):  # fmt: skip
            for word in words(text) if share else ():
                if word.stop or word.term in weights:
                    continue
                content.append(word)
                frequency = self._library.document_frequency(word.term)
                if frequency == 0 and len(word.surface) >= 4:
                    frequency = self._library.document_frequency(name_term(word.surface))
                if frequency == 0 and share == 1.0:
                    unknown.append(word.surface)
                rarity = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
                weights[word.term] = share * rarity / rarest
        own = self._embedder.query(turn.question)
        vector = self._in_conversation(turn, own)
        return Query(
            turn, own, vector, tuple(content), weights, tuple(unknown), self._embedder.word_vectors
        )

    def _in_conversation(self, turn: Turn, own: NDArray[np.float32]) -> NDArray[np.float32]:
        lean, vector = turn.lean, own
        if lean.joined:
            joined = self._embedder.query(f"{turn.previous} {turn.question}")
            vector = lean.question * vector + lean.joined * joined
        if lean.reply and turn.reply:
            vector = vector + lean.reply * self._embedder.query(turn.reply)
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit

    def _search_terms(self, query: Query) -> dict[str, float]:
        lean = query.turn.lean
        own = {w.term for w in words(query.turn.question)}
        before = {w.term for w in words(query.turn.previous)}
        found = {}
        for word in query.words:
            share = (
                1.0
                if word.term in own
                else (lean.joined_words if word.term in before else lean.reply_words)
            )
            found[word.term] = share
            known = self._library.document_frequency(word.term)
            if len(word.surface) >= 4 and (word.capitalised or not known):
                found[name_term(word.surface)] = _NAME_BOOST * share
        return found

    def search(self, turn: Turn, limit: int = 20) -> Retrieved:
        """The `limit` best passages for a question in its conversation, best first."""
        query = self.analyse(turn)
        dense = self._library.dense(query.vector, self._candidates)
        keyword = self._library.keyword(self._search_terms(query), self._candidates)
        best = max(keyword.values(), default=1.0) or 1.0
        found = []
        for stored in self._library.passages(list(dense | keyword)):
            key = stored.passage.id
            cosine = dense.get(key)
            if cosine is None:
                cosine = float(stored.vector @ query.vector)
            share = keyword.get(key, 0.0) / best
            score = DENSE_SHARE * cosine + (1 - DENSE_SHARE) * share
            found.append((Hit(stored.passage, score, cosine, keyword.get(key, 0.0)), stored))
        found.sort(key=lambda pair: (-pair[0].score, pair[0].passage.id))
        found = found[:limit]
        return Retrieved(query, tuple(h for h, _ in found), tuple(s for _, s in found))
