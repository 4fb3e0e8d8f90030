"""Filters, questions to start and go on with, copies and verdicts on the chat page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from rag.filters import make_filter
from tests.page import BOX, ask, started
from tests.page import answered as complete
from tests.serving import served
from ui.footnotes import answer_markdown, quote_text
from ui.records import Records, Verdict
from ui.service import Service
from ui.web.app import create_app

CATCH = "() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"
DENY = "() => { navigator.clipboard.writeText = async () => { throw new Error('denied'); }; }"


def test_a_filter_is_seen_counted_and_kept_to(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str
) -> None:
    cited = assistant.answer(answered).citations[0].quote.article
    house = cited.metadata.publisher
    page = visit(site)
    page.click("#pq-filters summary")
    page.wait_for_selector("#pq-publishers:visible")
    offered = page.locator("#pq-publishers bdi").all_inner_texts()
    entries = assistant.library.catalogue.entries()
    assert set(offered) == {e.metadata.publisher for e in entries if e.metadata.publisher}
    page.fill('[name="source"]', "nowhere/*")
    page.wait_for_function(
        "document.querySelector('#pq-filter-says').textContent === '0 articles match'"
    )
    turn = ask(page, answered)
    assert "No article matches the filter" in turn.inner_text()
    page.click("#pq-filter-clear")
    page.wait_for_function(
        "document.querySelector('#pq-filter-words').textContent === 'Filter: all articles'"
    )
    page.fill('[name="source"]', cited.source)
    page.wait_for_function(
        "document.querySelector('#pq-filter-says').textContent === '1 article matches'"
    )
    assert cited.source in page.locator("#pq-filter-words").inner_text()
    turn = ask(page, answered)
    sources = turn.locator(".pq-marker").evaluate_all("els => els.map(e => e.dataset.source)")
    assert set(sources) == {cited.source}
    if house:
        page.click("#pq-filter-clear")
        page.get_by_label(house).check()
        count = sum(
            make_filter(publishers=(house,)).accepts(
                e.source, e.metadata.publisher, e.metadata.published
            )
            for e in entries
        )
        page.wait_for_function(
            "n => document.querySelector('#pq-filter-says').textContent.startsWith(`${n} `)",
            arg=count,
        )


def test_a_date_that_is_none_is_said_so(
    visit: Callable[..., Page], site: str, answered: str
) -> None:
    page = visit(site)
    page.click("#pq-filters summary")
    page.fill('[name="since"]', "next Tuesdayish")
    page.wait_for_selector("#pq-filter-says.pq-failed")
    assert "is no date" in page.locator("#pq-filter-says").inner_text()
    turn = ask(page, answered)
    assert "is no date" in turn.locator(".pq-message").inner_text()
    page.fill('[name="since"]', "June 2025")
    page.fill('[name="until"]', "2024")
    page.wait_for_function(
        "document.querySelector('#pq-filter-says').textContent.includes('is after until')"
    )


def test_questions_to_start_with_are_answered(
    visit: Callable[..., Page], site: str, assistant: Any
) -> None:
    page = visit(site)
    page.wait_for_selector("#pq-examples .pq-offer")
    offered = page.locator("#pq-examples .pq-offer").all_inner_texts()
    assert 2 <= len(offered) <= 4
    assert all(assistant.answer(question).citations for question in offered)
    page.locator("#pq-examples .pq-offer").first.click()
    turn = complete(page, 1)
    assert turn.locator(".pq-question").inner_text() == offered[0]
    assert turn.locator(".pq-marker").count()
    assert not page.locator("#pq-examples").is_visible()


def test_questions_to_go_on_with_are_answered_with_other_quotes(
    visit: Callable[..., Page], site: str, assistant: Any, questions: list[str]
) -> None:
    page = visit(site)
    for question in questions:
        said = {c.quote.text for c in assistant.answer(question).citations}
        if not said:
            continue
        turn = ask(page, question)
        try:
            turn.locator(".pq-followups .pq-offer").first.wait_for(timeout=5000)
        except Exception:
            continue
        break
    offered = turn.locator(".pq-followups .pq-offer").all_inner_texts()
    assert offered
    count = page.locator(".pq-turn").count()
    turn.locator(".pq-followups .pq-offer").first.click()
    last = complete(page, count + 1)
    assert last.locator(".pq-question").inner_text() == offered[0]
    quotes = set(last.locator(".pq-words").all_inner_texts())
    assert quotes and not quotes & said
    assert not last.locator(".pq-refused").count()


def test_an_answer_is_copied_with_its_quotes(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str
) -> None:
    page = visit(site)
    page.evaluate(CATCH)
    turn = ask(page, answered)
    answer = assistant.answer(answered)
    turn.locator(".pq-copy").click()
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied") == answer_markdown(answer)
    assert turn.locator(".pq-copy").inner_text() == "Copied"
    page.evaluate("window.copied = ''")
    turn.locator(".pq-copy-quote").nth(1).click()
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied") == quote_text(answer.citations[1])
    page.locator("#pq-panel").focus()
    page.evaluate("window.copied = ''")
    page.keyboard.press("c")
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied") == quote_text(answer.citations[0])


def test_copying_works_without_the_clipboards_permission(
    visit: Callable[..., Page], site: str, assistant: Any, answered: str
) -> None:
    page = visit(site)
    page.evaluate(DENY)
    turn = ask(page, answered)
    turn.locator(".pq-copy").click()
    page.wait_for_function("document.querySelector('.pq-copy').textContent === 'Copied'")
    page.focus(BOX)
    page.keyboard.press("Control+V")
    page.wait_for_function("v => document.querySelector(v).value", arg=BOX)
    wanted = answer_markdown(assistant.answer(answered))
    assert page.input_value(BOX).strip() == wanted.strip()
    page.fill(BOX, "")
    page.evaluate("document.execCommand = () => false")
    turn.locator(".pq-copy-quote").first.click()
    page.wait_for_selector("#pq-copy-dialog[open]")
    chosen = "document.querySelector('#pq-copy-text')"
    text = page.evaluate(f"{chosen}.value.slice({chosen}.selectionStart, {chosen}.selectionEnd)")
    assert text == quote_text(assistant.answer(answered).citations[0])


def test_verdicts_are_kept_with_the_answer(
    visit: Callable[..., Page], assistant: Any, tmp_path: Path, answered: str, refused: str
) -> None:
    records = Records(tmp_path)
    with served(create_app(Service(assistant, records))) as address:
        page = visit(address)
        turn = ask(page, answered)
        number = turn.get_attribute("data-id")
        turn.get_by_role("button", name="Bad answer").click()
        turn.locator(".pq-comment input").fill("Not <b>what</b> I asked")
        turn.locator(".pq-comment button").click()
        page.wait_for_function("document.querySelector('.pq-said').textContent.includes('asked')")
        said = records.find(number).feedback
        assert (said.verdict, said.comment) == (Verdict.BAD, "Not <b>what</b> I asked")
        turn.get_by_role("button", name="Good answer").click()
        turn.locator('[data-verdict="good"][aria-pressed="true"]').wait_for()
        assert records.find(number).feedback.verdict is Verdict.GOOD
        page.click("#pq-new")
        turn = ask(page, refused)
        turn.get_by_role("button", name="Report this gap").click()
        turn.locator('[data-verdict="gap"][aria-pressed="true"]').wait_for()
        assert records.find(turn.get_attribute("data-id")).feedback.verdict is Verdict.GAP
        page.reload()
        started(page)
        page.wait_for_selector('[data-verdict="gap"][aria-pressed="true"]')


def test_an_answer_says_what_it_rests_on(
    visit: Callable[..., Page], site: str, answered: str
) -> None:
    page = visit(site)
    words = ask(page, answered).locator(".pq-weight").inner_text()
    assert "Quotes only, no model" in words
    assert "source" in words


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sides_of_a_difference_stand_side_by_side(
    visit: Callable[..., Page], library_of: Callable[[Path], Any], tmp_path: Path, scheme: str
) -> None:
    folder = tmp_path / "toll"
    folder.mkdir()
    for day, count in (("2024-03-01", 12), ("2024-05-01", 15)):
        (folder / f"{day}.md").write_text(
            f"---\ndate: {day}\n---\n# Storm at Kelda {count}\n\n"
            f"The storm at Kelda killed {count} people.\n",
            encoding="utf-8",
        )
    kept = library_of(folder)
    with served(create_app(Service(kept.assistant, Records(kept.folder)))) as address:
        page = visit(address, color_scheme=scheme)
        turn = ask(page, "How many people did the storm at Kelda kill?")
        one, other = (box.bounding_box() for box in turn.locator(".pq-side").all())
        assert one["y"] == other["y"] and one["x"] + one["width"] <= other["x"]
        assert "1 March 2024" in turn.locator(".pq-side").first.inner_text()
        assert "2 independent sources" in turn.locator(".pq-weight").inner_text()
        page.set_viewport_size({"width": 360, "height": 700})
        one, other = (box.bounding_box() for box in turn.locator(".pq-side").all())
        assert one["x"] == other["x"] and one["y"] < other["y"]
