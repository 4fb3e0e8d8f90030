"""A schedule in the server's background: syncs what is due, stops in the middle, goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sources import Registry, make_source
from ingest.sync import Schedule, Synced, due, sync_state
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import load


@pytest.fixture
def schedule(library: Library, embedder: Any) -> Iterator[Callable[[], list[Any]]]:
    started: list[Schedule] = []

    def start() -> list[Any]:
        told: list[Any] = []
        settings = load({}, library=library.folder, allow_hosts="127.0.0.0/8", fetch_delay=0)
        thread = Schedule(library, embedder, settings, told.append, told.append, 0.05)
        thread.start()
        started.append(thread)
        told.append(thread)
        return told

    yield start
    for thread in started:
        thread.stop()
        assert not thread.is_alive()


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_schedule_syncs_what_becomes_due_while_questions_are_answered(
    library: Library, embedder: Any, folder: Path, schedule: Callable[[], list[Any]]
) -> None:
    assistant = Assistant(library, embedder, load({}, library=library.folder))
    told = schedule()
    question = "How long does the kettle in the hall take to boil?"
    assert assistant.answer(question).refused
    # Registered by another process, in the middle of it.
    other = Library(library.folder)
    Registry(other).add(make_source(str(folder), name="notes", every="30s"))
    wait_for(lambda: len(told) > 1)
    assert "three minutes" in assistant.answer(question).text
    (folder / "kettle.md").write_text("# Kettle\n\nThe kettle in the hall boils in nine minutes.\n")
    state = Registry(other).get("notes").state
    Registry(other).note("notes", replace(state, next_run=0.0))
    wait_for(lambda: len(told) > 2)
    assert [s.summary.updated for s in told[2:]] == [["kettle.md"]]
    assert "nine minutes" in assistant.answer(question).text
    other.close()


def test_a_schedule_stops_in_the_middle_of_a_sync_and_leaves_it_due(
    library: Library, folder: Path, schedule: Callable[[], list[Any]]
) -> None:
    for n in range(400):
        words = f"Locker {n} belongs to crew {n * 7} and has a key of its own."
        (folder / f"{n}.md").write_text(f"# Locker {n}\n\n{words}\n")
    Registry(library).add(make_source(str(folder), name="notes"))
    [thread] = schedule()
    wait_for(lambda: sync_state(library)[0]["running"])
    began = time.monotonic()
    thread.stop()
    assert not thread.is_alive() and time.monotonic() - began < 5
    [row] = sync_state(library)
    assert not row["running"] and row["last_run"] is None
    assert due(Registry(library).all(), time.time()) == ["notes"]


def test_a_schedule_that_fails_says_so_and_goes_on(
    library: Library, folder: Path, schedule: Callable[[], list[Any]], monkeypatch: Any
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("ingest.sync.ingest", full)
        Registry(library).add(make_source(str(folder), name="notes"))
        told = schedule()
        wait_for(lambda: len(told) > 1)
        assert isinstance(told[1], MemoryError)
    wait_for(lambda: isinstance(told[-1], Synced))
    assert told[-1].summary.added == ["kettle.md"]
