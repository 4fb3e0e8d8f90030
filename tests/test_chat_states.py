"""The chat page while it waits, when it is stopped, and when the server is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from rag.domain import Answer
from rag.errors import UsageError
from tests.page import BOX, ask, started
from tests.page import answered as complete
from tests.serving import Bare, served
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app


class Slow(Bare):
    """Writes a word a tenth of a second, as a model does."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words = words
        self.written = 0

    def stream(self, question: str, *_: Any, **__: Any) -> Iterator[Answer]:
        text = ""
        for number in range(self.words):
            time.sleep(0.1)
            self.written += 1
            text = f"Word {number}."
            yield Answer(question, text, question, mode="llm", model="slow")
        yield Answer(question, text, question, mode="llm", model="slow")


class Silent(Bare):
    """Takes its time, and says nothing before it is done."""

    def stream(self, question: str, *_: Any, **__: Any) -> Iterator[Answer]:
        time.sleep(5)
        yield Answer(question, "Nothing.", question, refused=True)


def begin(page: Page) -> None:
    """Ask, and see the first words come."""
    page.fill(BOX, "Anything?")
    page.press(BOX, "Enter")
    page.wait_for_selector(".pq-prose")


def test_a_slow_answer_says_that_it_is_still_coming(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(create_app(Service(Silent(), Records(tmp_path)))) as address:
        page = visit(address)
        page.fill(BOX, "Anything?")
        page.press(BOX, "Enter")
        page.wait_for_selector(".pq-pending")
        assert page.locator(".pq-doing").inner_text() == "Looking through the articles"
        page.wait_for_function(
            "document.querySelector('.pq-doing').textContent === 'Still working'", timeout=4500
        )
        assert "Still working" in page.locator("#pq-announce").inner_text()
        complete(page, 1)
        assert page.locator(".pq-lead").inner_text() == "Nothing."


@pytest.mark.parametrize("how", ["button", "key"])
def test_an_answer_is_stopped_and_asked_again(
    visit: Callable[..., Page], tmp_path: Path, how: str
) -> None:
    slow = Slow(60)
    with served(create_app(Service(slow, Records(tmp_path)))) as address:
        page = visit(address)
        begin(page)
        assert not page.locator("#pq-send").is_visible()
        if how == "button":
            page.click("#pq-stop")
        else:
            page.keyboard.press("Escape")
        page.wait_for_selector(".pq-notice")
        assert page.locator(".pq-notice").inner_text() == "Stopped."
        assert page.locator(".pq-prose").inner_text().startswith("Word ")
        assert page.locator("#pq-send").is_visible()
        # The server stops too: nobody pays for words that nobody reads.
        page.wait_for_timeout(700)
        written = slow.written
        page.wait_for_timeout(700)
        assert slow.written == written < 60
        slow.words = 2
        page.click(".pq-again:visible")
        page.wait_for_selector(".pq-weight")
        assert page.locator(".pq-turn").count() == 1
        page.reload()
        started(page)
        page.wait_for_selector(".pq-weight")
        assert page.locator(".pq-prose").inner_text().startswith("Word 1.")


def test_a_new_chat_leaves_an_answer_that_is_still_written(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    slow = Slow(60)
    with served(create_app(Service(slow, Records(tmp_path)))) as address:
        page = visit(address)
        begin(page)
        page.click("#pq-new")
        page.wait_for_selector("#pq-welcome:visible")
        slow.words = 2
        turn = ask(page, "And now?")
        assert turn.locator(".pq-prose").inner_text().startswith("Word 1.")
        assert page.locator(".pq-turn").count() == 1
        page.wait_for_timeout(1500)
        assert page.locator(".pq-turn").count() == 1
        assert slow.written < 60
        page.click("#pq-past")
        page.locator(".pq-open-chat").nth(1).click()
        page.wait_for_selector(".pq-message")
        assert page.locator(".pq-message").inner_text() == "This was not answered."


def test_what_is_open_stays_open_while_an_answer_grows(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(create_app(Service(Slow(20), Records(tmp_path)))) as address:
        page = visit(address)
        begin(page)
        page.evaluate("window.seen = document.querySelector('.pq-prose')")
        page.wait_for_selector(".pq-weight")
        assert page.evaluate("window.seen.isConnected")


def test_a_server_that_is_gone_is_named_and_asked_again(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(create_app(Service(Bare(), Records(tmp_path)))) as address:
        page = visit(address)
        ask(page, "One?")
        page.context.set_offline(True)
        page.fill(BOX, "Two?")
        page.press(BOX, "Enter")
        page.wait_for_selector(".pq-message")
        words = page.locator(".pq-message").inner_text()
        assert words == "The server cannot be reached. Your question is kept here."
        page.fill(BOX, "Half a thou")
        page.click(".pq-again:visible")  # in vain
        page.context.set_offline(False)
        # The page comes back by itself, and asks what it was told to.
        page.wait_for_function("document.querySelectorAll('.pq-lead').length === 2")
        assert page.locator(".pq-lead").last.inner_text() == "Nothing, after 2."
        assert page.locator(".pq-turn").count() == 2
        assert page.input_value(BOX) == "Half a thou"


def test_a_server_that_is_only_busy_is_waited_for(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    with served(create_app(Service(Slow(100), Records(tmp_path)))) as address:
        page = visit(address)
        page.route("**/health", lambda route: None)  # noqa: ARG005 - never answered
        begin(page)
        page.wait_for_selector(".pq-weight")
        assert page.locator(".pq-message").count() == 0


def test_an_article_that_does_not_come_can_be_tried_again(
    visit: Callable[..., Page], site: str, answered: str
) -> None:
    page = visit(site)
    ask(page, answered)
    page.wait_for_selector("mark#quote")
    page.context.set_offline(True)
    page.click('.pq-marker[data-marker="2"]')
    page.wait_for_selector("#pq-panel .pq-retry")
    assert "cannot be reached" in page.locator("#pq-panel").inner_text()
    page.context.set_offline(False)
    page.click("#pq-panel .pq-retry")
    page.wait_for_selector("mark#quote")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UsageError("The question is too <long>."), "The question is too <long>."),
        (RuntimeError("secret"), "Something went wrong while answering."),
    ],
)
def test_an_error_is_said_in_words(
    visit: Callable[..., Page], tmp_path: Path, error: Exception, words: str
) -> None:
    bare = Bare(error)
    with served(create_app(Service(bare, Records(tmp_path)))) as address:
        page = visit(address)
        turn = ask(page, "Anything?")
        assert words in turn.locator(".pq-message").inner_text()
        assert "secret" not in page.inner_text("body")
        bare.error = None
        page.click(".pq-again:visible")
        page.wait_for_selector(".pq-answer")


def test_many_tabs_can_be_open(visit: Callable[..., Page], site: str, answered: str) -> None:
    """A browser keeps six connections to a server: a page must not hold one for its life."""
    page = visit(site)
    for _ in range(7):
        tab = page.context.new_page()
        tab.goto(site)
        started(tab)
    ask(tab, answered)
