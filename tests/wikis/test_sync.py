"""Real wikis in step with a library: what is written is found, what is deleted is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ingest.sources import Registry, make_source
from ingest.sync import Syncer, sync_state
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import load
from tests.wikis.servers import Media, Otter, free_port, media_wiki, otter_wiki
from ui.cli import main

pytestmark = pytest.mark.wikis

OPENING = "The boathouse opens at half past seven on weekdays."
CRANE = "The harbour crane lifts twelve tonnes."
LATER = "The boathouse opens at ten on weekdays since the fire."


@pytest.fixture(scope="module")
def otter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Otter]:
    with otter_wiki(tmp_path_factory.mktemp("otter"), free_port()) as wiki:
        yield wiki


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Media]:
    with media_wiki(tmp_path_factory.mktemp("media"), free_port()) as wiki:
        yield wiki


class Kept:
    """A library kept in step with one source."""

    def __init__(self, library: Library, embedder: Any, where: str, **options: str) -> None:
        settings = load({}, library=library.folder, allow_hosts="127.0.0.0/8", fetch_delay=0)
        Registry(library).add(make_source(where, name="wiki", **options))
        self.library = library
        self.assistant = Assistant(library, embedder, settings)
        self.syncer = Syncer(library, embedder, settings)

    def sync(self) -> dict[str, int]:
        [synced] = self.syncer.run(["wiki"])
        assert synced.error is None
        [row] = sync_state(self.library)
        return {name: n for name, n in row["counts"].items() if n}

    def answer(self, question: str) -> tuple[str, str | None] | None:
        """The first quote with its page's address; None where the question is refused."""
        answer = self.assistant.answer(question)
        if answer.refused:
            return None
        quote = answer.citations[0].quote
        return quote.text, quote.article.metadata.url


@pytest.fixture
def keep(library: Library, embedder: Any) -> Callable[..., Kept]:
    return lambda where, **options: Kept(library, embedder, where, **options)


def test_an_otter_wiki_is_followed_page_by_page(otter: Otter, keep: Any) -> None:
    otter.write("Boathouse", f"# Boathouse\n\n{OPENING}\n")
    otter.write("Works/Heavy Crane", f"# Heavy Crane\n\n{CRANE}\n")
    kept = keep(str(otter.repository), base_url=f"{otter.url}/")
    assert kept.sync()["added"] >= 2
    opens, lifts = "When does the boathouse open on weekdays?", "How much does the crane lift?"
    assert kept.answer(opens) == (OPENING, f"{otter.url}/boathouse")
    assert kept.answer(lifts) == (CRANE, f"{otter.url}/works/heavy%20crane")
    otter.write("Boathouse", f"# Boathouse\n\n{LATER}\n")
    otter.delete("Works/Heavy Crane")
    counts = kept.sync()
    assert (counts["updated"], counts["removed"]) == (1, 1)
    assert kept.answer(opens) == (LATER, f"{otter.url}/boathouse")
    assert kept.answer(lifts) is None


def test_a_mediawiki_is_followed_through_its_interface(media: Media, keep: Any) -> None:
    media.write("Boathouse", f"{OPENING}<ref>By the warden.</ref>\n\n== Keys ==\nAsk Ida.")
    media.write("Harbour crane", f"'''{CRANE[:-1]}'''.\n\n[[Category:Works]]")
    media.write("Crane", "#REDIRECT [[Harbour crane]]")
    media.write("Talk:Boathouse", "The boathouse opens never, says a troll.")
    kept = keep(media.api)
    # The wiki's own main page is the third.
    assert kept.sync() == {"added": 3}
    assert kept.sync() == {"unchanged": 3}
    opens, lifts = "When does the boathouse open on weekdays?", "How much does the crane lift?"
    assert kept.answer(opens) == (OPENING, media.page("Boathouse"))
    assert kept.answer(lifts) == (CRANE, media.page("Harbour crane"))
    media.write("Boathouse", LATER)
    media.delete("Harbour crane")
    assert kept.sync() == {"updated": 1, "unchanged": 1, "removed": 1}
    assert kept.answer(opens) == (LATER, media.page("Boathouse"))
    assert kept.answer(lifts) is None
    article = kept.library.article(media.page("Boathouse"))
    assert article.metadata.publisher == "Quay wiki" and article.metadata.updated
    media.write("Boathouse", "#REDIRECT [[Main Page]]")
    assert kept.sync() == {"unchanged": 1, "removed": 1}


def test_a_wiki_that_hides_its_pages_loses_none(media: Media, keep: Any) -> None:
    media.write("Boathouse", OPENING)
    kept = keep(media.api)
    before = kept.sync()["added"]
    text = media.settings.read_text()
    try:
        media.settings.write_text(text + "\n$wgGroupPermissions['*']['read'] = false;\n")
        [synced] = kept.syncer.run(["wiki"])
        assert "read permission" in (synced.error or "") and not synced.summary.removed
    finally:
        media.settings.write_text(text)
    assert kept.sync() == {"unchanged": before}


def test_what_is_no_mediawiki_is_told(otter: Otter, keep: Any) -> None:
    kept = keep(f"mediawiki:{otter.url}/")
    [synced] = kept.syncer.run(["wiki"])
    assert "no MediaWiki" in (synced.error or "")
    [row] = sync_state(kept.library)
    assert row["failures"] == 1 and row["next_run"] > row["last_run"]


def test_a_folder_keeps_its_case_where_the_wiki_does(tmp_path: Path, keep: Any) -> None:
    folder = tmp_path / "repository"
    (folder / "Works").mkdir(parents=True)
    (folder / "Works" / "Heavy Crane.md").write_text(f"# Crane\n\n{CRANE}\n")
    kept = keep(str(folder), base_url="https://wiki.example/w/{path}?show")
    kept.sync()
    want = "https://wiki.example/w/Works/Heavy%20Crane?show"
    assert kept.answer("How much does the crane lift?") == (CRANE, want)


def test_the_command_ingest_reads_a_wiki_too(media: Media, tmp_path: Path) -> None:
    media.write("Boathouse", OPENING)
    command = ["ingest", media.api, "--json", "--library", str(tmp_path / "library")]
    environ = {"PULLQUOTE_ALLOW_HOSTS": "127.0.0.1", "PULLQUOTE_FETCH_DELAY": "0"}
    first = CliRunner().invoke(main, command, env=environ)
    assert media.page("Boathouse") in json.loads(first.stdout)["added"]
    again = json.loads(CliRunner().invoke(main, command, env=environ).stdout)
    assert media.page("Boathouse") in again["unchanged"] and not again["added"]


def test_only_texts_that_changed_are_asked_for(media: Media, keep: Any, monkeypatch: Any) -> None:
    from ingest.fetch import Fetcher

    asked: list[str] = []
    get = Fetcher.get
    monkeypatch.setattr(Fetcher, "get", lambda *a, **k: (asked.append(a[1]), get(*a, **k))[1])
    # More pages than the wiki lists or gives in one answer to who has no account.
    media.write_many(
        {
            f"Berth {n}": f"Berth {n} is {20 + n} metres long. It has {n} bollards."
            for n in range(60)
        }
    )
    kept = keep(media.api)
    assert kept.sync()["added"] >= 60
    asked.clear()
    media.write("Berth 7", "Berth 7 is closed for repairs until the spring tide.")
    assert kept.sync()["updated"] == 1
    assert len([a for a in asked if "rvprop" in a]) == 1
