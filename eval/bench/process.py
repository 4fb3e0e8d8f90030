"""A measurement in a process of its own, so that its memory and its caches are its own.

``python -m eval.bench.process RESULT`` calls the pickled function that stands on its standard
input and writes what it returns, as JSON, to the file RESULT.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.embed import OnnxEmbedder, open_embedder
from rag.errors import PullquoteError
from rag.settings import Secret, Settings

# What peers would report to their makers, or look for on the network.
_QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setup:
    """What all measurements of a run share; `cache` has the prepared embedding model."""

    settings: Settings
    cache: Path

    def at(self, library: Path) -> Settings:
        """The settings for a library in the folder `library`, without keys to any model."""
        return replace(self.settings, library=library, api_key=Secret(), base_url="", model="")

    def embedder(self) -> OnnxEmbedder:
        """The encoder that everything is measured with, warm."""
        embedder = open_embedder(self.settings.embedding_model, self.cache)
        embedder.query("warm")
        return embedder


def peak_mb() -> float:
    """The most memory this process has held so far, in megabytes (resident)."""
    try:
        # On Linux `getrusage` starts from what the parent held when it forked; this does not.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, ValueError, IndexError):
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def folder_mb(folder: Path) -> float:
    """The size of all files below `folder`, in megabytes."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / (1 << 20)


def watch(owner: object, methods: Sequence[str], spent: dict[str, float], part: str) -> None:
    """Add the seconds spent in these methods of `owner` to ``spent[part]`` from now on."""

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent[part] = spent.get(part, 0.0) + time.perf_counter() - start

        return timed

    for method in methods:
        setattr(owner, method, watched(getattr(owner, method)))


def counted(owner: object, method: str) -> list[int]:
    """A list that from now on gets a 1 at each call of this method of `owner`."""
    calls: list[int] = []
    function = getattr(owner, method)

    def noted(*arguments: Any) -> Any:
        calls.append(1)
        return function(*arguments)

    setattr(owner, method, noted)
    return calls


def apart(function: Callable[..., Figures], *arguments: Any) -> Figures:
    """What ``function(*arguments)`` returns in a new process, with ``peak_mb`` of that process.

    A ``peak_mb`` that the function reports itself stands.

    Raises:
        PullquoteError: the process failed; the message ends in what it said last.
    """
    with tempfile.TemporaryDirectory(prefix="pullquote-bench-") as folder:
        result = Path(folder) / "result.json"
        done = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-m", "eval.bench.process", str(result)],
            input=pickle.dumps((function, arguments)), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            said = done.stderr.decode(errors="replace")[-2000:]
            raise PullquoteError(f"{function.__name__} failed in its process:\n{said}")
        figures: Figures = json.loads(result.read_text(encoding="utf-8"))
        return figures


def main() -> None:
    """Call what stands on standard input."""
    for name, value in _QUIET.items():
        os.environ[name] = value
    function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `apart`
    figures = function(*arguments)
    figures.setdefault("peak_mb", peak_mb())
    Path(sys.argv[1]).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
