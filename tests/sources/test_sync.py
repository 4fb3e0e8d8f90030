"""Registered sources: kept, synced when due, tried again later and later, one sync at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ingest.addressed import page_address
from ingest.sources import Registry, State, make_source
from ingest.summary import Summary
from ingest.sync import Synced, due, sync_state
from rag.library import Library
from tests.sources.host import PAGE, Site
from tests.sources.syncing import slow_page, syncer

DAY = 86400.0


@pytest.mark.parametrize(("every", "pauses"), [
    (900.0, [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600]),
    (10.0, [10, 20, 40]),
    (2 * DAY, [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 30720, 61440, 122880, 172800]),
])  # fmt: skip
def test_a_source_that_fails_is_tried_less_and_less_often(
    every: float, pauses: list[float]
) -> None:
    state, now = State(), 1000.0
    for pause in pauses:
        state = state.after(Summary(), "no answer", now, every)
        assert state.next_run - now == pause
        now = state.next_run
    assert state.failures == len(pauses)
    state = state.after(Summary(added=["a"]), None, now, every)
    assert (state.failures, state.error, state.next_run - now) == (0, None, every)


def test_a_host_that_is_down_is_kept_in_mind_over_a_restart(
    library: Library, embedder: Any, site: Site
) -> None:
    address = f"{site.url}/a.html"
    words = "The red ferry leaves the island at noon. It carries nine cars. " * 5
    site.page("/a.html", PAGE.format("Ferry", words).encode())
    Registry(library).add(make_source(address, name="ferry", every="1h"))
    [done] = syncer(library, embedder).run()
    assert done.summary.added == [address] and done.error is None
    site.answers["/a.html"] = (500, {}, b"")
    [failed] = syncer(library, embedder).run(["ferry"])
    assert "status 500" in (failed.error or "")
    again = Library(library.folder)
    [row] = sync_state(again)
    assert (row["failures"], row["running"]) == (1, False) and "status 500" in row["error"]
    assert row["next_run"] - row["last_run"] == pytest.approx(60, abs=0.01)
    assert row["counts"]["added"] == 1 and row["last_success"] < row["last_run"]
    assert list(syncer(again, embedder).run()) == []
    # Its article is still answered from: the host is down, the page not gone.
    assert again.count()[0] == 1
    later = syncer(again, embedder, clock=lambda: row["next_run"] + 1)
    assert [s.error is None for s in later.run()] == [False]
    assert sync_state(again)[0]["failures"] == 2
    site.answers["/a.html"] = (410, {}, b"")
    [gone] = syncer(again, embedder).run(["ferry"])
    assert gone.summary.removed == [address] and gone.error is None
    again.close()


def test_one_article_that_fails_does_not_slow_its_source_down(
    library: Library, embedder: Any, folder: Path
) -> None:
    (folder / "empty.md").write_text("")
    Registry(library).add(make_source(str(folder), every="30s"))
    [done] = syncer(library, embedder).run()
    assert done.error is None and len(done.summary.failed) == 1
    [row] = sync_state(library)
    assert row["next_run"] - row["last_run"] == pytest.approx(30) and row["failures"] == 0
    assert row["counts"]["failed"] == 1 and "empty" in row["problems"][0]


def test_a_second_sync_says_that_it_waits_and_does_not_do_the_same_again(
    library: Library, embedder: Any, site: Site
) -> None:
    asked, go = slow_page(site, "/slow")
    Registry(library).add(make_source(f"{site.url}/slow", name="slow"))
    first: list[Synced] = []
    worker = threading.Thread(target=lambda: first.extend(syncer(library, embedder).run()))
    worker.start()
    assert asked.wait(20)
    assert sync_state(library)[0]["running"]
    other = Library(library.folder)
    waited = threading.Event()

    def waiting() -> None:
        waited.set()
        go.set()

    assert list(syncer(other, embedder, waiting=waiting).run()) == []
    assert waited.is_set()
    worker.join(20)
    assert [s.source.name for s in first] == ["slow"] and first[0].error is None
    assert not sync_state(other)[0]["running"]
    other.close()


def test_a_sync_that_was_killed_is_due_again(library: Library, embedder: Any, site: Site) -> None:
    asked, go = slow_page(site, "/slow")
    Registry(library).add(make_source(f"{site.url}/slow", name="slow"))
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "pullquote"), "sync", "--library", str(library.folder)],
        env={**os.environ, "PULLQUOTE_ALLOW_HOSTS": "127.0.0.1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert asked.wait(60)
    assert sync_state(library)[0]["running"]
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert not sync_state(library)[0]["running"]
    assert due(Registry(library).all(), time.time()) == ["slow"]
    go.set()
    [done] = syncer(library, embedder).run()
    assert len(done.summary.added) == 1


def test_an_address_that_is_given_wins_and_may_change(
    library: Library, embedder: Any, folder: Path
) -> None:
    front = "---\ntitle: Mast\nurl: https://old.example/mast\n---\n\n"
    (folder / "mast.md").write_text(front + "The mast of the old ketch is nineteen metres tall.\n")
    registry = Registry(library)

    def synced(base: str) -> str | None:
        registry.add(make_source(str(folder), name="notes", base_url=base))
        [done] = syncer(library, embedder).run(["notes"])
        assert not done.summary.failed
        registry.remove("notes")
        [name] = {e.source for e in library.catalogue.entries()} - {"kettle.md"}
        return library.article(name).metadata.url

    assert synced("") == "https://old.example/mast"
    assert synced("https://wiki.example/") == "https://wiki.example/mast"
    assert synced("https://wiki.example/{path}.html") == "https://wiki.example/mast.html"
    (folder / "mast.md").rename(folder / "tall mast.md")
    assert synced("https://wiki.example") == "https://wiki.example/tall%20mast"


@pytest.mark.parametrize("change", ["deleted", "edited"])
def test_a_text_on_two_pages_is_read_on_the_one_that_is_left(
    library: Library, embedder: Any, tmp_path: Path, change: str
) -> None:
    words = "The spare oars of the gig are kept under the stairs of the loft.\n"
    (tmp_path / "wiki").mkdir()
    for name in ("a", "b"):
        (tmp_path / "wiki" / f"{name}.md").write_text(words)
    base = "https://wiki.example"
    Registry(library).add(make_source(str(tmp_path / "wiki"), base_url=base))
    list(syncer(library, embedder).run())
    assert [e.metadata.url for e in library.catalogue.entries()] == [f"{base}/a"]
    if change == "deleted":
        (tmp_path / "wiki" / "a.md").unlink()
    else:
        (tmp_path / "wiki" / "a.md").write_text("The oars were sold to the yacht club in May.\n")
    for _ in range(2):
        list(syncer(library, embedder).run(["wiki"]))
    urls = {library.article(e.source).text: e.metadata.url for e in library.catalogue.entries()}
    assert urls[words] == f"{base}/b"


@pytest.mark.parametrize(("base", "relative", "want"), [
    ("https://w.example", "a/B c.md", "https://w.example/a/B%20c"),
    ("https://w.example/w/", "ä?#.txt", "https://w.example/w/%C3%A4%3F%23"),
    ("https://w.example/{path}/view", "a.b.markdown", "https://w.example/a.b/view"),
    ("https://w.example/", "plan.pdf", "https://w.example/plan.pdf"),
])  # fmt: skip
def test_where_a_file_is_read(base: str, relative: str, want: str) -> None:
    assert page_address(base, relative) == want
