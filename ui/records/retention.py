"""Forgetting: answers that nobody gave a verdict on go after a while."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta

from rag.errors import PullquoteError
from ui.records import Records

_LOG = logging.getLogger(__name__)
_DAY = 86_400.0


class Retention(threading.Thread):
    """Prunes the records once a day, in a thread of its own, until `stop`."""

    def __init__(self, records: Records, days: int, every: float = _DAY) -> None:
        """Make it; `start` starts it.

        Args:
            records: what is pruned.
            days: how old an answer may grow.
            every: seconds from one time to the next.
        """
        super().__init__(name="retention", daemon=True)
        self._records, self._days, self._every = records, days, every
        self._stopped = threading.Event()

    def run(self) -> None:
        """Prune now, and again each day."""
        while not self._stopped.is_set():
            try:
                before = datetime.now(UTC) - timedelta(days=self._days)
                self._records.prune(before.isoformat(timespec="milliseconds"))
            except (PullquoteError, OSError):
                _LOG.exception("old answers could not be forgotten")
            self._stopped.wait(self._every)

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
