"""Lines that recur over one publisher's articles: what its pages have in common is not the news."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from rag.library.catalogue import Catalogue

# A line recurs when it stands in so many different stories of a house: a quarter of them, three
# at least, and twenty are enough however many there are.
_LEAST, _SHARE, _ENOUGH = 3, 0.25, 20


def marks(lines: Iterable[int]) -> str:
    """A short name for a set of lines, "" for none; equal for equal sets."""
    ordered = sorted(lines)
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()[:16] if ordered else ""


def recurs_in(stories: int) -> float:
    """In how many of the `stories` of a house a line must stand to recur."""
    return max(_LEAST, min(_SHARE * stories, _ENOUGH))


def repeated_lines(catalogue: Catalogue, house: str) -> frozenset[int]:
    """The hashes of the lines that recur over the articles of `house`; reprints count once."""
    (stories,) = catalogue.db.execute(
        "SELECT count(DISTINCT story) FROM articles WHERE house = ?", (house,)
    ).fetchone()
    least = recurs_in(stories)
    if stories < least:
        return frozenset()
    rows = catalogue.db.execute(
        "SELECT l.line FROM lines l JOIN articles a ON a.id = l.article WHERE l.house = ?"
        " GROUP BY l.line HAVING count(*) >= ? AND count(DISTINCT a.story) >= ?",
        (house, least, least),
    )
    return frozenset(r[0] for r in rows)


def stories_of(catalogue: Catalogue, house: str) -> int:
    """How many articles of `house` there are."""
    row = catalogue.db.execute("SELECT count(*) FROM articles WHERE house = ?", (house,)).fetchone()
    return int(row[0])


def unsettled_houses(catalogue: Catalogue) -> list[str]:
    """The houses whose articles have changed since their recurring lines were last looked at."""
    rows = catalogue.db.execute("SELECT key FROM unsettled WHERE kind = 'house' ORDER BY key")
    return [r[0] for r in rows]


def settled(catalogue: Catalogue, house: str) -> None:
    """Note that every article of `house` has its recurring lines marked."""
    with catalogue.transaction() as db:
        db.execute("DELETE FROM unsettled WHERE kind = 'house' AND key = ?", (house,))


def wrongly_marked(catalogue: Catalogue, house: str, repeated: frozenset[int]) -> list[int]:
    """Ids of the articles of `house` whose passages were made with other lines marked."""
    own: dict[int, list[int]] = {}
    for article, line in catalogue.db.execute(
        "SELECT article, line FROM lines WHERE house = ?"
        " AND line IN (SELECT value FROM json_each(?))",
        (house, json.dumps(sorted(repeated))),
    ):
        own.setdefault(article, []).append(line)
    rows = catalogue.db.execute("SELECT id, marked FROM articles WHERE house = ?", (house,))
    return [key for key, marked in rows if marks(own.get(key, ())) != marked]
