"""Names of a question that stand nowhere in the articles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag.absent import Absent, absent, names
from rag.domain import Article, Metadata
from rag.embed import OnnxEmbedder


def article(text: str, number: int = 1, **metadata: str) -> Article:
    return Article(number, f"{number}.md", text, str(number), Metadata(**metadata))


@pytest.mark.parametrize(("question", "expected"), [
    ("What did Rubio ask of Kyiv?", ["Rubio", "Kyiv"]),
    ("Rubio asked what?", []),
    ("I'm ill. What do I do when I'm back in May on a Monday?", []),
    ("It rained. Where was Rubio?", ["Rubio"]),
    ("What Did Rubio Ask Of Kyiv?", []),
    ("WHAT DID RUBIO ASK?", []),
    ("what did rubio ask?", []),
    ("", []),
])  # fmt: skip
def test_a_name_is_what_is_written_as_one(question: str, expected: list[str]) -> None:
    assert [w.surface for w in names(question)] == expected


@pytest.mark.parametrize(("question", "text"), [
    ("Where did Zelenskyy go?", "Zelensky went to Paris."),
    ("What do the rules of the UMC say?", "The United Methodist Church has rules."),
    ("What was hit in Operation Spider Web?", "In Operation Spiderweb airfields were hit."),
    ("Who runs the Ferries?", "The Ferry is run by the town."),
    ("Where is Gdańsk's tank?", "The tank stands in Gdansk."),
    ("How does the OTTER work?", "Otter sends alerts."),
])  # fmt: skip
def test_other_forms_of_a_name_are_it(question: str, text: str) -> None:
    assert absent(question, [article(text)], None) == Absent()


def test_title_and_publisher_are_of_the_article() -> None:
    found = article("It leaves at noon.", title="Lerwick ferry", publisher="Tideway")
    assert absent("When does the Lerwick ferry leave, says Tideway?", [found], None) == Absent()


def test_a_name_in_any_of_the_articles_is_there() -> None:
    articles = [article("The Leith office."), article("The Oslo office.", 2)]
    assert absent("Is the Oslo office larger than Leith?", articles, None) == Absent()
    assert absent("Is the Oslo office larger than Leith?", articles[:1], None).names == ("Oslo",)
    assert absent("Is the Oslo office large?", [], None) == Absent()


def test_a_word_of_its_meaning_is_nearly_it(embedder: OnnxEmbedder) -> None:
    articles = [article("The UK has committed to spending 4.5 billion, says Istanbul.")]

    def far(name: str) -> Absent:
        return absent(f"What does {name} spend?", articles, embedder.word_vectors)

    assert far("Britain") == Absent()
    assert far("Kostyantynivka") == Absent(("Kostyantynivka",), 1.0)
    assert 0 < far("Turkey").far < 1


def test_without_word_vectors_what_is_missing_is_far() -> None:
    def vectors(_: Sequence[str]) -> np.ndarray:
        raise AssertionError("nothing is missing")

    there = [article("Oslo is large.")]
    assert absent("Is the town Oslo large?", there, vectors) == Absent()
    assert absent("Is the town Bergen large?", there, None) == Absent(("Bergen",), 1.0)


def test_a_long_article_is_looked_through_for_the_name_as_it_is_written() -> None:
    long = article("The ferry leaves at noon. " * 4000 + "Zelensky went to Oslo.")
    assert absent("Who went to Oslo?", [long], None) == Absent()
    assert absent("Where did Zelensky go?", [long], None) == Absent()
    assert absent("Where did Andrii Yermak go?", [long], None).names == ("Andrii", "Yermak")
