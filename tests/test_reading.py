"""Texts read once, and which of two say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import _repeats, _telling_of_repeats
from rag.reading import read
from rag.text import words

WORDS = st.lists(
    st.sampled_from(["the", "Ferry", "at", "9.30", "or", "14", "o'clock", "Kyiv's", "12,000"]),
    max_size=14,
).map(" ".join)


@given(WORDS)
def test_a_reading_has_what_the_words_have(text: str) -> None:
    found, reading = [w for w in words(text) if not w.stop], read(text)
    assert set(reading.words) == {w.surface.lower() for w in found}
    assert reading.terms == {w.term for w in found}
    assert reading.figures == {w.term for w in found if w.term[0].isdigit()}
    names = {w.surface for w in words(text) if w.capitalised and len(w.surface) > 3}
    assert {name for some in reading.names.values() for name in some} == names


@given(st.lists(st.sampled_from("abcdefghijklmn"), min_size=1, max_size=14), st.data())
def test_of_two_that_repeat_each_other_one_term_tells(one: list[str], data: st.DataObject) -> None:
    left_out = data.draw(st.sets(st.sampled_from(one), max_size=2))
    more = data.draw(st.sets(st.sampled_from("opq"), max_size=2))
    first, second = (read(" ".join(f"quay{x}" for x in some))
                     for some in (one, sorted({*one} - left_out | more)))  # fmt: skip
    if _repeats(first, second):
        assert set(_telling_of_repeats(first)) & set(_telling_of_repeats(second))


def test_a_repeat_is_told_and_another_figure_is_none() -> None:
    one = read("The ferry to the islands leaves from the old quay at 9 every morning.")
    again = read("The ferry to the islands leaves from the old quay at 9 each morning.")
    later = read("The ferry to the islands leaves from the old quay at 10 every morning.")
    assert _repeats(one, again) and not _repeats(one, later)
