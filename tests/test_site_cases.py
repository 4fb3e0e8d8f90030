"""The case page in a real browser: a gap becomes a case of the question set."""

from __future__ import annotations

import json

from click.testing import CliRunner
from playwright.sync_api import expect

from ingest.job import ingest
from rag.library.listing import article_units
from tests.site import COST, REFUSED, Browse, Site
from ui.cli import main
from ui.records import Verdict


def saved(site: Site) -> list[dict[str, object]]:
    lines = (site.settings.library / "cases" / "questions.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in lines.splitlines()]


def scores(site: Site) -> dict[str, dict[str, float]]:
    run = CliRunner().invoke(main, ["eval", str(site.settings.library / "cases"), "--json"])
    assert run.exit_code == 0, run.output
    return json.loads(run.stdout)["metrics"]


def test_a_gap_becomes_a_case_with_words_chosen_by_mouse(shelf: Site, browse: Browse) -> None:
    question = "What did the second pier of Porto Almar cost?"
    number = shelf.ask(question).id or ""
    shelf.service.say(number, Verdict.BAD)
    page = browse(f"{shelf.address}/gaps")
    with page.expect_navigation():
        page.get_by_role("link", name="Make a case").click()
    page.get_by_label("Find an article").fill("pier")
    page.get_by_label("Find an article").press("Enter")
    expect(page.locator("#found button")).to_have_count(1)
    page.locator("#found button").click()
    units = page.locator("#text [data-start]")
    article = shelf.library.article("harbour.md")
    places = article_units(shelf.library.catalogue, article.id)
    expect(units).to_have_count(len(places))
    assert units.evaluate_all("all => all.map(e => e.textContent)") == [
        article.text[start:end] for start, end in places
    ]
    # From the middle of one sentence into the next: both, whole.
    cost = next(i for i, (start, end) in enumerate(places) if article.text[start:end] == COST)
    page.locator("#text").evaluate("e => e.scrollIntoView({ block: 'center' })")
    middle = """e => { const all = [...e.getClientRects()], r = all[all.length - 1];
                       return [r.left + r.width / 2, r.top + r.height / 2]; }"""
    page.mouse.move(*units.nth(cost).evaluate(middle))
    page.mouse.down()
    page.mouse.move(*units.nth(cost + 1).evaluate(middle), steps=5)
    page.mouse.up()
    chosen = page.locator("#text [aria-selected=true]")
    assert chosen.evaluate_all("all => all.map(e => +e.dataset.start)") == [
        places[cost][0], places[cost + 1][0],
    ]  # fmt: skip
    units.nth(cost).click()
    page.get_by_role("button", name="Add the chosen words").click()
    page.get_by_label("Short answer").fill("48 million euros")
    page.get_by_role("button", name="Save the case").click()
    expect(page.locator("#said")).to_contain_text("Saved. The question set has 1 case.")
    (case,) = saved(shelf)
    assert case["evidence"] == [[{"source": "harbour.md", "quote": COST}]]
    assert (case["id"], case["question"], case["answers"]) == (
        number, question, ["48 million euros"],
    )  # fmt: skip
    assert scores(shelf)["evidence_any"]["value"] == 1.0
    # The gap is done, and the case can be opened again with what it has.
    page.get_by_role("link", name="Back to the gaps").click()
    expect(page.locator(".empty")).to_contain_text("No gaps")
    page.goto(f"{shelf.address}/case?answer={number}")
    expect(page.locator("#groups q")).to_have_text(COST)
    expect(page.get_by_label("Short answer")).to_have_value("48 million euros")
    page.get_by_role("button", name="Delete the case").click()
    expect(page.locator("#said")).to_have_text("The case was deleted.")
    assert saved(shelf) == []


def test_a_case_by_keyboard_with_two_parts_and_two_wordings(shelf: Site, browse: Browse) -> None:
    number = shelf.ask(REFUSED).id or ""
    page = browse(f"{shelf.address}/case?answer={number}")
    page.wait_for_selector("#found button")
    page.locator("#found button", has_text="harbour opens").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#article-title")).to_be_focused()
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != "text":
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    active = page.locator("#text").get_attribute("aria-activedescendant")
    assert active == page.locator("#text [aria-selected=true]").last.get_attribute("id")
    page.keyboard.press("Enter")
    page.get_by_label("The next quote is").select_option("another wording of part 1")
    page.keyboard.press("Tab")
    page.locator("#text").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save the case").click()
    expect(page.locator("#said")).to_contain_text("Saved.")
    article = shelf.library.article("harbour.md")
    places = article_units(shelf.library.catalogue, article.id)
    text = [article.text[start:end] for start, end in places]
    (case,) = saved(shelf)
    quotes = [[e["quote"] for e in group] for group in case["evidence"]]  # type: ignore[attr-defined]
    assert quotes == [[text[1], text[0]], [article.text[places[2][0] : places[3][1]]]]


def test_a_question_without_an_answer_becomes_a_case(shelf: Site, browse: Browse) -> None:
    shelf.ask(REFUSED)
    page = browse(f"{shelf.address}/gaps")
    page.get_by_role("link", name="Make a case").click()
    page.get_by_role("button", name="Save the case").click()
    expect(page.locator("#said")).to_contain_text("Choose at least one quote")
    page.get_by_label("No, they don’t").check()
    page.get_by_role("button", name="Save the case").click()
    expect(page.locator("#said")).to_contain_text("Saved.")
    assert saved(shelf)[0]["answerable"] is False
    assert scores(shelf)["refused"]["value"] == 1.0


def test_near_misses_are_one_click(shelf: Site, browse: Browse) -> None:
    asked = shelf.ask(REFUSED)
    assert asked.answer.near_misses
    page = browse(f"{shelf.address}/case?answer={asked.id}")
    near = asked.answer.near_misses[0].quote
    page.locator(".take").first.click()
    expect(page.locator("#groups q")).to_have_text(near.text)
    page.locator(".take").first.click()
    expect(page.locator("#said")).to_have_text("This quote is among them already.")
    page.get_by_role("button", name="Open the article").first.click()
    first = page.locator("#text [aria-selected=true]")
    assert int(first.get_attribute("data-start") or -1) <= near.span.start
    # Once the article has changed, its old quotes are not offered.
    changed = shelf.folder / "articles" / near.article.source
    changed.write_text("All is new here in the town of Porto Almar.", encoding="utf-8")
    ingest([changed], shelf.library, shelf.keeper.embedder, shelf.settings)
    page.reload()
    expect(page.locator(".near")).to_contain_text("The article has changed since.")
