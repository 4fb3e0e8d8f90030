"""Lines that recur over a publisher's articles: boilerplate, in whatever order they come."""

from contextlib import closing

from ingest.ahead import Ahead, Read
from ingest.draft import draft
from ingest.job import ingest
from ingest.readers.document import Document
from ingest.settle import settle
from rag.library import Library, Place, Writer
from rag.library.check import problems
from rag.library.schema import IN_GENERATION
from rag.library.stored import stored_passages
from rag.settings import load
from tests.changes.articles import ids, report


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

    def counted(text, spans):
        texts.append(text)
        return embed(text, spans)

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


def test_what_recurs_far_apart_is_taken_out_while_the_encoder_is_still_at_work(
    run, library, folder, monkeypatch
):
    left = []
    monkeypatch.setattr("ingest.job.settle", lambda *given: left.append(settle(*given)))
    line = "Write to our newsroom with your own story."
    for number in range(260):
        page = report(number)
        said = number < 3 or 60 <= number < 100
        (folder / f"{number:03}.md").write_text(page if said else page.replace(line, ""))
    run()
    # The first three were stored with the line in them; in the end nothing is left to mend.
    assert left == [0] and library.catalogue.count()[0] == 262
    assert {1, 2, 3} <= set(library.catalogue.removed_since(0))
    assert line not in embedded_words(library) and list(problems(library)) == []


def test_articles_that_come_slowly_do_not_wait_for_many_others(library, embedder, monkeypatch):
    def most_waiting(quick):
        monkeypatch.setattr("ingest.ahead._QUICK", quick)
        count = 0

        def reads():
            nonlocal count
            for count in range(1, 121):
                place = Place(f"{count}.md", f"{count}.md", "")
                yield Read(place, False, draft(Document(report(count), True)))

        ahead = Ahead(library, Writer(library.catalogue), embedder, 180)
        return max(count - done for done, _ in enumerate(ahead.split(reads()), 1))

    assert most_waiting(0.0) == 16
    assert most_waiting(60.0) > 60


def test_passages_of_another_text_do_not_replace_those_of_the_present_one(run, library, folder):
    run()
    article = ids(library)["ferry.md"]
    before = stored_passages(library.catalogue, article)
    old = library.article("ferry.md").revision
    (folder / "ferry.md").write_text("# Ferry\n\nThe ferry stays in Molde until 9 June 2026.\n")
    run()
    assert ids(library)["ferry.md"] == article
    Writer(library.catalogue).replace_passages(article, old, "", before)
    assert "The ferry stays in Molde until 9 June 2026." in embedded_words(library)
    assert list(problems(library)) == []


def test_passages_of_an_article_are_looked_for_by_the_article(library):
    plan = library.catalogue.read(
        f"EXPLAIN QUERY PLAN SELECT id FROM passages WHERE article = 1 AND {IN_GENERATION}"
    )
    assert "passages_article (article=?)" in plan[0][3]
