"""Whether all that a library says of itself holds: what `pullquote status --check` looks at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

from rag.library import Library
from rag.library.packing import unpack_directions, unpack_units, unpack_vector
from rag.library.schema import GENERATION, IN_GENERATION


def problems(library: Library) -> Iterator[str]:
    """What is wrong with `library`, a line each; nothing where all is well.

    The indexes are brought up to date first, as any question would.
    """
    db = library.catalogue.db
    yield from (f"catalogue: {row[0]}" for row in db.execute("PRAGMA integrity_check")
                if row[0] != "ok")  # fmt: skip
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"catalogue: row {row} of {table} points at a missing row of {parent}"
    for key, name in db.execute(
        "SELECT id, coalesce(title, '') FROM articles WHERE id NOT IN (SELECT article FROM sources)"
    ):
        yield f"article {key} ({name}) comes from nowhere"
    for revision, count in db.execute(
        "SELECT revision, count(*) FROM articles GROUP BY revision HAVING count(*) > 1"
    ):
        yield f"{count} articles have the same text ({revision[:12]})"
    yield from _texts(library)
    library.refresh()
    rows = db.execute(f"SELECT id FROM passages WHERE generation = {GENERATION}")
    stored = {key for (key,) in rows}
    for view in library.views.both:
        held = view.ids()
        for what, ids in (("lacks", stored - held), ("has gone", held - stored)):
            if ids:
                yield f"{view.folder.name}: {what} {len(ids)} passages, such as {min(ids)}"


def _texts(library: Library) -> Iterator[str]:
    db = library.catalogue.db
    for (key,) in db.execute("SELECT id FROM articles").fetchall():
        revision, text, source = db.execute(
            "SELECT revision, text, (SELECT source FROM sources WHERE article = id LIMIT 1)"
            " FROM articles WHERE id = ?", (key,),
        ).fetchone()  # fmt: skip
        name = source or f"article {key}"
        if hashlib.sha256(text.encode()).hexdigest() != revision:
            yield f"{name}: its text is not that of its revision"
        rows = db.execute(
            'SELECT start, "end", units, vector, unit_vectors FROM passages'
            f" WHERE article = ? AND {IN_GENERATION} ORDER BY id",
            (key,),
        ).fetchall()
        if not rows:
            yield f"{name}: has no passages"
        last = 0
        for start, end, units, vector, unit_vectors in rows:
            spans = [u.span for u in unpack_units(units)]
            inside = all(start <= s.start < s.end <= end for s in spans)
            ordered = all(a.end <= b.start for a, b in pairwise(spans))
            if not last <= start < end <= len(text) or not inside or not ordered or not spans:
                yield f"{name}: passage {start}..{end} or a unit of it is out of place"
            last = end
            size = library.dimensions
            if len(unpack_vector(vector)) != size or len(
                unpack_directions(unit_vectors, size)
            ) != len(spans):
                yield f"{name}: passage {start}..{end} has vectors of another size"
