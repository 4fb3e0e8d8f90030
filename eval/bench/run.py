"""A whole benchmark: what is measured in which order, and the ratios of it."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.ingesting import measure_ingest
from eval.bench.peers import measure_llama_index, measure_txtai
from eval.bench.process import Figures, Setup, apart
from eval.bench.quality import judged, measure_own
from eval.bench.scale import build, measure_questions
from eval.bench.startup import measure_startup
from eval.cases import Case, QuestionSet

PARTS = ("ingest", "sizes", "startup", "retrieval")
_PACKAGES = (
    "pullquote", "chromadb", "tantivy", "onnxruntime", "llama-index-core",
    "llama-index-retrievers-bm25", "txtai",
)  # fmt: skip
# Figures of an ingest that peers have too.
_SHARED = ("passages", "ingest_s", "encoder_s", "ingest_cpu_s", "encoder_cpu_s")
_MOST_QUESTIONS = 220
_RECALL_QUESTIONS = 100
_SEED = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: `parts` of `PARTS`, `sizes` in passages, each measurement `runs` times,
    commands from a cold start `starts` times.
    """

    sets: tuple[QuestionSet, ...]
    sizes: tuple[int, ...] = (1000, 10_000, 100_000)
    peers: bool = False
    parts: tuple[str, ...] = PARTS
    runs: int = 3
    starts: int = 5


def run(plan: Plan, setup: Setup, progress: Callable[[str], None]) -> Figures:
    """Measure everything in `plan`, one thing after the other, each in its own process.

    Args:
        plan: what to measure.
        setup: settings and encoder, the same for everything.
        progress: told what is about to be measured.

    Returns:
        A dictionary for JSON: `machine`, and one entry for each part. Seconds end in `_s`,
        milliseconds in `_ms`, megabytes in `_mb`.

    Raises:
        PullquoteError: a measurement failed.
    """
    report: Figures = {"machine": _machine(plan.runs)}
    with tempfile.TemporaryDirectory(prefix="pullquote-bench-") as name:
        folder = Path(name)
        ingest, libraries = _ingest(plan, setup, folder, progress)
        if "ingest" in plan.parts:
            report["ingest"] = ingest
        if "sizes" in plan.parts:
            report["sizes"] = _sizes(plan, setup, libraries, folder, progress)
        if "startup" in plan.parts:
            progress("start-up")
            question = plan.sets[0].cases[0].question
            report["startup"] = measure_startup(libraries[0], question, plan.starts)
        if "retrieval" in plan.parts:
            report["retrieval"] = _retrieval(plan, setup, libraries, ingest, progress)
    report["machine"]["load_after"] = os.getloadavg()[0]
    return report


def _machine(runs: int) -> Figures:
    packages = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    return {
        "cpus": os.cpu_count(), "system": platform.system(), "packages": packages,
        "python": platform.python_version(), "load_before": os.getloadavg()[0], "runs": runs,
    }  # fmt: skip


def _medians(rows: Sequence[Figures]) -> Figures:
    """The median of each figure over runs."""
    return {key: type(value)(statistics.median(row[key] for row in rows))
            for key, value in rows[0].items()}  # fmt: skip


def ingest_ratios(row: Figures) -> Figures:
    """The figures of one ingest with its rates and shares."""
    first = row["ingest_s"]
    return {
        **row,
        "articles_per_s": row["articles"] / first,
        "passages_per_s": row["passages"] / first,
        "encoder_share": row["encoder_s"] / first,
        "encoder_cpu_share": row["encoder_cpu_s"] / row["ingest_cpu_s"],
        "unchanged_share": row["unchanged_s"] / first,
        "disk_per_text": row["disk_mb"] / row["text_mb"],
    }


def _ingest(
    plan: Plan, setup: Setup, folder: Path, progress: Callable[[str], None]
) -> tuple[dict[str, Figures], list[Path]]:
    """Figures by set, and the library of each set; they are needed whatever is measured."""
    figures, libraries = {}, []
    for number, question_set in enumerate(plan.sets):
        rows = []
        for turn in range(plan.runs if "ingest" in plan.parts else 1):
            progress(f"ingest of {question_set.name}, run {turn + 1}")
            library = folder / f"set-{number}-{turn}"
            rows.append(ingest_ratios(apart(measure_ingest, setup, question_set.docs, library)))
        figures[question_set.name] = _medians(rows)
        libraries.append(library)
    return figures, libraries


def _sample(sets: Sequence[QuestionSet]) -> list[Case]:
    """Questions of all sets in one seeded order, at most as many as are needed."""
    cases = [case for question_set in sets for case in question_set.cases]
    order = np.random.default_rng(_SEED).permutation(len(cases))
    return [cases[i] for i in order[:_MOST_QUESTIONS]]


def _sizes(
    plan: Plan, setup: Setup, libraries: list[Path], folder: Path, progress: Callable[[str], None]
) -> dict[str, Figures]:
    cases = _sample(plan.sets)
    report: dict[str, Figures] = {}
    for size in plan.sizes:
        progress(f"a library of {size:,} passages")
        place = folder / f"size-{size}"
        built = apart(build, setup, libraries, size, place, cases[:_RECALL_QUESTIONS])
        rows = []
        for turn in range(plan.runs):
            progress(f"questions to {size:,} passages, run {turn + 1}")
            rows.append(apart(measure_questions, setup, place, cases))
        asked = _medians(rows)
        smallest = next(iter(report.values()))["asked"] if report else asked
        asked["ratio"] = asked["total_ms"] / smallest["total_ms"]
        report[str(size)] = {"built": built, "asked": asked}
    return report


def _retrieval(
    plan: Plan, setup: Setup, libraries: list[Path], ingest: dict[str, Figures],
    progress: Callable[[str], None],
) -> dict[str, Figures]:  # fmt: skip
    report = {}
    for question_set, library in zip(plan.sets, libraries, strict=True):
        cases = judged(question_set.cases)
        if not cases:
            continue
        progress(f"retrieval on {question_set.name}")
        systems: dict[str, Figures] = apart(measure_own, setup, library, cases)["systems"]
        own = ingest[question_set.name]
        systems["Pullquote"] |= {key: own[key] for key in _SHARED}
        missing: dict[str, Any] = {}
        if plan.peers:
            for measure in (measure_llama_index, measure_txtai):
                for fitting in (False, True):
                    peer = measure.__name__.removeprefix("measure_").replace("_", "-")
                    progress(f"{peer} on {question_set.name}")
                    found = apart(measure, setup, question_set.docs, cases, fitting)
                    systems |= found["systems"]
                    if "missing" in found:
                        missing[f"{peer}: {found['missing']}"] = None
        for row in systems.values():
            if "ms" in row:
                row["ratio"] = row["beyond_ms"] / systems["Pullquote"]["beyond_ms"]
            if "ingest_s" in row:
                row["overhead_cpu_s"] = row["ingest_cpu_s"] - row["encoder_cpu_s"]
                row["overhead_share"] = row["overhead_cpu_s"] / row["encoder_cpu_s"]
        report[question_set.name] = {
            "questions": len(cases), "systems": systems, "missing": list(missing),
        }  # fmt: skip
    return report
