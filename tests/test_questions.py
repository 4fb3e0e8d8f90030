"""What a question asks for."""

import pytest

from rag.questions import asks_for_speaker


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who said that the lighthouse would stay dark?", True),
        ("who on the council called the pier a waste", True),
        ("Who painted the lighthouse?", False),
        ("What did the keeper say?", False),
    ],
)
def test_who_spoke(question, wanted):
    assert asks_for_speaker(question) is wanted
