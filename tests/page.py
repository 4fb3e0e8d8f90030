"""What the tests of pages share: a browser that may see loopback only, and the chat's user."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page

BOX = "#pq-question-box textarea"
# Complaints of Chromium's that are none to us: an answer such as "this name is taken", and a
# browser that a test has taken offline.
EXPECTED = ("responded with a status of 4", "net::ERR_INTERNET_DISCONNECTED")
# What a page says when it is left, and what Gradio then complains of: it closes its own streams.
LEFT = "this page is being left"
LEAVING = ("AbortError: signal is aborted", "Connection errored out")


def chromium() -> str:
    """Where the browser is, under one of the names that it has on different systems."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"a browser is needed, one of {', '.join(names)}: apt-get install chromium"
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that nobody watches: what it meets is for the test to say."""
    made = browser.new_page()
    yield made
    made.close()


@pytest.fixture
def browse(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; fails at the end if one looked beyond loopback, or its console complained."""
    strange: list[str] = []
    contexts = []
    left: set[Page | None] = set()

    def open_page(address: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        # Said before Gradio hears of it: this listener is the page's first.
        context.add_init_script(
            f"if (top === self) addEventListener('beforeunload', () => console.debug('{LEFT}'))"
        )
        # Tabs that a test opens later are watched as well.
        context.on("page", watch)
        page = context.new_page()
        page.goto(address)
        return page

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.on("console", complained)
        page.on("framenavigated", lambda frame: frame.parent_frame or left.discard(page))
        page.on("dialog", lambda dialog: (strange.append("dialog"), dialog.dismiss()))
        page.on("request", heard)

    def complained(message: Any) -> None:
        if message.text == LEFT:
            left.add(message.page)
        expected = (*EXPECTED, *LEAVING) if message.page in left else EXPECTED
        if message.type == "error" and not any(words in message.text for words in expected):
            strange.append(f"{message.text} {message.location}")

    def heard(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            strange.append(request.url)

    yield open_page
    hacked = [page.evaluate("window.hacked") for c in contexts for page in c.pages]
    for context in contexts:
        context.close()
    # Said in full: pytest shows no values of a module that is none of its own.
    assert not strange, strange
    assert not any(hacked)


@pytest.fixture
def visit(browse: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the chat page, and waits until it can be used."""

    def open_page(address: str, **options: Any) -> Page:
        page = browse(address, **options)
        started(page)
        return page

    return open_page


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
