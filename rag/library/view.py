"""What an index over passages is: a folder that can be rebuilt from the catalogue at any time."""

from __future__ import annotations

import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.library.rows import Added


class View(ABC):
    """An index in `folder`. A question must not meet the moment in which it is opened anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()

    @abstractmethod
    def open(self) -> None:
        """Open the index in `folder`, making it where it is missing."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the files."""

    @abstractmethod
    def ids(self) -> set[int]:
        """The ids of all passages in it."""

    @abstractmethod
    def apply(self, added: Iterator[list[Added]], removed: Sequence[int]) -> None:
        """Take in added passages and drop removed ones; doing it twice does no harm."""

    def make(self) -> None:
        """Open the index, and make its folder where that is missing."""
        with self._lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.open()

    def renew(self) -> None:
        """Delete the index and begin it anew; who asks it meanwhile waits.

        Otherwise a question could open what is being deleted.
        """
        with self._lock:
            self.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.make()
