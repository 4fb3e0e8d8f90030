"""The library page in a real browser: files are brought, found and removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, expect

from rag.embed import OnnxEmbedder
from rag.errors import NotFoundError
from tests.serving import served
from tests.site import (
    LIGHTHOUSE,
    Browse,
    Site,
    file,
    listed,
    names,
    open_site,
)
from ui.web.site import site_router


def test_files_are_brought_followed_and_answered_from(shelf: Site, browse: Browse) -> None:
    page = browse(f"{shelf.address}/library")
    expect(page.locator("#count")).to_have_text("2 articles")
    page.get_by_label("Drop files here").set_input_files(
        [
            file("lighthouse.md", LIGHTHOUSE),
            file("photo.png", b"\x89PNG"),
            file("latin.txt", "schön".encode("latin-1")),
        ]
    )
    states = page.locator("#uploads li")
    expect(states).to_have_count(3)
    expect(states.nth(0)).to_contain_text("1 added.")
    expect(states.nth(1)).to_contain_text("not a kind of file that is read; read are .txt")
    expect(states.nth(2)).to_contain_text("latin.txtnot UTF-8")
    assert page.locator("#upload-said").inner_text()
    # The list is the new one, without a reload.
    expect(page.locator("#count")).to_have_text("3 articles")
    assert "The lighthouse of Sines" in names(page)
    answer = shelf.ask("When was the lighthouse of Sines lit first?").answer
    assert answer.citations[0].quote.article.source == "uploads/lighthouse.md"
    # The same name again is asked about.
    page.set_input_files("#files", [file("lighthouse.md", LIGHTHOUSE + b"\nIt has 92 steps.\n")])
    asking = page.locator("#uploads .asking")
    expect(asking).to_contain_text("There is an upload of this name already.")
    asking.get_by_role("button", name="Replace lighthouse.md").click()
    expect(page.locator("#uploads li").nth(3)).to_contain_text("1 updated.")
    assert "92 steps" in shelf.library.article("uploads/lighthouse.md").text


def test_dropped_files_and_too_large_ones(
    tmp_path: Path, embedder: OnnxEmbedder, browse: Browse
) -> None:
    with open_site(tmp_path, embedder, max_article_mb="0.01") as site:
        page = browse(f"{site.address}/library")
        page.evaluate(
            """() => {
              const data = new DataTransfer();
              data.items.add(new File(["The quay is 900 metres long."], "quay.txt"));
              data.items.add(new File(["word ".repeat(3000)], "long.txt"));
              for (const name of ["dragover", "drop"]) {
                document.getElementById("drop").dispatchEvent(
                  new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
              }
            }"""
        )
        expect(page.locator("#uploads .done")).to_contain_text("1 added.")
        expect(page.locator("#uploads .failed")).to_contain_text("over the limit of 0.01 MB")


def test_a_server_that_is_gone_is_told(
    tmp_path: Path, embedder: OnnxEmbedder, browser: Browser
) -> None:
    with open_site(tmp_path, embedder) as site:
        page = browser.new_page()
        page.goto(f"{site.address}/library")
    page.set_input_files("#files", [file("a.txt", b"A word.")])
    expect(page.locator("#uploads .failed")).to_contain_text("the server did not answer")
    page.close()


def test_search_sort_and_removal(shelf: Site, browse: Browse) -> None:
    page = browse(f"{shelf.address}/library")
    both = ["Museum of Salt to close for repairs", "The harbour opens a second pier"]
    expect(listed(page)).to_have_text(both)
    page.get_by_role("link", name="Article").click()
    expect(listed(page)).to_have_text(both[::-1])
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.get_by_label("Search").fill("évora")
    page.get_by_label("Search").press("Enter")
    expect(listed(page)).to_have_text(both[:1])
    expect(page.locator("#count")).to_have_text("1 of 2 articles")
    page.get_by_role("link", name="Remove Museum of Salt").click()
    page.get_by_role("link", name="Keep it").click()
    expect(listed(page)).to_have_text(both)
    page.get_by_role("link", name="Remove Museum of Salt").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").first).to_have_text("The article was removed.")
    expect(listed(page)).to_have_text(both[1:])
    with pytest.raises(NotFoundError):
        shelf.library.article("museum.md")


def test_where_there_is_nothing_yet_the_pages_say_what_to_do(shelf: Site, browse: Browse) -> None:
    for source in ("harbour.md", "museum.md"):
        shelf.keeper.remove(source)
    page = browse(f"{shelf.address}/library")
    expect(page.locator(".empty")).to_contain_text("No articles yet. Add files above")
    page.goto(f"{shelf.address}/gaps")
    expect(page.locator(".empty")).to_contain_text("No gaps: every question so far was answered")


def test_sources_kept_in_step_are_shown_with_their_troubles(shelf: Site, browse: Browse) -> None:
    well = {
        "name": "notes", "where": "/srv/notes", "running": False, "last_success": 1_750_000_000.0,
        "next_run": 1_750_000_300.0, "error": "", "counts": {"added": 3, "failed": 0},
        "problems": [],
    }  # fmt: skip
    ill = {
        **well, "name": "<b>wiki</b>", "where": "https://wiki.example/api.php",
        "last_success": None, "error": "no answer <i>within</i> 30 s",
        "problems": ["Main_Page: too large"],
    }  # fmt: skip
    state: list[dict[str, object]] = [well]
    app = FastAPI()
    app.include_router(site_router(shelf.service, shelf.keeper, sync=lambda: state))
    with served(app) as address:
        page = browse(f"{address}/library")
        expect(page.locator(".sync summary")).to_have_text("Kept in step with 1 source, all well")
        assert "15 June 2025 15:06 UTC" in (page.locator(".sync li").text_content() or "")
        state.append(ill)
        page.reload()
        expect(page.locator(".sync summary")).to_have_text(
            "Kept in step with 2 sources, 1 in trouble"
        )
        expect(page.locator(".sync > ul > li").nth(1)).to_contain_text("<i>within</i>")
        expect(page.locator(".sync > ul > li").nth(1)).to_contain_text("not looked at yet")
        assert page.locator(".sync b, .sync i").count() == 0
        state.clear()
        page.reload()
        assert page.locator(".sync").count() == 0
