"""When two statements are the same, when they differ, and when they cannot be compared."""

import pytest

from rag.figures import Day, clocks, days, figures
from rag.points import differ, same_statement
from rag.reprints import is_reprint
from rag.stance import stance

UNDATED = (None, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The 22 crew members were unhurt.", [(22, "crew")]),
        ("Only one man was saved.", [(1, "person")]),
        ("About 3,800 people left.", [(3800, "person")]),
        ("A crack 3.5 km long.", [(3.5, "kilometre")]),
        ("It cost $1.9 billion.", [(1.9e9, "$")]),
        ("Some 60 % of it.", [(60, "percent")]),
        ("At 6:04 p.m. on 9 July 2024.", []),
    ],
)
def test_figures_are_read_with_what_they_count(text, found):
    read = figures(text)
    assert [f.value for f in read] == [value for value, _ in found]
    assert all(of in f.of for f, (_, of) in zip(read, found, strict=True))


def test_dates_and_times_of_day_are_read_as_far_as_they_are_given():
    assert days("on 9 July") == [Day(None, 7, 9)]
    assert days("on 9 July", "2024-07-10") == [Day(2024, 7, 9)]
    assert days("July 9, 2024 and in 1977") == [Day(2024, 7, 9), Day(1977, None, None)]
    assert days("It may rain and march on.") == []
    assert not Day(2024, 7, None).differs(Day(None, 7, 9))
    assert Day(2024, 7, None).differs(Day(2023, 7, None))
    assert clocks("at 1:30 a.m., then at 13:05 and 12 p.m.") == [90, 785, 720]


@pytest.mark.parametrize(
    ("question", "one", "other", "differs"),
    [
        (
            "How many people work there?",
            "Some 40 people work there.",
            "It employs 55 people.",
            True,
        ),
        ("How many people work there?", "Some 40 people work there.", "Its 40 people left.", False),
        ("How many people work there?", "Some 40 people work there.", "It has 9 looms.", None),
        ("How many looms are there?", "It has 9 looms and 40 people.", "Its 12 looms stand.", True),
        ("How long is the weir?", "The weir is 30 metres long.", "A weir of 35 m.", True),
        ("How long is the weir?", "The weir is 30 metres long.", "Built in 30 days.", None),
        ("When did it open?", "It opened in May 1998.", "It opened in 1999.", True),
        ("When did it open?", "It opened in May 1998.", "It opened in 1998.", False),
        ("At what time did it open?", "It opened at 9 a.m.", "It opened at 10:00.", True),
        ("Who runs the mill?", "Ada Brae runs the mill.", "Ben Hale runs the mill.", True),
        ("Who runs the mill?", "Ada Brae runs the mill.", "Ada Bray runs the mill.", None),
        ("Who runs the mill?", "Ada Brae runs the mill.", "Ben Hale sold two boats.", None),
        ("Who owns it?", "Ada owns 40 shares.", "Ben owns 55 shares.", None),
        ("Did all 40 people leave?", "The 40 people left.", "The 40 people stayed.", None),
    ],
)
def test_only_the_thing_asked_for_is_compared(question, one, other, differs):
    assert differ(question, one, other, UNDATED) is differs
    assert differ(question, other, one, UNDATED) is differs


def test_half_an_agreement_is_none():
    one, other = "It killed 7 people and hurt 115 people.", "It killed 7 people."
    assert differ("How many people were hurt?", one, other, UNDATED) is None


def test_the_same_words_are_the_same_statement_but_not_with_other_figures():
    one = "The 22 crew members aboard the ship were unhurt, the owners said."
    assert same_statement(one, "The 22 crew members aboard the ship were unhurt, its owners said.")
    assert not same_statement(one, one.replace("22", "21"))
    assert not same_statement(one, one.replace("were unhurt", "were not unhurt"))
    assert not same_statement("Ada Brae ran it well for years.", "Ann Hale ran it well for years.")
    assert same_statement(f"FLEET (Fleet Post) - {one}", f"FLEET (The Loom) - {one}")
    assert not same_statement(one, "The owners gave no name for the ship.")
    # 231 and 230 are the same but for rounding; the numbers they stand for are not.
    near = "Report {0} says that depot {0} stores {1} barrels of tar in the northern yard."
    assert not same_statement(near.format(33, 231), near.format(230, 2610))
    assert same_statement(near.format(33, 231), near.format(33, 230))


def test_a_story_in_two_papers_is_a_reprint_and_another_story_is_not():
    story = " ".join(f"The mill number {i} at Fleet was sold to firm {i + 1}." for i in range(20))
    assert is_reprint(f"FLEET (Wire) - {story}", f"FLEET (Post) - {story} All rights reserved.")
    assert not is_reprint(story, " ".join(f"Rain fell on field {i} all day." for i in range(20)))
    assert not is_reprint("Short.", "Short.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The board sold the mill.", "affirmed"),
        ("The board has not sold the mill.", "denied"),
        ("The board rejected the offer.", "denied"),
        ("The board is considering the offer.", "open"),
        ("In May the board met, not long after the fire.", "affirmed"),
    ],
)
def test_what_a_sentence_does_with_what_it_speaks_of(text, found):
    assert stance(text) == found
