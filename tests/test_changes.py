"""A library over time: renames, copies, reprints, deletions, several processes, reindex."""

import gc
import json
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from ingest.job import ingest
from ingest.reindex import reindex
from rag.assistant import Assistant
from rag.errors import ModelMismatchError
from rag.library import Library
from rag.library.check import problems
from rag.settings import load
from tests.conftest import ROOT
from tests.killing import Killing

TEXT = (
    "# Ferry returns\n\nThe ferry Marsh Wren returned to Molde on 3 May 2025 with 84 people. She "
    "had been away for two years, and the quay was rebuilt meanwhile by nine workers from Voss. "
    "The mayor cut a ribbon, a choir sang three songs, and the first crossing took 11 minutes.\n"
)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "articles"
    made.mkdir()
    (made / "ferry.md").write_text(TEXT)
    (made / "market.md").write_text("# Market\n\nThe market in Bodo doubled its stalls in 2024.\n")
    return made


@pytest.fixture
def run(folder, library, embedder, settings):
    return lambda **more: ingest([folder], library, embedder, settings, **more)


def sources(library):
    return {entry.source: set(entry.sources) for entry in library.catalogue.entries()}


def ids(library):
    return {entry.source: entry.id for entry in library.catalogue.entries()}


def test_a_renamed_file_keeps_its_article_and_nothing_is_embedded(run, library, folder):
    run()
    before = ids(library)
    (folder / "ferry.md").rename(folder / "wren.md")
    summary = run()
    assert summary.renamed == [("ferry.md", "wren.md")] and summary.passages == 0
    assert not summary.added and not summary.removed and not summary.duplicates
    assert ids(library) == {"market.md": before["market.md"], "wren.md": before["ferry.md"]}
    assert list(problems(library)) == []


def test_a_renamed_file_keeps_its_article_where_another_takes_its_name(run, library, folder):
    run()
    # Its new name is looked at while its text is still stored, under the old one.
    (folder / "ferry.md").rename(folder / "old-ferry.md")
    (folder / "ferry.md").write_text("# Ferry\n\nThe ferry to Alta was sold to a bank in 2022.\n")
    summary = run()
    assert not summary.failed and summary.added == ["old-ferry.md"]
    assert "84 people" in library.article("old-ferry.md").text
    assert "sold to a bank" in library.article("ferry.md").text
    assert library.count()[1] == len(library.views.vectors.ids()) == 3
    assert list(problems(library)) == []


def test_a_copy_is_one_article_with_two_sources_until_they_part(run, library, folder):
    run()
    (folder / "copy.md").write_text(TEXT)
    summary = run()
    assert summary.duplicates == [("copy.md", "ferry.md")] and summary.passages == 0
    assert sources(library)["ferry.md"] == {"ferry.md", "copy.md"}
    assert library.article("copy.md") == library.article("ferry.md")
    (folder / "copy.md").write_text(TEXT.replace("84", "85"))
    run()
    assert "85 people" in library.article("copy.md").text
    assert "84 people" in library.article("ferry.md").text
    (folder / "ferry.md").unlink()
    assert run().removed == ["ferry.md"]
    assert set(sources(library)) == {"copy.md", "market.md"}
    assert list(problems(library)) == []


def test_two_files_of_one_text_in_one_ingest_are_embedded_once(library, embedder, settings, folder):
    (folder / "copy.md").write_text(TEXT)
    summary = ingest([folder], library, embedder, settings)
    assert library.count()[0] == 2 and len(summary.duplicates) == 1
    assert sorted(summary.added) == ["copy.md", "ferry.md", "market.md"]


def test_reprints_are_one_story_and_part_when_what_linked_them_goes(run, library, folder):
    words = [f"word{n}" for n in range(260)]
    for name, part in (("a", words[:200]), ("b", words[30:230]), ("c", words[60:260])):
        (folder / f"{name}.md").write_text(f"# Report\n\n{' '.join(part)}.\n")
    run()

    def stories():
        return {e.source: e.story for e in library.catalogue.entries()}

    together = stories()
    assert together["a.md"] == together["b.md"] == together["c.md"]
    assert len({together["a.md"], together["ferry.md"], together["market.md"]}) == 3
    assert library.article("a.md").story == together["a.md"]
    # a and c have little in common but b.
    (folder / "b.md").unlink()
    run()
    assert stories()["a.md"] != stories()["c.md"]


