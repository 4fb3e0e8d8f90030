"""Drafts that are no statement, or no more than once one, and headings copied from a prompt."""

from __future__ import annotations

import pytest

from rag.check import Verified, check
from rag.claims import Claim
from rag.domain import Article, Evidence, Kind, Span, Withheld
from tests.sentences import evidence


def judged(text, of):
    return check(Claim(text, (1,)), {1: of})


FERRY = evidence(
    "The ferry to Elm Island carries 84 passengers, and the ferry to Oak Island carries 30. "
    "After its defeat at Elm, the crew of the Marten met a smaller defeat at Oak."
)


@pytest.mark.parametrize(("draft", "reason"), [
    ("Yes, it does.", "too few words to say anything"),
    ("No, they are not.", "too few words to say anything"),
    ("The ferry carries what?", "a question"),
    ("The ferry to Elm Island is the ferry to Elm Island.",
     "it repeats itself: ferry to elm"),
    ("The ferry: carries 84: carries 84: carries 84 passengers.",
     "it repeats itself: carries 84 carries"),
    ("Elm was won by the crew of the Marten.", "the evidence says the opposite: win"),
    ("The crew of the Marten built the ferry to Elm Island, which carries 84 passengers.",
     "words not in the evidence: built"),
])  # fmt: skip
def test_what_is_no_statement_of_the_evidence_is_withheld(draft, reason):
    assert judged(draft, FERRY) == Withheld(draft, reason)


@pytest.mark.parametrize("draft", [
    "The ferry to Elm Island carries 84 passengers.",
    # The evidence says this twice itself.
    "The ferry to Elm Island carries 84 passengers, and the ferry to Oak Island carries 30.",
])  # fmt: skip
def test_a_statement_is_shown(draft):
    assert judged(draft, FERRY) == Verified(draft, (1,))


def test_a_piece_of_evidence_that_asks_may_be_given_whole():
    asks = evidence("Who pays for the ferry?")
    assert judged("Who pays for the ferry?", asks) == Verified("Who pays for the ferry?", (1,))


STEPS = "Putting it up\nPair it with the hub:\nhubctl level set 1.3   # what the gauge says\n"
STEPS += "Dogs\nThey are allowed on Fridays.\nOn Fridays only."


def below(words, *context, kind=Kind.SENTENCE):
    def place(part):
        return Span(at := STEPS.index(part), at + len(part))

    article = Article(1, "steps.md", STEPS, "r")
    return Evidence(1, article, place(words), 1.0, kind, tuple(map(place, context)))


CODE = below("hubctl level set 1.3   # what the gauge says", "Putting it up",
             "Pair it with the hub:", kind=Kind.CODE)  # fmt: skip
DOGS = below("They are allowed on Fridays.", "Dogs")


@pytest.mark.parametrize(("draft", "of", "shown"), [
    ("Put it up › Pair it with the hub:: hubctl level set 1.3, which the gauge says.", CODE,
     "hubctl level set 1.3, which the gauge says."),
    ("Pair it with the hub: hubctl level set 1.3, which the gauge says.", CODE,
     "hubctl level set 1.3, which the gauge says."),
    ("Dogs: they are allowed on Fridays only.", DOGS, None),
    ("Dogs: they are allowed on Fridays.", DOGS, "They are allowed on Fridays."),
    ("Dogs: on Fridays only.", below("On Fridays only.", "Dogs"), "Dogs: on Fridays only."),
])  # fmt: skip
def test_copied_headings_are_left_out_where_the_rest_stands_alone(draft, of, shown):
    result = judged(draft, of)
    assert (result.text if isinstance(result, Verified) else None) == shown
