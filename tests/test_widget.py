"""The widget in Chromium, in a page of another site: asked, followed, closed, and gone wrong."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from rag.settings import load
from tests.serving import served
from tests.widget_site import Wiki, wiki_and_pullquote
from ui.web.app import create_app

SECRET = "a wiki and its pullquote know this of each other"
STATIC = Path(__file__).parent.parent / "ui" / "web" / "static"
DOCS = STATIC.parent.parent.parent / "docs" / "wiki.md"
LIFTS, LIFTED = "How much does the crane lift?", "The harbour crane lifts twelve tonnes."


@pytest.fixture(scope="module")
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


def opened(page: Page, wiki: Wiki, name: str = "bells") -> FrameLocator:
    """The widget on a page of the wiki, opened by its bubble."""
    page.goto(f"{wiki.url}/wiki/{name}")
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


def test_a_quote_leads_to_the_words_on_its_page_and_the_conversation_stays(
    wiki: Wiki, page: Page
) -> None:
    frame = opened(page, wiki)
    put(frame, LIFTS)
    assert frame.locator("blockquote").inner_text() == f"“{LIFTED}”"
    frame.get_by_role("link", name="Crane").click()
    page.wait_for_url(f"{wiki.url}/wiki/crane*")
    page.wait_for_function("scrollY > 1500")
    # The bubble is open on the new page too, and does not take the focus away from it.
    expect(frame.locator("blockquote")).to_have_text(f"“{LIFTED}”")
    assert page.evaluate("document.activeElement.id") != "pullquote"
    put(frame, "And who may drive it?")
    assert "Ida Brandt" in frame.locator("blockquote").last.inner_text()
    asked = wiki.asked[-1]
    assert asked["history"][0]["content"] == LIFTS
    assert asked["page"] == f"{wiki.url}/wiki/crane"


def test_a_quote_of_the_open_page_scrolls_it(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki, "crane")
    put(frame, LIFTS)
    page.evaluate("window.sameDocument = true")
    frame.get_by_role("link", name="Crane").click()
    page.wait_for_function("scrollY > 1500")
    assert page.evaluate("window.sameDocument")


def test_by_keyboard_alone(wiki: Wiki, page: Page) -> None:
    page.goto(f"{wiki.url}/wiki/bells")
    bubble = page.get_by_role("button", name="Ask the articles")
    assert bubble.get_attribute("aria-expanded") == "false"
    page.locator("#first").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = page.frame_locator("#pullquote iframe")
    expect(frame.locator("#question")).to_be_focused()
    expect(page.get_by_role("dialog", name="Ask the articles")).to_be_visible()
    page.keyboard.type(LIFTS)
    page.keyboard.press("Enter")
    expect(frame.locator("blockquote")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    bubble = page.get_by_role("button", name="Ask the articles")
    expect(bubble).to_be_focused()
    page.keyboard.press("Enter")
    expect(frame.locator("#question")).to_be_focused()
    # The next stop after the whole conversation is outside of it again: no trap.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert not frame.locator("#question").evaluate(
        "e => document.hasFocus() && e.matches(':focus')"
    )


def test_names_and_roles(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    assert page.locator("#pullquote iframe").get_attribute("title") == "Ask the articles"
    expect(frame.get_by_role("log")).to_be_attached()
    expect(frame.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(frame.get_by_role("button", name="Close")).to_be_visible()
    frame.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_refusal_shows_what_comes_nearest(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, "Who paints the harbour crane on Sundays in winter?")
    expect(frame.get_by_text("The articles don’t answer this.")).to_be_visible()
    expect(frame.get_by_text("Nearest passages")).to_be_visible()
    assert frame.locator("figure").count() >= 1


def test_a_row_is_shown_under_its_tables_head(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, "What is the fee for a ketch?")
    assert frame.locator("th").all_inner_texts() == ["Boat", "Fee"]
    assert frame.locator("td").all_inner_texts() == ["ketch", "19 euros"]


def test_it_starts_anew(wiki: Wiki, page: Page) -> None:
    frame = opened(page, wiki)
    put(frame, LIFTS)
    frame.get_by_role("button", name="New").click()
    expect(frame.locator(".turn")).to_have_count(0)
    put(frame, "When does the ferry leave?")
    assert wiki.asked[-1]["history"] == []


def test_no_cookie_is_set_anywhere(wiki: Wiki, page: Page, context: BrowserContext) -> None:
    put(opened(page, wiki), LIFTS)
    assert context.cookies() == []


# --- What its attributes do ----------------------------------------------------------------


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


# --- Who may ask ---------------------------------------------------------------------------


def test_a_token_of_the_wikis_side_is_sent_and_stands_in_no_address(wiki: Wiki, page: Page) -> None:
    wiki.attributes, wiki.token = "data-token-url=/token", "first.token.x"
    frame = opened(page, wiki)
    put(frame, LIFTS)
    assert wiki.tokens == ["Bearer first.token.x"]
    assert "token" not in (page.locator("#pullquote iframe").get_attribute("src") or "")


def test_a_token_that_has_run_out_is_renewed_once(wiki: Wiki, page: Page) -> None:
    wiki.attributes, wiki.token = "data-token-url=/token", "old"

    def refuse(request: Any) -> int | None:
        wiki.token = "new"
        return None if request.headers.get("authorization") == "Bearer new" else 401

    wiki.refuse = refuse
    frame = opened(page, wiki)
    put(frame, LIFTS)
    assert wiki.tokens == ["Bearer old", "Bearer new"]
    expect(frame.locator("blockquote")).to_be_visible()
    wiki.refuse = lambda _: 401
    put(frame, LIFTS)
    assert len(wiki.tokens) == 4
    expect(frame.get_by_role("alert")).to_contain_text("You have no access")


@pytest.fixture(scope="module")
def guarded(running: Wiki) -> Iterator[str]:
    """The whole application, which lets in who has a token and be framed by the wiki alone."""
    secret = {"token_secret": SECRET, "frame_ancestors": running.url}
    settings = load({}, library=running.service.library.folder, **secret)
    with served(create_app(running.service, settings=settings)) as address:
        yield address


def test_a_guarded_server_answers_who_the_wiki_vouches_for(
    wiki: Wiki, page: Page, guarded: str
) -> None:
    open_to_all, wiki.pullquote = wiki.pullquote, guarded
    try:
        wiki.attributes = "data-token-url=/token"
        claims = {"sub": "ida", "aud": "pullquote", "exp": time.time() + 60}
        wiki.token = jwt.encode(claims, SECRET, "HS256")
        frame = opened(page, wiki)
        put(frame, LIFTS)
        expect(frame.locator("blockquote")).to_have_text(f"“{LIFTED}”")
        wiki.token = jwt.encode({**claims, "exp": time.time() - 60}, SECRET, "HS256")
        put(frame, LIFTS)
        expect(frame.get_by_role("alert")).to_contain_text("You have no access")
    finally:
        wiki.pullquote = open_to_all


def test_no_other_site_frames_it(wiki: Wiki, page: Page, guarded: str) -> None:
    # The wiki's own server under another name is another site.
    page.goto(wiki.url.replace("localhost", "127.0.0.1") + "/wiki/bells")
    page.evaluate(
        "src => document.getElementById('here').append(Object.assign("
        "document.createElement('iframe'), {src, width: 400, height: 400}))",
        f"{guarded}/widget",
    )
    page.wait_for_timeout(500)
    framed = page.locator("#here iframe").element_handle().content_frame()
    assert framed is not None and not framed.url.startswith(guarded)


def test_messages_of_others_are_not_heard(wiki: Wiki, page: Page) -> None:
    opened(page, wiki)
    page.evaluate("postMessage({pullquote: 'goto', url: location.href.split('#')[0] + '#x'}, '*')")
    page.evaluate("postMessage({pullquote: 'close'}, '*')")
    page.evaluate("postMessage({pullquote: 'constructor'}, '*')")
    page.wait_for_timeout(200)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert "#" not in page.url


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


# --- What goes wrong -----------------------------------------------------------------------


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


# --- The files -----------------------------------------------------------------------------


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


def test_every_attribute_is_documented() -> None:
    used = set(re.findall(r"given\.(\w+)", (STATIC / "embed.js").read_text()))
    used |= {"lang", "color", "theme", "filter", "greeting"}
    names = {"data-" + re.sub("([A-Z])", lambda m: "-" + m[1].lower(), name) for name in used}
    table = set(re.findall(r"^\| `(data-[\w-]+)`", DOCS.read_text(), re.MULTILINE))
    assert table == names


def test_every_language_has_every_word(wiki: Wiki, page: Page) -> None:
    page.goto(f"{wiki.pullquote}/widget")
    words = page.evaluate("import('./widget/words.js').then((m) => m.WORDS)")
    assert {"en", "de", "fr", "es"} <= words.keys()
    for lang, said in words.items():
        assert said.keys() == words["en"].keys(), lang
        assert all(text.strip() for text in said.values()), lang
