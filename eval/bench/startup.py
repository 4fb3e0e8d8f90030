"""How long a command takes from nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eval.bench.process import Figures
from rag.errors import PullquoteError

_PROGRAM = "from ui.cli import main; main()"


def measure_startup(library: Path, question: str, runs: int) -> Figures:
    """Median seconds of `runs` cold processes: bare Python, ``--help``, and one question."""
    ask = ["ask", question, "--library", str(library), "--mode", "quotes"]
    return {
        "python_s": _median(["-c", "pass"], runs),
        "help_s": _median(["-c", _PROGRAM, "--help"], runs),
        "ask_s": _median(["-c", _PROGRAM, *ask], runs),
        "runs": runs,
    }


def _median(arguments: Sequence[str], runs: int) -> float:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, *arguments], capture_output=True, check=False
        )
        seconds.append(time.perf_counter() - start)
        if done.returncode:
            raise PullquoteError(f"start-up: {done.stderr.decode(errors='replace')[-1000:]}")
    return statistics.median(seconds)
