"""All passages anew from the stored texts: built beside the old ones, then put in their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from ingest.draft import Parsed
from ingest.embedding import embedded
from ingest.settle import split, stored_draft
from rag.embed import Embedder
from rag.errors import LibraryError
from rag.library import Library
from rag.library.houses import repeated_lines
from rag.library.stored import insert_passages
from rag.library.views import open_views


def reindex(
    library: Library, embedder: Embedder, tokens: int,
    progress: Callable[[int, str], None] | None = None,
    waiting: Callable[[], None] | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Give every article passages of at most `tokens` tokens with the vectors of `embedder`.

    They are a generation of their own, which nobody sees before it is complete with both of its
    indexes; then one transaction makes it the one that is searched. Interrupted, the next call
    with the same arguments goes on with it.

    Args:
        library: what to make anew; nothing of it changes until the end.
        embedder: the model that it is to be of.
        tokens: the size of a passage.
        progress: told of each article done: how many, and its source.
        waiting: called where an ingest is at work, before waiting for its end.

    Returns:
        How many articles and passages the library has then.

    Raises:
        LibraryError: an article has nothing to embed, or has passages that cannot be stored.
    """
    catalogue = library.catalogue
    with library.writing(waiting):
        following = catalogue.generation() + 1
        wanted = json.dumps([embedder.name, embedder.dimensions, tokens])
        with catalogue.transaction() as db:
            if catalogue.get("next") != wanted:
                db.execute("DELETE FROM passages WHERE generation = ?", (following,))
                catalogue.set("next", wanted)
        library.sweep()
        _build(library, embedder, tokens, following, progress)
        views = open_views(library.folder, following)
        views.catch_up(catalogue, following, wait=True)
        views.close()
        with catalogue.transaction() as db:
            catalogue.set("generation", str(following))
            catalogue.set("embedding_model", embedder.name)
            catalogue.set("dimensions", str(embedder.dimensions))
            catalogue.set("passage_tokens", str(tokens))
            catalogue.set("next", None)
        return catalogue.count()


def _build(
    library: Library, embedder: Embedder, tokens: int, generation: int,
    progress: Callable[[int, str], None] | None,
) -> None:  # fmt: skip
    """Make the passages of `generation` that are still missing, an article at a time."""
    catalogue = library.catalogue
    rows = catalogue.db.execute(
        "SELECT id, house FROM articles WHERE id NOT IN"
        " (SELECT article FROM passages WHERE generation = ?) ORDER BY id",
        (generation,),
    ).fetchall()
    repeated: dict[str, frozenset[int]] = {}

    def parsed() -> Iterator[tuple[int, Parsed]]:
        for article, house in rows:
            if house not in repeated:
                repeated[house] = repeated_lines(catalogue, house) if house else frozenset()
            if (found := stored_draft(library, article)) is not None:
                yield article, split(found, embedder, tokens, repeated[house])

    for number, (article, passages) in enumerate(embedded(parsed(), embedder), 1):
        if not passages:
            raise LibraryError(f"article {article} of {library.folder} has nothing to embed")
        with catalogue.transaction() as db:
            insert_passages(db, article, passages, catalogue.change(), generation)
        if progress:
            progress(number, f"of {len(rows):,}")
