"""What stands beside a number or a denial."""

import numpy as np
import pytest

from rag.beside import counted, counts, denied, yes_or_no


@pytest.mark.parametrize(
    ("question", "noun"),
    [
        ("How many lighthouses are on the island?", "lighthouses"),
        ("how many spare oil lamps does the keeper have", "lamps"),
        ("How much diesel was burnt?", "diesel"),
        ("When was it built?", None),
    ],
)
def test_the_noun_whose_number_is_asked_for(question, noun):
    assert counted(question) == noun


def _vectors(words):
    """Each word its own direction: only the same word is alike."""
    places = {w: i for i, w in enumerate(("keepers", "lamps", "boats"))}
    rows = np.zeros((len(words), 4), dtype=np.float32)
    for row, word in enumerate(words):
        rows[row, places.get(word, 3)] = 1
    return rows


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("The tower has 14 lamps and 2 keepers.", 1.0),
        ("Fourteen people mend lamps.", 0.0),
        ("The keepers clean the lamps.", 0.0),
        ("12 boats of the old fishing fleet carry lamps.", 0.0),
    ],
)
def test_a_number_counts_what_follows_it_closely(text, near):
    assert counts("lamps", text, _vectors) == pytest.approx(near)


@pytest.mark.parametrize(
    ("question", "text", "taken"),
    [
        ("How do I book the ferry?", "There is no ferry to book.", True),
        ("When did the council approve the pier?", "The council rejected the pier.", True),
        ("Did the council approve the pier?", "The council did not approve the pier.", False),
        ("Why was the pier not approved?", "The council did not approve the pier.", False),
        ("When did the council approve the pier?", "It approved the pier in May.", False),
        ("Who built the pier?", "The pier stands on oak, not on stone.", False),
    ],
)
def test_what_a_question_takes_for_granted_can_be_denied(question, text, taken):
    assert (denied(question, text) > 0) is taken


def test_a_denial_is_a_share_of_the_words_denied():
    assert denied("How do I book the ferry?", "No ferry.") == 1.0
    assert denied("How do I book the ferry?", "No fast modern island ferry.") == 0.25


def test_yes_or_no():
    assert yes_or_no("Is the pier open?")
    assert not yes_or_no("When is the pier open?")
