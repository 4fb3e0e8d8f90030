"""What is offered: publishers, and questions that are answered before they are offered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.filters import make_filter
from tests.serving import Bare
from ui.choices import Choices, _subjects
from ui.service import Service


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He met Ada Byron at the Bank of England. Then Ada Byron left.",
         ["Ada Byron", "the Bank of England"]),
        ("On 5 June 2025 it rained. In June 2025 too.", []),
        ("## What is backed up?\n\nAll of it.", ["What is backed up?"]),
        ("President Guðni Th. Jóhannesson spoke.", ["President Guðni Th. Jóhannesson"]),
        ("The report of Anna Berg's Harbour Board", ["Anna Berg", "Harbour Board"]),
        ("nothing here Is", []),
    ],
)  # fmt: skip
def test_subjects_are_names_and_headings_that_ask(text: str, found: list[str]) -> None:
    assert _subjects(text) == found


def test_examples_are_answered_and_made_anew_after_a_change(
    library_of: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.md").write_text(
        "# Pier\n\nThe builder of the pier is Ada Lindqvist Marsh, who drew it in 1911.\n",
        encoding="utf-8",
    )
    kept = library_of(folder)
    choices = Choices(Service(kept.assistant))
    first = choices.examples()
    assert first == ["What is said about Ada Lindqvist Marsh?"]
    assert choices.examples() is first
    (folder / "b.md").write_text(
        "# Press\n\n## Who prints the paper?\n\nThe paper is printed by the Orrin brothers.\n",
        encoding="utf-8",
    )
    kept.refresh()
    again = choices.examples()
    assert again != first
    assert "Who prints the paper?" in again
    assert all(kept.assistant.answer(question).citations for question in again)


def test_no_model_is_asked_for_offers(assistant: Any, answered: str) -> None:
    class Never:
        name = "never"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"the model was asked: {name}")

    settings = assistant._settings
    embedder = assistant._retriever._embedder
    asking = type(assistant)(assistant.library, embedder, settings, Never())
    choices = Choices(Service(asking))
    assert choices.examples()
    choices.follow_ups(assistant.answer(answered))
    assert asking.model == "never"
    assert asking.quoting().model is None


def test_publishers_are_counted_and_filters_held_against_all(assistant: Any) -> None:
    choices = Choices(Service(assistant))
    entries = assistant.library.catalogue.entries()
    publishers = dict(choices.publishers())
    assert sum(publishers.values()) == sum(e.metadata.publisher is not None for e in entries)
    name = next(iter(publishers))
    assert choices.matching(make_filter(publishers=(name,))) == publishers[name]
    assert choices.matching(make_filter()) == len(entries)


def test_an_empty_library_offers_nothing() -> None:
    choices = Choices(Service(Bare()))
    assert choices.examples() == choices.publishers() == []
