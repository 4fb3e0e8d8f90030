"""Kill an ingest or reindex at random moments, again and again: `python -m tests.killing 200`.

Each turn changes a folder of a few hundred made articles (new ones, edits, deletions, renames,
copies) or asks for another size of passages, starts the job in a process of its own, and kills
that with SIGKILL at a random moment. Then the library must pass its check, and, once the job has
been run to its end, hold the same as a library that never was disturbed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ingest.job import ingest
from ingest.reindex import reindex
from rag.embed import OnnxEmbedder, open_embedder
from rag.library import Library
from rag.library.check import problems
from rag.settings import Settings, cache_folder, load

ROOT = Path(__file__).parent.parent
_HOUSES = ("Saltmarsh Courier", "North Quay Post", "Valley Wire", "")
_NOUNS = ("ferry", "harbour", "bridge", "turbine", "glacier", "library", "market", "tram")
_VERBS = ("opened", "closed", "flooded", "moved", "burned", "shrank", "doubled", "was sold")
_PLACES = ("Oslo", "Bergen", "Narvik", "Tromso", "Molde", "Bodo", "Alta", "Vardo", "Hamar")
# What the killed process runs: it says when all is loaded, so that kills hit work, not imports.
_CHILD = """
import sys
from pathlib import Path
from ingest.job import ingest
from ingest.reindex import reindex
from rag.embed import open_embedder
from rag.library import Library
from rag.settings import load
import chromadb, tantivy, rensa
cache, library, folder, tokens = sys.argv[1:]
settings = load({}, library=Path(library), passage_tokens=int(tokens))
embedder = open_embedder("", Path(cache))
print("ready", flush=True)
sys.stdin.readline()
opened = Library(settings.library, create=True)
if folder:
    ingest([Path(folder)], opened, embedder, settings)
else:
    reindex(opened, embedder, settings.passage_tokens)
