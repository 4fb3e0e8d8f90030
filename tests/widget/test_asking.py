"""The widget in a page of another site: asked, followed to the quoted words, and closed."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.asking import LIFTED, LIFTS, opened, put
from tests.widget_site import Wiki


def test_a_quote_leads_to_the_words_on_its_page_and_the_conversation_stays(
    wiki: Wiki, page: Page
) -> None:
    frame = opened(page, wiki)
    put(frame, LIFTS)
    assert frame.locator("blockquote").inner_text() == f"“{LIFTED}”"
    frame.get_by_role("link", name="Crane").click()
    page.wait_for_url(f"{wiki.url}/wiki/crane*")
    page.wait_for_function("scrollY > 1500")
    # The bubble is open on the new page too, and does not take the focus away from it.
    expect(frame.locator("blockquote")).to_have_text(f"“{LIFTED}”")
    assert page.evaluate("document.activeElement.id") != "pullquote"
    put(frame, "And who may drive it?")
    assert "Ida Brandt" in frame.locator("blockquote").last.inner_text()
    asked = wiki.asked[-1]
    assert asked["history"][0]["content"] == LIFTS
    assert asked["page"] == f"{wiki.url}/wiki/crane"


def test_a_quote_of_the_open_page_scrolls_it(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki, "crane")
    put(frame, LIFTS)
    page.evaluate("window.sameDocument = true")
    frame.get_by_role("link", name="Crane").click()
    page.wait_for_function("scrollY > 1500")
    assert page.evaluate("window.sameDocument")


def test_by_keyboard_alone(wiki: Wiki, page: Page) -> None:
    page.goto(f"{wiki.url}/wiki/bells")
    bubble = page.get_by_role("button", name="Ask the articles")
    assert bubble.get_attribute("aria-expanded") == "false"
    page.locator("#first").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = page.frame_locator("#pullquote iframe")
    expect(frame.locator("#question")).to_be_focused()
    expect(page.get_by_role("dialog", name="Ask the articles")).to_be_visible()
    page.keyboard.type(LIFTS)
    page.keyboard.press("Enter")
    expect(frame.locator("blockquote")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    bubble = page.get_by_role("button", name="Ask the articles")
    expect(bubble).to_be_focused()
    page.keyboard.press("Enter")
    expect(frame.locator("#question")).to_be_focused()
    # The next stop after the whole conversation is outside of it again: no trap.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert not frame.locator("#question").evaluate(
        "e => document.hasFocus() && e.matches(':focus')"
    )


def test_names_and_roles(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    assert page.locator("#pullquote iframe").get_attribute("title") == "Ask the articles"
    expect(frame.get_by_role("log")).to_be_attached()
    expect(frame.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(frame.get_by_role("button", name="Close")).to_be_visible()
    frame.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_refusal_shows_what_comes_nearest(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, "Who paints the harbour crane on Sundays in winter?")
    expect(frame.get_by_text("The articles don’t answer this.")).to_be_visible()
    expect(frame.get_by_text("Nearest passages")).to_be_visible()
    assert frame.locator("figure").count() >= 1


def test_a_row_is_shown_under_its_tables_head(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, "What is the fee for a ketch?")
    assert frame.locator("th").all_inner_texts() == ["Boat", "Fee"]
    assert frame.locator("td").all_inner_texts() == ["ketch", "19 euros"]


def test_it_starts_anew(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, LIFTS)
    frame.get_by_role("button", name="New").click()
    expect(frame.locator(".turn")).to_have_count(0)
    put(frame, "When does the ferry leave?")
    assert wiki.asked[-1]["history"] == []


def test_no_cookie_is_set_anywhere(wiki: Wiki, page: Page, context: BrowserContext) -> None:
    put(opened(page, wiki), LIFTS)
    assert context.cookies() == []
