"""What the tests of the widget share: it is opened, and asked."""

from __future__ import annotations

import re

from playwright.sync_api import FrameLocator, Page, expect

from tests.conftest import ROOT
from tests.widget_site import Wiki

STATIC = ROOT / "ui" / "web" / "static"

LIFTS, LIFTED = "How much does the crane lift?", "The harbour crane lifts twelve tonnes."


def opened(page: Page, wiki: Wiki, name: str = "bells") -> FrameLocator:
    """The widget on a page of the wiki, opened."""
    return open_widget(page, f"{wiki.url}/wiki/{name}")


def open_widget(page: Page, address: str) -> FrameLocator:
    """The widget on a page of any wiki, opened by its bubble."""
    page.goto(address)
    page.get_by_role("button", name=re.compile("Ask|Fragen|fragen|Crew")).click()
    frame = page.frame_locator("#pullquote iframe")
    expect(frame.locator("#send")).not_to_be_empty()
    return frame


def put(frame: FrameLocator, question: str) -> None:
    """Ask, and wait for the end of the answer."""
    expect(frame.locator("#send")).not_to_be_empty()
    count = frame.locator(".turn").count()
    frame.locator("#question").fill(question)
    frame.locator("#question").press("Enter")
    expect(frame.locator(".turn")).to_have_count(count + 1)
    expect(frame.locator("#log")).to_have_attribute("aria-busy", "false")
