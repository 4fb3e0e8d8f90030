"""From a question to ranked passages: dense and keyword candidates, fused.

Fusion is the weighted sum of cosine and of the BM25 score over its best, which on our
development sets beats either alone and reciprocal rank fusion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.conversation import Turn
from rag.domain import Hit
from rag.embed import Embedder
from rag.filters import EVERYTHING, Filter
from rag.library import Library, Selection, StoredPassage
from rag.library.keywords import name_term
from rag.period import of_iso
from rag.slips import may_be_slip, meant, mended
from rag.text import Word, words
from rag.when import ARTICLE, When, asked, dated, fit, order_fit

DENSE_SHARE = 0.7
# A spelling variant counts for less than the word itself.
_NAME_BOOST = 0.5
# Beside fused scores. The first is right as often as it is wrong where all articles are of one
# story, and what tells them apart where there is one for each month.
_ANOTHER_TIME = 0.05
_AT_THE_END = 0.05
_CACHED_TEXTS = 1024
# So many passages show which word of the library was meant by one that it lacks.
_SLIP_PASSAGES = 20
# Where more words are unknown, the question is in another language, or none at all.
_MOST_SLIPS = 8


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for search.

    `when` is the time that it names, as seen from the newest article. `own` is the vector of the
    question alone, `vector` that of it in its conversation, both (d,). `words` are its content
    words, those of the conversation it leans on among them; `weights` their rarity in the library
    by term, 0 to 1; `terms` what the keywords are searched with; `unknown` the question's own words
    that stand nowhere in the library, in any spelling; `word_vectors` gives unit-length vectors
    (n, d) of single words, where the embedding model has them; `read_as` says which words of what
    was asked were taken for slips of the pen, and for what they are read.
    """

    turn: Turn
    when: When
    own: NDArray[np.float32]
    vector: NDArray[np.float32]
    words: tuple[Word, ...]
    weights: Mapping[str, float]
    terms: Mapping[str, float]
    unknown: tuple[str, ...]
    word_vectors: Callable[[Sequence[str]], NDArray[np.float32]] | None
    read_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found for a query: hits best first, and the stored passage of each."""

    query: Query
    hits: tuple[Hit, ...]
    stored: tuple[StoredPassage, ...]


def _timely(when: When, candidates: Sequence[StoredPassage]) -> dict[int, float]:
    """What each passage, by id, gains or loses by its time, where the question asks for one.

    Which of an article's sentences is of that time is told by `rag.when.fit`, unit by unit; here
    articles only stand back as far as they are of another time.
    """
    gains = [0.0] * len(candidates)
    passages = [stored.passage for stored in candidates]
    if when.order is not None:
        days = [dated(p.article.metadata.published, "") for p in passages]
        gains = [_AT_THE_END * (x or 0.0) for x in order_fit(when.order, days)]
    for i, p in enumerate(passages if when.periods else ()):
        published = p.article.metadata.published
        known = fit(when, published, p.span.of(p.article.text)) if published else None
        if known is not None:
            gains[i] -= _ANOTHER_TIME * max(0.0, 1 - known / ARTICLE)
    return {p.id: gain for p, gain in zip(passages, gains, strict=True)}


class Retriever:
    """Hybrid search over a library."""

    def __init__(self, library: Library, embedder: Embedder, candidates: int) -> None:
        """Search `library` with `candidates` passages from each index."""
        self._library = library
        self._embedder = embedder
        self._candidates = candidates
        # A question is the previous one of the next turn, and its reply stays what it was.
        self._vector = lru_cache(maxsize=_CACHED_TEXTS)(self._encode)

    def _encode(self, text: str) -> NDArray[np.float32]:
        vector = self._embedder.query(text)
        vector.flags.writeable = False
        return vector

    def analyse(self, turn: Turn) -> Query:
        """Embed the turn and weigh its terms by how rare they are in the library."""
        self._library.refresh()
        total = max(1, self._library.count()[1])
        # The rarity of a word that one library lacks is 1 in any, however large the library.
        rarest = math.log(1 + (total + 0.5) / 0.5)
        when = self._when(turn)
        # Who asks for what came before May does not want what has "May" in it.
        outside = {word.term for span in when.outside for word in words(span.of(turn.timed))}
        weights: dict[str, float] = {}
        terms: dict[str, float] = {}
        unknown = []
        content: list[Word] = []
        for part in turn.parts:
            for word in words(part.text):
                if word.stop or word.term in weights:
                    continue
                content.append(word)
                known = frequency = self._library.document_frequency(word.term)
                if frequency == 0 and len(word.surface) >= 4:
                    frequency = self._library.document_frequency(name_term(word.surface))
                if frequency == 0 and part.words == 1.0:
                    unknown.append(word.surface)
                rarity = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
                weights[word.term] = part.words * rarity / rarest
                if word.term in outside:
                    continue
                terms[word.term] = part.words
                if len(word.surface) >= 4 and (word.capitalised or not known):
                    terms.setdefault(name_term(word.surface), _NAME_BOOST * part.words)
        vectors = [self._vector(part.text) for part in turn.parts]
        shares = np.array([part.share for part in turn.parts], dtype=np.float32)
        vector: NDArray[np.float32] = shares @ np.stack(vectors)
        vector /= np.linalg.norm(vector)
        return Query(
            turn, when, vectors[0], vector, tuple(content), weights, terms,
            tuple(unknown), self._embedder.word_vectors,
        )  # fmt: skip

    def _as_meant(self, query: Query, within: Selection | None) -> Query:
        """The query; where a word is unknown for a slip of the pen, as it was meant.

        What it is read as stands in passages `within`: no word of another article is told.
        """
        if query.word_vectors is None:
            # Another model's tokens, or an estimate of them, don't tell which words are in use.
            return query
        unknown = query.unknown[:_MOST_SLIPS]
        read_as = {word: right for word in unknown if (right := self._meant(word, within))}
        if not read_as:
            return query
        turn = query.turn
        again = self.analyse(replace(turn, question=mended(turn.question, read_as)))
        return replace(again, read_as=read_as)

    def _meant(self, word: str, within: Selection | None) -> str | None:
        if not may_be_slip(word, self._embedder.count):
            return None
        (found,) = words(word)
        near = (s.passage for s in self._library.near_term(found.term, _SLIP_PASSAGES))
        passages = (p for p in near if within is None or p.id in within.members)
        return meant(word, (p.span.of(p.article.text) for p in passages))

    def _when(self, turn: Turn) -> When:
        newest = of_iso(self._library.newest() or "")
        return asked(turn.timed, newest.last if newest else None)

    def search(self, turn: Turn, limit: int = 20, where: Filter = EVERYTHING) -> Retrieved:
        """The `limit` best passages for a question in its conversation, best first.

        Only articles that `where` accepts are searched; all that is in them can be found.
        """
        query = self.analyse(turn)
        within = self._library.select(where)
        query = self._as_meant(query, within)
        dense = self._library.dense(query.vector, self._candidates, within)
        keyword = self._library.keyword(query.terms, self._candidates, within)
        best = max(keyword.values(), default=1.0) or 1.0
        # Whole passages are read of the best alone, unless their dates and words are asked about.
        vectors = self._library.vectors(list(dense | keyword))
        timely = _timely(query.when, self._library.passages(list(vectors))) if query.when else {}
        ranked = []
        for key, vector in vectors.items():
            cosine = dense.get(key)
            if cosine is None:
                cosine = float(vector @ query.vector)
            share = keyword.get(key, 0.0) / best
            score = DENSE_SHARE * cosine + (1 - DENSE_SHARE) * share + timely.get(key, 0.0)
            ranked.append((-score, key, cosine))
        ranked = sorted(ranked)[:limit]
        stored = {s.passage.id: s for s in self._library.passages([key for _, key, _ in ranked])}
        found = [
            (Hit(stored[key].passage, -behind, cosine, keyword.get(key, 0.0)), stored[key])
            for behind, key, cosine in ranked
            if key in stored
        ]
        return Retrieved(query, tuple(h for h, _ in found), tuple(s for _, s in found))
