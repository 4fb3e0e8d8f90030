"""Registered sources: kept, synced when due, tried again later and later, one sync at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ingest.addressed import page_address
from ingest.mediawiki import MediaWiki
from ingest.sources import Registry, State, make_source
from ingest.summary import Summary
from ingest.sync import Schedule, Synced, Syncer, due, sync_state
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import load
from tests.test_online import Site
from ui.cli import main

DAY = 86400.0
PAGE = "<html><head><title>{0}</title></head><body><article><h1>{0}</h1><p>{1}</p></article></body>"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "notes"
    made.mkdir()
    (made / "kettle.md").write_text("# Kettle\n\nThe kettle in the hall boils in three minutes.\n")
    return made


def syncer(library: Library, embedder: Any, **options: Any) -> Syncer:
    settings = load({}, library=library.folder, allow_hosts="127.0.0.0/8", fetch_delay=0)
    return Syncer(library, embedder, settings, **options)


def slow_page(site: Site, path: str) -> tuple[threading.Event, threading.Event]:
    """A page that is sent when the second event is set; the first says that it was asked for."""
    asked, go = threading.Event(), threading.Event()
    words = PAGE.format("Slow", "The slow ferry takes forty minutes to the island and back. " * 5)

    def answer(handler: Any) -> None:
        asked.set()
        go.wait(20)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(words.encode())

    site.answers[path] = answer
    return asked, go


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


# --- A wiki's interface that does not do what it should ------------------------------------


def api(site: Site, *answers: Any) -> list[Any]:
    """The events of a wiki that answers so, one after the other and then the last again."""
    left = list(answers)

    def answer(handler: Any) -> None:
        said = left.pop(0) if len(left) > 1 else left[0]
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    class Any_(dict):  # type: ignore[type-arg]
        def get(self, key: str, default: Any = None) -> Any:
            return answer if key.startswith("/api.php") else dict.get(self, key, default)

    site.answers = Any_()
    from ingest.fetch import Fetcher

    fetcher = Fetcher(2.0, 0.0, "127.0.0.0/8")
    try:
        return list(MediaWiki(f"{site.url}/api.php", fetcher).events(lambda _: ""))
    finally:
        fetcher.close()


SITE = {"query": {"general": {"sitename": "W"}, "namespaces": {"0": {"id": 0}}}}


@pytest.mark.parametrize(("answers", "said"), [
    ([b"<html>"], "no MediaWiki's api.php"),
    ([b"[1]"], "no MediaWiki's api.php"),
    ([{"query": {"general": {}}}], "of version 1.25 or newer"),
    ([{"error": {"code": "maxlag", "info": "Waiting for a server"}}], "Waiting for a server"),
    ([SITE, {"error": {"code": "readapidenied"}}], "readapidenied"),
    ([SITE, {"query": {}}], "lists no page"),
    ([SITE, {"query": {"pages": [{"pageid": 1, "lastrevid": 2, "fullurl": "file:///etc"}]}}],
     "must begin with http"),
    ([SITE, {"query": {"pages": []}, "continue": {"gapcontinue": "A"}}], "no end to its answers"),
])  # fmt: skip
def test_a_wiki_that_answers_wrongly_loses_nothing(
    site: Site, answers: list[Any], said: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("ingest.mediawiki._MOST_ANSWERS", 20)
    [broken] = api(site, *answers)
    assert said in broken.reason and broken.path == f"{site.url}/api.php"


def test_robots_txt_does_not_forbid_an_interface_that_was_named(site: Site) -> None:
    from ingest.fetch import Fetcher

    site.answers["/robots.txt"] = (
        200,
        {"Content-Type": "text/plain"},
        b"User-agent: *\nDisallow: /",
    )
    site.answers["/api.php"] = (200, {}, b"{}")
    fetcher = Fetcher(2.0, 0.0, "127.0.0.0/8")
    page = fetcher.get(f"{site.url}/api.php", 100, crawl=False)
    assert page is not None and page.data == b"{}" and "/robots.txt" not in site.asked
    fetcher.close()


# --- The command ---------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        command = ["sync", *arguments, "--library", str(tmp_path / "lib")]
        return CliRunner().invoke(main, command)

    return invoke


def test_the_command_from_the_first_source_to_the_last(
    run: Callable[..., Result], folder: Path
) -> None:
    assert "no source is registered" in run().stderr
    added = run("add", str(folder), "--every", "5m")
    assert added.stdout == f"notes: {folder}, every 5 min\n"
    assert "due now" in run("list").stdout
    (folder / "empty.md").write_text("")
    first = run()
    assert first.exit_code == 1
    assert first.stdout == "notes: 1 added, 0 updated, 0 unchanged, 0 removed, 1 failed\n"
    assert first.stderr.startswith("failed: notes: ") and "empty" in first.stderr
    (folder / "empty.md").unlink()
    quiet = run()
    assert quiet.exit_code == 0 and not quiet.stdout and "next: notes in 5 min" in quiet.stderr
    again = json.loads(run("notes", "--json").stdout)
    assert (again["name"], again["unchanged"], again["error"]) == ("notes", ["kettle.md"], None)
    [row] = json.loads(run("list", "--json").stdout)["sources"]
    assert row["what"] == "path" and row["every"] == 300 and row["counts"]["unchanged"] == 1
    removed = run("remove", "notes", "--articles")
    assert removed.stdout == "notes: no longer synced, 1 article removed\n"
    assert json.loads(run("list", "--json").stdout) == {"sources": []}


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], "no source is called 'nowhere'"),
    (["remove", "nowhere"], "no source is called 'nowhere'"),
    (["add"], "give one source"),
    (["add", "missing-folder"], "no such file or folder"),
    (["add", ""], "an empty source"),
    (["add", "ftp://w.example/"], "must begin with http"),
    (["add", "mediawiki:notes"], "must begin with http"),
    (["add", "http://user:word@w.example/"], "user or password"),
    (["add", ".", "--every", "never"], "write 30s, 15m, 2h or 1d"),
    (["add", ".", "--every", "1s"], "10s at least"),
    (["add", ".", "--name", "list"], "is a command of sync"),
    (["add", ".", "--name", "-x/"], "a name has letters"),
    (["add", ".", "--base-url", "wiki.example"], "must begin with http"),
    (["add", "https://w.example/feed.xml", "--base-url", "https://w.example/"], "for a folder"),
])  # fmt: skip
def test_wrong_usage(run: Callable[..., Result], arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and said in result.stderr and not result.stdout


def test_one_source_under_two_names_is_refused(run: Callable[..., Result], folder: Path) -> None:
    assert run("add", str(folder)).exit_code == 0
    twice = run("add", str(folder) + "/", "--name", "other")
    assert twice.exit_code == 2 and "registered already, as notes" in twice.stderr
    (folder.parent / "more" / "notes").mkdir(parents=True)
    taken = run("add", str(folder.parent / "more" / "notes"))
    assert taken.exit_code == 2 and "give a --name" in taken.stderr


def test_addresses_are_told_apart() -> None:
    kinds = {
        "https://w.example/w/api.php": "mediawiki",
        "mediawiki:https://w.example/interface": "mediawiki",
        "https://w.example/feed.xml": "address",
    }
    assert {where: make_source(where).what.value for where in kinds} == kinds
    assert make_source("https://w.example/w/api.php").name == "w.example-w"
