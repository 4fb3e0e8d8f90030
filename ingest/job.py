"""The ingest job: articles of any kind into the library; what fails is listed, the rest goes in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ingest.ahead import Ahead, Read
from ingest.changed import digest
from ingest.draft import Draft, Parsed, described, draft, fingerprint, parse
from ingest.embedding import embedded
from ingest.files import file_events
from ingest.garbage import seldom_collected
from ingest.items import Broken, Event, GoneError, Item, Listed
from ingest.readers.document import filled
from ingest.readers.guard import Guard, guarded
from ingest.remaining import Remaining
from ingest.settle import Again, passage_budget, put_again, settle, split, split_again
from ingest.summary import Summary
from rag.domain import Metadata
from rag.embed import Embedder
from rag.errors import ArticleError
from rag.library import Library, NewArticle, NewPassage, Place, Writer
from rag.settings import Settings

__all__ = ["Summary", "ingest", "parse"]

Progress = Callable[[int, str], None]
_Split = tuple[tuple[Read, str] | Again, Parsed | None]
_Stored = tuple[tuple[Read, str], tuple[NewPassage, ...]]
# So many articles, or passages of them, are stored in one transaction: what is lost at a kill.
_TOGETHER = 64
_PASSAGES_TOGETHER = 256


def ingest(
    paths: Sequence[Path], library: Library, embedder: Embedder, settings: Settings,
    progress: Progress | None = None, *, events: Iterable[Event] = (), dry_run: bool = False,
    waiting: Callable[[], None] | None = None,
) -> Summary:  # fmt: skip
    """Bring the library in step with files, folders and what else is listed.

    New articles are added, changed ones replaced, unchanged ones skipped; articles of a folder
    or list given that are gone from it are removed. Each article is stored in one transaction.

    Args:
        paths: files, and folders of which all articles are taken.
        library: where they go.
        embedder: makes the vectors; the library must be of the same model.
        settings: token budget and limits.
        progress: told of each article looked at: how many there were, and its name.
        events: what else to go through, such as pages of the web.
        dry_run: read and compare, but store nothing.
        waiting: called where another ingest is at work, before waiting for its end.
    """
    library.use_model(embedder.name, embedder.dimensions)
    with (
        library.writing(waiting) as writer,
        guarded(settings.read_seconds, settings.read_memory_mb) as guard,
        seldom_collected(),
    ):
        run = _Run(library, writer, embedder, settings, guard, progress, dry_run)
        return run.go(paths, events)


class _Run:
    """One ingest. What is read flows through `_read`, `Ahead` and `embedded` into `_keep`."""

    def __init__(
        self, library: Library, writer: Writer, embedder: Embedder, settings: Settings,
        guard: Guard, progress: Progress | None, dry_run: bool,
    ) -> None:  # fmt: skip
        self._library, self._writer, self._embedder = library, writer, embedder
        self._guard, self._progress, self._dry = guard, progress, dry_run
        self._max_mb = settings.max_article_mb
        self._budget = passage_budget(library, settings)
        self.summary = Summary()
        self._looked_at = 0
        # Of paths only hashes are kept: a dump has millions.
        self._seen: set[int] = set()
        # What is embedded and not stored.
        self._done: list[_Stored] = []
        self._listed: list[Listed] = []
        self._names: dict[str, str] = {}
        self._attached: dict[int, str] = {}
        # Of texts that were stored already: what is said of them may be new, as after a move.
        self._described: list[tuple[str, Metadata, Metadata]] = []

    def go(self, paths: Sequence[Path], events: Iterable[Event]) -> Summary:
        """Go through everything, then take away what is gone."""
        if not self._dry:
            self._library.sweep()
        reads = self._read(self._events(paths, events))
        if self._dry:
            for read in reads:
                self._count(read)
        else:
            self._embed(reads)
        self._take_away()
        if not self._dry:
            for said in self._described:
                self._writer.describe(*said)
            settle(self._library, self._writer, self._embedder, self._budget)
            self._library.catch_up()
        return self.summary

    def _embed(self, reads: Iterator[Read]) -> None:
        """Embed and store; the indexes take in most of it while the last texts are encoded."""
        remaining = Remaining()
        for label, passages in embedded(remaining.of(self._split(reads)), self._embedder):
            if isinstance(label, Again):
                self._store()
                put_again(self._writer, label, passages)
            else:
                self._done.append((label, passages))
                if remaining.all_read or _is_much(self._done):
                    self._store()
            if remaining.less(len(passages), self.summary.passages):
                self._library.catch_up(wait=False)
        self._store()

    def _split(self, reads: Iterator[Read]) -> Iterator[_Split]:
        """What is to be embedded: the articles, and the stored ones that these change."""
        ahead = Ahead(self._library, self._writer, self._embedder, self._budget)
        yield from ahead.split(reads)
        # All is read, and the encoder still has some texts before it.
        if self._done or self.summary.passages:
            self._store()
            yield from split_again(self._library, self._embedder, self._budget)

    def _store(self) -> None:
        """Store the articles that are done."""
        if not self._done:
            return
        with self._library.catalogue.transaction():
            for (read, marked), passages in self._done:
                self._keep(read, marked, passages)
                # From here on the library knows whose name it is.
                self._names.pop(read.place.source, None)
        self._done = []

    def _events(self, paths: Sequence[Path], events: Iterable[Event]) -> Iterator[Event]:
        for path in paths:
            yield from file_events(path, self._max_mb)
        yield from events

    def _read(self, events: Iterator[Event]) -> Iterator[Read]:
        """The articles that are new or changed, read; the rest is counted on the way."""
        for event in events:
            if isinstance(event, Listed):
                self._listed.append(event)
                if not self._dry:
                    self._writer.recovered(event.container)
            elif isinstance(event, Broken):
                self._fail(Place(event.path, event.name, ""), event.reason, event.is_article)
            elif hash(event.path) not in self._seen:
                self._seen.add(hash(event.path))
                yield from self._item(event)
                self._looked_at += 1
                if self._progress:
                    self._progress(self._looked_at, event.name)

    def _item(self, item: Item) -> Iterator[Read]:
        known = self._writer.place(item.path)
        place = Place(item.path, known[0].source if known else self._name(item), item.container)
        try:
            # A mark is of the last time it was read, so after a failure it says nothing.
            loaded = item.load(known[0].mark if known else "")
            if loaded is None:
                self._unchanged(place)
                return
            found_hash = digest(loaded, item.given, item.address)
            if known and known[0].file_hash == found_hash:
                self._unchanged(place)
                return
            place = dataclasses.replace(place, file_hash=found_hash, mark=loaded.mark)
            document = self._guard.read(loaded.form, loaded.data, item.path, loaded.options)
            said = filled(document.metadata, item.given)
            if item.address:
                said = dataclasses.replace(said, url=item.address)
            document = dataclasses.replace(document, metadata=said)
            found = draft(document)
        except GoneError as error:
            if known is None:
                self._fail(place, str(error))
            else:
                self._remove(place)
            return
        except ArticleError as error:
            self._fail(place, str(error))
            return
        yield Read(place, known is not None, found)

    def _name(self, item: Item) -> str:
        """The source a reader sees: the item's name, longer where that is taken."""
        for name in (item.name, item.long_name, item.path):
            if name:
                taken = self._names.get(name) or self._writer.path_of(name) or item.path
                if taken == item.path:
                    self._names[name] = item.path
                    return name
        return item.path

    def _unchanged(self, place: Place) -> None:
        self.summary.unchanged.append(place.source)
        if not self._dry:
            self._writer.recovered(place.path)

    def _fail(self, place: Place, reason: str, is_article: bool = True) -> None:
        self.summary.failed.append((place.source, reason))
        if is_article and not self._dry:
            self._writer.fail(place, reason)

    def _count(self, read: Read) -> None:
        """What would be done with an article that was read."""
        place, found = read.place, read.found
        twin = self._writer.with_revision(found.revision)
        if twin is not None:
            self._same(place, twin, read.known)
        elif split(found, self._embedder, self._budget, frozenset()).pieces:
            (self.summary.updated if read.known else self.summary.added).append(place.source)
        else:
            self._fail(place, _nothing_in(place))

    def _keep(self, read: Read, marked: str, passages: tuple[NewPassage, ...]) -> None:
        """Store an article, or say where its text is stored already."""
        place, found = read.place, read.found
        twin = self._writer.with_revision(found.revision)
        if twin is None and not passages:
            # Its text was stored, or on its way, when its turn came to be split. If it is gone
            # since, as where a file was renamed and another took its name, now is its turn.
            again = split(found, self._embedder, self._budget, frozenset())
            marked, ((_, passages),) = again.marked, embedded([(read, again)], self._embedder)
        if twin is not None:
            self._same(place, twin, read.known)
            self._writer.attach(place, twin)
            self._described.append((place.path, found.document.metadata, described(found)))
        elif not passages:
            self._fail(place, _nothing_in(place))
        else:
            self._writer.put(place, self._new(found, marked, passages))
            (self.summary.updated if read.known else self.summary.added).append(place.source)
            self.summary.passages += len(passages)

    @staticmethod
    def _new(found: Draft, marked: str, passages: tuple[NewPassage, ...]) -> NewArticle:
        document = found.document
        sketch, bands = fingerprint(found)
        return NewArticle(
            document.text, found.revision, document.markdown, document.metadata, described(found),
            passages, found.house, frozenset(found.lines.values()), marked, sketch, bands,
        )  # fmt: skip

    def _same(self, place: Place, article: int, known: bool) -> None:
        """Count a place whose text is stored: the same article again, or under another name."""
        own = self._writer.place(place.path)
        if own is not None and own[1] == article:
            self.summary.unchanged.append(place.source)
            return
        self._attached[article] = place.source
        first = self._writer.first_source(article)
        self.summary.duplicates.append((place.source, first))
        (self.summary.updated if known else self.summary.added).append(place.source)

    def _take_away(self) -> None:
        """Remove what lists and folders no longer have; a new name for the same text is a move."""
        for listed in self._listed:
            if not listed.whole:
                continue
            places = (
                self._writer.below(listed.container) if listed.folder
                else self._writer.listed_in(listed.container)
            )  # fmt: skip
            for place in {p.path: p for p in places if hash(p.path) not in self._seen}.values():
                if listed.folder and Path(place.container or place.path).exists():
                    continue
                self._remove(place)

    def _remove(self, place: Place) -> None:
        known = self._writer.place(place.path)
        if known is not None and (new := self._attached.pop(known[1], None)):
            self.summary.renamed.append((place.source, new))
            self.summary.added.remove(new) if new in self.summary.added else None
            self.summary.duplicates = [d for d in self.summary.duplicates if d[0] != new]
        elif known is not None:
            self.summary.removed.append(place.source)
        if not self._dry:
            self._writer.detach([place.path])


def _is_much(articles: Sequence[_Stored]) -> bool:
    """Whether so many are to be stored together: each commit takes as long as a short article."""
    passages = sum(len(stored) for _, stored in articles)
    return len(articles) >= _TOGETHER or passages >= _PASSAGES_TOGETHER


def _nothing_in(place: Place) -> str:
    return f"{place.path}: nothing in it but menus and headings"
