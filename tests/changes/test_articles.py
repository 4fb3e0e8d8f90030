"""Articles over time: renames, copies, reprints, what failed, a dry run."""

import gc

from ingest.job import ingest
from rag.library.check import problems
from tests.changes.articles import TEXT, ids, sources


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
