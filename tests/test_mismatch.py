"""What a question names that its best evidence is not of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.domain import Article, Metadata
from rag.mismatch import Mismatch
from rag.when import asked, speaks_against

FERRY = "The ferry Marsten ran aground near Cape Orrin on 9 March 2023 with 212 passengers aboard."


def article(text: str, published: str | None = None) -> Article:
    return Article(1, "a.md", text, "r", Metadata(published=published))


@pytest.mark.parametrize(("question", "unit", "published", "against"), [
    # Its own dates.
    ("Why did it sink in 2018?", "It sank in 2013 in a storm.", None, True),
    ("Why did it sink in 2013?", "It sank in 2013 in a storm.", None, False),
    ("Why did it sink in 1985?", "From 1980 to 1989 it sank twice.", None, False),
    ("Why did it sink in July 2013?", "It sank in May 2013.", None, True),
    # What has been so since then may be so at any time after.
    ("How often does it sail in 2018?", "Since 2013 it has sailed twice a day.", None, False),
    ("How often did it sail in 2010?", "Since 2013 it has sailed twice a day.", None, True),
    ("How often did it sail in 2010?", "Until 2013 it sailed twice a day.", None, False),
    # A year that is nowhere, and no date that says otherwise.
    ("Why did it sink in 2018?", "It sank in a storm.", None, False),
    # A day without a year may be of any; its month is its month.
    ("Why did it sink in 2018?", "It sank on 2 June.", None, False),
    ("Why did it sink in March 2018?", "It sank on 2 June.", None, True),
    ("Why did it sink in June 2018?", "It sank on 2 June.", None, False),
    # The day of its article.
    ("Why did it sink in 2018?", "It sank in a storm.", "2025-06-03", True),
    ("Why did it sink in 2025?", "It sank in a storm.", "2025-06-03", False),
    ("Why did it sink in June 2025?", "It sank on Monday.", "2025-06-03", False),
    ("Why did it sink in March 2025?", "It sank on Monday.", "2025-06-03", True),
    # A side of a time, a time without a year, one that is not read as such, and none.
    ("What was before 2018?", "It sank in 2013.", None, False),
    ("What has happened since 2018?", "It sank in 2013.", None, False),
    ("I get married in June, may I?", "It sank in 2013.", "2024-11-11", False),
    ("Who lived in the 15th century?", "He lived c. 1455-1536.", None, False),
    ("Why did it sink?", "It sank in 2013.", None, False),
])  # fmt: skip
def test_what_is_of_another_time(
    question: str, unit: str, published: str | None, against: bool
) -> None:
    assert speaks_against(asked(question), article(unit, published), unit, [unit]) is against


def test_what_stands_around_a_unit_and_in_its_article_may_have_the_time() -> None:
    when, unit = asked("Why did it sink in 2018?"), "It sank in 2013 or later."
    assert speaks_against(when, article(unit), unit, [])
    assert not speaks_against(when, article(unit), unit, ["Wrecks of 2018"])
    assert not speaks_against(when, article(f"{unit} Others say 2018."), unit, [])
    when, unit = asked("Why did it sink in May 2013?"), "It sank in June 2013."
    assert speaks_against(when, article(unit), unit, [])
    assert not speaks_against(when, article(f"{unit} Others say May."), unit, [])


@given(
    probability=st.floats(0, 1), other=st.floats(0, 1), unnamed=st.floats(0, 1)
)  # fmt: skip
def test_a_mismatch_only_ever_lowers(probability: float, other: float, unnamed: float) -> None:
    lowered = Mismatch(other, (), unnamed).lowered(probability)
    assert 0 <= lowered <= probability + 1e-12
    assert Mismatch().lowered(probability) == probability
    assert Mismatch(1.0).lowered(probability) == 0


def test_another_year_or_name_is_refused_and_the_refusal_says_so(
    make_assistant: Callable[[Path], Assistant], tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text(f"# The Marsten\n\n{FERRY} Nobody was hurt.\n")
    assistant = make_assistant(tmp_path)
    right = assistant.answer("How many passengers were on the ferry that ran aground in 2023?")
    assert not right.refused and right.citations[0].quote.text == FERRY
    year = assistant.answer("How many passengers were on the ferry that ran aground in 2019?")
    assert year.refused and "of another time" in year.text
    assert year.near_misses[0].quote.text == FERRY
    name = assistant.answer("How many passengers were on the ferry Kittiwake at Cape Orrin?")
    assert name.probability < right.probability
    assert not name.refused or "“Kittiwake”" in name.text
