"""What a view of the catalogue is, and how each remembers the change it has seen."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from rag.library.catalogue import Catalogue
from rag.library.rows import Added


class View(Protocol):
    """An index over passages that can be rebuilt from the catalogue at any time."""

    folder: Path

    def open(self) -> None:
        """Open the index in `folder`, making it where it is missing."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...

    def apply(self, added: Iterator[list[Added]], removed: Sequence[int]) -> None:
        """Take in added passages and drop removed ones; doing it twice does no harm."""
        ...


def seen(view: View, catalogue_id: str | None) -> int | None:
    """The latest change `view` holds; None where it is missing or of another catalogue."""
    try:
        note = json.loads((view.folder / "seen.json").read_text(encoding="utf-8"))
        return int(note["change"]) if note["catalogue"] == catalogue_id else None
    except (OSError, ValueError, KeyError):
        return None


def _remember(view: View, catalogue_id: str | None, change: int) -> None:
    """Written after the index itself, and in one step: a kill in between repeats some work."""
    handle, name = tempfile.mkstemp(dir=view.folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"catalogue": catalogue_id, "change": change}, file)
    Path(name).replace(view.folder / "seen.json")


def catch_up(view: View, catalogue: Catalogue) -> None:
    """Bring `view` to the catalogue's latest change, from nothing if it must be."""
    catalogue_id, target = catalogue.get("id"), catalogue.change()
    known = seen(view, catalogue_id)
    if known is None or known > target:
        view.close()
        shutil.rmtree(view.folder, ignore_errors=True)
        known = 0
    if known == target and known > 0:
        return
    view.folder.mkdir(parents=True, exist_ok=True)
    view.open()
    view.apply(catalogue.added_since(known), catalogue.removed_since(known) if known else [])
    _remember(view, catalogue_id, target)
