"""A benchmark's figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rows = Sequence[tuple[str, Mapping[str, Any]]]


def _number(value: Any, pattern: str) -> str:
    return "–" if value is None else format(value, pattern)


def table(first: str, columns: Sequence[tuple[str, str, str]], rows: Rows) -> str:
    """A Markdown table.

    Args:
        first: the heading over the rows' names.
        columns: heading, key and format of each column; a key that a row lacks shows as a dash.
        rows: name and figures of each row.
    """
    head = [first, *(heading for heading, _, _ in columns)]
    lines = [head, ["---", *("---:" for _ in columns)]]
    for name, figures in rows:
        lines.append([name, *(_number(figures.get(key), form) for _, key, form in columns)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _ingest(report: Mapping[str, Any]) -> str:
    columns = (
        ("articles", "articles", ",d"), ("passages", "passages", ",d"),
        ("articles/s", "articles_per_s", ".1f"), ("passages/s", "passages_per_s", ".0f"),
        ("encoder's share", "encoder_share", ".0%"), ("of CPU", "encoder_cpu_share", ".0%"),
        ("unchanged again, s", "unchanged_s", ".2f"),
        ("of the first", "unchanged_share", ".1%"), ("peak MB", "peak_mb", ".0f"),
        ("disk MB", "disk_mb", ".1f"), ("disk / text", "disk_per_text", ".1f"),
    )  # fmt: skip
    return "## Ingest\n\n" + table("set", columns, list(report.items()))


def _sizes(report: Mapping[str, Any]) -> str:
    asked = (
        ("median ms", "total_ms", ".1f"), ("95th", "total_p95_ms", ".1f"),
        ("retrieve", "retrieve_ms", ".1f"), ("encoder", "encoder_ms", ".1f"),
        ("Chroma", "chroma_ms", ".1f"), ("tantivy", "tantivy_ms", ".1f"),
        ("catalogue", "catalogue_ms", ".1f"), ("reader", "reader_ms", ".1f"),
        ("share read further", "further_share", ".2f"), ("evidence and answer", "answer_ms", ".1f"),
        ("first question ms", "first_ms", ".0f"), ("peak MB", "peak_mb", ".0f"),
        ("to the smallest", "ratio", ".2f"),
    )  # fmt: skip
    built = (
        ("articles", "articles", ",d"), ("real passages", "real_passages", ",d"),
        ("catalogue s", "write_s", ".1f"), ("Chroma catches up s", "chroma_s", ".1f"),
        ("tantivy s", "tantivy_s", ".1f"), ("disk MB", "disk_mb", ".0f"),
        ("peak MB", "peak_mb", ".0f"), ("Chroma's recall@10", "recall@10", ".3f"),
    )  # fmt: skip
    names = [f"{int(size):,}" for size in report]
    return "\n\n".join([
        "## Questions, warm",
        table("passages", asked, [*zip(names, (r["asked"] for r in report.values()), strict=True)]),
        "## Libraries of that size",
        table("passages", built, [*zip(names, (r["built"] for r in report.values()), strict=True)]),
    ])  # fmt: skip


def _startup(report: Mapping[str, Any]) -> str:
    rows = [
        (label, {"s": report[key], "ratio": report[key] / report["python_s"]})
        for label, key in (
            ("bare Python", "python_s"), ("`pullquote --help`", "help_s"),
            ("`pullquote ask`", "ask_s"),
        )
    ]  # fmt: skip
    columns = (("median s", "s", ".2f"), ("to bare Python", "ratio", ".1f"))
    return "## Start-up, cold process\n\n" + table("command", columns, rows)


def _retrieval(report: Mapping[str, Any]) -> str:
    columns = (
        ("hit@1", "hit@1", ".3f"), ("hit@5", "hit@5", ".3f"), ("MRR", "mrr", ".3f"),
        ("question ms", "ms", ".1f"), ("95th", "p95_ms", ".1f"),
        ("beyond the encoder ms", "beyond_ms", ".1f"), ("to ours", "ratio", ".1f"),
        ("passages", "passages", ",d"), ("ingest s", "ingest_s", ".1f"),
        ("beyond the encoder CPU s", "overhead_cpu_s", ".1f"),
        ("of encoding", "overhead_share", ".0%"),
    )  # fmt: skip
    parts = ["## Retrieval"]
    for name, figures in report.items():
        parts.append(f"### {name}: {figures['questions']} questions")
        parts.append(table("system", columns, list(figures["systems"].items())))
        parts += [f"Not measured: {why}" for why in figures["missing"]]
    return "\n\n".join(parts)


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "ingest": _ingest,
    "sizes": _sizes,
    "startup": _startup,
    "retrieval": _retrieval,
}


def markdown(report: Mapping[str, Any]) -> str:
    """The whole report: where it was measured, then each part that was."""
    machine = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    lines = [
        "# Benchmark",
        f"{machine['cpus']} cores, {machine['system']}, Python {machine['python']}; {versions}. "
        f"Load before {machine['load_before']:.2f}, after {machine['load_after']:.2f}; "
        f"{machine['runs']} runs of each ingest and question measurement, medians.",
        *(show(report[part]) for part, show in _PARTS.items() if report.get(part)),
    ]
    return "\n\n".join(lines) + "\n"
