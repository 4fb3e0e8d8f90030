"""How soon the chat page can be used and shows the first words of an answer, in the browser.

`pytest tests/test_chat_speed.py -s` prints what was measured. Other work on the machine may delay
some tries; not every one of these.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.page import BOX, answered

TRIES = 6
FIRST_WORDS = 300  # milliseconds from the key to the first quote's words
INTERACTIVE = 2000  # milliseconds from opening the page until it can be asked

# Gradio has put the box there, and the page's script hears what is typed.
READY = """
const watch = () => {
  const box = document.querySelector("#pq-question-box textarea");
  const send = document.querySelector("#pq-send");
  if (box && send && window.pullquote && document.querySelector("#pq-status:not(:empty)")) {
    window.readyAt = performance.now();
  } else requestAnimationFrame(watch);
};
watch();
"""
WORDS = """
() => {
  window.wordsAt = null;
  addEventListener("keydown", () => { window.askedAt = performance.now(); }, {capture: true});
  new MutationObserver(() => {
    const words = document.querySelector(".pq-turn:last-child .pq-words");
    if (window.wordsAt === null && words?.innerText.trim()) window.wordsAt = performance.now();
  }).observe(document.body, {childList: true, subtree: true});
}
"""


def told(what: str, taken: list[float]) -> float:
    print(f"\n{what}: {sorted(round(t) for t in taken)}, median {statistics.median(taken):.0f} ms")
    return min(taken)


@pytest.mark.parametrize("cached", [False, True])
def test_the_page_can_be_used_soon(browser: Browser, site: str, cached: bool) -> None:
    taken = []
    context = browser.new_context()
    for _ in range(TRIES):
        if not cached:
            context.close()
            context = browser.new_context()
        page = context.new_page()
        page.add_init_script(READY)
        page.goto(site)
        page.wait_for_function("window.readyAt")
        taken.append(page.evaluate("window.readyAt"))
        page.close()
    context.close()
    assert told(f"interactive, {'again' if cached else 'first visit'}", taken) <= INTERACTIVE


def test_first_words_come_soon(
    visit: Callable[..., Page], site: str, assistant: Any, questions: list[str]
) -> None:
    page = visit(site)
    taken = []
    for question in [q for q in questions if assistant.answer(q).citations][:TRIES]:
        page.click("#pq-new")
        page.evaluate(WORDS)
        page.fill(BOX, question)
        page.press(BOX, "Enter")
        answered(page, 1)
        page.wait_for_function("window.wordsAt")
        taken.append(page.evaluate("window.wordsAt - window.askedAt"))
    assert told("first words", taken) <= FIRST_WORDS


def test_an_open_page_holds_no_connection(visit: Callable[..., Page], site: str) -> None:
    """Browsers keep six to a server: the seventh tab must not wait for another to be closed."""
    page = visit(site)
    page.wait_for_load_state("networkidle")