opened.close()
"""


def article(rng: random.Random, number: int) -> str:
    """One made article, of a few sentences; some have a publisher whose lines recur."""
    house = _HOUSES[number % len(_HOUSES)]
    words = [
        f"The {rng.choice(_NOUNS)} in {rng.choice(_PLACES)} {rng.choice(_VERBS)} on "
        f"{rng.randint(1, 28)} May {rng.randint(1990, 2025)}, said witness {rng.randint(1, 999)}."
        for _ in range(rng.randint(2, 9))
    ]
    front = f"---\npublisher: {house}\n---\n" if house else ""
    tail = f"\n\nWrite to the {house} newsroom with your own story." if house else ""
    return f"{front}# Report {number}\n\n{' '.join(words)}{tail}\n"


class Killing:
    """A folder, a library that suffers, and one that does not."""

    def __init__(self, folder: Path, articles: int, seed: int) -> None:
        self.rng = random.Random(seed)
        self.folder = folder / "articles"
        self.suffering, self.calm = folder / "suffering", folder / "calm"
        self.cache = cache_folder(os.environ)
        self.embedder: OnnxEmbedder = open_embedder("", self.cache)
        self.tokens = 180
        self.number = 0
        self.kills: Counter[str] = Counter()
        self.finished = 0
        self.folder.mkdir()
        self._add(articles)

    def _settings(self, library: Path) -> Settings:
        return load({}, library=library, passage_tokens=self.tokens)

    def _files(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def _pick(self, share: float) -> list[Path]:
        files = self._files()
        return self.rng.sample(files, max(1, int(share * len(files))))

    def _add(self, count: int) -> None:
        for _ in range(count):
            self.number += 1
            text = article(self.rng, self.number)
            (self.folder / f"{self.number:05}.md").write_text(text, encoding="utf-8")

    # Each changes the folder and returns whether the job is an ingest.

    def anew(self) -> bool:
        for library in (self.suffering, self.calm):
            shutil.rmtree(library, ignore_errors=True)
        return True

    def add(self) -> bool:
        self._add(len(self._files()) // 8)
        return True

    def update(self) -> bool:
        for path in self._pick(0.25):
            path.write_text(article(self.rng, self.number), encoding="utf-8")
        return True

    def delete(self) -> bool:
        for path in self._pick(0.12):
            path.unlink()
        return True

    def rename(self) -> bool:
        for path in self._pick(0.1):
            self.number += 1
            path.rename(self.folder / f"{self.number:05}.md")
        return True

    def copy(self) -> bool:
        for path in self._pick(0.04):
            self.number += 1
            text = path.read_text(encoding="utf-8")
            # Half are the very same text, half are near to it.
            more = "" if self.rng.random() < 0.5 else "\nCorrected on 3 June 2025.\n"
            (self.folder / f"{self.number:05}.md").write_text(text + more, encoding="utf-8")
        return True

    def reindex(self) -> bool:
        self.tokens = 80 if self.tokens == 180 else 180
        return False

    def turn(self) -> None:
        """One change, one kill, one check, one run to the end, one comparison."""
        changes: list[Callable[[], bool]] = [
            self.anew, self.add, self.update, self.delete, self.rename, self.copy, self.reindex
        ]  # fmt: skip
        change = self.rng.choice(changes) if self.calm.exists() else self.anew
        before = self.tokens
        ingesting = change()
        took = self._run(self.calm, ingesting)
        killed = self._kill(ingesting, self.rng.uniform(0, 1.1 * took))
        self.kills[change.__name__] += killed
        self.finished += not killed
        name = f"{change.__name__} at {self.kills.total()} kills"
        if (self.suffering / "catalogue.sqlite3").is_file():
            check(self.suffering, name)
            if not ingesting and killed:
                # A reindex that did not come to its end left the old size, or had flipped.
                with closing(Library(self.suffering)) as library:
                    assert library.catalogue.get("passage_tokens") in (
                        str(before),
                        str(self.tokens),
                    )
        self._run(self.suffering, ingesting)
        check(self.suffering, name)
        wanted, got = state(self.calm), state(self.suffering)
        assert got == wanted, f"{name}: {len(set(got) ^ set(wanted))} articles differ"

    def _run(self, folder: Path, ingesting: bool) -> float:
        start = time.perf_counter()
        settings = self._settings(folder)
        with closing(Library(folder, create=True)) as library:
            if ingesting:
                summary = ingest([self.folder], library, self.embedder, settings)
                assert not summary.failed, summary.failed[:3]
            else:
                reindex(library, self.embedder, self.tokens)
        return time.perf_counter() - start

    def _kill(self, ingesting: bool, after: float) -> bool:
        """Run the job and kill it; False where it was done before that."""
        command = [sys.executable, "-c", _CHILD, self.cache, self.suffering,
                   self.folder if ingesting else "", str(self.tokens)]  # fmt: skip
        with subprocess.Popen(
            [str(c) for c in command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        ) as child:  # fmt: skip
            assert child.stdin
            assert child.stdout
            assert child.stdout.readline() == b"ready\n"
            child.stdin.write(b"\n")
            child.stdin.flush()
            try:
                assert child.wait(after) == 0
                return False
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                return True


def check(folder: Path, name: str) -> None:
    with closing(Library(folder)) as library:
        found = list(problems(library))
        assert not found, (name, found)


def state(folder: Path) -> list[object]:
    """All that a library says, without its numbers."""
    with closing(Library(folder)) as library:
        db = library.catalogue.db
        stories: dict[int, list[str]] = {}
        rows = db.execute("SELECT id, revision, story, marked, house FROM articles").fetchall()
        for _, revision, story, _, _ in rows:
            stories.setdefault(story, []).append(revision)
        entries = {e.id: e for e in library.catalogue.entries()}
        found: list[object] = []
        for key, revision, story, marked, house in rows:
            passages = db.execute(
                'SELECT start, "end", lead, units, vector, unit_vectors FROM passages'
                " WHERE article = ? AND generation ="
                " (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation') ORDER BY id",
                (key,),
            ).fetchall()
            sources = tuple(sorted(entries[key].sources))
            together = tuple(sorted(stories[story]))
            found.append((sources, revision, entries[key].metadata, together, marked, house,
                          tuple(passages)))  # fmt: skip
        return sorted(found, key=lambda row: row[0])  # type: ignore[index]


def main(kills: int, articles: int = 300, seed: int = 1) -> None:
    """Go on until `kills` processes were killed at work."""
    with tempfile.TemporaryDirectory() as folder:
        killing = Killing(Path(folder), articles, seed)
        while killing.kills.total() < kills:
            killing.turn()
            if killing.kills.total() % 10 == 0:
                print(dict(killing.kills), "finished first:", killing.finished, flush=True)
        print(f"{killing.kills.total()} kills, {killing.finished} finished before: all well")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
