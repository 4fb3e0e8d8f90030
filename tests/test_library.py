"""The library: what is stored comes back, and the indexes follow the catalogue through anything."""

import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ingest.job import ingest
from rag.assistant import Assistant
from rag.domain import Article, Span
from rag.errors import LibraryError, ModelMismatchError, NotFoundError
from rag.library import Library
from rag.library.catalogue import Added
from rag.library.vectors import VectorView
from rag.quotes import make_quote
from tests.conftest import ARTICLES


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "articles"
    shutil.copytree(ARTICLES, target)
    return target


class Counting:
    """The real embedder, counting the passages that it is given."""

    def __init__(self, embedder):
        self._embedder = embedder
        self.embedded = 0

    def __getattr__(self, name):
        return getattr(self._embedder, name)

    def passages(self, items):
        for done in self._embedder.passages(items):
            self.embedded += 1
            yield done


def test_show_gives_back_every_character(library, embedder, settings, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    odd = "Head\r\n\r\nA bridge 🦉 fell.\u2028It was\xa0old.\r\rNobody “saw” it.\x0b\n\n"
    (folder / "odd.txt").write_bytes(b"\xef\xbb\xbf" + odd.encode())
    (folder / "wide.txt").write_bytes(odd.encode("utf-16"))
    ingest([folder], library, embedder, settings)
    assert library.article("odd.txt").text == odd == library.article("wide.txt").text


def test_a_small_houses_recurring_line_is_known_before_its_articles_are_embedded(
    library, embedder, settings, tmp_path
):
    # Three articles of one house, far from each other among others that have nothing in common.
    for number in range(60):
        house = number in (20, 35, 50)
        front = "---\npublisher: Quay News\n---\n" if house else ""
        tail = "\n\nWrite to the newsroom with your own story." if house else ""
        text = f"{front}# Report {number}\n\nBoat {number} came in at {number} knots.{tail}\n"
        (tmp_path / f"{number:02}.md").write_text(text)
    counting = Counting(embedder)
    done = ingest([tmp_path], library, counting, settings)
    assert counting.embedded == done.passages == 60
    stored = library.passages(list(library.views.vectors.ids()))
    assert not any(
        "newsroom" in unit.span.of(s.passage.article.text)
        for s in stored for unit in s.passage.units
    )  # fmt: skip


def test_unchanged_articles_are_not_embedded_again_and_a_changed_one_is(
    library, embedder, settings, folder
):
    counting = Counting(embedder)
    first = ingest([folder], library, counting, settings)
    assert len(first.added) == len(list(folder.iterdir())) and counting.embedded == first.passages

    counting.embedded = 0
    second = ingest([folder], library, counting, settings)
    assert (len(second.unchanged), counting.embedded) == (len(first.added), 0)

    changed = folder / "a41f.txt"
    changed.write_bytes(changed.read_bytes().replace(b"Baltimore", b"Gotham"))
    third = ingest([folder], library, counting, settings)
    assert third.updated == ["a41f.txt"]
    assert counting.embedded == third.passages < first.passages


def test_an_edited_article_is_quoted_from_its_new_text_and_a_deleted_one_not_at_all(
    library, embedder, settings, folder
):
    article = folder / "zeppelin.txt"
    article.write_text("The zeppelin Kestrel landed in Narvik on 4 May 2024 with 31 people aboard.")
    ingest([folder], library, embedder, settings)
    assistant = Assistant(library, embedder, settings)
    question = "How many people were aboard the zeppelin Kestrel?"
    assert "31 people" in assistant.answer(question).text

    article.write_text("The zeppelin Kestrel landed in Narvik on 4 May 2024 with 47 people aboard.")
    ingest([folder], library, embedder, settings)
    assert "47 people" in (answer := assistant.answer(question).text) and "31" not in answer

    article.unlink()
    assert ingest([folder], library, embedder, settings).removed == ["zeppelin.txt"]
    answer = assistant.answer(question)
    assert answer.refused and not any("Kestrel" in c.quote.text for c in answer.near_misses)


def test_a_file_given_alone_is_the_same_article_as_in_its_folder(
    library, embedder, settings, folder
):
    ingest([folder], library, embedder, settings)
    again = ingest([folder / "a41f.txt"], library, embedder, settings)
    assert again.unchanged == ["a41f.txt"] and not again.removed


def test_two_folders_with_files_of_one_name_keep_both(library, embedder, settings, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(f"The {name} ferry sank in the harbour of Oslo.")
    summary = ingest([tmp_path / "one", tmp_path / "two"], library, embedder, settings)
    assert sorted(summary.added) == ["notes.txt", "two/notes.txt"]
    assert "two ferry" in library.article("two/notes.txt").text


@pytest.mark.parametrize("view", ["chroma", "keywords"])
def test_a_lost_index_is_rebuilt_from_the_catalogue(library, embedder, settings, folder, view):
    ingest([folder], library, embedder, settings)
    library.close()
    command = f"ask 'How tall is Ariane 6?' --library {settings.library}"
    script = f"import shlex; from ui.cli import main; main(shlex.split({command!r}))"
    ask = [sys.executable, "-c", script]
    before = subprocess.run(ask, capture_output=True, text=True, check=True)
    shutil.rmtree(settings.library / view)
    after = subprocess.run(ask, capture_output=True, text=True, check=True)
    assert before.stdout == after.stdout != ""


def test_an_index_that_lags_catches_up_and_stale_hits_are_ignored(
    library, embedder, settings, folder
):
    ingest([folder], library, embedder, settings)
    # What a kill between catalogue and indexes leaves: the catalogue is ahead of both.
    assert library.remove("a41f.txt")
    found = library.dense(embedder.query("Baltimore bridge"), 50)
    kept = library.passages(list(found))
    assert len(kept) < len(found)
    assert all(s.passage.article.source != "a41f.txt" for s in kept)
    library.refresh()
    assert len(library.dense(embedder.query("Baltimore bridge"), 50)) == library.count()[1]


def test_new_articles_wait_a_little_while_an_ingest_is_at_work_and_removed_ones_do_not(
    library, embedder, settings, folder, tmp_path, monkeypatch
):
    def add(name):
        (tmp_path / name).write_text(f"The {name} ferry sank in the harbour of Oslo.")
        ingest([tmp_path / name], library, embedder, settings)

    ingest([folder], library, embedder, settings)
    asking = Library(settings.library)
    asking.refresh()
    add("first.txt")
    asking.refresh()
    assert asking.is_current(), "no ingest is at work"
    add("second.txt")
    with library.writing() as ingesting, ThreadPoolExecutor(1) as chat:
        chat.submit(asking.refresh).result()
        assert not asking.is_current()
        with monkeypatch.context() as later:
            later.setattr("rag.library.pace._SECONDS", 0)
            chat.submit(asking.refresh).result()
            assert asking.is_current(), "they have waited long enough"
        ingesting.detach([str(tmp_path / "first.txt")])
        assert not asking.is_current()
        chat.submit(asking.refresh).result()
        assert asking.is_current(), "what was taken away does not wait"
    asking.close()


def test_a_library_of_another_model_is_refused(library, embedder, settings, folder):
    ingest([folder], library, embedder, settings)
    library.catalogue.set("embedding_model", "another")
    with pytest.raises(ModelMismatchError, match=r"another.*ingest into a new --library"):
        Assistant(library, embedder, settings)


def test_what_is_no_library_is_refused_and_left_alone(tmp_path):
    with pytest.raises(NotFoundError, match="pullquote ingest"):
        Library(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "catalogue.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(LibraryError, match="is it a Pullquote library"):
        Library(tmp_path)


def test_a_library_of_a_later_version_is_refused(library, settings):
    library.catalogue.set("version", "999")
    with pytest.raises(LibraryError, match="another version"):
        Library(settings.library)


def test_the_catalogue_survives_a_kill_in_the_middle_of_a_write(
    library, embedder, settings, folder
):
    ingest([folder], library, embedder, settings)
    count = library.count()
    # A connection that dies with its transaction open, as a killed process does.
    other = sqlite3.connect(settings.library / "catalogue.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM passages")
    other.close()
    assert library.count() == count


@pytest.mark.parametrize("span", [Span(0, 0), Span(3, 9), Span(0, 99)])
def test_a_quote_is_never_made_of_what_is_not_there(span):
    article = Article(1, "a.txt", "The ferry sank.", "r1")
    assert make_quote(article, Span(4, 9)).text == "ferry" == article.text[4:9]
    with pytest.raises(ValueError, match="not a quotable span"):
        make_quote(article, span)


def test_many_copies_of_a_text_hide_neither_themselves_nor_others(tmp_path):
    # Equal vectors beyond the number of links of a node would be joined to each other alone.
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(60, 384))
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    texts += 0.8 * texts[:1]
    texts = (texts / np.linalg.norm(texts, axis=1, keepdims=True)).astype(np.float32)
    rows = [Added(copy * 60 + i + 1, texts[i], "", "") for copy in range(140) for i in range(60)]
    view = VectorView(tmp_path / "chroma")
    view.open()
    view.apply((rows[i : i + 5000] for i in range(0, len(rows), 5000)), [])
    for i, text in enumerate(texts):
        found = view.search(text, 40)
        assert {key % 60 for key in found} == {(i + 1) % 60}
        assert all(abs(cosine - 1) < 1e-4 for cosine in found.values())
    view.close()
