"""What an answer rests on: sources that are independent, reprints, dates, who worded it."""

from __future__ import annotations

import pytest

from rag.domain import Also, Answer, Article, Citation, Metadata, Point, Relation, Span
from rag.quotes import make_quote
from ui.weight import dates_words, mode_words, sources_of, sources_words

STORY = (
    "The flood of May reached the old bridge at noon and carried away two boats. "
    "The mayor closed the quay, and forty houses were left without light until the morning."
)
OTHER = (
    "Water stood in the cellars of the market hall for three days, said the fire brigade, "
    "which pumped with nine engines and asked the army for help on the second evening."
)


def cite(marker: int, source: str, text: str, published: str | None = None) -> Citation:
    article = Article(marker, source, text, source, Metadata(published=published))
    return Citation(marker, make_quote(article, Span(0, 20)))


def answer(*citations: Citation, also: tuple[Also, ...] = ()) -> Answer:
    point = Point(tuple(c.marker for c in citations), Relation.ONE, also)
    return Answer("q", "t", "q", citations, points=(point,))


@pytest.mark.parametrize(
    ("cited", "counts", "words"),
    [
        ((), (0, 0), ""),
        ((cite(1, "a", STORY),), (1, 0), "1 source"),
        ((cite(1, "a", STORY), cite(2, "a", STORY)), (1, 0), "1 source"),
        ((cite(1, "a", STORY), cite(2, "b", OTHER)), (2, 0), "2 independent sources"),
        ((cite(1, "a", STORY), cite(2, "b", f"{STORY} So.")), (1, 1), "1 source, 1 reprint"),
    ],
)
def test_a_reprint_is_no_source_of_its_own(
    cited: tuple[Citation, ...], counts: tuple[int, int], words: str
) -> None:
    assert sources_of(answer(*cited)) == counts
    assert sources_words(answer(*cited)) == words


def test_who_else_says_it_counts() -> None:
    first = cite(1, "a", STORY)
    also = (
        Also(1, cite(1, "b", OTHER).quote, False),
        Also(1, cite(1, "c", f"{STORY} So.").quote, True),
        Also(1, cite(1, "d", f"{OTHER} So.").quote, False),
    )
    assert sources_words(answer(first, also=also)) == "2 independent sources, 2 reprints"


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ((), ""),
        ((None,), "undated"),
        (("2025-06-04",), "4 June 2025"),
        (("2025-06-04", "2024-01", None), "January 2024 to 4 June 2025, some undated"),
    ],
)
def test_dates_are_a_range(dates: tuple[str | None, ...], words: str) -> None:
    cited = [cite(n, str(n), STORY, date) for n, date in enumerate(dates, 1)]
    assert dates_words(answer(*cited)) == words


def test_a_model_is_named() -> None:
    assert mode_words(Answer("q", "t", "q")) == "Quotes only, no model"
    named = Answer("q", "t", "q", mode="llm", model="small-1")
    assert mode_words(named) == "Worded by small-1, every sentence checked"
