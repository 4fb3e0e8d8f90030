"""Passages made anew: taken when complete, and left where the work fails."""

from contextlib import closing

import pytest

from ingest.job import ingest
from ingest.reindex import reindex
from rag.assistant import Assistant
from rag.errors import ModelMismatchError
from rag.library import Library
from rag.library.check import problems
from tests.changes.articles import report


def test_reindex_replaces_the_passages_when_it_is_complete(
    run, library, folder, embedder, settings
):
    (folder / "long.md").write_text(
        "# Long\n\n" + " ".join(f"The glacier lost {n} metres in year {n}." for n in range(60))
    )
    run()
    assistant = Assistant(library, embedder, settings)
    question = "How many people were on the ferry Marsh Wren?"
    before = library.count()[1]
    with closing(Library(settings.library)) as other:
        articles, passages = reindex(other, embedder, 60)
        assert articles == 3 and passages > before
        assert list(problems(other)) == []
    assert "84 people" in assistant.answer(question).text
    # The next ingest keeps to the new size, and sweeps away what the old index left.
    run()
    assert library.catalogue.get("passage_tokens") == "60"
    assert not (settings.library / "chroma").exists()
    assert library.count()[1] == passages and list(problems(library)) == []
    assert "84 people" in assistant.answer(question).text


class Another:
    """The real embedder under another name, failing after so many passages."""

    def __init__(self, embedder, fails_after=10**9):
        self._embedder, self._left = embedder, fails_after
        self.name = "another-model"
        self.dimensions = embedder.dimensions
        self.done = 0

    def __getattr__(self, name):
        return getattr(self._embedder, name)

    def passages(self, items):
        for done in self._embedder.passages(items):
            if self._left == 0:
                raise RuntimeError("the model broke down")
            self._left -= 1
            self.done += 1
            yield done


def test_a_reindex_that_fails_leaves_the_old_index_and_goes_on_later(
    run, library, folder, embedder, settings
):
    for number in range(12):
        (folder / f"{number}.md").write_text(report(number))
    run()
    count = library.count()
    assistant = Assistant(library, embedder, settings)
    question = "How many people were on the ferry Marsh Wren?"
    with pytest.raises(RuntimeError, match="broke down"):
        reindex(library, Another(embedder, fails_after=6), 180)
    assert library.count() == count and list(problems(library)) == []
    assert "84 people" in assistant.answer(question).text
    # An ingest in between takes part of the work back: what it changes is made anew.
    (folder / "3.md").write_text(report(30))
    run()
    model = Another(embedder)
    with closing(Library(settings.library)) as other:
        reindex(other, model, 180)
    assert 0 < model.done < count[1]
    # Who has the old model is answered from the old passages until the next ingest takes them.
    assert "84 people" in assistant.answer(question).text
    with closing(Library(settings.library)) as other:
        ingest([folder], other, model, settings)
        assert list(problems(other)) == []
    with pytest.raises(ModelMismatchError, match="made anew with the embedding model another"):
        assistant.answer(question)
    with pytest.raises(ModelMismatchError, match="pullquote reindex"):
        Library(settings.library).use_model(embedder.name, embedder.dimensions)
