"""The library, article, gaps and case pages in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from ingest.job import ingest
from rag.domain import Article, Metadata
from rag.embed import OnnxEmbedder
from rag.errors import NotFoundError
from rag.library.listing import article_units
from tests.serving import served
from tests.site import HOSTILE, Site, finished, open_site, pages_alone
from ui import escape
from ui.cli import main
from ui.records import Verdict
from ui.service import Service
from ui.web.reading import PART, byline, cut, part_with
from ui.web.site import site_router

LIGHTHOUSE = b"# The lighthouse of Sines\n\nThe lighthouse of Sines was lit first on 9 May 1880.\n"
COST = "It cost 48 million euros, the harbour master Ilda Ferraz said."
REFUSED = "Who is the mayor of Porto Almar?"
Browse = Callable[..., Page]


def file(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "", "buffer": data}


def names(page: Page) -> list[str]:
    return page.locator("#articles tbody th a").all_inner_texts()


def test_files_are_brought_followed_and_answered_from(shelf: Site, browse: Browse) -> None:
    page = browse(f"{shelf.address}/library")
    expect(page.locator("#count")).to_have_text("2 articles")
    page.get_by_label("Drop files here").set_input_files(
        [
            file("lighthouse.md", LIGHTHOUSE),
            file("photo.png", b"\x89PNG"),
            file("latin.txt", "schön".encode("latin-1")),
        ]
    )
    states = page.locator("#uploads li")
    expect(states).to_have_count(3)
    expect(states.nth(0)).to_contain_text("1 added.")
    expect(states.nth(1)).to_contain_text("not a kind of file that is read; read are .txt")
    expect(states.nth(2)).to_contain_text("latin.txtnot UTF-8")
    assert page.locator("#upload-said").inner_text()
    # The list is the new one, without a reload.
    expect(page.locator("#count")).to_have_text("3 articles")
    assert "The lighthouse of Sines" in names(page)
    answer = shelf.ask("When was the lighthouse of Sines lit first?").answer
    assert answer.citations[0].quote.article.source == "uploads/lighthouse.md"
    # The same name again is asked about.
    page.set_input_files("#files", [file("lighthouse.md", LIGHTHOUSE + b"\nIt has 92 steps.\n")])
    asking = page.locator("#uploads .asking")
    expect(asking).to_contain_text("There is an upload of this name already.")
    asking.get_by_role("button", name="Replace lighthouse.md").click()
    expect(page.locator("#uploads li").nth(3)).to_contain_text("1 updated.")
    assert "92 steps" in shelf.library.article("uploads/lighthouse.md").text


def test_dropped_files_and_too_large_ones(
    tmp_path: Path, embedder: OnnxEmbedder, browse: Browse
) -> None:
    with open_site(tmp_path, embedder, max_article_mb="0.01") as site:
        page = browse(f"{site.address}/library")
        page.evaluate(
            """() => {
              const data = new DataTransfer();
              data.items.add(new File(["The quay is 900 metres long."], "quay.txt"));
              data.items.add(new File(["word ".repeat(3000)], "long.txt"));
              for (const name of ["dragover", "drop"]) {
                document.getElementById("drop").dispatchEvent(
                  new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
              }
            }"""
        )
        expect(page.locator("#uploads .done")).to_contain_text("1 added.")
        expect(page.locator("#uploads .failed")).to_contain_text("over the limit of 0.01 MB")


def test_a_server_that_is_gone_is_told(
    tmp_path: Path, embedder: OnnxEmbedder, browser: Browser
) -> None:
    with open_site(tmp_path, embedder) as site:
        page = browser.new_page()
        page.goto(f"{site.address}/library")
    page.set_input_files("#files", [file("a.txt", b"A word.")])
    expect(page.locator("#uploads .failed")).to_contain_text("the server did not answer")
    page.close()


def test_search_sort_and_removal(shelf: Site, browse: Browse) -> None:
    page = browse(f"{shelf.address}/library")
    both = ["Museum of Salt to close for repairs", "The harbour opens a second pier"]
    assert names(page) == both
    page.get_by_role("link", name="Article").click()
    assert names(page) == both[::-1]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.get_by_label("Search").fill("évora")
    page.get_by_label("Search").press("Enter")
    assert names(page) == both[:1]
    expect(page.locator("#count")).to_have_text("1 of 2 articles")
    page.get_by_role("link", name="Remove Museum of Salt").click()
    page.get_by_role("link", name="Keep it").click()
    assert names(page) == both
    page.get_by_role("link", name="Remove Museum of Salt").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").first).to_have_text("The article was removed.")
    assert names(page) == both[1:]
    with pytest.raises(NotFoundError):
        shelf.library.article("museum.md")


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


def test_hostile_articles_stay_text(shelf: Site, browse: Browse) -> None:
    name = "<img src=x onerror=window.hacked=1>&quot;.md"
    page = browse(f"{shelf.address}/library")
    page.set_input_files("#files", [file(name, HOSTILE.encode())])
    expect(page.locator("#uploads li")).to_contain_text("1 added.")
    assert page.locator("#uploads .file").inner_text() == name
    source = f"uploads/{name}"
    article = shelf.library.article(source)
    row = page.locator("#articles tr", has_text="onerror")
    assert row.locator("img, script, svg").count() == 0
    row.get_by_role("link").first.click()
    assert page.locator(".text").evaluate("e => e.textContent") == article.text
    assert page.locator("main img, main script, main svg, main iframe").count() == 0
    assert page.locator("main a[href^=javascript]").count() == 0
    asked = shelf.ask("<img src=x onerror=window.hacked=1> what is the mayor's name?")
    shelf.service.say(asked.id or "", Verdict.GAP, "</p><script>window.hacked=1</script>")
    page.goto(f"{shelf.address}/gaps")
    expect(page.locator("h2").first).to_contain_text("onerror=window.hacked=1")
    page.get_by_role("link", name="Make a case").click()
    page.locator("#found button", has_text="onerror").click()
    expect(page.locator("#article-title")).to_be_focused()
    assert page.locator("#text").evaluate("e => e.textContent") == article.text
    page.locator("#text [data-start]").first.click()
    page.get_by_role("button", name="Add the chosen words").click()
    assert page.locator("main img, main script, main svg").count() == 0


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


def test_all_holds_behind_a_path(tmp_path: Path, embedder: OnnxEmbedder, browse: Browse) -> None:
    with open_site(tmp_path, embedder, prefix="/team/quotes") as site:
        number = site.ask(REFUSED).id
        page = browse(f"{site.address}/library")
        page.set_input_files("#files", [file("lighthouse.md", LIGHTHOUSE)])
        expect(page.locator("#uploads .done")).to_contain_text("1 added.")
        page.get_by_role("link", name="The lighthouse of Sines", exact=True).click()
        assert page.locator(".text").evaluate("e => e.textContent") == LIGHTHOUSE.decode()
        page.get_by_role("link", name="Library").click()
        page.get_by_role("link", name="Remove The lighthouse").click()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("status").first).to_have_text("The article was removed.")
        page.get_by_role("link", name="Gaps").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as CSV").click()
        assert number in download.value.path().read_text(encoding="utf-8")
        page.get_by_role("link", name="Make a case").click()
        page.get_by_label("No, they don’t").check()
        page.get_by_label("Mark the gap as done").uncheck()
        page.get_by_role("button", name="Save the case").click()
        page.get_by_role("link", name="Back to the gaps").click()
        page.get_by_role("button", name="Mark as done").click()
        expect(page.locator(".empty")).to_be_visible()
        assert page.get_by_role("link", name="Chat").evaluate("e => e.href") == f"{site.address}/"


def test_without_a_keeper_or_records_the_pages_only_show(shelf: Site, browse: Browse) -> None:
    with served(pages_alone(Service(shelf.service.assistant), None)) as address:
        page = browse(f"{address}/library")
        assert len(names(page)) == 2
        assert page.get_by_role("link", name="Remove").count() == 0
        page.goto(f"{address}/gaps")
        expect(page.get_by_role("alert")).to_contain_text("Answers are not kept here")


def test_where_there_is_nothing_yet_the_pages_say_what_to_do(shelf: Site, browse: Browse) -> None:
    for source in ("harbour.md", "museum.md"):
        shelf.keeper.remove(source)
    page = browse(f"{shelf.address}/library")
    expect(page.locator(".empty")).to_contain_text("No articles yet. Add files above")
    page.goto(f"{shelf.address}/gaps")
    expect(page.locator(".empty")).to_contain_text("No gaps: every question so far was answered")


def test_sources_kept_in_step_are_shown_with_their_troubles(shelf: Site, browse: Browse) -> None:
    well = {
        "name": "notes", "where": "/srv/notes", "running": False, "last_success": 1_750_000_000.0,
        "next_run": 1_750_000_300.0, "error": "", "counts": {"added": 3, "failed": 0},
        "problems": [],
    }  # fmt: skip
    ill = {
        **well, "name": "<b>wiki</b>", "where": "https://wiki.example/api.php",
        "last_success": None, "error": "no answer <i>within</i> 30 s",
        "problems": ["Main_Page: too large"],
    }  # fmt: skip
    state: list[dict[str, object]] = [well]
    app = FastAPI()
    app.include_router(site_router(shelf.service, shelf.keeper, sync=lambda: state))
    with served(app) as address:
        page = browse(f"{address}/library")
        expect(page.locator(".sync summary")).to_have_text("Kept in step with 1 source, all well")
        assert "15 June 2025 15:06 UTC" in (page.locator(".sync li").text_content() or "")
        state.append(ill)
        page.reload()
        expect(page.locator(".sync summary")).to_have_text(
            "Kept in step with 2 sources, 1 in trouble"
        )
        expect(page.locator(".sync > ul > li").nth(1)).to_contain_text("<i>within</i>")
        expect(page.locator(".sync > ul > li").nth(1)).to_contain_text("not looked at yet")
        assert page.locator(".sync b, .sync i").count() == 0
        state.clear()
        page.reload()
        assert page.locator(".sync").count() == 0
