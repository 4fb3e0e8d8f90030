"""What only all articles together show: lines that recur, and stories that came apart.

Which lines recur is known for certain when all articles are in. Those that were stored with
others marked are split again from their stored text, and the passages that this changes are
embedded again, so that the order in which articles came makes no difference in the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.draft import Draft, Parsed, draft, finish
from ingest.embedding import embedded
from ingest.readers.document import Document
from rag.embed import Embedder
from rag.library import Library, NewPassage, Writer
from rag.library.houses import repeated_lines, settled, unsettled_houses, wrongly_marked
from rag.library.stored import stored_passages, stored_text
from rag.library.stories import settle_stories
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Again:
    """A stored article that is split again: which text it had, and the passages that it keeps.

    `kept` has a None in the place of each passage that is embedded again.
    """

    article: int
    revision: str
    marked: str
    kept: tuple[NewPassage | None, ...]


def settle(library: Library, writer: Writer, embedder: Embedder, budget: int) -> int:
    """Bring marks and stories in order; returns how many articles were split again."""
    catalogue = library.catalogue
    settle_stories(catalogue)
    count = 0
    for again, changed in embedded(split_again(library, embedder, budget), embedder):
        put_again(writer, again, changed)
        count += 1
    for house in unsettled_houses(catalogue):
        settled(catalogue, house)
    return count


def split_again(
    library: Library, embedder: Embedder, budget: int
) -> Iterator[tuple[Again, Parsed]]:
    """The articles that were stored with other lines marked, and what is embedded of them again."""
    catalogue = library.catalogue
    for house in unsettled_houses(catalogue):
        repeated = repeated_lines(catalogue, house)
        for article in wrongly_marked(catalogue, house, repeated):
            if (found := stored_draft(library, article)) is None:
                continue
            parsed = split(found, embedder, budget, repeated)
            stored = {(p.span, p.units): p for p in stored_passages(catalogue, article)}
            # What is embedded for a passage follows from the text and its units, their context
            # among them: where these are the same, so are the vectors.
            kept = tuple(stored.get((piece.span, piece.units)) for piece in parsed.pieces)
            new = (piece for piece, old in zip(parsed.pieces, kept, strict=True) if old is None)
            changed = dataclasses.replace(parsed, pieces=tuple(new))
            yield Again(article, found.revision, parsed.marked, kept), changed


def put_again(writer: Writer, again: Again, changed: Sequence[NewPassage]) -> None:
    """Store what was split again, the passages that were `changed` in their places."""
    others = iter(changed)
    merged = (next(others) if passage is None else passage for passage in again.kept)
    writer.replace_passages(again.article, again.revision, again.marked, merged)


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


def passage_budget(library: Library, settings: Settings) -> int:
    """The size of passages, in tokens, that the library has; the first ingest decides it."""
    stored = library.catalogue.get("passage_tokens")
    if stored is None:
        library.catalogue.set("passage_tokens", str(settings.passage_tokens))
    return int(stored or settings.passage_tokens)
