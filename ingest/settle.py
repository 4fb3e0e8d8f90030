"""What only all articles together show: lines that recur, and stories that came apart.

Which lines recur is known for certain when all articles are in. Those that were stored with
others marked are split again from their stored text, and the passages that this changes are
embedded again, so that the order in which articles came makes no difference in the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from ingest.draft import Draft, Parsed, draft, finish
from ingest.embedding import embedded
from ingest.readers.document import Document
from rag.embed import Embedder
from rag.library import Library, NewPassage, Writer
from rag.library.houses import repeated_lines, settled, unsettled_houses, wrongly_marked
from rag.library.stored import stored_passages, stored_text
from rag.library.stories import settle_stories


def settle(library: Library, writer: Writer, embedder: Embedder, budget: int) -> int:
    """Bring marks and stories in order; returns how many articles were split again."""
    catalogue = library.catalogue
    settle_stories(catalogue)
    count = 0
    for house in unsettled_houses(catalogue):
        repeated = repeated_lines(catalogue, house)
        wrong = wrongly_marked(catalogue, house, repeated)
        again = _parsed(library, wrong, embedder, budget, repeated)
        for (article, marked, kept), changed in embedded(again, embedder):
            writer.replace_passages(article, marked, _merged(kept, changed))
            count += 1
        settled(catalogue, house)
    return count


def _parsed(
    library: Library, articles: list[int], embedder: Embedder, budget: int,
    repeated: frozenset[int],
) -> Iterator[tuple[tuple[int, str, list[NewPassage | None]], Parsed]]:  # fmt: skip
    """Each article with the passages that it keeps, None for others, and what is to be embedded."""
    for article in articles:
        if (found := stored_draft(library, article)) is not None:
            parsed = split(found, embedder, budget, repeated)
            stored = {(p.span, p.units): p for p in stored_passages(library.catalogue, article)}
            # What is embedded for a passage follows from the text and its units, their context
            # among them: where these are the same, so are the vectors.
            kept = [stored.get((piece.span, piece.units)) for piece in parsed.pieces]
            new = (piece for piece, old in zip(parsed.pieces, kept, strict=True) if old is None)
            changed = dataclasses.replace(parsed, pieces=tuple(new))
            yield (article, parsed.marked, kept), changed


def _merged(kept: list[NewPassage | None], changed: Sequence[NewPassage]) -> Iterator[NewPassage]:
    """The passages that are kept, those that were changed in their places among them."""
    others = iter(changed)
    yield from (next(others) if passage is None else passage for passage in kept)


def stored_draft(library: Library, article: int) -> Draft | None:
    """The draft of an article from what is stored of it; None where it is gone."""
    stored = stored_text(library.catalogue, article)
    return None if stored is None else draft(Document(*stored))


def split(found: Draft, embedder: Embedder, budget: int, repeated: frozenset[int]) -> Parsed:
    """The passages of an article without the recurring lines, or with them if it has no other."""
    parsed = finish(found, embedder, budget, repeated)
    if parsed.pieces or not repeated:
        return parsed
    whole = finish(found, embedder, budget)
    # What it is marked with says what was looked at, so that it is not looked at for ever.
    return Parsed(whole.text, whole.metadata, whole.pieces, parsed.marked)
