"""What the tests of the chat page share: a browser that may see loopback only, and its user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page

BOX = "#pq-question-box textarea"


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page; at the end, fails if it looked beyond loopback or had a script error."""
    strangers: list[str] = []
    contexts = []

    def open_page(address: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        # Tabs that a test opens later are watched as well.
        context.on("page", watch)
        page = context.new_page()
        page.goto(address)
        started(page)
        return page

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: strangers.append(str(error)))
        page.on("dialog", lambda dialog: (strangers.append("dialog"), dialog.dismiss()))
        page.on("request", heard)

    def heard(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            strangers.append(request.url)

    yield open_page
    for context in contexts:
        context.close()
    assert strangers == []


def started(page: Page) -> None:
    """Wait until the chat page can be used and has said what it answers from."""
    page.wait_for_selector(BOX)
    page.wait_for_selector("#pq-status:not(:empty)")


def ask(page: Page, question: str) -> Locator:
    """Ask, wait for the reply, and give the turn."""
    turns = page.locator(".pq-turn").count()
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    return answered(page, turns + 1)


def answered(page: Page, turns: int) -> Locator:
    """The last of so many turns, once it is complete."""
    page.wait_for_function(
        "n => document.querySelectorAll('.pq-turn').length === n"
        " && !document.querySelector('.pq-pending')",
        arg=turns,
    )
    return page.locator(".pq-turn").last


def shown(page: Page, source: str, start: str, end: str) -> str:
    """The highlighted text, once it is that place of that source."""
    page.wait_for_selector(f'mark#quote[data-start="{start}"][data-end="{end}"]')
    assert page.locator("#pq-panel .pq-where code").text_content() == source
    return page.locator("mark#quote").evaluate("e => e.textContent")


def place(quote: Any) -> tuple[str, str, str]:
    """Where `shown` looks for a quote."""
    return quote.article.source, str(quote.span.start), str(quote.span.end)


def in_view(page: Page) -> bool:
    """Whether the highlight's first line lies inside the panel's window, below its header."""
    return page.evaluate(
        """() => {
          const panel = document.querySelector("#pq-panel").getBoundingClientRect();
          const header = document.querySelector("#pq-panel header").getBoundingClientRect();
          const top = document.querySelector("mark#quote").getBoundingClientRect().top;
          return top >= Math.max(panel.top, header.bottom) && top < panel.bottom;
        }"""
    )
