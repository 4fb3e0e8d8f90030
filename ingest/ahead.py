"""Articles split with an eye on the next ones: what recurs among them is known beforehand."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.draft import Draft, Parsed
from ingest.settle import split
from rag.embed import Embedder
from rag.library import Library, Place, Writer
from rag.library.houses import recurs_in, repeated_lines, stories_of

# So many articles are read before the first of them is split: the encoder waits for that. Then two
# are read for each that is split, until so many are ahead, as long as they are not huge and come
# within so many seconds of each other: no page of the web is to wait for many others.
_FIRST, _MOST = 16, 256
_QUICK = 0.1
_MOST_CHARACTERS = 4_000_000
# So many that were split are remembered for their lines.
_BEHIND = 1024
# What is split and not stored yet is among the last so many.
_ON_THE_WAY = 256


@dataclass(frozen=True, slots=True)
class Read:
    """An article that was read: where it belongs, whether it was known, and what it is."""

    place: Place
    known: bool
    found: Draft


class Ahead:
    """Splits articles some way behind the one that is read."""

    def __init__(self, library: Library, writer: Writer, embedder: Embedder, budget: int) -> None:
        self._library, self._writer = library, writer
        self._embedder, self._budget = embedder, budget
        self._window: deque[Read] = deque()
        self._limit = _FIRST
        self._characters = 0
        # Houses and lines of the articles around: those in the window and some behind it. How many
        # of a house have each line, and, under None, how many there are.
        self._around: deque[tuple[str, frozenset[int]]] = deque()
        self._having: Counter[tuple[str, int | None]] = Counter()
        self._recurring: dict[str, tuple[int, frozenset[int]]] = {}
        self._on_the_way: deque[str] = deque(maxlen=_ON_THE_WAY)

    def split(self, reads: Iterator[Read]) -> Iterator[tuple[tuple[Read, str], Parsed | None]]:
        """Each article, the name of its recurring lines, and its passages.

        An article whose text is stored, or on its way, is not split: None says so.
        """
        begun = time.monotonic()
        for read in reads:
            quick = time.monotonic() - begun < _QUICK
            self._window.append(read)
            self._characters += len(read.found.document.text)
            self._remember(read.found)
            while len(self._window) > self._limit or self._characters > _MOST_CHARACTERS:
                if quick:
                    self._limit = min(self._limit + 1, _MOST)
                yield self._first()
            begun = time.monotonic()
        while self._window:
            yield self._first()

    def _remember(self, found: Draft) -> None:
        """Count the lines of an article, and those of one far behind no more."""
        self._around.append((found.house, frozenset(found.lines.values())))
        self._count(*self._around[-1], 1)
        if len(self._around) > _BEHIND + _MOST:
            self._count(*self._around.popleft(), -1)

    def _count(self, house: str, lines: frozenset[int], change: int) -> None:
        if not house:
            return
        for key in ((house, line) for line in (None, *lines)):
            self._having[key] += change
            if not self._having[key]:
                del self._having[key]

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
        return (read, parsed.marked if parsed else ""), parsed

    def _repeated(self, found: Draft) -> frozenset[int]:
        """The lines that are taken to recur; `settle` has the last word when all are in."""
        house = found.house
        if not house:
            return frozenset()
        least = recurs_in(self._having[house, None])
        near = {x for x in found.lines.values() if self._having[house, x] >= least}
        return self._stored(house) | near

    def _stored(self, house: str) -> frozenset[int]:
        """What recurs in the stored articles of a house, as of when they last doubled."""
        catalogue = self._library.catalogue
        now = stories_of(catalogue, house)
        then, lines = self._recurring.get(house, (0, frozenset()))
        if now >= 2 * then and now:
            lines = repeated_lines(catalogue, house)
            self._recurring[house] = now, lines
        return lines
