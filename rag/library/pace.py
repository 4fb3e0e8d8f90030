"""How often questions bring the indexes up to date while an ingest is at work."""

from __future__ import annotations

import time
from pathlib import Path

from rag.library.catalogue import Catalogue
from rag.library.locking import is_locked

# An ingest stores a portion of articles every second or two, and the indexes take a tenth of one to
# take it in, which the question that comes next would wait for.
_SECONDS = 5.0


class Pace:
    """When the indexes were last brought up to date, and whether they have to be again."""

    def __init__(self, ingest_lock: Path) -> None:
        self._ingest_lock = ingest_lock
        self._at = 0.0

    def caught_up(self) -> None:
        """Note that they are up to date now."""
        self._at = time.monotonic()

    def can_wait(self, catalogue: Catalogue, held: int) -> bool:
        """Whether a question may be answered from indexes that hold the change `held`.

        New articles can wait a little while an ingest goes on: it brings the indexes up to date
        itself in the end. Where passages were taken away nothing can, or an article that was
        changed would be found neither as it was nor as it is.
        """
        return (
            time.monotonic() - self._at < _SECONDS
            and not catalogue.removed_since(held)
            and is_locked(self._ingest_lock)
        )
