"""Fewer searches for garbage in rings while an ingest makes many short-lived objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Python looks after every 700 new objects; ingest makes thousands for an article, none in rings.
_OBJECTS = 20_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for rings less often, and not among what was there before, such as loaded libraries.

    Everything else is freed as always, when nothing refers to it any more.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
