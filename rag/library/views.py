"""The views of the catalogue, and how each remembers the change it has seen."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rag.library.catalogue import Catalogue
from rag.library.keywords import KeywordView
from rag.library.vectors import VectorView
from rag.library.view import View


def seen(view: View, catalogue_id: str | None) -> int | None:
    """The latest change `view` holds; None where it is missing or of another catalogue."""
    try:
        note = json.loads((view.folder / "seen.json").read_text(encoding="utf-8"))
        return int(note["change"]) if note["catalogue"] == catalogue_id else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(view: View, catalogue_id: str | None, change: int) -> None:
    """Written after the index itself, and in one step: a kill in between repeats some work."""
    handle, name = tempfile.mkstemp(dir=view.folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"catalogue": catalogue_id, "change": change}, file)
    Path(name).replace(view.folder / "seen.json")


def catch_up(view: View, catalogue: Catalogue, generation: int = 0) -> None:
    """Bring `view` to the catalogue's latest change, from nothing if it must be."""
    catalogue_id, target = catalogue.get("id"), catalogue.change()
    known = seen(view, catalogue_id)
    if known is not None and known <= target:
        if known == target and known > 0:
            return
        try:
            _apply(view, catalogue, generation, known, catalogue.removed_since(known))
        except Exception:
            known = None
    if known is None or known > target:
        view.renew()
        _apply(view, catalogue, generation, 0, [])
    _remember(view, catalogue_id, target)


def _apply(
    view: View, catalogue: Catalogue, generation: int, known: int, removed: Sequence[int]
) -> None:
    view.make()
    view.apply(catalogue.added_since(known, generation), removed)


class Views:
    """The two indexes over one generation of passages."""

    def __init__(self, folder: Path, vectors: VectorView, keywords: KeywordView) -> None:
        self.folder = folder
        self.vectors = vectors
        self.keywords = keywords
        # The change that each open view was last known to hold; files may have moved on.
        self._held: dict[Path, int | None] = {}

    @property
    def both(self) -> tuple[View, View]:
        """The two, to do the same with each."""
        return self.vectors, self.keywords

    def catch_up(self, catalogue: Catalogue, generation: int, wait: bool) -> bool:
        """Bring both up to date; views have one writer at a time.

        Returns:
            False where another process is at it and `wait` says not to wait for it; views that
            were never built are waited for all the same.
        """
        from filelock import FileLock, Timeout

        catalogue_id = catalogue.get("id")
        built = all(seen(view, catalogue_id) is not None for view in self.both)
        try:
            with FileLock(self.folder / "views.lock", timeout=-1 if wait or not built else 0):
                for view in self.both:
                    self._refresh(view, catalogue_id)
                    catch_up(view, catalogue, generation)
                    self._held[view.folder] = seen(view, catalogue_id)
        except Timeout:
            return False
        return True

    def _refresh(self, view: View, catalogue_id: str | None) -> None:
        """Drop what an open view holds in memory where another process has written since."""
        if view.folder in self._held and self._held[view.folder] != seen(view, catalogue_id):
            view.close()

    def open(self, catalogue: Catalogue) -> None:
        """Open both, seeing what other processes wrote."""
        catalogue_id = catalogue.get("id")
        for view in self.both:
            self._refresh(view, catalogue_id)
            view.open()
            self._held[view.folder] = seen(view, catalogue_id)

    def close(self) -> None:
        """Let go of the files of both."""
        for view in self.both:
            view.close()
        self._held.clear()


def open_views(folder: Path, generation: int) -> Views:
    """The views of a generation, not yet opened; the first one's folders have no number."""
    suffix = f"-{generation}" if generation else ""
    return Views(
        folder, VectorView(folder / f"chroma{suffix}"), KeywordView(folder / f"keywords{suffix}")
    )
