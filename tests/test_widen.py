"""A quote can be read on its own: with its speaker, with what its pronoun means, not cut short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Span
from rag.widen import MOST_WORDS, widened


def units_of(text, *sentences):
    return [Span(text.index(s), text.index(s) + len(s)) for s in sentences]


def quoted(sentences, pick, joint=" "):
    text = joint.join(sentences)
    units = units_of(text, *sentences)
    found = widened(text, units[pick], units)
    return found.span.of(text), found.spoken


@pytest.mark.parametrize(
    ("sentences", "pick", "quote"),
    [
        pytest.param(
            ["Ada Brae runs the mill.", "She has done so since 1998."], 1, (0, 1), id="pronoun"
        ),
        pytest.param(
            ["Ada Brae runs the mill.", "The mill opened in 1998."], 1, (1, 1), id="noun"
        ),
        pytest.param(
            ["Ada Brae runs the mill.", "It is clear that rain will come."], 1, (1, 1),
            id="it of no meaning",
        ),
        pytest.param(
            ["The weir broke.", "This bridge stands."], 1, (1, 1), id="this with its noun"
        ),
        pytest.param(["The weir broke.", "This was a shock."], 1, (0, 1), id="bare this"),
        pytest.param(
            ["Ada Brae met the board.", "She spoke for an hour.", "She then left."], 2, (0, 2),
            id="chain of pronouns",
        ),
        pytest.param(
            ["“We close in May,” Ada Brae said.", "“Nobody asked us.”"], 1, (0, 1),
            id="speaker before",
        ),
        pytest.param(
            ["“Nobody asked us.”", "That is what Ada Brae said on Monday."], 0, (0, 1),
            id="speaker after",
        ),
        pytest.param(
            ["Ada Brae met the press.", "“That will not happen,” she said."], 1, (0, 1),
            id="said by a pronoun",
        ),
        pytest.param(
            ["Ada Brae met the press.", "The Fleet mill would close, she said on Monday."], 1,
            (0, 1), id="said by a pronoun after another name",
        ),
        pytest.param(
            ["It rained.", "“We close,” said the mill's owner, Ada Brae, and she added a date."], 1,
            (1, 1), id="said by a name and then by a pronoun",
        ),
        pytest.param(
            ["Ada Brae said: “We are done.", "We close in May.", "Nobody asked us.”"], 1, (0, 2),
            id="within a quotation",
        ),
        pytest.param(
            ['"We are done.', 'We close in May," said Ada Brae.'], 0, (0, 1), id="straight marks"
        ),
        pytest.param(
            ["The barge left at 6:04 p.m.", "Fleet time on 3 May."], 0, (0, 1), id="cut after p.m."
        ),
        pytest.param(["It weighs approx.", "4 kg in all."], 1, (0, 1), id="cut before"),
    ],
)  # fmt: skip
def test_a_quote_takes_the_neighbours_it_needs(sentences, pick, quote):
    first, last = quote
    assert quoted(sentences, pick) == (" ".join(sentences[first : last + 1]), False)


def test_a_bare_quotation_whose_speaker_is_not_near_is_marked_as_somebodys_words():
    assert quoted(["The mill stands.", "“Nobody asked us.”", "Rain fell."], 1) == (
        "“Nobody asked us.”", True,
    )  # fmt: skip


def test_a_quote_never_grows_past_its_limit_or_over_other_text():
    long = "Ada Brae " + "went on and on " * 20 + "at last."
    assert quoted([long, "She left."], 1) == ("She left.", False)
    text = "Ada Brae runs the mill. [advert] She left."
    units = units_of(text, "Ada Brae runs the mill.", "She left.")
    assert widened(text, units[1], units).span == units[1]


sentence = st.sampled_from([
    "Ada Brae runs the mill.", "She left at 6 p.m.", "“We close,” he said.", "“Never.”", "“We are",
    "done.”", "This was new.", "It rained.", '"Odd.', 'Even."', "and then no more.",
    "Their boat sank.",
])  # fmt: skip


@given(st.lists(sentence, min_size=1, max_size=8), st.data(), st.sampled_from([" ", "\n", "\n\n"]))
def test_whatever_is_added_is_whole_neighbouring_units(sentences, data, joint):
    text = joint.join(sentences)
    units, at = [], 0
    for s in sentences:
        units.append(Span(at, at + len(s)))
        at += len(s) + len(joint)
    pick = data.draw(st.integers(0, len(units) - 1))
    span = widened(text, units[pick], units).span
    assert span.start in {u.start for u in units}
    assert span.end in {u.end for u in units}
    assert span.start <= units[pick].start and units[pick].end <= span.end
    assert span == units[pick] or len(span.of(text).split()) <= MOST_WORDS
