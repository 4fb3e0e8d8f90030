"""The chat page on every screen and path, and what others wrote shown as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.page import answered as complete
from tests.page import ask, shown, started
from tests.serving import Bare, served
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app

HOSTILE = (
    "# Otters <img src=x onerror=window.hacked=1> of the harbour\r\n\r\n"
    "The harbour otters ate forty herrings <script>window.hacked=1</script> on Monday.\r\n\r\n"
    "![otters](http://evil.example/otter.png) The otters sleep "
    "<b onmouseover=window.hacked=1>afloat</b> in the harbour {{value}} ${window.hacked=1}.\r\n\r\n"
    "[Otters](javascript:window.hacked=1) swim \u202esdrawkcab\u202c in the harbour at night.\r\n"
    "</mark></div></article><iframe src=javascript:window.hacked=1></iframe>\r\n\r\n"
    "<svg onload=window.hacked=1><a href='data:text/html,<script>1</script>'>The otters dance "
    "</a></svg></template> in the harbour at noon.\r\n"
)
# Where a file may be called so; a slash would make it a folder.
FILE = "<img src=x onerror=window.hacked=1>\u202e.md"
LINE = "The heron waits at the weir. " * 36_000
ASKED = (
    "How many herrings did the harbour otters eat on Monday?",
    "Where do the otters sleep? <img src=x onerror=window.hacked=1>{{value}}${1}\u202e",
    "When do the otters swim in the harbour?",
    "When do the otters dance? <svg onload=window.hacked=1>",
    "Where does the heron wait?",
)


def test_hostile_articles_and_questions_are_text(
    visit: Callable[..., Page], library_of: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / FILE).write_bytes(HOSTILE.encode())
    (folder / "line.txt").write_text(LINE, encoding="utf-8")
    (folder / "plain.txt").write_text("Badgers dig at dawn.\n", encoding="utf-8")
    kept = library_of(folder)
    with served(create_app(Service(kept.assistant, Records(kept.folder)))) as address:
        page = visit(address)
        for question in ASKED:
            asked = ask(page, question).locator(".pq-question").evaluate("e => e.textContent")
            assert asked == question
        check_quotes(page, kept.assistant.library)
        # From the records it comes as inert as it was.
        page.reload()
        page.wait_for_selector(".pq-answer")
        complete(page, len(ASKED))
        check_quotes(page, kept.assistant.library)
        assert page.locator('.pq-marker[data-source*="onerror"]').count()
        page.click("#pq-past")
        assert ASKED[0] in page.locator("#pq-past-list").inner_text()
        page.keyboard.press("Escape")
        number = page.locator(".pq-turn").nth(1).get_attribute("data-id")
        page.goto(f"{address}/a/{number}")
        page.wait_for_selector("mark#quote")
        assert page.locator("h2.pq-question").evaluate("e => e.textContent") == ASKED[1].strip()
        nothing_alive(page)


def check_quotes(page: Page, library: Any) -> None:
    """Every marker opens its own characters, and nothing of others is more than text."""
    for marker in page.locator(".pq-marker").all():
        marker.evaluate("e => e.click()")
        source, start, end = (
            marker.get_attribute(f"data-{name}") or "" for name in ("source", "start", "end")
        )
        stored = library.article(source).text
        assert shown(page, source, start, end) == stored[int(start) : int(end)]
        window = page.locator(".pq-text").evaluate("e => e.textContent")
        assert window == stored if len(stored) < 200_000 else window in stored
        nothing_alive(page)


def nothing_alive(page: Page) -> None:
    bad = ":is(#pq-main, #pq-card, dialog) :is(img, iframe, script, svg, a[href^=j], a[href^=d])"
    assert page.locator(bad).count() == 0
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [320, 375, 768])
def test_narrow_windows_scroll_one_way_only(
    visit: Callable[..., Page], site: str, answered: str, width: int
) -> None:
    page = visit(site, viewport={"width": width, "height": 700})
    ask(page, answered)
    page.click(".pq-marker >> nth=1")
    page.wait_for_selector("mark#quote")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # Gradio hides what overflows its container: look at the elements themselves, too.
    beyond = "els => els.filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.locator("#pq-head *, #pq-main *").evaluate_all(beyond) == 0
    page.wait_for_function(
        "document.querySelector('#pq-panel').getBoundingClientRect().top < innerHeight / 2"
    )
    panel, log = page.locator("#pq-panel"), page.locator("#pq-conversation")
    assert panel.bounding_box()["y"] > log.bounding_box()["y"]  # type: ignore[index]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_can_be_read(
    visit: Callable[..., Page], site: str, answered: str, scheme: str
) -> None:
    page = visit(site, color_scheme=scheme)
    ask(page, answered)
    page.wait_for_selector("mark#quote")
    ratios = page.evaluate(
        """() => {
          const light = (rgb) => {
            const [r, g, b] = rgb.match(/[\\d.]+/g).map((v) => {
              const c = v / 255;
              return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = (e) => {
            const colour = getComputedStyle(e).backgroundColor;
            return colour === "rgba(0, 0, 0, 0)" ? ground(e.parentElement) : colour;
          };
          const ratio = (name) => {
            const e = document.querySelector(name);
            const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          };
          const names = [".pq-words", ".pq-marker", ".pq-question", ".pq-status", "figcaption",
            "mark", ".pq-text", ".pq-byline", "#pq-send", "#pq-new", "h1", ".pq-weight", ".pq-copy",
            ".pq-edit", ".pq-copy-quote", "summary", "#pq-place"];
          return names.map((name) => [name, ratio(name), light(ground(document.body))]);
        }"""
    )
    assert [(name, ratio) for name, ratio, _ in ratios if ratio < 4.5] == []
    assert (ratios[0][2] < 0.1) == (scheme == "dark")


def test_the_page_works_behind_a_path_prefix(
    visit: Callable[..., Page], assistant: Any, answered: str
) -> None:
    app = create_app(Service(assistant, Records(assistant.library.folder)))

    astray = []

    async def prefixed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if not scope["path"].startswith("/team/"):
                astray.append(scope["path"])
            scope = {**scope, "root_path": "/team"}
        await app(scope, receive, send)

    with served(prefixed) as address:
        page = visit(f"{address}/team/")
        page.wait_for_selector("#pq-examples button")
        number = ask(page, answered).get_attribute("data-id")
        page.wait_for_selector("mark#quote")
        page.click(".pq-say >> nth=0")
        page.wait_for_selector('.pq-say[aria-pressed="true"]')
        page.reload()
        page.wait_for_selector("mark#quote")
        page.goto(f"{address}/team/a/{number}")
        page.wait_for_selector("mark#quote")
        page.click("text=Ask a question")
        started(page)
        assert page.url == f"{address}/team/"
    # A browser asks for an icon at the root by itself, before a page can name one.
    assert set(astray) <= {"/favicon.ico"}


def test_an_empty_library_says_what_to_do(visit: Callable[..., Page], tmp_path: Path) -> None:
    with served(create_app(Service(Bare(), Records(tmp_path)))) as address:
        page = visit(address)
        words = page.locator(".pq-welcome").inner_text()
        assert words == "No articles yet: run pullquote ingest FOLDER"
        assert not page.locator("#pq-examples").is_visible()
        # The page keeps its width however little there is in it.
        width = page.locator("#pq-main").bounding_box()["width"]  # type: ignore[index]
        assert width > 0.9 * page.viewport_size["width"]  # type: ignore[index]
        ask(page, "Anything?")
        assert page.locator(".pq-lead").inner_text() == "Nothing, after 0."
        ask(page, "And now?")
        assert page.locator(".pq-lead").nth(1).inner_text() == "Nothing, after 2."


def test_rows_and_code_keep_their_form_in_a_narrow_window(
    visit: Callable[..., Page], make_assistant: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "wiki"
    folder.mkdir()
    wide = " | ".join(f"reading number {n} of the gauge" for n in range(12))
    (folder / "gauges.md").write_text(
        "# River gauges\n\n## Upper reach\n\n"
        f"| Gauge |{' h |' * 12}\n|---|{'---|' * 12}\n| Kestrel weir | {wide} |\n\n"
        "To restart the gauge logger:\n\n```\ngaugectl restart \\\n"
        f"    --logger {'kestrel-weir-' * 12}1\n```\n",
        encoding="utf-8",
    )
    with served(create_app(Service(make_assistant(folder)))) as address:
        page = visit(address, viewport={"width": 320, "height": 700})
        for question, form in (
            ("What are the readings of the Kestrel weir gauge?", ".pq-table"),
            ("Which command restarts the gauge logger?", ".pq-code"),
        ):
            ask(page, question)
            shape = page.locator(f".pq-turn:last-child {form}").first
            words = shape.locator(".pq-words").evaluate("e => e.textContent")
            figure = page.locator(f".pq-turn:last-child .pq-quote:has({form})").first
            marker = figure.locator(".pq-marker")
            start, end = (int(marker.get_attribute(f"data-{n}") or 0) for n in ("start", "end"))
            assert words == (folder / "gauges.md").read_text(encoding="utf-8")[start:end]
            assert "Upper reach" in figure.locator(".pq-context").first.inner_text()
            # What is too wide scrolls inside its frame, and the page does not.
            assert shape.evaluate("e => e.scrollWidth > e.clientWidth")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        # No column is narrower than its longest word.
        heads = page.locator(".pq-table :is(th, td)")
        assert set(heads.evaluate_all("a => a.map(e => getComputedStyle(e).overflowWrap)")) == {
            "normal"
        }
        pipes = page.locator(".pq-edge")
        assert pipes.count() and not pipes.first.is_visible()
