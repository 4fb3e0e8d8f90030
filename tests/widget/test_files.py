"""The widget's files: no script in the page, small, nothing fetched from elsewhere."""

from __future__ import annotations

import gzip
import re

from playwright.sync_api import Page

from tests.widget.asking import STATIC
from tests.widget_site import Wiki


def test_the_page_runs_nothing_that_stands_in_it(wiki: Wiki, page: Page) -> None:
    response = page.request.get(f"{wiki.pullquote}/widget")
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    html = response.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=", html)
    for name in ("../widget.py", "embed.js", "none.js"):
        assert page.request.get(f"{wiki.pullquote}/widget/{name}").status == 404


def test_they_are_small_and_fetch_nothing_from_elsewhere() -> None:
    embed = (STATIC / "embed.js").read_bytes()
    assert len(embed) < 9_000 and len(gzip.compress(embed)) < 3_500
    for name in (
        "embed.js",
        "widget.html",
        "widget.css",
        "widget.js",
        "words.js",
        "answer.js",
        "ask.js",
    ):
        file = STATIC / name
        text = file.read_text()
        found = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not found, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_every_language_has_every_word(wiki: Wiki, page: Page) -> None:
    page.goto(f"{wiki.pullquote}/widget")
    words = page.evaluate("import('./widget/words.js').then((m) => m.WORDS)")
    assert {"en", "de", "fr", "es"} <= words.keys()
    for lang, said in words.items():
        assert said.keys() == words["en"].keys(), lang
        assert all(text.strip() for text in said.values()), lang
