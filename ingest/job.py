"""The ingest job: files to articles in the library; whatever fails is listed, the rest goes in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.clean import mark
from ingest.metadata import read_metadata
from ingest.read import Found, decode, discover, read_bytes
from ingest.split import Piece, embedding_text, lead_spans, passages, unit_vectors, units
from ingest.structure import blocks
from rag.domain import Article, Kind, Metadata, Span
from rag.embed import Embedded, Embedder
from rag.errors import ArticleError
from rag.library import Entry, Library, NewPassage
from rag.settings import Settings

Progress = Callable[[int, int, str], None]


@dataclass
class Summary:
    """What an ingest did, by source; `failed` pairs a source with the reason."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file read and split, ready to be embedded."""

    text: str
    metadata: Metadata
    pieces: tuple[Piece, ...]


def parse(text: str, markdown: bool, embedder: Embedder, budget: int) -> Parsed:
    """Split `text` into passages and read its metadata; a pure function of its arguments."""
    marked = mark(text, blocks(text, markdown))
    metadata, said = read_metadata(text, marked, markdown)
    body = [b for i, b in enumerate(marked) if i not in said and b.kind is not Kind.BOILERPLATE]
    pieces = passages(text, units(text, body, metadata.title), embedder, budget)
    return Parsed(text, metadata, tuple(pieces))


def _new_passage(
    parsed: Parsed, piece: Piece, embedded: Embedded, embedder: Embedder
) -> NewPassage:
    lead = " ".join(span.of(parsed.text) for span in lead_spans(parsed.text, piece, embedder))
    vectors = unit_vectors(parsed.text, piece, embedded.spans, embedder)
    return NewPassage(piece.span, piece.units, embedded.vector, vectors, lead)


def _source_name(found: Found, root: Path, taken: dict[str, str]) -> str:
    """The source a reader sees: the path in the folder given, longer where that is taken."""
    path = str(found.path.resolve())
    for name in (found.relative, f"{root.resolve().name}/{found.relative}", path):
        if taken.get(name, path) == path:
            return name
    return path


def ingest(
    paths: Sequence[Path], library: Library, embedder: Embedder, settings: Settings,
    progress: Progress | None = None,
) -> Summary:  # fmt: skip
    """Bring the library in step with files and folders.

    New articles are added, changed ones replaced, unchanged ones skipped; articles of a folder
    given whose files are gone are removed. Each article is stored in one transaction.

    Args:
        paths: files, and folders whose .txt and .md files are all taken.
        library: where they go.
        embedder: makes the vectors; the library must be of the same model.
        settings: token budget and size limit.
        progress: told of each file looked at: number done, number in all, its name.
    """
    library.use_model(embedder.name, embedder.dimensions)
    summary = Summary()
    known = {entry.path: entry for entry in library.catalogue.entries()}
    taken = {entry.source: entry.path for entry in known.values()}
    todo: dict[str, tuple[Found, str]] = {}
    for root in paths:
        files = list(discover(root))
        if root.is_dir():
            if not files:
                summary.failed.append(
                    (str(root), f"{root}: no .txt or .md file in this folder; nothing was changed")
                )
                continue
            _remove_missing(root, files, known, library, summary)
        for found in files:
            path = str(found.path.resolve())
            entry = known.get(path)
            source = entry.source if entry else _source_name(found, root, taken)
            taken[source] = path
            todo[path] = (found, source)
    changed = _changed(todo, known, settings, summary, progress)
    _store(changed, known, library, embedder, settings, summary)
    library.catch_up()
    return summary


def _remove_missing(
    root: Path, files: Iterable[Found], known: dict[str, Entry], library: Library, summary: Summary
) -> None:
    present = {str(f.path.resolve()) for f in files}
    base = root.resolve()
    for path, entry in list(known.items()):
        if Path(path).is_relative_to(base) and path not in present and not Path(path).exists():
            library.catalogue.remove(entry.id)
            summary.removed.append(entry.source)
            del known[path]


def _changed(
    todo: dict[str, tuple[Found, str]], known: dict[str, Entry], settings: Settings,
    summary: Summary, progress: Progress | None,
) -> Iterator[tuple[str, str, str, str]]:  # fmt: skip
    """Path, source, file hash and text of each file that is new or changed."""
    for number, (path, (found, source)) in enumerate(todo.items(), 1):
        try:
            data = read_bytes(found.path, settings.max_article_mb)
            digest = hashlib.sha256(data).hexdigest()
            entry = known.get(path)
            if entry and entry.file_hash == digest:
                summary.unchanged.append(source)
            else:
                yield path, source, digest, decode(data, found.path)
        except ArticleError as error:
            summary.failed.append((source, str(error)))
        if progress:
            progress(number, len(todo), source)


def _store(
    files: Iterator[tuple[str, str, str, str]], known: dict[str, Entry], library: Library,
    embedder: Embedder, settings: Settings, summary: Summary,
) -> None:  # fmt: skip
    """Parse, embed and store each file; one stream of passages keeps every core busy."""
    waiting: list[tuple[str, str, str, Parsed]] = []

    def stream() -> Iterator[tuple[str, Sequence[Span]]]:
        for path, source, digest, text in files:
            markdown = Path(path).suffix.lower() != ".txt"
            parsed = parse(text, markdown, embedder, settings.passage_tokens)
            if not parsed.pieces:
                summary.failed.append((source, f"{path}: nothing in it but menus and headings"))
                continue
            waiting.append((path, source, digest, parsed))
            for piece in parsed.pieces:
                yield embedding_text(text, piece, parsed.metadata.title, embedder)

    done: list[Embedded] = []
    for embedded in embedder.passages(stream()):
        done.append(embedded)
        path, source, digest, parsed = waiting[0]
        if len(done) < len(parsed.pieces):
            continue
        waiting.pop(0)
        stored = [
            _new_passage(parsed, p, e, embedder) for p, e in zip(parsed.pieces, done, strict=True)
        ]
        done = []
        revision = hashlib.sha256(parsed.text.encode()).hexdigest()
        article = Article(0, source, parsed.text, revision, parsed.metadata)
        library.catalogue.put(path, source, digest, article, stored)
        (summary.updated if path in known else summary.added).append(source)
        summary.passages += len(stored)
