"""What the attributes of the widget's script do, and that each is documented."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.widget.asking import LIFTS, STATIC, opened, put
from tests.widget_site import Wiki

DOCS = ROOT / "docs" / "wiki.md"


def test_attributes(wiki: Wiki, page: Page) -> None:
    wiki.attributes = (
        'data-title="Crew" data-lang=de data-color="rgb(255, 220, 0)" data-position="bottom left" '
        'data-greeting="Moin!" data-filter="fer*, publisher:Quay" data-theme=dark'
    )
    frame = opened(page, wiki)
    expect(frame.get_by_text("Moin!")).to_be_visible()
    expect(frame.get_by_role("heading", name="Crew")).to_be_visible()
    expect(frame.get_by_role("button", name="Fragen")).to_be_visible()
    header = frame.locator("header")
    style = header.evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]")
    assert style == ["rgb(255, 220, 0)", "rgb(0, 0, 0)"]
    assert frame.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == (
        "rgb(22, 25, 29)"
    )
    box = page.locator("#pullquote button").bounding_box()
    assert box and box["x"] < 50
    put(frame, LIFTS)
    assert wiki.asked[-1]["filter"] == {"source": ["fer*"], "publisher": ["Quay"]}
    expect(frame.get_by_text("Die Artikel beantworten das nicht.")).to_be_visible()


@pytest.mark.parametrize(("scheme", "theme", "page_is"), [
    ("dark", "", "rgb(22, 25, 29)"), ("light", "", "rgb(255, 255, 255)"),
    ("dark", "light", "rgb(255, 255, 255)"), ("light", "dark", "rgb(22, 25, 29)"),
])  # fmt: skip
def test_it_is_dark_where_the_reader_or_the_wiki_is(
    wiki: Wiki, page: Page, scheme: Any, theme: str, page_is: str
) -> None:
    wiki.attributes = f"data-theme={theme}" if theme else ""
    page.emulate_media(color_scheme=scheme)
    body = opened(page, wiki).locator("body")
    assert body.evaluate("e => getComputedStyle(e).backgroundColor") == page_is


def test_a_panel_in_a_place_of_the_page(wiki: Wiki, page: Page) -> None:
    wiki.attributes = 'data-mode=panel data-target="#here" data-height=400px'
    page.goto(f"{wiki.url}/wiki/bells")
    frame = page.frame_locator("#here iframe")
    put(frame, LIFTS)
    box = page.locator("#here iframe").bounding_box()
    assert box and 380 < box["height"] < 410
    expect(page.get_by_role("region", name="Ask the articles")).to_be_visible()
    expect(frame.get_by_role("button", name="Close")).to_be_hidden()


def test_a_plain_iframe(wiki: Wiki, page: Page) -> None:
    page.goto(f"{wiki.url}/wiki/bells")
    page.evaluate(
        "src => document.getElementById('here').append(Object.assign("
        "document.createElement('iframe'), {src, width: 400, height: 400}))",
        f"{wiki.pullquote}/widget?title=Crew&lang=fr",
    )
    frame = page.frame_locator("#here iframe")
    put(frame, LIFTS)
    link = frame.get_by_role("link", name="Crane")
    assert link.get_attribute("target") == "_blank" and "noopener" in (
        link.get_attribute("rel") or ""
    )
    with page.context.expect_page() as tab:
        link.click()
    tab.value.wait_for_function("scrollY > 1500")


def test_every_attribute_is_documented() -> None:
    used = set(re.findall(r"given\.(\w+)", (STATIC / "embed.js").read_text()))
    used |= {"lang", "color", "theme", "filter", "greeting"}
    names = {"data-" + re.sub("([A-Z])", lambda m: "-" + m[1].lower(), name) for name in used}
    table = set(re.findall(r"^\| `(data-[\w-]+)`", DOCS.read_text(), re.MULTILINE))
    assert table == names
