"""Answerers made worse on purpose are caught, and the report names the cause at once."""

import dataclasses
import json
import random
import re
import shutil

import pytest
from click.testing import CliRunner

from rag.assistant import Assistant
from rag.domain import Citation, Span
from rag.quotes import make_quote
from tests.conftest import ARTICLES
from tests.eval_run.running import QUESTIONS, invoke
from ui.cli import main


def wrong_offsets(answer, _):
    def moved(citation):
        span = citation.quote.span
        quote = dataclasses.replace(citation.quote, span=Span(span.start + 7, span.end + 7))
        return dataclasses.replace(citation, quote=quote)

    return dataclasses.replace(answer, citations=tuple(map(moved, answer.citations)))


def random_sentence(answer, rng):
    best = answer.hits[0].passage.article
    units = [u for hit in answer.hits if hit.passage.article == best for u in hit.passage.units]
    quote = make_quote(best, rng.choice(units).span)
    return dataclasses.replace(answer, citations=() if answer.refused else (Citation(1, quote),))


def always_refuses(answer, _):
    near = answer.citations or answer.near_misses
    return dataclasses.replace(answer, refused=True, citations=(), near_misses=near)


def never_refuses(answer, _):
    cited = answer.citations or answer.near_misses
    return dataclasses.replace(answer, refused=False, citations=cited, near_misses=())


def seen_at_once(browser, path, *words):
    """Fails unless `words` show without scrolling, and the page never scrolls sideways."""
    for scheme in ("light", "dark"):
        for width in (1280, 400):
            view = {"width": width, "height": 800}
            page = browser.new_page(viewport=view, color_scheme=scheme)
            page.goto(path.as_uri())
            for word in words:
                box = page.get_by_text(word).first.bounding_box()
                assert box and box["y"] >= 0 and box["y"] + box["height"] <= 800, (width, word)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()


def first_screen(html):
    return re.sub(r"<[^>]+>", " ", html[html.index("<body>") : html.index('<div class="tiles">')])


WORSENED = (
    (wrong_offsets, "Wrong offsets"),
    (random_sentence, "Wrong sentence"),
    (always_refuses, "Always refuses"),
    (never_refuses, "Never refuses"),
)


@pytest.fixture(scope="module")
def real_answers():
    """What the Assistant itself answers: each way to spoil it begins from the same."""
    return {}


@pytest.mark.parametrize(("spoil", "cause"), WORSENED, ids=lambda v: getattr(v, "__name__", ""))
def test_a_worsened_answerer_is_caught(
    spoil, cause, baseline, library, real_answers, monkeypatch, tmp_path, browser
):
    rng = random.Random(0)

    class Worse(Assistant):
        def answer(self, question, history=()):
            key = json.dumps([question, list(history)])
            if key not in real_answers:
                real_answers[key] = super().answer(question, history)
            return spoil(real_answers[key], rng)

    monkeypatch.setattr("eval.run.Assistant", Worse)
    html = tmp_path / "report.html"
    result = invoke(QUESTIONS, "--docs", ARTICLES, "--library", library, "--html", html,
                    "--no-worse-than", baseline[1])  # fmt: skip
    assert result.exit_code == 1, result.output
    assert "pullquote: articles: " in result.stderr and "Gate failed" in result.stdout
    screen = first_screen(html.read_text())
    assert cause in screen and "gate failed" in screen
    others = {other for _, other in WORSENED} | {"Stale library"}
    assert not [other for other in others - {cause} if other in screen]
    seen_at_once(browser, html, cause)


def test_a_stale_library_is_caught(baseline, tmp_path, browser):
    docs, library, html = tmp_path / "docs", tmp_path / "library", tmp_path / "report.html"
    shutil.copytree(ARTICLES, docs)
    assert CliRunner().invoke(main, ["ingest", str(docs), "--library", str(library)]).exit_code == 0
    fresh = invoke(QUESTIONS, "--library", library, "--no-worse-than", baseline[1], "--limit", 15)
    assert fresh.exit_code == 0, fresh.output
    for file in docs.iterdir():
        file.write_bytes(b"Corrected since it was first published.\n\n" + file.read_bytes())
    options = ["--no-worse-than", baseline[1], "--limit", 15, "--html", html]
    for documents in ([], ["--docs", docs]):
        result = invoke(QUESTIONS, "--library", library, *documents, *options)
        assert result.exit_code == 1, result.output
        screen = first_screen(html.read_text())
        assert "Stale library" in screen and "Wrong" not in screen
        assert "verbatim_rate is 0.0000" in screen
        seen_at_once(browser, html, "Stale library", "verbatim_rate is 0.0000")
