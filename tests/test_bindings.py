"""What belongs to what: words of the evidence that a sentence joins in another way."""

from __future__ import annotations

import pytest

from rag.acts import read_clauses
from rag.bindings import misbound, stranger

SAYS = [
    # Owners.
    ("Dane's coach, Eve Orr, left.", "The coach of Dane left.", ""),
    ("Dane's coach met Bray's captain.", "Dane's captain left.", "captain"),
    ("Dane's coach met Bray's captain.", "Cole's captain left.", ""),
    # Subjects.
    ("A guard closed the gate, and a visitor opened it.", "A visitor closed the gate.", "closed"),
    ("A guard closed the gate, and a visitor opened it.", "A guard closed the gate.", ""),
    ("The council will close the school.", "The school will close.", ""),
    ("The council will close the school.", "The school will close the council.", "close"),
    ("The cook, who was ill, resigned; the waiter stayed.", "The waiter resigned.", "resigned"),
    ("The cook, who was ill, resigned; the waiter stayed.", "The cook resigned.", ""),
    ("The jury cleared the driver but fined the firm.", "The firm fined the driver.", "fined"),
    ("The jury cleared the driver but fined the firm.", "The jury fined the firm.", ""),
    ("The aunt of the king visited the mill.", "The aunt visited the mill.", ""),
    ("The aunt of the king visited the mill.", "The king visited the mill.", "visited"),
    ("A tenant was forced to leave the mill.", "The mill was forced to close.", "forced"),
    ("“I sold it,” said the owner of a shop in Bray.", "The owner of a shop in Bray sold it.", ""),
    ("Dane has a say; Bray and Cole pay.", "Bray has a say.", "has"),
    ("Dane has a say; Bray and Cole pay.", "Dane has a say.", ""),
    # Objects; a pronoun stands for what came before it.
    ("The jury cleared the driver but fined the firm.", "The jury cleared the firm.", "cleared"),
    ("The tower was damaged, so workers repaired it.", "Workers repaired the tower.", ""),
    ("Workers repaired the roof; the tower stood.", "Workers repaired the tower.", "repaired"),
    ("Fans cheered the play that critics had attacked.", "Critics had attacked the play.", ""),
    ("Fans praised the book that critics attacked.", "Critics attacked the fans.", "attacked"),
    # Passives.
    ("The guard opened the gate.", "The gate was opened by the guard.", ""),
    ("The guard opened the gate.", "The guard was opened by the gate.", "opened"),
    ("The gate was opened by the guard.", "The guard opened the gate.", ""),
    # Places and figures go with their verb.
    ("She moved to Arden after he died in Bray.", "She moved to Bray.", "moved"),
    ("In Arden shops closed, and banks opened late.", "Banks opened late in Arden.", ""),
    ("In 1911 they moved; until 1934 she taught.", "In 1934 they moved.", "moved"),
    ("The mill closed in 1911 and reopened in 1934.", "The mill reopened in 1934.", ""),
    ("6 of the boys and 54 of the girls fell ill.", "54 of the boys fell ill.", "54"),
    ("6 of the boys and 54 of the girls fell ill.", "54 of the girls fell ill.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "said", "word"), SAYS)
def test_what_belongs_to_what(evidence, said, word):
    assert misbound(said, evidence) == word


@pytest.mark.parametrize(
    "text", [*dict.fromkeys(s for s, _, _ in SAYS), "", "…", "Only, words; here."]
)
def test_nothing_is_at_odds_with_itself(text):
    assert misbound(text, text) == ""


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("The post made no mention of it.", "post"),
        ("Old mayors made no mention of it.", ""),
        ("Nobody was hurt.", ""),
        ("It was shut, and there the harbour is wide.", "harbour"),
    ],
)
def test_who_or_what_it_is_said_of_must_be_known(said, word):
    assert stranger(said, {"mayor", "gate"}.__contains__) == word


def test_a_clause_has_its_verb_with_the_nouns_about_it():
    (first, second) = read_clauses("The minister, Lena Vogt, told guests, who had not asked.")
    (told,), (asked,) = first.acts, second.acts
    assert (told.word, sorted(told.doer), sorted(told.of)) == (
        "told", ["lena", "minist", "vogt"], ["guest"],
    )  # fmt: skip
    assert second.relative
    assert asked.stem == "ask"
