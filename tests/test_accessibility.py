"""axe-core on every page, in both colour schemes and on a phone: nothing serious or critical.

A new page is one more line of PAGES: its name, and what opens it in a browser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from rag.embed import OnnxEmbedder
from tests.site import HOSTILE, Site, finished, open_site
from ui.records import Verdict
from ui.web.app import create_app

ANSWERED = "What did the second pier of Porto Almar cost?"
REFUSED = "Who is the mayor of Porto Almar?"
BOX = "#pq-question-box textarea"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, embedder: OnnxEmbedder) -> Iterator[Site]:
    """The whole application over a library with every state of an article and a gap."""

    def whole(service, keeper):  # type: ignore[no-untyped-def]
        return create_app(service, keeper.settings, keeper)

    with open_site(tmp_path_factory.mktemp("site"), embedder, whole) as site:
        otters = site.keeper.begin("otters.md", False)
        otters.write_text(HOSTILE, encoding="utf-8", newline="")
        site.keeper.add(otters)
        lines = site.keeper.begin("lines.jsonl", False)
        lines.write_text('{"id": "a", "text": "One buoy lies here."}\nbroken', encoding="utf-8")
        last = finished(site.keeper.add(lines))
        assert last.state == "done", last.said
        refused = site.ask(REFUSED)
        assert refused.answer.refused
        site.ask("Who is mayor of Porto Almar now?")
        bad = site.ask(ANSWERED)
        assert bad.answer.citations
        assert bad.id
        site.records.say(bad.id, Verdict.BAD, "It was more.")
        yield site


def chat(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/")
    page.wait_for_selector(BOX)


def chat_answered(page: Page, site: Site) -> None:
    chat(page, site)
    page.fill(BOX, ANSWERED)
    page.press(BOX, "Enter")
    page.wait_for_selector("#quote")


def chat_refused(page: Page, site: Site) -> None:
    chat(page, site)
    page.fill(BOX, REFUSED)
    page.press(BOX, "Enter")
    page.wait_for_selector(".pq-refused")


def at(path: str) -> Callable[[Page, Site], None]:
    """A page that is there as soon as it is loaded."""

    def go(page: Page, site: Site) -> None:
        page.goto(f"{site.address}/{path}")

    return go


def uploading(page: Page, site: Site) -> None:
    at("library")(page, site)
    page.set_input_files("#files", [{"name": "x.exe", "mimeType": "", "buffer": b"x"}])
    page.wait_for_selector("#uploads .failed")
    page.set_input_files("#files", [{"name": "otters.md", "mimeType": "", "buffer": b"x"}])
    page.wait_for_selector("#uploads .asking")


def shared(page: Page, site: Site) -> None:
    kept = site.ask(ANSWERED)
    page.goto(f"{site.address}/a/{kept.id}")
    page.wait_for_selector(".pq-quote")


def widget_answered(page: Page, site: Site) -> None:
    at("widget")(page, site)
    page.get_by_role("textbox").fill(ANSWERED)
    page.keyboard.press("Enter")
    page.wait_for_selector("blockquote")


def case(page: Page, site: Site) -> None:
    at("gaps?kind=unanswered")(page, site)
    page.get_by_role("link", name="Make a case").first.click()
    page.wait_for_selector("#found li")


def case_chosen(page: Page, site: Site) -> None:
    case(page, site)
    page.locator(".take").first.click()
    page.locator("#found button", has_text="harbour opens").click()
    page.locator("#text [data-start]").nth(1).click()
    page.wait_for_selector("#pick:not([hidden])")


PAGES: dict[str, Callable[[Page, Site], None]] = {
    "chat": chat,
    "chat-answered": chat_answered,
    "chat-refused": chat_refused,
    "shared": shared,
    "widget": at("widget"),
    "widget-answered": widget_answered,
    "api": at("api/docs"),
    "library": at("library"),
    "library-search": at("library?q=museum&sort=published&down=1"),
    "library-nothing-found": at("library?q=zzz"),
    "library-uploading": uploading,
    "remove": at("remove?source=harbour.md"),
    "article": at("read?source=harbour.md"),
    "article-quote": at("read?source=harbour.md&start=120&end=180"),
    "article-hostile": at("read?source=uploads/otters.md"),
    "article-missing": at("read?source=nowhere"),
    "gaps": at("gaps"),
    "gaps-nothing-found": at("gaps?kind=reported"),
    "case": case,
    "case-chosen": case_chosen,
    "case-missing": at("case?answer=nowhere"),
}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark-phone": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_no_serious_violation(browser: Browser, site: Site, name: str, look: str) -> None:
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    try:
        PAGES[name](page, site)
        found = serious(page)
        assert found == [], "\n".join(found)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the window"
    finally:
        context.close()


def serious(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, a line for each element."""
    response = Axe().run(page).response
    # A page on which nothing was looked at would have no violations either.
    assert len(response["passes"]) > 5
    return [
        f"{v['id']} ({v['impact']}): {v['help']}: {node['html'][:200]} {node['failureSummary']}"
        for v in response["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


def test_the_check_can_fail(browser: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<html lang=en><title>x</title><main><h1>x</h1><input><button></button>"
        "<p style='color:#aaa;background:#fff'>faint</p><a href=x>y</a></main>"
    )
    page = browser.new_page()
    page.goto(bad.as_uri())
    found = " ".join(serious(page))
    page.close()
    assert all(rule in found for rule in ("label", "button-name", "color-contrast"))
