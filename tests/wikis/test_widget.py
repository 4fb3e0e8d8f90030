"""The widget in real wikis, added as docs/wiki.md says, asked in Chromium on their pages.

`pullquote serve` runs as whoever runs it would start it, on another origin than the wiki, with
tokens that the wiki's side mints; `pullquote sync` brings in what was written.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.widget.asking import open_widget, put
from tests.wikis.servers import Wiki, free_port, media_wiki, otter_wiki, running

pytestmark = pytest.mark.wikis

BIN = Path(sys.executable).parent / "pullquote"
DOCS = Path(__file__).parent.parent.parent / "docs" / "wiki.md"
FILLER = "\n\n".join(f"Line {n} of the log of the harbour says nothing of note." for n in range(60))
OPENS, OPENING = (
    "When does the boathouse open on weekdays?",
    "The boathouse opens at half past seven on weekdays.",
)
LATER = "The boathouse opens at ten on weekdays since the fire."
LIFTS, LIFTED = "How much does the crane lift?", "The harbour crane lifts twelve tonnes."


@dataclass
class Kept:
    """A wiki, and a Pullquote that is kept in step with it."""

    wiki: Wiki
    environ: dict[str, str]

    def sync(self) -> str:
        done = subprocess.run(
            [str(BIN), "sync", "wiki"], env=self.environ, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def snippet(language: str, near: str) -> str:
    """A piece of code that docs/wiki.md shows, so that what it says is what works."""
    found = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    [only] = [text for text in found if near in text]
    return str(only)


@pytest.fixture(scope="module", params=["otter", "media"])
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp(request.param)
    port, wiki_port = free_port(), free_port()
    pullquote, url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{wiki_port}"
    environ = {
        **os.environ, "PULLQUOTE_LIBRARY": str(folder / "library"),
        "PULLQUOTE_FRAME_ANCESTORS": url, "PULLQUOTE_ALLOW_HOSTS": "127.0.0.1",
        "PULLQUOTE_FETCH_DELAY": "0",
    }  # fmt: skip
    with ExitStack() as stack:
        if request.param == "otter":
            body = snippet("python", "HTML_EXTRA_BODY").replace("https://ask.example", pullquote)
            otter = stack.enter_context(otter_wiki(folder / "wiki", wiki_port, body))
            wiki: Wiki = otter
            source = [str(otter.repository), "--base-url", url]
        else:
            hook = snippet("php", "BeforePageDisplay").replace("https://ask.example", pullquote)
            media = stack.enter_context(media_wiki(folder / "wiki", wiki_port, hook))
            wiki, source = media, [media.api]
        add = [str(BIN), "sync", "add", *source, "--name", "wiki"]
        subprocess.run(add, env=environ, check=True, capture_output=True)
        wiki.write("Boathouse", f"{FILLER}\n\n{OPENING}\n\n{FILLER}")
        wiki.write("Harbour crane", f"{FILLER}\n\n{LIFTED}\n\n{FILLER}")
        wiki.write("Slipway", "The slipway is for boats of under four tonnes.")
        found = Kept(wiki, environ)
        assert " 0 failed" in found.sync()
        serve = [str(BIN), "serve", "--port", str(port), "--no-open"]
        stack.enter_context(running(serve, environ, f"{pullquote}/health", folder / "serve.log"))
        yield found


def test_a_quote_in_the_wiki_leads_to_its_words(kept: Kept, page: Page) -> None:
    frame = open_widget(page, kept.wiki.page("Slipway"))
    put(frame, LIFTS)
    assert frame.locator("blockquote").first.inner_text() == f"“{LIFTED}”"
    frame.locator("figcaption a").first.click()
    page.wait_for_url(re.compile(r"crane", re.IGNORECASE))
    # Far below the top of the page: only the words in the address bring it into view.
    expect(page.get_by_text(LIFTED)).to_be_in_viewport()
    expect(frame.locator("blockquote").first).to_have_text(f"“{LIFTED}”")


def test_an_edited_page_is_answered_anew_and_a_deleted_one_no_more(kept: Kept, page: Page) -> None:
    frame = open_widget(page, kept.wiki.page("Slipway"))
    put(frame, OPENS)
    expect(frame.locator("blockquote").last).to_have_text(f"“{OPENING}”")
    kept.wiki.write("Boathouse", f"{FILLER}\n\n{LATER}\n\n{FILLER}")
    kept.wiki.delete("Harbour crane")
    said = kept.sync()
    assert "1 updated" in said and "1 removed" in said
    put(frame, OPENS)
    expect(frame.locator(".turn").last.locator("blockquote").first).to_have_text(f"“{LATER}”")
    put(frame, LIFTS)
    expect(frame.get_by_text("The articles don’t answer this.")).to_be_visible()
    assert LIFTED not in frame.locator(".turn").last.inner_text()


def test_the_schedule_of_serve_finds_an_edit_by_itself(kept: Kept, page: Page) -> None:
    run = [str(BIN), "sync", "remove", "wiki"]
    listed = subprocess.run(
        [str(BIN), "sync", "list", "--json"], env=kept.environ, check=True, capture_output=True
    )
    where = re.search(r'"where": "([^"]+)"', listed.stdout.decode())
    base = re.search(r'"base_url": "([^"]*)"', listed.stdout.decode())
    assert where and base
    subprocess.run(run, env=kept.environ, check=True, capture_output=True)
    kept.wiki.write("Net loft", "The net loft is swept on the first Friday of each month.")
    add = [str(BIN), "sync", "add", where[1], "--name", "wiki", "--every", "10s"]
    add += ["--base-url", base[1]] if base[1] else []
    subprocess.run(add, env=kept.environ, check=True, capture_output=True)
    frame = open_widget(page, kept.wiki.page("Slipway"))
    question, end = "When is the net loft swept?", time.monotonic() + 40
    while True:
        put(frame, question)
        if "first Friday" in frame.locator(".turn").last.inner_text():
            break
        assert time.monotonic() < end
        time.sleep(1)
