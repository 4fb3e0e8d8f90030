"""Articles split with an eye on the next ones: what recurs among them is known beforehand."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.draft import Draft, Parsed
from ingest.settle import split
from rag.embed import Embedder
from rag.library import Library, Place, Writer
from rag.library.houses import repeated_lines, stories_of

# So many articles are read before the first of them is split, as long as they are not huge.
_AHEAD = 48
_AHEAD_CHARACTERS = 4_000_000
# A line in so many of them is taken to recur; `settle` has the last word when all are in.
_RECURS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read: where it belongs, whether it was known, and what it is."""

    place: Place
    known: bool
    found: Draft


class Ahead:
    """Splits articles a few behind the one that is read."""

    def __init__(self, library: Library, writer: Writer, embedder: Embedder, budget: int) -> None:
        self._library, self._writer = library, writer
        self._embedder, self._budget = embedder, budget
        self._window: deque[Read] = deque()
        self._characters = 0
        self._recent: Counter[tuple[str, int]] = Counter()
        self._recurring: dict[str, tuple[int, frozenset[int]]] = {}
        # Texts that are split and not stored yet.
        self._on_the_way: deque[str] = deque(maxlen=4 * _AHEAD)

    def split(self, reads: Iterator[Read]) -> Iterator[tuple[tuple[Read, str], Parsed | None]]:
        """Each article, the name of its recurring lines, and its passages.

        An article whose text is stored, or on its way, is not split: None says so.
        """
        for read in reads:
            self._window.append(read)
            self._characters += len(read.found.document.text)
            self._recent.update(self._keys(read.found))
            while len(self._window) > _AHEAD or self._characters > _AHEAD_CHARACTERS:
                yield self._first()
        while self._window:
            yield self._first()

    @staticmethod
    def _keys(found: Draft) -> set[tuple[str, int]]:
        return {(found.house, line) for line in found.lines.values()}

    def _first(self) -> tuple[tuple[Read, str], Parsed | None]:
        read = self._window.popleft()
        found = read.found
        self._characters -= len(found.document.text)
        parsed = None
        twin = found.revision in self._on_the_way
        if not twin and self._writer.with_revision(found.revision) is None:
            parsed = split(found, self._embedder, self._budget, self._repeated(found))
            if parsed.pieces:
                self._on_the_way.append(found.revision)
        for key in self._keys(found):
            self._recent[key] -= 1
            if not self._recent[key]:
                del self._recent[key]
        return (read, parsed.marked if parsed else ""), parsed

    def _repeated(self, found: Draft) -> frozenset[int]:
        if not found.house:
            return frozenset()
        near = {x for x in found.lines.values() if self._recent[found.house, x] >= _RECURS_AHEAD}
        return self._stored(found.house) | near

    def _stored(self, house: str) -> frozenset[int]:
        """What recurs in the stored articles of a house, as of when they last doubled."""
        catalogue = self._library.catalogue
        now = stories_of(catalogue, house)
        then, lines = self._recurring.get(house, (0, frozenset()))
        if now >= 2 * then and now:
            lines = repeated_lines(catalogue, house)
            self._recurring[house] = now, lines
        return lines