def report(number):
    keeper = ("Anna", "Bea", "Cora", "Dora", "Elin")[number % 5]
    return (
        f"---\npublisher: Valley Wire\n---\n# Report {number}\n\nIn year {number} the glacier "
        f"lost {number * 7} metres, its keeper {keeper} said.\n\n"
        "Write to our newsroom with your own story.\n"
    )


def embedded_words(library):
    return {
        unit.span.of(s.passage.article.text)
        for added in library.catalogue.added_since(0, library.catalogue.generation())
        for s in library.passages([a.id for a in added])
        for unit in s.passage.units
    }


def test_a_line_that_recurs_over_a_publishers_articles_is_boilerplate(run, library, folder):
    line = "Write to our newsroom with your own story."
    for number in (1, 2):
        (folder / f"{number}.md").write_text(report(number))
        run()
    assert line in embedded_words(library)
    for number in range(3, 12):
        (folder / f"{number}.md").write_text(report(number))
        run()
    assert line not in embedded_words(library)
    assert any("the glacier lost 77 metres" in words for words in embedded_words(library))
    # The stored text still has it, and another publisher may say so once.
    assert line in library.article("1.md").text
    # When only one article is left that says it, it is its own words again.
    for number in range(2, 12):
        (folder / f"{number}.md").unlink()
    run()
    assert line in embedded_words(library)
    assert list(problems(library)) == []


def test_in_whatever_order_articles_come_the_library_ends_up_the_same(embedder, folder, tmp_path):
    from tests.killing import state

    rest = "\n\n## Elsewhere\n\n" + " ".join(
        f"In valley {valley} the snow lay {valley * 7} centimetres deep, more than in 1999."
        for valley in range(1, 20)
    )
    for number in range(1, 9):
        (folder / f"{number}.md").write_text(report(number) + rest.replace("1999", f"{number}"))
    found = []
    for order in (1, -1):
        settings = load({}, library=tmp_path / f"library{order}")
        with closing(Library(settings.library, create=True)) as library:
            for path in sorted(folder.iterdir())[::order]:
                ingest([path], library, embedder, settings)
        found.append(state(settings.library))
    assert found[0] == found[1]


TALES = {
    1: "In valley {} the snow lay {} centimetres deep.",
    2: "Boat {} landed {} crates of herring before noon.",
    3: "Tram {} was late on {} mornings, its drivers wrote.",
}


def test_a_line_that_recurs_at_the_end_of_pages_costs_their_last_passages_alone(
    run, library, folder, embedder, monkeypatch
):
    embed, texts = embedder._embed, []

    def counted(session, text, spans):
        texts.append(text)
        return embed(session, text, spans)

    monkeypatch.setattr(embedder, "_embed", counted)
    line = "Write to our newsroom with your own story."
    for number in range(1, 4):
        rest = " ".join(TALES[number].format(n, n * 7) for n in range(60))
        page = f"---\npublisher: Valley Wire\n---\n# Report {number}\n\n{rest}\n\n{line}\n"
        (folder / f"{number}.md").write_text(page)
        before = library.catalogue.count()[1]
        texts.clear()
        run()
    added = library.catalogue.count()[1] - before
    # With the third story the line recurs; in each of the three the last passage held it.
    assert added > 3 and len(texts) == added + 3
    assert line not in embedded_words(library) and list(problems(library)) == []


def test_an_ingest_leaves_the_collector_of_garbage_as_it_was(run):
    before = gc.get_threshold(), gc.get_freeze_count()
    during = []
    run(progress=lambda *_: during.append((gc.get_threshold(), gc.get_freeze_count())))
    assert during[0][0] != before[0] and during[0][1] > before[1]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_what_failed_is_listed_tried_again_and_then_forgotten(run, library, folder):
    from rag.library import Writer

    (folder / "bad.md").write_bytes(b"\x00\x01binary" * 9)
    assert [s for s, _ in run().failed] == ["bad.md"]
    assert [s for s, _ in Writer(library.catalogue).failures()] == ["bad.md"]
    (folder / "bad.md").write_text("# Tram\n\nThe tram in Alta shrank in 2023.\n")
    assert run().added == ["bad.md"]
    assert Writer(library.catalogue).failures() == []
    (folder / "bad.md").write_bytes(b"\x00\x01binary" * 9)
    run()
    assert "tram in Alta" in library.article("bad.md").text
    (folder / "bad.md").unlink()
    assert run().removed == ["bad.md"] and Writer(library.catalogue).failures() == []


