"""A stream of text to sentences with evidence numbers, however it is cut and dressed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.claims import Claim, as_claim, claims, says

WRITTEN = [
    ("One. [1] Two. [2]", [("One.", (1,)), ("Two.", (2,))]),
    ("One [1]. Two [2].", [("One.", (1,)), ("Two.", (2,))]),
    ("One [1][2]. Two [1, 2].", [("One.", (1, 2)), ("Two.", (1, 2))]),
    ("One [1] and more [2]. Two.", [("One and more.", (1, 2)), ("Two.", ())]),
    ("- One. [1]\n- **Two.** [2]\n", [("One.", (1,)), ("Two.", (2,))]),
    ("1. One [1]\n2. Two [2]", [("One", (1,)), ("Two", (2,))]),
    ("One [Evidence 1]. Two 【2】. Six [^3].", [("One.", (1,)), ("Two.", (2,)), ("Six.", (3,))]),
    ("Mr. Moss paid 3.5 million. [1] He left.", [("Mr. Moss paid 3.5 million.", (1,)),
                                                 ("He left.", ())]),
    ("It ended at 1:30 a.m. on Tuesday. [1]", [("It ended at 1:30 a.m. on Tuesday.", (1,))]),
    ("“It is over.” [1] So he said. [2]", [("“It is over.”", (1,)), ("So he said.", (2,))]),
    ("<think>One. [1] Two?</think>Three. [3]", [("Three.", (3,))]),
    ("<think>One. [1] never closed", []),
    ("Hid\u200bden s\u202eigns\u202c. [1]", [("Hidden signs.", (1,))]),
    # Numbers that lead: of the whole reply, or of lines copied from the prompt.
    ("[1] One. [2] Two.", [("One.", (1,)), ("Two.", (2,))]),
    ("[1] One.\n[2] Two.\n\n[3] Six.", [("One.", (1,)), ("Two.", (2,)), ("Six.", (3,))]),
    ("[1][2] One.\n- [3] Two.", [("One.", (1, 2)), ("Two.", (3,))]),
    ("- [1] One.\n- [2] Two.", [("One.", (1,)), ("Two.", (2,))]),
    ("[1]: One. So it is.\n[2] Two.", [("One.", (1,)), ("So it is.", ()), ("Two.", (2,))]),
    ("[1]\nOne.\n[2]\nTwo.", [("One.", (1,)), ("Two.", (2,))]),
    ("One.\n[1]\nTwo.\n[2]", [("One.", (1,)), ("Two.", (2,))]),
    ("One [1].\n\n[2] Two.", [("One.", (1,)), ("Two.", (2,))]),
    ("Yes [1]. “One,” he said [2]. Two [3].",
     [("Yes.", (1,)), ("“One,” he said.", (2,)), ("Two.", (3,))]),
    # What stands before the words of evidence in a prompt.
    ("[1] (Post, undated) One. [2] (A (B) Post, 3 May 2021, by Al (Ed) Moss) Two.",
     [("One.", (1,)), ("Two.", (2,))]),
    ("(Post, 2021) One. [1] (Post, May 2021) Two. [2]", [("One.", (1,)), ("Two.", (2,))]),
    ("(In all, 40 boats) left. [1]", [("(In all, 40 boats) left.", (1,))]),
    ("It cost (Post, 2021) a lot. [1]", [("It cost (Post, 2021) a lot.", (1,))]),
    # What is said of the evidence, not by it.
    ("According to [1], one left. Evidence 2 says that two left.",
     [("One left.", (1,)), ("Two left.", (2,))]),
    ("According to the evidence 2, one left.", [("One left.", (2,))]),
    ("[1] states that two left.", [("Two left.", (1,))]),
    ("According to Moss, one left. [1]", [("According to Moss, one left.", (1,))]),
    ("Evidence 2 was lost. [1]", [("Evidence 2 was lost.", (1,))]),
    ("", []),
    (" \n [1] ", []),
]  # fmt: skip


def read(pieces):
    return [(c.text, c.numbers) for c in claims(pieces) if c is not None]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_sentences_and_numbers(text, expected):
    assert read([text]) == expected


@given(st.sampled_from(WRITTEN), st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_however_the_stream_is_cut(case, sizes):
    text, expected = case
    pieces, at = [], 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[at : at + size])
        at += size
    assert read(pieces) == expected


def test_a_sentence_comes_as_soon_as_the_next_begins():
    given_so_far = []

    def stream():
        for piece in ["One", ".", " [1]", " T", "wo. [2]"]:
            given_so_far.append(piece)
            yield piece

    stream = claims(stream())
    first = next(c for c in stream if c is not None)
    assert first == Claim("One.", (1,))
    assert given_so_far == ["One", ".", " [1]", " T"]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("[1] One. [2] Two and th", [False, True]),
        ("One. [1] Two and th", [False, True]),
        ("One and two [1]", [False]),
        ("- One and two [1]\n", [False]),
        ("[1] He said “one.”", [False]),
        ("[1] **One.**", [False]),
        ("[1] One and two\n", [False]),
        ("[1] One (of 2.)", [False]),
    ],
)
def test_a_reply_may_end_in_the_middle_of_a_sentence(text, cut):
    assert [c.cut for c in claims([text]) if c] == cut


def test_what_never_ends_is_cut():
    assert max(len(c.text) for c in claims(["and on "] * 1000) if c) < 1000


@pytest.mark.parametrize(
    ("text", "is_refusal"),
    [
        ("The articles don't say.", True),
        ("THE ARTICLES DON’T SAY", True),
        ("The articles don't say. [1]", True),
        ("The articles say so. [1]", False),
    ],
)
def test_the_refusal_phrase(text, is_refusal):
    assert says(as_claim(text), "The articles don't say.") is is_refusal
