"""What the page shows: escaping, attribution, and the exactness of the highlighted quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.compose import written_date
from rag.domain import Also, Answer, Metadata, Point, Relation, Span, Withheld
from tests.rendered import Page, article, cited, texts
from ui.render import answer_html, article_html, message_html
from ui.turns import actions_html


@st.composite
def texts_and_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(texts)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    return text, [Span(*sorted(p)) for p in draw(st.lists(places, min_size=1, max_size=4))]


@given(texts_and_spans())
def test_the_mark_is_the_quote_and_the_text_is_the_article(case: tuple[str, list[Span]]) -> None:
    text, (span, *others) = case
    page = Page(article_html(article(text), span, others))
    assert page.text("mark") == text[span.start : span.end]
    assert page.text("pq-text") == text
    [mark] = page.all("mark")
    assert (mark["id"], mark["data-start"], mark["data-end"]) == (
        "quote",
        str(span.start),
        str(span.end),
    )
    assert {tag for tag, _ in page.tags} <= {
        "article",
        "header",
        "h2",
        "p",
        "span",
        "code",
        "div",
    } | {"mark"}


@given(texts, texts)
def test_nothing_of_others_becomes_markup(quote: str, other: str) -> None:
    source = article(f"x{quote}x", Metadata(other, other, other, other, other), other)
    answer = Answer(other, other, other, (cited(source, source.text),), mode="llm", model=other)
    page = Page(answer_html(answer) + message_html(other) + actions_html(answer, other))
    allowed = {
        "div",
        "p",
        "b",
        "ul",
        "li",
        "figure",
        "figcaption",
        "cite",
        "blockquote",
        "span",
        "button",
        "section",
        "template",
    }
    assert {tag for tag, _ in page.tags} <= allowed
    assert page.text("pq-words") == source.text
    assert page.text("pq-message") == other
    assert page.all("pq-actions")[0]["data-id"] == other
    assert all(not name.startswith("on") for _, values in page.tags for name in values)
    assert page.all("pq-marker")[-1]["data-source"] == other


def test_an_answer_names_who_and_when_and_where() -> None:
    first = article(
        "Water rose. It fell.", Metadata("High water", "The Gazette", None, "2025-06-04")
    )
    second = article("Nobody knows.", source="notes/plain.txt")
    answer = Answer("q", "t", "q", (cited(first, "It fell."), cited(second, "Nobody knows.", 2)))
    page = Page(answer_html(answer))
    assert page.text("figcaption") == "The Gazette · 4 June 2025notes/plain.txt · undated"
    assert "“It fell.” [1]" in page.text("blockquote")
    button = page.all("button")[0]
    assert button["data-source"] == "a/b.txt"
    assert (button["data-start"], button["data-end"], button["data-marker"]) == ("12", "20", "1")
    assert button["aria-label"] == "Show quote 1 in its article"


def test_sides_of_a_difference_stand_together_in_order_with_their_other_sources() -> None:
    early = article("It fell 2 m.", Metadata(publisher="Gazette", published="2025-06-04"))
    late = article("It fell 3 m.", Metadata(publisher="Herald", published="2025-07-01"), "b.txt")
    copy = article("It fell 2 m. So.", Metadata(publisher="<i>Echo</i>"), "c.txt")
    also = Also(1, cited(copy, "It fell 2 m.").quote, True)
    answer = Answer(
        "q", "t", "q", (cited(early, "It fell 2 m."), cited(late, "It fell 3 m.", 2)),
        points=(Point((1, 2), Relation.LATER, (also,)),),
        uncovered=("Who <b>pushed</b> it?",),
    )  # fmt: skip
    page = Page(answer_html(answer))
    (section,) = page.all("section")
    assert section["aria-label"] == page.text("pq-lead") == "The articles differ, in order of date"
    assert page.text("pq-when") == "EarlierLater"
    assert page.text("pq-words") == "It fell 2 m.It fell 3 m."
    assert page.text("summary") == "Also in <i>Echo</i>"
    assert "undated · a reprint“It fell 2 m.” Show" in page.text("details")
    (opener,) = page.all("pq-also-open")
    assert (opener["data-source"], opener["data-start"], opener["data-end"]) == ("c.txt", "0", "12")
    assert opener["aria-label"] == "Show quote 1 as in <i>Echo</i>"
    assert page.text("pq-uncovered") == "The articles don't say: Who <b>pushed</b> it?"


def test_somebodys_words_without_their_speaker_are_not_shown_as_the_articles_own() -> None:
    quoted = cited(article("“Never again.” It rained."), "“Never again.”")
    answer = Answer("q", "t", "q", (quoted,), points=(Point((1,), Relation.ONE, spoken=(1,)),))
    assert "quoting a speaker" in Page(answer_html(answer)).text("figcaption")


def test_a_models_sentences_keep_their_markers_and_what_was_withheld() -> None:
    source = article("Water rose. It fell.")
    answer = Answer(
        "q",
        "It **fell** [1].\n\nSo [7].",
        "q",
        (cited(source, "It fell."),),
        withheld=(Withheld("It <b>burned</b>.", "no evidence"),),
        mode="llm",
    )
    page = Page(answer_html(answer))
    assert page.text("pq-prose") == "It **fell** [1].So [7]."
    assert len(page.all("pq-marker")) == 2
    assert "It <b>burned</b>. (no evidence)" in page.text("pq-withheld")
    assert "Worded by a model, every sentence checked" in page.text("pq-weight")


def test_a_refusal_says_so_and_shows_the_nearest() -> None:
    near = cited(article("Water rose. It fell."), "Water rose.")
    answer = Answer(
        "q",
        "The articles don't say anything of fire.\n\nNearest: …",
        "q",
        refused=True,
        near_misses=(near,),
        missing=("fire", "tanks"),
    )
    page = Page(answer_html(answer))
    assert page.text("pq-lead") == "The articles don't say anything of fire."
    assert page.text("pq-missing") == "Not found in the articles: “tanks”."
    assert page.text("pq-nearest") == "Nearest"
    assert page.text("pq-words") == "Water rose."
    assert len(page.all("pq-marker")) == 1


def test_a_long_article_is_cut_around_the_quote() -> None:
    text = "".join(f"Line {number} of a long article.\n" for number in range(40_000))
    span = Span(text.index("Line 20000 "), text.index("Line 20001 "))
    page = Page(article_html(article(text), span))
    shown = page.text("pq-text")
    assert page.text("mark") == text[span.start : span.end]
    assert 60_000 < len(shown) < 100_000
    assert shown in text
    assert shown.startswith("Line ")
    assert f"{len(text):,} characters" in page.text("pq-note")


@pytest.mark.parametrize("place", [0, 500_000, 999_990])
def test_a_long_article_without_lines_is_cut_too(place: int) -> None:
    page = Page(article_html(article("a" * 1_000_000), Span(place, place + 10)))
    assert page.text("mark") == "a" * 10
    assert len(page.text("pq-text")) < 100_000


def test_a_place_beyond_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="ends at 3"):
        article_html(article("abc"), Span(2, 4))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//[x", "JaVaScript:x"])
def test_only_web_addresses_become_links(url: str) -> None:
    page = Page(article_html(article("abc", Metadata(url=url)), None))
    assert not page.all("a")
    assert url in page.text("pq-where")
    linked = Page(article_html(article("abc", Metadata(url='https://e.example/"><b>')), None))
    assert linked.all("a")[0]["href"] == 'https://e.example/"><b>'


def test_an_override_stands_alone_in_an_isolate() -> None:
    page = Page(article_html(article("a\u202eb"), Span(0, 3)))
    assert page.all("pq-control") == [{"class": "pq-control", "data-name": "U+202E"}]
    assert page.text("pq-control") == "\u202e"


@pytest.mark.parametrize(
    ("published", "words"),
    [
        ("2025-06-04", "4 June 2025"),
        ("2025-06", "June 2025"),
        ("2025", "2025"),
        (None, "undated"),
        ("", "undated"),
        ("2025-13", "2025-13"),
        ("2025-00", "2025-00"),
        ("yesterday", "yesterday"),
    ],
)
def test_dates_are_written_out(published: str | None, words: str) -> None:
    assert written_date(published) == words
