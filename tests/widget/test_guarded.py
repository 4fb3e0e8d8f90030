"""The widget and who may ask: tokens of the wiki's side, frames and messages of other sites."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from playwright.sync_api import Page, expect

from rag.settings import load
from tests.serving import served
from tests.widget.asking import LIFTED, LIFTS, opened, put
from tests.widget_site import Wiki
from ui.web.app import create_app

SECRET = "a wiki and its pullquote know this of each other"


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
