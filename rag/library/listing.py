"""The articles a page at a time, for whoever lists them: found by words of title or source."""

from __future__ import annotations

from dataclasses import dataclass

from rag.library.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Listed:
    """An article, or what could not be read and why: `reason` is then not None."""

    source: str
    title: str | None
    publisher: str | None
    published: str | None
    url: str | None
    characters: int
    revision: str | None
    reason: str | None


_ROWS = (
    "SELECT s.source, title, publisher, published, url, length(text) AS size, revision,"
    " NULL AS reason FROM sources s JOIN articles a ON a.id = s.article"
    " UNION ALL SELECT source, NULL, NULL, NULL, NULL, 0, NULL, reason FROM failures"
)
# LIKE knows no accents and folds the case of ASCII alone: enough to find a title by.
_MATCHING = "WHERE source LIKE ?1 ESCAPE '\\' OR coalesce(title, '') LIKE ?1 ESCAPE '\\'"


def listed(
    catalogue: Catalogue, words: str = "", offset: int = 0, limit: int = 50
) -> tuple[int, list[Listed]]:
    """Articles by source, under every source they have, and what could not be read.

    Args:
        catalogue: where they are.
        words: a part of their source or title, in any case; "" for all.
        offset: how many to pass over.
        limit: how many to give at most.

    Returns:
        How many there are in all, and those of the page.
    """
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    total = catalogue.read(f"SELECT count(*) FROM ({_ROWS}) {_MATCHING}", pattern)
    rows = catalogue.read(
        f"SELECT * FROM ({_ROWS}) {_MATCHING} ORDER BY source LIMIT ?2 OFFSET ?3",
        pattern, limit, offset,
    )  # fmt: skip
    return int(total[0][0]), [Listed(*row) for row in rows]
