"""What the encoder still has before it at an ingest's end, and what is to be done meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from ingest.draft import Parsed

T = TypeVar("T")
# The indexes take in so many passages while one is encoded, and their commits take as long as
# encoding so many. Begun sooner, more would be left for the very end, when no core encodes.
_WHILE_ONE = 24
_COMMITS = 8
# Of fewer, one commit at the end is all that is needed.
_FEW = 64


class Remaining:
    """Counts the passages that were handed to the encoder and are not back."""

    def __init__(self) -> None:
        self.all_read = False
        self._passages = 0
        self._told = False

    def of(self, articles: Iterator[tuple[T, Parsed | None]]) -> Iterator[tuple[T, Parsed | None]]:
        """The articles, counted on their way to the encoder."""
        for label, parsed in articles:
            self._passages += len(parsed.pieces) if parsed else 0
            yield label, parsed
        self.all_read = True

    def less(self, back: int, stored: int) -> bool:
        """Count passages that are `back`; tells once that the indexes should take in the rest.

        That is when encoding what remains takes about as long as that does for all `stored`.
        """
        self._passages -= back
        if self._told or not self.all_read or stored < _FEW:
            return False
        self._told = self._passages <= _COMMITS + stored // _WHILE_ONE
        return self._told
