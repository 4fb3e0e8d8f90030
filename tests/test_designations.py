"""Names with a number: which they are, and what is of another number beside the same name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.assistant import Assistant
from rag.designations import designations, namesakes

WORDS = st.sampled_from(["Article", "rev", "SEV", "Mk", "Größe", "поезд"])
NUMBERS = st.integers(1, 999).map(str)


@pytest.mark.parametrize(("text", "found"), [
    ("How fast must a SEV1 be acknowledged?", {("sev", "1")}),
    ("Firmware 5.0, the F-16 and COVID-19", {("firmware", "5.0"), ("f", "16"), ("covid", "19")}),
    ("Article\u00a05 or article 6", {("article", "5"), ("article", "6")}),
    ("On 9 July 2024, in 2023 or by May 7", set()),
    ("the 30-day truce, a rise of about 5 %, over 12%", set()),
    ("it fell 3.5%, rose 2.5 % or 5\u00a0%, and weighs 12.5kg", set()),
    ("ABC’s 1998 design, the year 2000, on page 7", set()),
    ("x86_64 and v2beta", set()),
])  # fmt: skip
def test_which_they_are(text: str, found: set[tuple[str, str]]) -> None:
    assert designations(text) == found


@given(word=WORDS, asked=NUMBERS, others=st.lists(NUMBERS, min_size=1, max_size=4))
def test_only_what_has_other_numbers_alone_is_a_namesake(
    word: str, asked: str, others: list[str]
) -> None:
    text = " and ".join(f"{word} {number}" for number in others)
    wanted = designations(f"What does {word} {asked} say?")
    assert namesakes(wanted, text) == float(asked not in others)
    assert namesakes(wanted, f"{text}, but {word} {asked}") == 0
    assert namesakes(wanted, "Nothing of the kind.") == 0
    assert namesakes((), text) == 0


def test_the_row_of_the_level_asked_about_comes_first(make_assistant, tmp_path) -> None:  # type: ignore[no-untyped-def]
    rows = "\n".join(f"| SEV{n} | {5 * n} minutes | level {n} |" for n in range(1, 6))
    (tmp_path / "levels.md").write_text(
        f"# Levels\n\nHow fast an alarm must be acknowledged:\n\n"
        f"| alarm | acknowledged within | note |\n|---|---|---|\n{rows}\n"
    )
    assistant: Assistant = make_assistant(tmp_path)
    for n in range(1, 6):
        answer = assistant.answer(f"How fast must a SEV{n} be acknowledged?")
        first = (answer.citations or answer.near_misses)[0]
        assert f"SEV{n}" in first.quote.text
