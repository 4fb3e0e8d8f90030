"""Conversations that outlive a reload: kept in the browser by id, drawn again from the records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.page import BOX, ask, place, shown, started
from tests.page import answered as complete
from tests.serving import Bare, served
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app

CATCH = "() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"
NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
"""


def replies(page: Page) -> list[str]:
    """What the answers on the page say, but for when they were given."""
    page.evaluate(
        "for (const item of document.querySelectorAll('.pq-weight li'))"
        " if (item.textContent.startsWith('answered ')) item.remove()"
    )
    return [" ".join(text.split()) for text in page.locator(".pq-answer").all_inner_texts()]


def test_a_reload_keeps_the_conversation_with_its_quotes(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str, refused: str
) -> None:
    page = visit(site)
    ask(page, answered)
    ask(page, refused)
    before = replies(page)
    page.reload()
    started(page)
    complete(page, 2)
    page.wait_for_function("document.querySelectorAll('.pq-answer').length === 2")
    assert replies(page) == before
    assert page.locator(".pq-question").all_inner_texts() == [answered, refused]
    first = page.locator(".pq-turn").first
    for citation in assistant.answer(answered).citations:
        first.locator(f'.pq-marker[data-marker="{citation.marker}"]').first.click()
        assert shown(page, *place(citation.quote)) == citation.quote.text
    assert page.locator(".pq-standing").count() == 0


