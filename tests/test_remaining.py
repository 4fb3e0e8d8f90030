"""When the indexes take in what is stored while the last texts are encoded."""

from ingest.draft import Parsed
from ingest.job import ingest
from ingest.remaining import Remaining
from ingest.split import Piece
from rag.domain import Metadata, Span
from rag.library import Library


def article(passages):
    return Parsed("text", Metadata(), (Piece(Span(0, 4), (), ()),) * passages)


def test_the_indexes_are_told_once_when_as_little_remains_as_they_take():
    remaining = Remaining()
    assert (
        len(list(remaining.of(iter([("a", article(500)), ("b", None), ("c", article(84))])))) == 3
    )
    told = [remaining.less(1, stored) for stored in range(584)]
    # 8 and a twenty-fourth of what is stored by then.
    assert [stored for stored, now in enumerate(told) if now] == [583 - 31]


def test_nothing_is_told_before_all_is_read_nor_of_a_few():
    remaining = Remaining()
    stream = remaining.of(iter([("a", article(100)), ("b", article(10))]))
    next(stream)
    assert not remaining.less(100, 100)
    assert not remaining.all_read
    few = Remaining()
    list(few.of(iter([("a", article(60))])))
    assert few.all_read
    assert not any(few.less(1, stored) for stored in range(1, 61))


def test_most_is_in_the_indexes_before_the_last_article_is_embedded(
    tmp_path, library, embedder, settings, monkeypatch
):
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(90):
        (docs / f"{number:02}.txt").write_text(f"Ferry {number} sailed to port {number} at noon.\n")
    stored = []
    caught_up = Library.catch_up

    def noted(self, wait=True):
        stored.append(self.catalogue.count()[0])
        caught_up(self, wait)

    monkeypatch.setattr(Library, "catch_up", noted)
    ingest([docs], library, embedder, settings)
    assert len(stored) == 2
    assert 75 <= stored[0] < 90 == stored[1]
