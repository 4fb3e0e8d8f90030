"""Formats end to end: records, metadata, any text and any members of a file."""

import codecs
import json
from contextlib import nullcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.containers import members
from ingest.job import ingest
from ingest.read import _BINARY
from ingest.readers.document import Document
from ingest.readers.forms import read
from rag.domain import Kind
from rag.errors import ArticleError
from tests.documents import DATA, PAGES, word_document
from tests.pieces import texts


def test_records_of_json_lines_are_articles_with_their_own_metadata(
    library, embedder, settings, tmp_path
):
    file = tmp_path / "articles.jsonl"
    lines = [
        {"title": "Tram returns", "text": "The tram returned to Molde on 3 May 2025.\r\nIt is red.",
         "url": "https://wire.example/tram", "published": "2025-05-03T10:00:00Z",
         "publisher": "Valley Wire", "author": "Rosa Lindqvist"},
        {"id": 7, "title": "No text"},
        {"id": 8, "text": "The market in Bodo doubled its stalls.", "published": "3/6/2025"},
    ]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, lines)) + "\n{broken\n", encoding="utf-8")
    summary = ingest([file], library, embedder, settings)
    tram = "articles.jsonl#https://wire.example/tram"
    assert summary.added == [tram, "articles.jsonl#8"]
    failed = dict(summary.failed)
    assert "no text in this record; its fields: id, title" in failed["articles.jsonl#7"]
    assert "not JSON" in failed["articles.jsonl#line 4"]
    article = library.article(tram)
    assert article.text == lines[0]["text"]
    meta = article.metadata
    assert (meta.title, meta.published, meta.author) == (
        "Tram returns", "2025-05-03", "Rosa Lindqvist"
    )  # fmt: skip
    assert meta.url == "https://wire.example/tram" and meta.publisher == "Valley Wire"
    assert library.article("articles.jsonl#8").metadata.published is None

    file.write_text(json.dumps(lines[2]), encoding="utf-8")
    assert ingest([file], library, embedder, settings).removed == [tram]
    assert library.count()[0] == 1


def test_front_matter_is_metadata(library, embedder, settings, tmp_path):
    (tmp_path / "tram.md").write_text(
        "---\ntitle: The tram\nauthor: [Ned Oakes, Orla Finch]\nlast_updated: 2025-02-03\n"
        "lang: en-GB\ndate: 3/6/2025\n---\n\nThe tram in Alta shrank in 2023.\n"
    )
    ingest([tmp_path], library, embedder, settings)
    meta = library.article("tram.md").metadata
    # 3/6/2025 may be March or June: the day the page was last gone over is certain.
    assert (meta.title, meta.author, meta.language, meta.updated, meta.published) == (
        "The tram", "Ned Oakes, Orla Finch", "en-GB", "2025-02-03", "2025-02-03"
    )  # fmt: skip


@given(texts)
@hypothesis_settings(max_examples=150, deadline=None)
def test_text_is_stored_as_it_was_decoded(text):
    data = text.encode()
    if not any(c.isalnum() for c in text):
        return
    for form in ("text", "markdown"):
        binary = _BINARY.search(data) and not data.startswith(codecs.BOM_UTF8)
        with pytest.raises(ArticleError, match="binary") if binary else nullcontext():
            assert read(form, data, "a", {}).text == text.removeprefix("\ufeff")


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=8))
@hypothesis_settings(max_examples=100, deadline=None)
def test_whatever_a_record_holds_it_is_read_or_refused(fields):
    line = json.dumps(dict([*fields, ("text", "The ferry sank.")])).encode()
    assert isinstance(read("record", line, "a", {}), Document)


def test_members_are_read_one_at_a_time(tmp_path):
    file = tmp_path / "many.jsonl"
    with file.open("w") as out:
        for number in range(2000):
            out.write(json.dumps({"id": number, "text": f"Ferry {number} sank."}) + "\n")
    first = next(members(file, "records", 10, False))
    assert first.key == "0" and first.load().form == "record"
    assert sum(1 for _ in members(file, "records", 10, False)) == 2000


def test_units_of_read_formats_are_in_order_and_never_cut_a_row(
    library, embedder, settings, tmp_path
):
    (tmp_path / "plan.docx").write_bytes(word_document())
    ingest([PAGES, tmp_path, DATA / "mediawiki-dump.xml"], library, embedder, settings)
    rows = 0
    for added in library.catalogue.added_since(0, 0):
        for stored in library.passages([a.id for a in added]):
            text = stored.passage.article.text
            spans = [u.span for u in stored.passage.units]
            assert all(a.end <= b.start for a, b in pairwise(spans))
            for unit in stored.passage.units:
                if unit.kind is Kind.TABLE_ROW:
                    rows += 1
                    assert unit.span.of(text).startswith("|") and unit.span.of(text).endswith("|")
    assert rows > 10
