"""Quotes on the chat page: opened, walked through, previewed; in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.page import BOX, ask, in_view, place, shown
from tests.serving import served
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app


def test_markers_open_exactly_the_quotes(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str
) -> None:
    page = visit(site)
    assert "Quotes mode" in page.locator(".pq-status").inner_text()
    ask(page, answered)
    answer = assistant.answer(answered)
    first = answer.citations[0].quote
    # The first opens by itself.
    assert shown(page, *place(first)) == first.text
    for citation in answer.citations:
        quote = citation.quote
        page.click(f'.pq-marker[data-marker="{citation.marker}"]')
        text = shown(page, *place(quote))
        stored = assistant.library.article(quote.article.source).text
        assert text == quote.text == stored[quote.span.start : quote.span.end]
        assert page.locator(".pq-text").evaluate("e => e.textContent") == stored
        assert in_view(page)
        pressed = page.locator('.pq-marker[aria-pressed="true"]')
        assert pressed.get_attribute("data-marker") == str(citation.marker)


def test_a_refusal_shows_the_nearest_and_they_open(
    visit: Callable[..., Page], site: str, assistant: Any, refused: str
) -> None:
    page = visit(site)
    ask(page, refused)
    near = assistant.answer(refused).near_misses[0].quote
    assert page.locator(".pq-refused .pq-nearest").inner_text() == "Nearest"
    page.wait_for_selector("#pq-panel .pq-hint")
    page.click(".pq-refused .pq-marker >> nth=0")
    assert shown(page, *place(near)) == near.text


def test_a_marker_works_from_the_keyboard(
    visit: Callable[..., Page], site: str, answered: str
) -> None:
    page = visit(site)
    ask(page, answered)
    marker = page.get_by_role("button", name="Show quote 2 in its article")
    marker.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert marker.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector('.pq-marker[data-marker="2"][aria-pressed="true"]')
    page.wait_for_function(
        "document.querySelector('#pq-announce').textContent.startsWith('Quote 2 ')"
    )
    assert page.get_by_label("Your question").is_visible()


def test_quotes_are_walked_through_by_key_and_by_button(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str
) -> None:
    page = visit(site)
    turn = ask(page, answered)
    page.wait_for_selector("mark#quote")
    count = int(page.locator("#pq-place").inner_text().rsplit(" ", 1)[1])
    assert count >= 2
    assert page.locator("#pq-prev").is_disabled()
    quotes = [c.quote for c in assistant.answer(answered).citations]
    pressed = turn.locator('[aria-pressed="true"][data-source]')
    seen = []
    page.locator("#pq-panel").focus()
    for key in ["j", "Alt+ArrowDown"] * count:
        seen.append(pressed.get_attribute("data-start"))
        page.keyboard.press(key)
        if len(seen) < count:
            page.wait_for_function(
                "n => document.querySelector('#pq-place').textContent.includes(`· ${n} of`)",
                arg=len(seen) + 1,
            )
        else:
            break
    assert {str(q.span.start) for q in quotes} <= set(seen)
    assert page.locator("#pq-next").is_disabled()
    page.keyboard.press("k")
    page.click("#pq-prev") if count > 2 else None
    # A letter typed into a field is a letter.
    before = pressed.get_attribute("data-start")
    page.fill(BOX, "")
    page.type(BOX, "j?")
    assert page.input_value(BOX) == "j?"
    assert pressed.get_attribute("data-start") == before
    assert not page.locator("#pq-keys-dialog").is_visible()
    page.locator("#pq-panel").focus()
    page.keyboard.press("?")
    assert "next quote" in page.locator("#pq-keys-dialog").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#pq-keys-dialog").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_a_card_shows_a_markers_quote_and_goes_with_escape(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str
) -> None:
    page = visit(site)
    turn = ask(page, answered)
    quote = assistant.answer(answered).citations[1].quote
    marker = turn.locator('.pq-marker[data-marker="2"]').first
    card = page.locator("#pq-card")
    marker.hover()
    card.wait_for(state="visible")
    assert card.locator("b").evaluate("e => e.textContent") == quote.text
    text = quote.article.text
    around = text[max(0, quote.span.start - 20) : quote.span.end + 20]
    assert around in card.locator(".pq-near-text").evaluate("e => e.textContent")
    assert marker.get_attribute("aria-describedby") == "pq-card"
    # It can be pointed at itself, and goes when it is left.
    card.hover()
    page.wait_for_timeout(400)
    assert card.is_visible()
    page.mouse.move(2, 2)
    card.wait_for(state="hidden")
    marker.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    card.wait_for(state="visible")
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert marker.evaluate("e => e === document.activeElement")


def test_the_live_page_opens_at_the_quote(
    visit: Callable[..., Page], make_assistant: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "mill.md").write_text(
        "---\nurl: https://mills.example/story\n---\n# The mill\n\n"
        "The old water mill burned down in 1931.\n\nNobody was hurt.\n",
        encoding="utf-8",
    )
    with served(create_app(Service(make_assistant(folder)))) as address:
        page = visit(address)
        ask(page, "When did the water mill burn down?")
        link = page.locator("#pq-panel .pq-where a")
        link.wait_for()
        assert link.get_attribute("href") == (
            "https://mills.example/story#:~:text="
            "The%20old%20water%20mill%20burned%20down%20in%201931."
        )
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"


def test_an_article_that_changed_shows_what_was_quoted_and_what_it_says_now(
    visit: Callable[..., Page],
    library_of: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    told = "The lighthouse at Varn has 212 steps."
    (folder / "tower.md").write_text(f"# Tower\n\nIt is old.\n\n{told}\n", encoding="utf-8")
    (folder / "ferry.md").write_text("# Ferry\n\nThe Varn ferry sails at 7:40.\n", encoding="utf-8")
    kept = library_of(folder)
    with served(create_app(Service(kept.assistant, Records(kept.folder)))) as address:
        page = visit(address)
        ask(page, "How many steps does the lighthouse at Varn have?")
        ask(page, "When does the Varn ferry sail?")
        assert page.locator(".pq-standing").count() == 0
        (folder / "tower.md").write_text("# Tower\n\nNew.\n\nThe lighthouse is shut.\n")
        (folder / "ferry.md").unlink()
        kept.refresh()
        page.reload()
        page.wait_for_selector(".pq-standing")
        marks = page.locator(".pq-standing")
        found = marks.evaluate_all("els => els.map(e => e.dataset.standing)")
        assert "lost" in found and "gone" in found
        opener = page.locator(".pq-turn").first.locator(".pq-marker").first
        opener.click()
        # Until then the panel may still show the last turn's quote.
        page.wait_for_function(
            "told => document.querySelector('mark#quote')?.innerText === told", arg=told
        )
        page.wait_for_selector(".pq-kept")
        assert "is no longer in it" in page.locator(".pq-kept").inner_text()
        page.click(".pq-now")
        page.wait_for_function("!document.querySelector('.pq-kept')")
        assert "The lighthouse is shut." in page.locator("#pq-panel .pq-text").inner_text()
        page.locator(".pq-turn").last.locator(".pq-marker").first.click()
        page.wait_for_selector('.pq-kept[data-standing="gone"]')
        assert page.locator(".pq-now").count() == 0
