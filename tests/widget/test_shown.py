"""How the widget shows what comes: a model's words as they grow, hostile text, nothing at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.asking import LIFTED, LIFTS, opened, put
from tests.widget_site import Wiki


def test_what_others_wrote_stays_text(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, "Is <img src=x onerror=alert(1)> <b>bold</b> a crane?")
    assert frame.locator("#log img, #log b").count() == 0
    assert "<img src=x" in frame.locator(".question").inner_text()


def event(name: str, answer: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(answer, ensure_ascii=False)}\n\n".encode()


def in_words(wiki: Wiki, page: Page, **changes: Any) -> dict[str, Any]:
    """A model's answer on the crane, in the form in which the server sends it."""
    asked = {"question": LIFTS, "links": True}
    answer: dict[str, Any] = page.request.post(f"{wiki.pullquote}/api/ask", data=asked).json()
    said = "The crane lifts twelve tonnes, says the “wärter”\\* [1].\n\nNo more [7]."
    return {**answer, "mode": "llm", "model": "m", "answer": said, **changes}


def test_a_models_answer_grows_and_its_markers_lead_to_its_quotes(wiki: Wiki, page: Page) -> None:
    answer, go = in_words(wiki, page), threading.Event()
    part = {**answer, "answer": "The crane lifts [1]"}

    def stream() -> Iterator[bytes]:
        yield event("partial", part)
        go.wait(20)
        # In pieces that end in the middle of a line, and of a character.
        last = event("answer", answer)
        yield from (last[i : i + 7] for i in range(0, len(last), 7))

    wiki.stream = stream
    frame = opened(page, wiki)
    frame.locator("#question").fill(LIFTS)
    frame.locator("#question").press("Enter")
    expect(frame.locator(".answer")).to_have_text("The crane lifts [1]")
    expect(frame.locator("#state")).to_contain_text("Looking through")
    go.set()
    words = frame.locator(".answer > p")
    expect(words).to_have_text(
        ["The crane lifts twelve tonnes, says the “wärter”* [1].", "No more [7]."]
    )
    marker = frame.get_by_role("link", name="Quote 1")
    expect(marker).to_have_count(1)
    marker.click()
    assert frame.locator("figure:target blockquote").inner_text() == f"“{LIFTED}”"


def test_an_answer_with_anything_in_it_is_shown_as_text(wiki: Wiki, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    answer = in_words(wiki, page, answer=hostile + " [1]", notice=hostile, uncovered=[hostile])
    answer["citations"][0] |= {
        "quote": hostile, "title": hostile, "publisher": hostile, "context": [hostile],
        "link": "javascript:alert(1)", "url": "data:text/html,x",
    }  # fmt: skip
    wiki.stream = lambda: iter([event("answer", answer)])
    frame = opened(page, wiki)
    put(frame, hostile)
    assert frame.locator("#log img").count() == 0
    assert frame.locator("figcaption a").count() == 0
    assert frame.locator(".answer").inner_text().count(hostile) == 7


@pytest.mark.parametrize("sent", [
    b"", b"event: answer\ndata: {not json}\n\n", b"event: partial\ndata: {}\n\n",
    b'event: error\ndata: {"error": {"message": "The disk is full."}}\n\n',
])  # fmt: skip
def test_a_stream_that_ends_wrongly_is_told(wiki: Wiki, page: Page, sent: bytes) -> None:
    wiki.stream = lambda: iter([sent])
    frame = opened(page, wiki)
    put(frame, LIFTS)
    said = "The disk is full." if b"disk" in sent else "No answer came."
    expect(frame.get_by_role("alert")).to_contain_text(said)


@pytest.mark.parametrize(("status", "words"), [
    (500, "No answer came."), (429, "Too many questions"), (503, "Too many questions"),
    (403, "You have no access"), (404, "No answer came."),
])  # fmt: skip
def test_a_server_that_does_not_answer_is_asked_again(
    wiki: Wiki, page: Page, status: int, words: str
) -> None:
    wiki.refuse = lambda _: status
    frame = opened(page, wiki)
    put(frame, LIFTS)
    expect(frame.get_by_role("alert")).to_contain_text(words)
    wiki.refuse = lambda _: None
    frame.get_by_role("button", name="Try again").click()
    expect(frame.locator("blockquote")).to_have_text(f"“{LIFTED}”")
    assert frame.locator(".turn").count() == 1


def test_offline(wiki: Wiki, page: Page, context: BrowserContext) -> None:
    frame = opened(page, wiki)
    context.set_offline(True)
    expect(frame.locator("#state")).to_have_text("You are offline.")
    put(frame, LIFTS)
    expect(frame.get_by_role("alert")).to_contain_text("You are offline.")
    context.set_offline(False)
    frame.get_by_role("button", name="Try again").click()
    expect(frame.locator("blockquote")).to_be_visible()


def test_a_question_that_is_refused_says_what_to_mend(wiki: Wiki, page: Page) -> None:
    wiki.attributes = """data-filter='{"colour": "red"}'"""
    frame = opened(page, wiki)
    put(frame, LIFTS)
    expect(frame.get_by_role("alert")).to_contain_text("No answer came.")
