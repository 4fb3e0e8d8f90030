"""Addresses at the words of a quote: their form, and that Chromium finds the words by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from tests.serving import served
from ui.fragment import text_fragment

LONG = (
    "The pump at the lower gate is started by hand in the week after the first frost, and by the "
    "board from then on"
)
# What an article says, what a page shows of it, as HTML.
SHOWN = {
    "plain": ("Ferries leave on the hour.", "Ferries leave on the hour."),
    "markdown": (
        "The **new** bridge [opens](https://b.example/x_y) in *May*, says `cron -f`.",
        "The <b>new</b> bridge <a href='#'>opens</a> in <i>May</i>, says <code>cron -f</code>.",
    ),
    "signs": ("Tea, milk & well-kept salt", "Tea, milk &amp; well-kept salt"),
    "item": ("- [ ] 3. of the keys is lost", "3. of the keys is lost"),
    "wrapped": ("Ferries leave\non the hour", "Ferries leave on\nthe hour"),
    "row": (
        "| harbour | 2 \\| 3   | Ada |",
        "<table><tr><td>harbour</td><td>2 | 3</td><td>Ada</td></tr></table>",
    ),
    "code": ("worker:\n    read:   45s", "<pre>worker:\n    read:   45s</pre>"),
    "notes": (LONG, LONG.replace("frost,", "frost,<sup>[3]</sup>")),
    "names": ("set max_open_files to 2 * 3", "set max_open_files to 2 * 3"),
    "han": ("東京都は日本の首都である。", "東京都は日本の首都である。"),
    "quotes": ("It’s “done”", 'It\'s "done"'),
}


@pytest.mark.parametrize(("url", "quote", "want"), [
    ("https://w.example/a", "Two words", "https://w.example/a#:~:text=Two%20words"),
    ("https://w.example/a#part", "Two", "https://w.example/a#part:~:text=Two"),
    ("https://w.example/a#part:~:text=old", "Two", "https://w.example/a#part:~:text=Two"),
    ("https://w.example/a", "one-two, three & four",
     "https://w.example/a#:~:text=one%2Dtwo%2C%20three%20%26%20four"),
    ("https://w.example/a", "| one | two |", "https://w.example/a#:~:text=one,two"),
    ("https://w.example/a", "![](picture.png) --- ", "https://w.example/a"),
    ("https://w.example/a", "", "https://w.example/a"),
    ("javascript:alert(1)", "Two words", "javascript:alert(1)"),
    ("notes/a.md", "Two words", "notes/a.md"),
    ("https://[", "Two words", "https://["),
])  # fmt: skip
def test_the_form(url: str, quote: str, want: str) -> None:
    assert text_fragment(url, quote) == want


def test_a_long_quote_is_looked_for_whole_and_then_by_its_ends() -> None:
    whole, ends = text_fragment("https://w.example/", LONG).partition(":~:")[2].split("&")
    assert unquote(whole) == f"text={LONG}"
    assert ends == "text=The%20pump%20at%20the%20lower%20gate,by%20the%20board%20from%20then%20on"
    [only] = text_fragment("https://w.example/", LONG * 3).partition(":~:")[2].split("&")
    assert only == ends


@given(st.text(), st.sampled_from(["https://w.example/p", "http://w.example/p?q=1#s"]))
def test_any_text_gives_an_address_of_the_same_page(quote: str, url: str) -> None:
    made = text_fragment(url, quote)
    assert made == url or made.startswith(url.partition("#")[0] + "#")
    assert made.isascii()
    assert " " not in made
    for directive in filter(None, made.partition(":~:")[2].split("&")):
        assert directive.startswith("text=")
        start, *end = directive.removeprefix("text=").split(",")
        assert len(end) <= 1
        assert all(any(c.isalnum() for c in unquote(words)) for words in (start, *end))
        assert "-" not in directive


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    app = FastAPI()

    @app.get("/{name}")
    def page(name: str) -> HTMLResponse:
        far = "<div style='height: 4000px'></div>"
        shown = SHOWN[name][1] if name in SHOWN else ""
        return HTMLResponse(f"<!doctype html><p>Top</p>{far}<div>{shown}</div>{far}")

    with served(app) as address:
        yield address


@pytest.mark.parametrize("name", [*SHOWN, "missing"])
def test_chromium_goes_to_the_words(browser: Browser, pages: str, name: str) -> None:
    page: Any = browser.new_page()
    page.goto(text_fragment(f"{pages}/{name}", SHOWN.get(name, SHOWN["plain"])[0]))
    if name == "missing":
        page.wait_for_timeout(300)
        assert page.evaluate("scrollY") == 0
    else:
        page.wait_for_function("scrollY > 3000", timeout=3000)
    page.close()