def test_what_was_said_is_remembered_over_a_reload(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(create_app(Service(Bare(), Records(tmp_path)))) as address:
        page = visit(address)
        ask(page, "One?")
        page.reload()
        started(page)
        page.wait_for_selector(".pq-answer")
        turn = ask(page, "Two?")
        # Two messages, question and answer, came before.
        assert turn.locator(".pq-lead").inner_text() == "Nothing, after 2."


def test_past_chats_are_listed_opened_and_deleted(
    visit: Callable[..., Page], site: str, answered: str, refused: str
) -> None:
    page = visit(site)
    ask(page, answered)
    page.click("#pq-new")
    page.wait_for_selector("#pq-welcome")
    assert page.locator(".pq-turn").count() == 0
    page.wait_for_selector("#pq-panel .pq-hint")
    assert page.locator("#pq-examples").is_visible()
    ask(page, refused)
    page.click("#pq-past")
    items = page.locator("#pq-past-list bdi")
    assert items.all_inner_texts() == [refused, answered]
    items.nth(1).click()
    page.wait_for_selector("mark#quote")
    assert page.locator(".pq-question").all_inner_texts() == [answered]
    # Another tab starts anew and has the same list.
    other = page.context.new_page()
    other.goto(site)
    started(other)
    assert other.locator(".pq-turn").count() == 0
    other.click("#pq-past")
    other.locator(".pq-delete-chat").nth(0).click()
    assert other.locator("#pq-past-list bdi").count() == 1
    other.keyboard.press("Escape")
    page.click("#pq-past")
    assert page.locator("#pq-past-list bdi").count() == 1


def test_the_last_question_is_edited_and_asked_again(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(create_app(Service(Bare(), Records(tmp_path)))) as address:
        page = visit(address)
        ask(page, "One?")
        ask(page, "Tow?")
        assert page.locator(".pq-edit:visible").count() == 1
        page.click(".pq-edit:visible")
        assert page.input_value(BOX) == "Tow?"
        page.keyboard.press("Escape")
        assert page.input_value(BOX) == ""
        page.click(".pq-edit:visible")
        page.fill(BOX, "Two?")
        page.press(BOX, "Enter")
        page.wait_for_function("document.querySelectorAll('.pq-question')[1].innerText === 'Two?'")
        turn = complete(page, 2)
        assert turn.locator(".pq-lead").inner_text() == "Nothing, after 2."
        page.click(".pq-again:visible")
        page.wait_for_function("document.querySelectorAll('.pq-turn').length === 2")
        turn = complete(page, 2)
        assert turn.locator(".pq-question").inner_text() == "Two?"
        assert turn.locator(".pq-lead").inner_text() == "Nothing, after 2."


def test_a_shared_answer_is_shown_as_it_was(
    visit: Callable[..., Page], library_of: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    told = "The harbour crane lifts 40 tonnes."
    (folder / "crane.md").write_text(f"# Crane\n\n{told}\n", encoding="utf-8")
    kept = library_of(folder)
    with served(create_app(Service(kept.assistant, Records(kept.folder)))) as address:
        page = visit(address)
        page.evaluate(CATCH)
        ask(page, "How much does the harbour crane lift?")
        page.click(".pq-share")
        page.wait_for_function("window.copied")
        link = page.evaluate("window.copied")
        assert link.startswith(f"{address}/a/")
        (folder / "crane.md").write_text("# Crane\n\nIt was sold.\n", encoding="utf-8")
        kept.refresh()
        page.goto(link)
        page.wait_for_selector("mark#quote")
        assert page.locator("mark#quote").inner_text() == told
        assert page.locator(".pq-words").first.inner_text() == told
        assert "no longer in it" in page.locator(".pq-standing").first.inner_text()
        assert page.locator("h2.pq-question").inner_text().startswith("How much")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        answer = page.goto(f"{address}/a/nothing")
        assert answer is not None and answer.status == 404
        assert "not kept here" in page.locator(".pq-message").inner_text()


def test_an_answer_that_is_gone_says_so(visit: Callable[..., Page], tmp_path: Path) -> None:
    records = Records(tmp_path)
    with served(create_app(Service(Bare(), records))) as address:
        page = visit(address)
        ask(page, "One?")
        records.prune("9999")
        page.reload()
        started(page)
        page.wait_for_selector(".pq-message")
        assert page.locator(".pq-message").inner_text() == "This answer is no longer kept."
        page.click(".pq-again:visible")
        page.wait_for_selector(".pq-answer")
        assert page.locator(".pq-turn").count() == 1


def test_without_storage_or_records_it_still_answers(visit: Callable[..., Page]) -> None:
    with served(create_app(Service(Bare()))) as address:
        page = visit(address)
        page.add_init_script(NO_STORAGE)
        page.reload()
        started(page)
        ask(page, "One?")
        turn = ask(page, "Two?")
        assert turn.locator(".pq-lead").inner_text() == "Nothing, after 2."
        assert turn.locator(".pq-share").count() == 0
        # The same answer once more is an answer, too. It may come before "looking" was to be seen.
        page.locator(".pq-lead").last.evaluate("e => e.classList.add('earlier')")
        page.click(".pq-again:visible")
        page.wait_for_selector(".earlier", state="detached")
        page.wait_for_selector(".pq-turn:last-of-type .pq-lead")
        assert page.locator(".pq-lead").all_inner_texts() == [
            "Nothing, after 0.",
            "Nothing, after 2.",
        ]


@pytest.mark.parametrize("turns", [40])
def test_a_long_conversation_opens_again(
    visit: Callable[..., Page], site: str, questions: list[str], turns: int
) -> None:
    page = visit(site)
    numbers = []
    for question in (questions * turns)[:3]:
        numbers.append(ask(page, question).get_attribute("data-id"))
    page.evaluate(
        """([turns, numbers]) => {
          const place = Object.keys(localStorage).find((key) => key.startsWith("pullquote"));
          const kept = JSON.parse(localStorage.getItem(place));
          kept.chats[0].turns = Array.from({length: turns}, (_, n) => (
            {q: `Question ${n}?`, id: numbers[n % numbers.length]}));
          localStorage.setItem(place, JSON.stringify(kept));
        }""",
        [turns, numbers],
    )
    page.reload()
    started(page)
    complete(page, turns)
    assert page.locator(".pq-answer").count() == turns
    last = page.locator(".pq-turn").last
    log = page.locator("#pq-conversation")
    assert last.bounding_box()["y"] < log.bounding_box()["y"] + 100  # type: ignore[index]
