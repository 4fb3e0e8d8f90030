"""The routes beside the chat page: kept revisions, verdicts, filters, the page's own files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import served
from ui.records import Records, Verdict
from ui.service import Service
from ui.web.app import create_app

TOLD = "The lighthouse at Varn has 212 steps."


@pytest.fixture
def kept(library_of: Callable[[Path], Any], tmp_path: Path) -> Any:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "tower.md").write_text(f"# Tower\n\n{TOLD}\n", encoding="utf-8")
    return library_of(folder)


@pytest.fixture
def records(kept: Any) -> Records:
    return Records(kept.folder)


@pytest.fixture
def client(kept: Any, records: Records) -> Iterator[httpx.Client]:
    with (
        served(create_app(Service(kept.assistant, records))) as address,
        httpx.Client(base_url=address, trust_env=False) as opened,
    ):
        yield opened


def asked(kept: Any, records: Records) -> tuple[str, dict[str, Any]]:
    """An answer that is kept, and the place of its first quote."""
    answer = kept.assistant.answer("How many steps does the lighthouse at Varn have?")
    quote = answer.citations[0].quote
    place = {"start": quote.span.start, "end": quote.span.end, "revision": quote.revision}
    return records.keep(answer), {"source": "tower.md", **place}


def test_an_article_is_served_as_it_was_quoted(
    client: httpx.Client, kept: Any, records: Records
) -> None:
    _, place = asked(kept, records)
    mark = f'data-end="{place["end"]}" tabindex="-1">{TOLD}</mark>'
    present = client.get("/article", params=place).text
    assert mark in present and "pq-kept" not in present
    (kept.source / "tower.md").write_text(f"# Tower\n\nNew. {TOLD}\n", encoding="utf-8")
    kept.refresh()
    moved = client.get("/article", params=place).text
    assert mark in moved and "the quote still stands in it" in moved
    start = place["start"] + len("New. ")
    assert f'data-start="{start}" data-end="{start + len(TOLD)}">Show the article' in moved
    (kept.source / "tower.md").write_text("# Tower\n\nShut.\n", encoding="utf-8")
    kept.refresh()
    assert "no longer in it" in client.get("/article", params=place).text
    (kept.source / "tower.md").unlink()
    (kept.source / "other.md").write_text("# Other\n\nNothing.\n", encoding="utf-8")
    kept.refresh()
    gone = client.get("/article", params=place).text
    assert mark in gone and "no longer in the library" in gone
    # What no answer quotes is not kept, and a place beyond it is none.
    assert client.get("/article", params={**place, "revision": "x"}).status_code == 404
    assert client.get("/article", params={**place, "end": 9999}).status_code == 422
    records.prune("9999")
    assert client.get("/article", params=place).status_code == 404


def test_turns_come_in_their_order_and_unknown_ones_are_empty(
    client: httpx.Client, kept: Any, records: Records
) -> None:
    number, _ = asked(kept, records)
    turns = client.get("/turns", params={"id": ["nothing", number]}).json()
    assert [t["id"] for t in turns] == ["nothing", number]
    assert turns[0]["html"] is None
    assert TOLD in turns[1]["html"]
    assert client.get("/turns").json() == []


def test_verdicts_are_checked_and_kept(client: httpx.Client, kept: Any, records: Records) -> None:
    number, _ = asked(kept, records)
    said = {"id": number, "verdict": "bad", "comment": " wrong tower "}
    assert client.post("/say", json=said).status_code == 200
    feedback = records.find(number).feedback
    assert feedback is not None
    assert (feedback.verdict, feedback.comment) == (Verdict.BAD, "wrong tower")
    assert client.post("/say", json={**said, "id": "x"}).status_code == 404
    assert client.post("/say", json={**said, "verdict": "so so"}).status_code == 422
    assert client.post("/say", json={**said, "comment": "x" * 5000}).status_code == 422


def test_a_page_elsewhere_cannot_judge_in_a_readers_name(
    client: httpx.Client, kept: Any, records: Records
) -> None:
    number, _ = asked(kept, records)
    body = f'{{"id": "{number}", "verdict": "bad"}}'
    # What a form of another site can send without asking first.
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        reply = client.post("/say", content=body, headers={"Content-Type": kind})
        assert reply.status_code in (415, 422)
    assert records.find(number).feedback is None


def test_filters_are_counted_or_refused(client: httpx.Client) -> None:
    assert client.get("/matching", params={"source": "*.md"}).text == "1 article matches"
    assert client.get("/matching", params={"source": "*.pdf"}).text == "0 articles match"
    bad = client.get("/matching", params={"since": "soon"})
    assert bad.status_code == 422
    assert "is no date" in bad.text


def test_the_pages_files_may_be_kept_for_ever(client: httpx.Client) -> None:
    found = re.search(r"page-files/\w+/chat\.js", client.get("/").text)
    assert found
    file = client.get(f"/{found[0]}")
    assert file.status_code == 200
    assert "immutable" in file.headers["cache-control"]
    older = client.get("/page-files/old/chat.js")
    assert older.headers["content-type"].startswith("text/javascript")
    assert "immutable" not in older.headers.get("cache-control", "")
    for name in ("..%2fpage.py", "page.py", "%2e%2e"):
        assert client.get(f"/page-files/old/{name}").status_code == 404


def test_what_is_not_kept_cannot_be_shown(kept: Any) -> None:
    with (
        served(create_app(Service(kept.assistant))) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        assert client.get("/a/x").status_code == 404
        assert client.get("/turns", params={"id": "x"}).json()[0]["html"] is None
        assert client.post("/say", json={"id": "x", "verdict": "good"}).status_code == 404
        assert client.post("/follow-ups", json={"id": "x"}).json() == []
