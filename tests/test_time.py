"""Questions that name a time, asked of articles that differ in nothing but theirs."""

import calendar

import pytest

from rag.conversation import Turn, last_turn
from rag.retrieve import Retriever

YEARS = (2018, 2019)


@pytest.fixture(scope="module")
def reports(make_assistant, embedder, tmp_path_factory):
    """A report of each month of two years, and one without a date."""
    folder = tmp_path_factory.mktemp("reports")
    text = "The reservoir stood at 47 per cent when it was measured, said the water board."
    for year in YEARS:
        for month in range(1, 13):
            head = f"# Water report\n\nPublished on 9 {calendar.month_name[month]} {year}\n\n"
            (folder / f"{year}-{month:02}.md").write_text(head + text)
    (folder / "undated.md").write_text("# Water report\n\n" + text)
    return Retriever(make_assistant(folder).library, embedder, candidates=40)


def first(retriever, turn, count=1):
    return [h.passage.article.source for h in retriever.search(turn).hits[:count]]


@pytest.mark.parametrize(("question", "allowed"), [
    ("How full was the reservoir in July 2019?", {"2019-07.md"}),
    ("How full was the reservoir on 9 March 2018?", {"2018-03.md"}),
    ("What is the latest on how full the reservoir is?", {"2019-12.md"}),
    ("How full was the reservoir originally?", {"2018-01.md"}),
    ("How full was the reservoir as of April 2018?", {"2018-04.md"}),
    ("How full was the reservoir last month?", {"2019-11.md"}),
    ("How full was the reservoir before February 2018?", {"2018-01.md"}),
    ("How full was the reservoir after November 2019?", {"2019-12.md"}),
])  # fmt: skip
def test_the_article_of_the_time_asked_for_comes_first(reports, question, allowed):
    top = first(reports, Turn(question), 2)
    assert top[0] in allowed or (top[0] == "undated.md" and top[1] in allowed)


def test_a_follow_up_is_of_the_time_that_was_spoken_of(reports):
    history = [
        {"role": "user", "content": "How full was the reservoir in July 2019?"},
        {"role": "assistant", "content": "“The reservoir stood at 47 per cent.” [1]"},
    ]
    assert "2019-07.md" in first(reports, last_turn("And who said so?", history), 2)
    assert "2018-05.md" in first(reports, last_turn("What about May 2018?", history), 2)


def test_a_question_without_a_time_prefers_none(reports):
    query = reports.analyse(Turn("How full was the reservoir?"))
    assert not query.when
