"""Passages put into the catalogue, and taken out of it to be stored again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from rag.domain import Metadata, Span
from rag.library.catalogue import Catalogue
from rag.library.packing import (
    pack_directions,
    pack_units,
    pack_vector,
    unpack_directions,
    unpack_units,
    unpack_vector,
)
from rag.library.rows import NewPassage
from rag.library.schema import GENERATION, IN_GENERATION


def insert_passages(
    db: sqlite3.Connection, article: int, passages: Iterable[NewPassage], change: int,
    generation: int | None,
) -> None:  # fmt: skip
    """Add passages of an article to a generation, the one that is searched if it is None."""
    if generation is None:
        (generation,) = db.execute(f"SELECT {GENERATION}").fetchone()
    db.executemany(
        'INSERT INTO passages (article, start, "end", lead, units, vector, unit_vectors, change,'
        " generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (article, p.span.start, p.span.end, p.lead, pack_units(p.units),
             pack_vector(p.vector), pack_directions(p.unit_vectors), change, generation)
            for p in passages
        ],
    )  # fmt: skip


def stored_passages(catalogue: Catalogue, article: int) -> list[NewPassage]:
    """An article's passages of the generation that is searched, to be stored again."""
    dimensions = int(catalogue.get("dimensions") or 0)
    rows = catalogue.db.execute(
        'SELECT start, "end", units, vector, unit_vectors, lead FROM passages'
        f" WHERE article = ? AND {IN_GENERATION}",
        (article,),
    )
    return [
        NewPassage(Span(r[0], r[1]), unpack_units(r[2]), unpack_vector(r[3]),
                   unpack_directions(r[4], dimensions), r[5])
        for r in rows
    ]  # fmt: skip


def stored_text(catalogue: Catalogue, article: int) -> tuple[str, bool, Metadata] | None:
    """An article's text, whether it is Markdown, and what its file said of it."""
    row = catalogue.db.execute(
        "SELECT text, markdown, given FROM articles WHERE id = ?", (article,)
    ).fetchone()
    return None if row is None else (row[0], bool(row[1]), Metadata(**json.loads(row[2])))
