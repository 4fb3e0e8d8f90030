"""How units and vectors are kept in the catalogue: small, and the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.domain import Kind, Span, Unit

Matrix = NDArray[np.float32]

# The place in this list is what is stored: only ever append to `Kind`.
_KINDS = tuple(Kind)
_KIND_CODES = {kind: code for code, kind in enumerate(_KINDS)}


def pack_units(units: Sequence[Unit]) -> bytes:
    """Start, end, kind and context of each unit, 4 bytes a number.

    Neighbouring units mostly share their context, so each is written once: after the units, as
    how many spans it has and their starts and ends.
    """
    places: dict[tuple[Span, ...], int] = {}
    numbers = [len(units)]
    for unit in units:
        place = places.setdefault(unit.context, len(places))
        numbers += unit.span.start, unit.span.end, _KIND_CODES[unit.kind], place
    for context in places:
        numbers.append(len(context))
        for span in context:
            numbers += span.start, span.end
    return bytes(np.asarray(numbers, dtype="<i4").tobytes())


def unpack_units(blob: bytes) -> tuple[Unit, ...]:
    """The units that `pack_units` packed."""
    count, *numbers = np.frombuffer(blob, dtype="<i4").tolist()
    contexts = []
    at = 4 * count
    while at < len(numbers):
        end = at + 1 + 2 * numbers[at]
        contexts.append(tuple(map(Span, numbers[at + 1 : end : 2], numbers[at + 2 : end : 2])))
        at = end
    rows = [numbers[i : i + 4] for i in range(0, 4 * count, 4)]
    return tuple(
        Unit(Span(start, end), _KINDS[kind], contexts[place]) for start, end, kind, place in rows
    )


def pack_vector(vector: Matrix) -> bytes:
    """A vector (d,) in 16 bits a number."""
    return bytes(vector.astype("<f2").tobytes())


def unpack_vector(blob: bytes) -> Matrix:
    """The vector (d,) that `pack_vector` packed."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)


def pack_directions(vectors: Matrix) -> bytes:
    """Vectors (n, d) in 8 bits a number; only directions matter, so each row uses all the range."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-12)
    return bytes(np.round(vectors * (127.0 / largest)).astype(np.int8).tobytes())


def unpack_directions(blob: bytes, dimensions: int) -> Matrix:
    """The directions that `pack_directions` packed, of unit length (n, d)."""
    rows = np.frombuffer(blob, dtype=np.int8).reshape(-1, dimensions).astype(np.float32)
    unit: Matrix = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
