"""A wiki with the widget in it, and a page of Chromium that looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.widget_site import Wiki, wiki_and_pullquote


@pytest.fixture(scope="package")
def running(embedder: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiki]:
    with wiki_and_pullquote(tmp_path_factory.mktemp("widget"), embedder) as wiki:
        yield wiki


@pytest.fixture
def wiki(running: Wiki) -> Wiki:
    running.attributes, running.token, running.refuse = "", "", lambda _: None
    running.stream = None
    running.asked.clear()
    running.tokens.clear()
    return running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context()
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda m: wrong.append(m.text) if "Content Security" in m.text else None)
    yield made
    assert all("frame-ancestors" in words for words in wrong)
