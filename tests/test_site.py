"""What holds of all the plain pages: hostile text stays text, a path in front, nothing behind."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from rag.embed import OnnxEmbedder
from tests.serving import served
from tests.site import (
    HOSTILE,
    LIGHTHOUSE,
    REFUSED,
    Browse,
    Site,
    file,
    names,
    open_site,
    pages_alone,
)
from ui.records import Verdict
from ui.service import Service


def test_hostile_articles_stay_text(shelf: Site, browse: Browse) -> None:
    name = "<img src=x onerror=window.hacked=1>&quot;.md"
    page = browse(f"{shelf.address}/library")
    page.set_input_files("#files", [file(name, HOSTILE.encode())])
    expect(page.locator("#uploads li")).to_contain_text("1 added.")
    assert page.locator("#uploads .file").inner_text() == name
    source = f"uploads/{name}"
    article = shelf.library.article(source)
    row = page.locator("#articles tr", has_text="onerror")
    assert row.locator("img, script, svg").count() == 0
    row.get_by_role("link").first.click()
    assert page.locator(".text").evaluate("e => e.textContent") == article.text
    assert page.locator("main img, main script, main svg, main iframe").count() == 0
    assert page.locator("main a[href^=javascript]").count() == 0
    asked = shelf.ask("<img src=x onerror=window.hacked=1> what is the mayor's name?")
    shelf.service.say(asked.id or "", Verdict.GAP, "</p><script>window.hacked=1</script>")
    page.goto(f"{shelf.address}/gaps")
    expect(page.locator("h2").first).to_contain_text("onerror=window.hacked=1")
    page.get_by_role("link", name="Make a case").click()
    page.locator("#found button", has_text="onerror").click()
    expect(page.locator("#article-title")).to_be_focused()
    assert page.locator("#text").evaluate("e => e.textContent") == article.text
    page.locator("#text [data-start]").first.click()
    page.get_by_role("button", name="Add the chosen words").click()
    assert page.locator("main img, main script, main svg").count() == 0


def test_all_holds_behind_a_path(tmp_path: Path, embedder: OnnxEmbedder, browse: Browse) -> None:
    with open_site(tmp_path, embedder, prefix="/team/quotes") as site:
        number = site.ask(REFUSED).id
        page = browse(f"{site.address}/library")
        page.set_input_files("#files", [file("lighthouse.md", LIGHTHOUSE)])
        expect(page.locator("#uploads .done")).to_contain_text("1 added.")
        page.get_by_role("link", name="The lighthouse of Sines", exact=True).click()
        assert page.locator(".text").evaluate("e => e.textContent") == LIGHTHOUSE.decode()
        page.get_by_role("link", name="Library").click()
        page.get_by_role("link", name="Remove The lighthouse").click()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("status").first).to_have_text("The article was removed.")
        page.get_by_role("link", name="Gaps").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as CSV").click()
        assert number in download.value.path().read_text(encoding="utf-8")
        page.get_by_role("link", name="Make a case").click()
        page.get_by_label("No, they don’t").check()
        page.get_by_label("Mark the gap as done").uncheck()
        page.get_by_role("button", name="Save the case").click()
        page.get_by_role("link", name="Back to the gaps").click()
        page.get_by_role("button", name="Mark as done").click()
        expect(page.locator(".empty")).to_be_visible()
        assert page.get_by_role("link", name="Chat").evaluate("e => e.href") == f"{site.address}/"


def test_without_a_keeper_or_records_the_pages_only_show(shelf: Site, browse: Browse) -> None:
    with served(pages_alone(Service(shelf.service.assistant), None)) as address:
        page = browse(f"{address}/library")
        assert len(names(page)) == 2
        assert page.get_by_role("link", name="Remove").count() == 0
        page.goto(f"{address}/gaps")
        expect(page.get_by_role("alert")).to_contain_text("Answers are not kept here")