def test_a_dry_run_says_the_same_and_does_nothing(run, library, folder):
    run()
    (folder / "market.md").unlink()
    (folder / "ferry.md").write_text(TEXT.replace("84", "85"))
    (folder / "tram.md").write_text("# Tram\n\nThe tram in Alta shrank in 2023.\n")
    (folder / "bad.md").write_bytes(b"\x00\x01binary" * 9)
    before, change = sources(library), library.catalogue.change()
    planned = run(dry_run=True)
    assert (sources(library), library.catalogue.change()) == (before, change)
    done = run()
    for name in ("added", "updated", "unchanged", "removed", "failed", "renamed"):
        assert getattr(planned, name) == getattr(done, name), name
    assert done.removed == ["market.md"] and done.updated == ["ferry.md"]


CHILD = "from ui.cli import main; main()"


def command(*arguments):
    return [sys.executable, "-c", CHILD, *map(str, arguments)]


def test_a_second_ingest_waits_for_the_first_and_says_so(library, folder, settings):
    with library.writing():
        second = subprocess.Popen(
            command("ingest", folder, "--json", "--library", settings.library),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert "another ingest is at work on this library; waiting" in second.stderr.readline()
        assert second.poll() is None
    out, _ = second.communicate(timeout=120)
    assert second.returncode == 0 and len(json.loads(out)["added"]) == 2


def test_an_open_assistant_sees_what_another_process_ingests(
    run, library, folder, embedder, settings
):
    run()
    assistant = Assistant(library, embedder, settings)
    assert "84 people" in assistant.answer("How many people were on the ferry Marsh Wren?").text
    (folder / "zeppelin.md").write_text(
        "# Zeppelin\n\nThe zeppelin Kestrel landed in Narvik on 4 May 2024 with 31 people aboard.\n"
    )
    (folder / "ferry.md").unlink()
    done = subprocess.run(
        command("ingest", folder, "--library", settings.library), cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert "1 added, 0 updated, 1 unchanged, 1 removed" in done.stdout
    answer = assistant.answer("How many people were aboard the zeppelin Kestrel?")
    assert "31 people" in answer.text
    assert library.dense(embedder.query("zeppelin"), 50).keys() == {
        p.passage.id for p in library.passages(range(100))
    }  # fmt: skip
    assert assistant.answer("How many people were on the ferry Marsh Wren?").refused


def test_questions_are_answered_while_an_ingest_is_at_work(
    run, library, embedder, settings, tmp_path
):
    run()
    assistant = Assistant(library, embedder, settings)
    question = "How many people were on the ferry Marsh Wren?"
    (tmp_path / "more").mkdir()
    killing = Killing(tmp_path / "more", 150, 7)
    job = subprocess.Popen(
        command("ingest", killing.folder, "--library", settings.library), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    longest = asked = 0.0
    while job.poll() is None:
        start = time.perf_counter()
        assert "84 people" in assistant.answer(question).text
        longest = max(longest, time.perf_counter() - start)
        asked += 1
    assert job.returncode == 0 and asked >= 3 and longest < 10
    assert library.count()[0] == 152


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


def test_a_folder_is_kept_in_step_while_it_is_watched(folder, settings):
    watching = subprocess.Popen(
        command("ingest", folder, "--watch", "--library", settings.library), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    stop = threading.Timer(120, watching.kill)
    stop.start()
    try:
        assert watching.stdout.readline().startswith("2 added")
        (folder / "tram.md").write_text("# Tram\n\nThe tram in Alta shrank in 2023.\n")
        assert watching.stdout.readline().startswith("1 added, 0 updated, 2 unchanged")
        (folder / "tram.md").unlink()
        assert watching.stdout.readline().startswith("0 added, 0 updated, 2 unchanged, 1 removed")
    finally:
        stop.cancel()
        watching.terminate()
        watching.communicate()


def test_kills_at_random_moments_lose_nothing(tmp_path):
    killing = Killing(tmp_path, 60, seed=int(time.time()))
    while killing.kills.total() < 5:
        killing.turn()
