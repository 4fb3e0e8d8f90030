"""Libraries of a given number of passages, and how long a question takes in them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.bench.generate import Made, generate
from eval.bench.process import Figures, Setup, counted, folder_mb, peak_mb, watch
from eval.bench.quality import messages
from eval.cases import Case
from rag.assistant import Assistant
from rag.domain import Metadata
from rag.embed import Embedder
from rag.library import Library, NewArticle, NewPassage, Place, StoredPassage, Writer
from rag.library.keywords import KeywordView
from rag.library.vectors import VectorView
from rag.library.views import catch_up
from rag.reader import open_reader

_SEED = 20_250_604
_WARM_UP = 20
_NEIGHBOURS = 10
# Chroma's cosine and ours differ by this much: stored vectors have 16 bits, and Chroma's are moved
# a little so that none are equal.
_ROUNDING = 2e-4
# Parts of an answer, and the calls to the library that each is the sum of.
_LIBRARY_PARTS = {
    "chroma": ("dense",),
    "tantivy": ("keyword", "document_frequency"),
    "catalogue": ("passages",),
}


def read_material(library: Library, dimensions: int) -> list[list[StoredPassage]]:
    """The stored passages of each article of `library`, with vectors (d,) and (units, d)."""
    articles: dict[int, list[StoredPassage]] = defaultdict(list)
    for rows in library.catalogue.added_since(0, library.catalogue.generation()):
        for stored in library.catalogue.passages([r.id for r in rows], dimensions):
            articles[stored.passage.article.id].append(stored)
    return list(articles.values())


def build(
    setup: Setup, ingested: Sequence[Path], size: int, folder: Path, cases: Sequence[Case]
) -> Figures:
    """Make a library of `size` passages in `folder` from the `ingested` ones.

    Real articles go in first, as many as fit; made ones fill the rest. Seconds of writing the
    catalogue and of each view's catching up with it from nothing; megabytes of disk and of peak
    memory until then; `recall@10` of Chroma for `cases`, of which there is one or more.
    """
    embedder = setup.embedder()
    material = []
    for path in ingested:
        source = Library(path)
        material += read_material(source, embedder.dimensions)
        source.close()
    library = Library(folder, create=True)
    library.use_model(embedder.name, embedder.dimensions)
    start = time.perf_counter()
    real = 0
    for index in np.random.default_rng(_SEED).permutation(len(material)):
        passages = material[index]
        if real + len(passages) > size:
            continue
        copies = [
            NewPassage(s.passage.span, s.passage.units, s.vector, s.unit_vectors) for s in passages
        ]
        _put(library, f"real/{index:06}", Made(passages[0].passage.article, tuple(copies)))
        real += len(passages)
    for made in generate(material, size - real, _SEED):
        _put(library, made.article.source, made)
    written = time.perf_counter() - start
    figures = {"write_s": written}
    for name, view in (
        ("chroma_s", VectorView(folder / "chroma")), ("tantivy_s", KeywordView(folder / "keywords"))
    ):  # fmt: skip
        start = time.perf_counter()
        catch_up(view, library.catalogue)
        figures[name] = time.perf_counter() - start
        view.close()
    articles, passages_now = library.count()
    peak = peak_mb()
    recall = _recall(setup, library, embedder, cases)
    library.close()
    return {
        **figures, "articles": articles, "passages": passages_now, "real_passages": real,
        "peak_mb": peak, "disk_mb": folder_mb(folder), f"recall@{_NEIGHBOURS}": recall,
    }  # fmt: skip


def _put(library: Library, path: str, made: Made) -> None:
    # The same file name may stand in two sets; the path keeps them apart.
    article, name = made.article, f"{path}/{made.article.source}"
    # Made articles may repeat a text, and must not be taken for one.
    new = NewArticle(
        article.text, f"{article.revision}@{path}", True, Metadata(), article.metadata,
        tuple(made.passages),
    )  # fmt: skip
    Writer(library.catalogue).put(Place(path, name, "", article.revision), new)


def _recall(setup: Setup, library: Library, embedder: Embedder, cases: Sequence[Case]) -> float:
    """Of the truly nearest ten passages, the share that Chroma finds: the check that made
    vectors do not falsify what the dense index does.
    """
    library.refresh()
    matrix = np.stack(
        [
            r.vector
            for rows in library.catalogue.added_since(0, library.catalogue.generation())
            for r in rows
        ]
    )
    shares = []
    for case in cases:
        query = embedder.query(case.question)
        scores = matrix @ query
        found = library.dense(query, setup.settings.candidates)
        # Equal vectors have one score: any passage as near as the tenth is as right.
        least = np.partition(scores, -_NEIGHBOURS)[-_NEIGHBOURS] - _ROUNDING
        good = sum(1 for cosine in found.values() if cosine >= least)
        shares.append(min(good, _NEIGHBOURS) / _NEIGHBOURS)
    return float(np.mean(shares))


def measure_questions(setup: Setup, folder: Path, cases: Sequence[Case]) -> Figures:
    """Answer the questions in the library at `folder`, each once, after a warm-up on others.

    Milliseconds: median and 95th percentile of the whole, medians of its parts; and `first_ms`, the
    very first question, which loads the indexes. `further_share` is the share of the questions for
    which the reader was asked about further units.
    """
    library, embedder = Library(folder), setup.embedder()
    reader = open_reader(setup.cache)
    assistant = Assistant(library, embedder, setup.at(folder), None, reader)
    spent: dict[str, float] = defaultdict(float)
    watch(embedder, ("query",), spent, "encoder")
    reads = counted(reader, "odds")
    watch(reader, ("odds",), spent, "reader")
    for part, methods in _LIBRARY_PARTS.items():
        watch(library, methods, spent, part)
    warm, asked = cases[:_WARM_UP], cases[_WARM_UP:] or cases
    start = time.perf_counter()
    assistant.answer(warm[0].question, messages(warm[0]))
    first = time.perf_counter() - start
    for case in warm[1:]:
        assistant.answer(case.question, messages(case))
    rows: dict[str, list[float]] = defaultdict(list)
    further = 0
    for case in asked:
        spent.clear()
        reads.clear()
        start = time.perf_counter()
        answer = assistant.answer(case.question, messages(case))
        rows["total"].append(1000 * (time.perf_counter() - start))
        for name in ("retrieve", "answer"):
            rows[name].append(answer.timings_ms[name])
        for part in ("encoder", "reader", *_LIBRARY_PARTS):
            rows[part].append(1000 * spent[part])
        further += len(reads) > 1
    library.close()
    medians = {f"{name}_ms": float(np.median(values)) for name, values in rows.items()}
    slow = float(np.percentile(rows["total"], 95))
    return {
        **medians, "total_p95_ms": slow, "first_ms": 1000 * first, "questions": len(asked),
        "further_share": further / len(asked),
    }  # fmt: skip
