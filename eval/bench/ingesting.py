"""How fast articles go in, what part of that is the encoder, and what it costs to look again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from eval.bench.process import Figures, Setup, folder_mb, peak_mb
from eval.documents import read_documents
from ingest.job import ingest, parse
from ingest.language import keep_in
from ingest.split import embedding_text
from rag.domain import Span
from rag.embed import Embedder
from rag.library import Library
from rag.settings import Settings


def measure_ingest(setup: Setup, docs: Path, folder: Path) -> Figures:
    """Ingest `docs` into a new library in `folder`, again unchanged, then encode the texts alone.

    Seconds of each (of processor time where a name has `cpu`), megabytes of peak memory before
    the first and after it, and of disk.
    """
    embedder, settings = setup.embedder(), setup.at(folder)
    keep_in(setup.cache)
    library = Library(folder, create=True)
    # Opens both indexes, so that importing their packages is start-up and not ingest.
    library.refresh()
    before = peak_mb()
    start, busy = time.perf_counter(), time.process_time()
    ingest([docs], library, embedder, settings)
    first, first_cpu = time.perf_counter() - start, time.process_time() - busy
    peak = peak_mb()
    start, busy = time.perf_counter(), time.process_time()
    again = ingest([docs], library, embedder, settings)
    unchanged, unchanged_cpu = time.perf_counter() - start, time.process_time() - busy
    articles, passages = library.count()
    library.close()
    texts = list(_texts(docs, embedder, settings))
    start, busy = time.perf_counter(), time.process_time()
    encoded = sum(1 for _ in embedder.passages(texts))
    encoder, encoder_cpu = time.perf_counter() - start, time.process_time() - busy
    return {
        "articles": articles, "passages": passages, "encoded": encoded,
        "unchanged_articles": len(again.unchanged), "ingest_s": first, "unchanged_s": unchanged,
        "encoder_s": encoder, "ingest_cpu_s": first_cpu, "unchanged_cpu_s": unchanged_cpu,
        "encoder_cpu_s": encoder_cpu, "start_mb": before, "peak_mb": peak,
        "disk_mb": folder_mb(folder),
        "text_mb": sum(f.stat().st_size for f in docs.rglob("*") if f.is_file()) / (1 << 20),
    }  # fmt: skip


def _texts(docs: Path, embedder: Embedder, settings: Settings) -> Iterator[tuple[str, list[Span]]]:
    """What ingest gives the encoder for `docs`, passage by passage."""
    for source, text in read_documents(docs, settings.max_article_mb).texts.items():
        markdown = Path(source).suffix.lower() != ".txt"
        parsed = parse(text, markdown, embedder, settings.passage_tokens)
        for piece in parsed.pieces:
            yield embedding_text(text, piece, parsed.metadata.title, embedder)
