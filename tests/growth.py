"""What an ingest costs as its articles grow in number: `python -m tests.growth 1000 10000`.

Made articles of one passage each, in a process of its own for each number: megabytes before and at
the peak, and the processor time of an ingest that finds nothing changed, of the first one's.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

from eval.bench.ingesting import measure_ingest
from eval.bench.process import Setup, apart
from rag.settings import cache_folder, load
from tests.killing import article


def main(counts: list[int]) -> None:
    """Print a row of a Markdown table for each of `counts`."""
    setup = Setup(load({}), cache_folder(os.environ))
    print("| articles | before | peak | unchanged again, of the first |\n|---|---|---|---|")
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="pullquote-growth-") as name:
            docs = Path(name) / "docs"
            docs.mkdir()
            for number in range(count):
                text = article(random.Random(number), number)
                (docs / f"{number:06}.md").write_text(text, encoding="utf-8")
            row = apart(measure_ingest, setup, docs, Path(name) / "library")
            assert row["unchanged_articles"] == row["articles"] == count, row
            share = row["unchanged_cpu_s"] / row["ingest_cpu_s"]
        print(f"| {count:,} | {row['start_mb']:.0f} MB | {row['peak_mb']:.0f} MB | {share:.1%} |",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]])
