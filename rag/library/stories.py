"""Reprints: articles whose MinHash signatures agree are one story.

The catalogue keeps each signature and its bands (locality-sensitive hashing: Leskovec,
Rajaraman, Ullman, *Mining of Massive Datasets*, 3.4): articles that share a band are compared.
A story is a connected part of the graph of articles that agree, whatever the order they came in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from rag.library.catalogue import Catalogue

# Share of equal places in two signatures, which estimates the share of common shingles. Reports
# of one event by two writers have under a tenth in common, reprints that were cut short a half.
SAME_STORY = 0.5
# So many articles with a band in common have it by their form: no reason to compare them all.
_CROWD = 500


def agree(one: bytes, other: bytes) -> float:
    """The share of equal places in two signatures of 32-bit numbers."""
    first, second = np.frombuffer(one, "<u4"), np.frombuffer(other, "<u4")
    return float((first == second).mean()) if len(first) == len(second) > 0 else 0.0


def join_story(
    db: sqlite3.Connection, article: int, signature: bytes, bands: Sequence[int]
) -> None:
    """Give `article` the story of those it agrees with, making theirs one; else its own."""
    near = db.execute(
        "SELECT DISTINCT b.article, a.story, a.signature FROM bands b"
        " JOIN articles a ON a.id = b.article"
        " WHERE b.band IN (SELECT value FROM json_each(?)) AND b.article != ?"
        " ORDER BY b.article LIMIT ?",
        (json.dumps(list(bands)), article, _CROWD),
    ).fetchall()
    stories = {story for _, story, other in near if agree(signature, other) >= SAME_STORY}
    story = min(stories, default=article)
    for other in stories - {story}:
        db.execute("UPDATE articles SET story = ? WHERE story = ?", (story, other))
    db.execute("UPDATE articles SET story = ? WHERE id = ?", (story, article))


def settle_stories(catalogue: Catalogue) -> None:
    """Part stories that lost the article that held them together."""
    with catalogue.transaction() as db:
        pending = db.execute("SELECT key FROM unsettled WHERE kind = 'story'").fetchall()
        for (key,) in pending:
            members = db.execute(
                "SELECT id, signature FROM articles WHERE story = ? ORDER BY id", (int(key),)
            ).fetchall()
            for part in _parts(members):
                db.executemany(
                    "UPDATE articles SET story = ? WHERE id = ?", [(part[0], i) for i in part]
                )
            db.execute("DELETE FROM unsettled WHERE kind = 'story' AND key = ?", (key,))


def _parts(members: Sequence[tuple[int, bytes]]) -> list[list[int]]:
    """The connected parts of the graph of `members` that agree, each in order."""
    left = dict(members)
    parts = []
    while left:
        first = next(iter(left))
        part, edge = [first], [(first, left.pop(first))]
        while edge:
            _, signature = edge.pop()
            found = [(i, s) for i, s in left.items() if agree(signature, s) >= SAME_STORY]
            for i, s in found:
                del left[i]
                part.append(i)
                edge.append((i, s))
        parts.append(sorted(part))
    return parts
