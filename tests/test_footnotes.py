"""Answers to paste elsewhere: every quote with its source, nothing of others turned into markup."""

from __future__ import annotations

from hypothesis import given
from markdown_it import MarkdownIt

from rag.compose import quoted_answer, refusal
from rag.domain import Answer, Article, Citation, Metadata, Point, Relation, Span
from rag.quotes import make_quote
from tests.rendered import article, cited, texts
from ui.footnotes import answer_markdown, quote_markdown, quote_text

MILL = article(
    "The mill burned in 1931. Nobody was hurt.",
    Metadata("The mill", "The Gazette", None, "1931-05-02", "https://mills.example/story"),
    "mill.md",
)


def answer_of(*citations: Citation) -> Answer:
    points = [Point((c.marker,), Relation.ONE) for c in citations]
    text = quoted_answer(citations, points)
    return Answer("What burned?", text, "What burned?", citations, points=tuple(points))


def test_quotes_become_footnotes_with_their_places() -> None:
    text = answer_markdown(
        answer_of(cited(MILL, "The mill burned in 1931."), cited(MILL, "Nobody was hurt.", 2))
    )
    assert text == (
        "**What burned?**\n\n"
        "The Gazette, 2 May 1931: “The mill burned in 1931.” [^1] “Nobody was hurt.” [^2]\n\n"
        "[^1]: “The mill burned in 1931.” — *The mill*, The Gazette, 2 May 1931 (mill.md:0-24)"
        " <https://mills.example/story#:~:text=The%20mill%20burned%20in%201931.>\n"
        "[^2]: “Nobody was hurt.” — *The mill*, The Gazette, 2 May 1931 (mill.md:25-41)"
        " <https://mills.example/story#:~:text=Nobody%20was%20hurt.>\n"
    )


def test_a_refusal_is_copied_with_what_came_nearest() -> None:
    near = cited(MILL, "Nobody was hurt.")
    answer = Answer("Who?", refusal(["Zorvan"]), "Who?", refused=True, near_misses=(near,))
    text = answer_markdown(answer)
    assert text.startswith("**Who?**\n\nThe articles don't say. They nowhere mention “Zorvan”.")
    assert "Nearest:\n\n- “Nobody was hurt.” — *The mill*" in text
    assert "[^" not in text


def test_one_quote_is_copied_as_it_stands() -> None:
    assert quote_text(cited(MILL, "Nobody was hurt.")) == (
        "“Nobody was hurt.”\n— The mill, The Gazette, 2 May 1931 (mill.md:25-41)\n"
        "https://mills.example/story#:~:text=Nobody%20was%20hurt."
    )


def test_a_marker_that_is_the_articles_own_is_no_footnote() -> None:
    source = article("It stands in [1] and [2].")
    text = answer_markdown(answer_of(cited(source, "It stands in [1] and [2].")))
    assert "in \\[1\\] and \\[2\\].” [^1]" in text


@given(texts, texts)
def test_nothing_of_others_becomes_markup(quote: str, other: str) -> None:
    words = f"x{quote}x"
    source = Article(1, f"x{other}x", words, "rev", Metadata(f"x{other}x", other, other, url=other))
    citation = Citation(1, make_quote(source, Span(0, len(words))))
    assert quote_text(citation).startswith(f"“{words}”\n")
    assert "\n" not in quote_markdown(citation)
    tokens = [
        child.type
        for token in MarkdownIt("commonmark").parse(quote_markdown(citation))
        for child in (token, *(token.children or ()))
    ]
    assert not {"image", "html_inline", "html_block", "heading_open", "fence", "code_inline"} & set(
        tokens
    )
