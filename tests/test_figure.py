"""A quote in its own form: a row in its table, code as code, what it is read with above it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Article, Citation, Kind, Metadata, Span
from rag.quotes import make_quote
from tests.rendered import HOSTILE, Page
from ui import escape
from ui.figure import figure_html
from ui.form import context_lines
from ui.report import terminal_text

TEXT = (
    "# Ports\n\n## Staging\n\nWhat listens where:\n\n"
    "| Service | Port |\n|---|---:|\n| mail \\| post | `25` |\n| web | 80 |\n\n"
    "    # who is up\n    ports list \\\n      --all\n"
)


def cited(words: str, kind: Kind, *context: str, text: str = TEXT) -> Citation:
    article = Article(1, "wiki/ports.md", text, "rev", Metadata("Ports", published="2025-06-04"))

    def place(part: str) -> Span:
        return Span(text.index(part), text.index(part) + len(part))

    return Citation(1, make_quote(article, place(words)), kind, tuple(map(place, context)))


ROW = cited("| mail \\| post | `25` |", Kind.TABLE_ROW, "Staging", "What listens where:",
            "| Service | Port |")  # fmt: skip
CODE = cited("# who is up\n    ports list \\\n      --all", Kind.CODE, "Staging")
STEP = cited("What listens where:", Kind.LIST_ITEM, "Staging")


def test_a_row_is_shown_under_its_header_and_is_still_the_quote() -> None:
    page = Page(figure_html(ROW))
    assert (
        page.text("pq-words") == ROW.quote.text == TEXT[ROW.quote.span.start : ROW.quote.span.end]
    )
    assert page.text("pq-context") == "StagingWhat listens where:"
    assert page.text("thead") == "| Service | Port |"
    assert len(page.all("td")) == len(page.all("th")) == 2
    assert len(page.all("pq-marker")) == 1


def test_code_keeps_its_lines_and_its_indent() -> None:
    page = Page(figure_html(CODE))
    assert page.text("pre") == page.text("pq-words") == CODE.quote.text
    assert page.all("pq-words")[0]["style"] == "text-indent: 4ch"
    assert "“" not in page.text("blockquote")


def test_a_step_stands_below_its_headings() -> None:
    page = Page(figure_html(STEP))
    assert page.text("pq-context") == "Staging"
    assert "“What listens where:”" in page.text("blockquote")


@pytest.mark.parametrize(("above", "bold"), [
    ("**Dogs:** on Fridays only", ["Dogs:"]),
    ("**One** and **two** legs", ["One", "two"]),
    ("2 ** 3 ** 4 and 5**", []),
    ("**<b onclick=alert(1)>**", ["<b onclick=alert(1)>"]),
])  # fmt: skip
def test_bold_words_above_a_quote_are_bold_and_none_is_lost(above: str, bold: list[str]) -> None:
    article = Article(1, "office.md", f"{above}\n\nThree at most.", "rev", Metadata("Office"))
    start = len(above) + 2
    quote = make_quote(article, Span(start, len(article.text)))
    html = figure_html(Citation(1, quote, Kind.SENTENCE, (Span(0, len(above)),)))
    page = Page(html)
    assert page.text("pq-context") == above
    assert len(page.all("strong")) == len(bold)
    assert all(f"<strong>{escape.text(words)}</strong>" in html for words in bold)


kinds = st.sampled_from([k for k in Kind if k not in (Kind.HEADING, Kind.BOILERPLATE)])
characters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
hostile = st.lists(st.one_of(characters, st.sampled_from(HOSTILE))).map("".join)


@given(hostile, hostile, kinds)
def test_in_every_form_the_quote_is_itself_and_nothing_becomes_markup(
    words: str, above: str, kind: Kind
) -> None:
    text = f"x{above}x | y\n\nx{words}x | y"
    quote = Span(len(f"x{above}x | y\n\n"), len(text))
    article = Article(1, above, text, "rev", Metadata(above))
    citation = Citation(1, make_quote(article, quote), kind, (Span(0, len(f"x{above}x | y")),))
    page = Page(figure_html(citation))
    assert page.text("pq-words") == quote.of(text)
    allowed = {"figure", "figcaption", "cite", "blockquote", "span", "button", "p", "pre", "code",
               "div", "table", "thead", "tbody", "tr", "th", "td", "strong", "b",
               "template"}  # fmt: skip
    assert {tag for tag, _ in page.tags} <= allowed
    assert all(not name.startswith("on") for _, values in page.tags for name in values)


def test_a_path_and_its_lead_ins_are_apart() -> None:
    assert context_lines(ROW) == [["Staging"], ["What listens where:"]]
    deep = cited("| web | 80 |", Kind.TABLE_ROW, "Ports", "Staging", "| Service | Port |")
    assert context_lines(deep) == [["Ports", "Staging"]]


@pytest.mark.parametrize(("citation", "shown"), [
    (ROW, "    Staging\n    What listens where:\n    | Service | Port |\n"
          "    | mail \\| post | `25` |\n    wiki/ports.md:"),
    (CODE, "    Staging\n        # who is up\n        ports list \\\n          --all\n    wiki"),
    (STEP, "    Staging\n    “What listens where:”\n    wiki/ports.md:"),
])  # fmt: skip
def test_the_terminal_shows_the_form_too(citation: Citation, shown: str) -> None:
    from rag.domain import Answer

    text = terminal_text(Answer("q", "t", "q", (citation,)))
    assert text.startswith("[1] Ports (4 June 2025)\n")
    assert shown in text
