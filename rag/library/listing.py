"""The library as a list to look through: searched, sorted and cut into pages by the catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.domain import Kind
from rag.library.catalogue import Catalogue
from rag.library.packing import unpack_units
from rag.library.rows import Place
from rag.library.schema import IN_GENERATION
from rag.text import fold

# What a list can be sorted by; unknown dates come last either way.
SORTS: Mapping[str, str] = {
    "title": "fold(coalesce(title, source))",
    "source": "fold(source)",
    "publisher": "fold(publisher)",
    "published": "published",
    "characters": "characters",
}
STATES: Mapping[str, str] = {
    "": "1",
    "failed": "reason IS NOT NULL",
    "reprint": "article IS NOT NULL AND (story != article OR source != first)",
}
# A place that could not be read is a row too, with the older text that is kept of it, if any.
_ROWS = """
WITH listed AS (
  SELECT s.source, s.path, s.container, s.file_hash, s.mark, s.article, a.title, a.publisher,
    a.published, a.updated, a.language, a.url, a.story, f.reason,
    (SELECT source FROM sources WHERE article = a.id ORDER BY rowid LIMIT 1) AS first{size}
  FROM sources s JOIN articles a ON a.id = s.article LEFT JOIN failures f ON f.path = s.path
  UNION ALL
  SELECT f.source, f.path, f.container, '', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0,
    f.reason, NULL{none}
  FROM failures f WHERE f.path NOT IN (SELECT path FROM sources)
)
"""
_COLUMNS = (
    "source, path, container, file_hash, mark, article, title, publisher, published, updated, "
    "language, url, story, reason, first"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One place of the list, with what is stored of it.

    `article` is None where nothing is. `reason` says why it could not be read when last looked at,
    `same_as` under which source the same text is stored, `reprint_of` which one it is a reprint of.
    """

    place: Place
    article: int | None
    title: str | None
    publisher: str | None
    published: str | None
    updated: str | None
    language: str | None
    url: str | None
    characters: int
    reason: str | None
    same_as: str | None
    reprint_of: str | None

    @property
    def source(self) -> str:
        """What a reader calls it."""
        return self.place.source


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list. `found` is how many rows all pages have, `total` how many there are
    without a search, and `failed` how many of those could not be read when last looked at."""

    rows: tuple[Row, ...]
    found: int
    total: int
    failed: int


def listing(
    catalogue: Catalogue, search: str = "", state: str = "", sort: str = "title",
    descending: bool = False, offset: int = 0, limit: int = 50,
) -> Listing:  # fmt: skip
    """A page of the list of all places.

    Args:
        catalogue: whose.
        search: words that must all stand in title, source or publisher, without regard to case
            and accents.
        state: a key of `STATES`.
        sort: a key of `SORTS`.
        descending: the other way round.
        offset: how many rows to pass over.
        limit: the most rows to give.
    """
    db = catalogue.db
    db.create_function("fold", 1, lambda t: None if t is None else fold(t), deterministic=True)
    by_size = sort == "characters"
    # Only a sort by size has to measure every text; else those of the page are measured.
    rows = _ROWS.format(
        size=", length(a.text) AS characters" if by_size else "", none=", 0" if by_size else ""
    )
    where, values = [STATES[state]], list[Any]()
    for word in fold(search).split():
        where.append(
            "instr(fold(coalesce(title, '') || char(10) || source || char(10)"
            " || coalesce(publisher, '')), ?)"
        )
        values.append(word)
    condition = " AND ".join(f"({w})" for w in where)
    counted = f"{rows} SELECT count(*) FROM listed WHERE {condition}"
    (found,) = db.execute(counted, values).fetchone()
    total, failed = db.execute(
        "SELECT (SELECT count(*) FROM sources) + (SELECT count(*) FROM failures"
        " WHERE path NOT IN (SELECT path FROM sources)), (SELECT count(*) FROM failures)"
    ).fetchone()
    key = SORTS[sort]
    page = db.execute(
        f"{rows} SELECT {_COLUMNS} FROM listed WHERE {condition}"
        f" ORDER BY {key} IS NULL, {key} {'DESC' if descending else ''}, source LIMIT ? OFFSET ?",
        [*values, limit, offset],
    ).fetchall()
    sizes = _sizes(catalogue, [r[5] for r in page if r[5] is not None])
    firsts = _firsts(catalogue, [r[12] for r in page if r[5] is not None and r[12] != r[5]])
    return Listing(tuple(_row(r, sizes, firsts) for r in page), found, total, failed)


def _row(r: tuple[Any, ...], sizes: Mapping[int, int], firsts: Mapping[int, str]) -> Row:
    source, article, story, first = r[0], r[5], r[12], r[14]
    place = Place(r[1], source, r[2], r[3], r[4])
    reprint = firsts.get(story) if article is not None and story != article else None
    return Row(
        place, article, r[6], r[7], r[8], r[9], r[10], r[11], sizes.get(article, 0), r[13],
        first if first not in (None, source) else None, reprint,
    )  # fmt: skip


def _sizes(catalogue: Catalogue, articles: list[int]) -> dict[int, int]:
    """The characters of these articles, by id."""
    return dict(
        catalogue.read(
            "SELECT id, length(text) FROM articles WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(articles),
        )
    )


def _firsts(catalogue: Catalogue, stories: list[int]) -> dict[int, str]:
    """The first source of the first article of each of these stories."""
    return dict(
        catalogue.read(
            "SELECT story, (SELECT source FROM sources WHERE article = one.id"
            " ORDER BY rowid LIMIT 1) FROM (SELECT story, min(id) AS id FROM articles"
            " WHERE story IN (SELECT value FROM json_each(?)) GROUP BY story) one",
            json.dumps(sorted(set(stories))),
        )
    )


def article_units(catalogue: Catalogue, article: int) -> list[tuple[int, int]]:
    """Start and end of every unit of an article that can be quoted, in order."""
    rows = catalogue.read(
        f"SELECT units FROM passages WHERE article = ? AND {IN_GENERATION}", article
    )
    return sorted(
        {
            (unit.span.start, unit.span.end)
            for (packed,) in rows
            for unit in unpack_units(packed)
            if unit.kind not in (Kind.HEADING, Kind.BOILERPLATE)
        }
    )
