"""The article page in a real browser: the very place, as it was quoted, in parts."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from ingest.job import ingest
from rag.domain import Article, Metadata
from tests.site import COST, REFUSED, Browse, Site, finished
from ui import escape
from ui.web.reading import PART, byline, cut, part_with


def test_an_article_opens_at_exactly_the_place(shelf: Site, browse: Browse) -> None:
    article = shelf.library.article("harbour.md")
    start = article.text.index(COST)
    page = browse(f"{shelf.address}/read?source=harbour.md&start={start}&end={start + len(COST)}")
    assert page.locator("mark#quote").evaluate("e => e.textContent") == COST
    assert page.locator(".text").evaluate("e => e.textContent") == article.text
    assert page.evaluate("document.activeElement.id") == "quote"
    for place, status in (("start=5&end=1", 422), ("start=0&end=99999", 422), ("end=x", 422)):
        found = httpx.get(f"{shelf.address}/read?source=harbour.md&{place}", trust_env=False)
        assert found.status_code == status


def test_what_came_near_opens_as_it_was(shelf: Site, browse: Browse) -> None:
    near = shelf.ask(REFUSED).answer.near_misses[0].quote
    page = browse(f"{shelf.address}/gaps")
    page.locator(".near a").first.click()
    assert page.locator("#quote").evaluate("e => e.textContent") == near.text
    assert page.get_by_role("note").count() == 0
    before = near.article.text
    file = shelf.folder / "articles" / near.article.source
    file.write_text("Something stands before it now.\n\n" + before, encoding="utf-8")
    ingest([file], shelf.library, shelf.keeper.embedder, shelf.settings)
    page.reload()
    assert page.locator("#quote").evaluate("e => e.textContent") == near.text
    assert page.locator(".text").evaluate("e => e.textContent") == before
    expect(page.get_by_role("note")).to_contain_text("as it was when it was quoted")
    page.get_by_role("link", name="Read it as it is now").click()
    assert "Something stands before it now." in (page.locator(".text").text_content() or "")
    query = {"source": near.article.source, "revision": "0" * 64, "start": 0, "end": 5}
    lost = httpx.get(f"{shelf.address}/read", params=query, trust_env=False)
    assert (lost.status_code, "<mark" in lost.text) == (404, False)
    assert "how it was then is not kept" in lost.text


@pytest.mark.parametrize(
    "text", ["", "x", "word " * 300_000, "\n" * 400_000, "x" * (PART + 1), "a\r\n\0é" * 90_000]
)
def test_parts_lose_nothing_of_any_text(text: str) -> None:
    parts = cut(text)
    assert "".join(part.of(text) for part in parts) == text
    assert max(len(part) for part in parts) <= PART * 3 // 2
    assert all(part_with(parts, part.start) == n for n, part in enumerate(parts, 1))


@pytest.mark.parametrize(
    ("url", "link"),
    [("https://a.example", True), ("http://a.example/x?y", True), ("javascript:alert(1)", False),
     ("data:text/html,x", False), ("file:///etc/passwd", False), ("//a.example", False),
     ("JAVASCRIPT:alert(1)", False), ("https://[", False)],
)  # fmt: skip
def test_only_pages_of_the_web_are_links(url: str, link: bool) -> None:
    article = Article(1, "a.md", "Words.", "r", Metadata(url=url))
    assert ("<a " in byline(article)) is link
    assert escape.text(url) in byline(article) or link


def test_a_long_article_comes_in_parts_with_none_of_it_lost(shelf: Site, browse: Browse) -> None:
    line = "The ferry to island {} leaves at noon and comes back at four. "
    text = "".join(line.format(n) + "\n" * (n % 3) for n in range(6000))
    path = shelf.keeper.begin("long.txt", False)
    path.write_text(text, encoding="utf-8")
    assert finished(shelf.keeper.add(path)).state == "done"
    page = browse(f"{shelf.address}/library")
    whole = shelf.library.article("uploads/long.txt").text
    parts = cut(whole)
    assert len(parts) > 2
    assert "".join(part.of(whole) for part in parts) == whole
    assert max(map(len, parts)) <= PART * 3 // 2
    start = whole.index("island 4321 ")
    page.goto(f"{shelf.address}/read?source=uploads/long.txt&start={start}&end={start + 11}")
    assert page.locator("#quote").evaluate("e => e.textContent") == "island 4321"
    seen = ""
    page.goto(f"{shelf.address}/read?source=uploads/long.txt")
    for _ in parts:
        seen += page.locator(".text").evaluate("e => e.textContent")
        if (onward := page.get_by_role("link", name="Next")).count():
            onward.first.click()
    assert seen == whole
