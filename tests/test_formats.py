"""Formats end to end: what a reader makes of real files, and where answers are quoted from."""

import base64
import bz2
import codecs
import gzip
import io
import json
import shutil
import subprocess
import zipfile
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest import language
from ingest.containers import members
from ingest.draft import draft
from ingest.job import ingest
from ingest.read import _BINARY
from ingest.readers.document import Document
from ingest.readers.forms import read
from ingest.readers.guard import guarded
from ingest.readers.wikitext import read_wikitext
from rag.assistant import Assistant
from rag.domain import Kind
from rag.errors import ArticleError
from tests.test_text import texts

DATA = Path(__file__).parent / "data"
PAGES = DATA / "pages"


@pytest.fixture(scope="module")
def guard():
    with guarded(60, 1500) as opened:
        yield opened


def page(guard, name):
    return guard.read("page", (PAGES / name).read_bytes(), name, {})


# Title, publisher, author, published, updated, language as the pages' own markup and text say.
SAID = {
    "blog-theme.html": ("Harbour ferry returns after two-year refit", "Saltmarsh Courier",
                        "Orla Finch", "2025-03-14", "2025-03-16", "en-GB"),
    "json-ld.html": ("Tidal turbine passes its first winter", "North Quay Post", "Ines Caldera",
                     "2024-04-02", "2024-04-02", "en"),
    "table-layout.html": ("Glacier loses its tongue", "Valley Wire", "Rosa Lindqvist",
                          "2003-09-18", None, "en"),
    "docs-site.html": ("Rotate the signing key", "Beacon Handbook", "Kofi Mensah", "2025-05-20",
                       "2025-05-20", "en"),
    "wiki-skin.html": ("Ketter Viaduct", "Railpedia", None, "2025-01-11", "2025-01-11", "en"),
}  # fmt: skip


def test_pages_of_five_layouts_say_who_wrote_them_and_when(library, embedder, settings):
    summary = ingest([PAGES], library, embedder, settings)
    assert sorted(summary.added) == sorted(SAID) and not summary.failed
    for name, said in SAID.items():
        meta = library.article(name).metadata
        assert (meta.title, meta.publisher, meta.author, meta.published, meta.updated,
                meta.language) == said  # fmt: skip


KEPT = {
    "blog-theme.html": ["The refit cost £2.3m,", "- a heated cabin with 40 seats,",
                        "## Times and fares", "| Child under 15 | £1.00 | £1.80 |"],
    "json-ld.html": ["## Why the blades did not foul", "> No seal was harmed",
                     "“We had budgeted for twice as many dives,” said Petra Holm"],
    "table-layout.html": ["ALTDORF (Valley Wire) – A block of ice", "said Jürg Amstad",
                          "The path is to stay closed until June 2004."],
    "docs-site.html": ["```\nbeaconctl key new --days 400\nbeaconctl key publish --id 7\n```",
                       "- Check that no build runs: beaconctl builds --active must print nothing.",
                       "| Client | Behaviour with an unknown key |"],
    "wiki-skin.html": ["| Opened | 3 May 1889 |", "opened on 3 May 1889.\n", "## History\n",
                       "- goods trains with timber."],
}  # fmt: skip
FURNITURE = ["cookies", "Leave a Reply", "Related posts", "Subscribe", "Most viewed", "Weather",
             "Sign up", "Edit this page", "Jump to navigation", "[edit]", "Previous", "Log in",
             "Recent posts", "ALSO IN SCIENCE", "Share this"]  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_page_keeps_its_article_and_loses_its_furniture(guard, name):
    text = page(guard, name).text
    assert all(words in text for words in KEPT[name])
    assert not [words for words in FURNITURE if words in text]
    assert text.count(f"# {SAID[name][0]}\n") == 1


def test_a_saved_page_in_one_file_is_its_page(guard):
    html = (PAGES / "json-ld.html").read_bytes()
    saved = (
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://post.example/saved\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n'
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
        b"\r\n" + base64.encodebytes(html) + b"\r\n--x--\r\n"
    )
    assert guard.read("mhtml", saved, "saved.mhtml", {}).text == page(guard, "json-ld.html").text


def word_document():
    document = docx.Document()
    document.core_properties.title = "Winter service plan"
    document.core_properties.author = "Mara Voss"
    document.add_heading("Winter service plan", 0)
    document.add_paragraph("Published: 4 November 2025")
    document.add_heading("Gritting", 1)
    document.add_paragraph("Roads of the first class are gritted before 6 a.m. on 112 kilometres.")
    for words in ("hospital road,", "school road."):
        document.add_paragraph(words, style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Depot", "Salt"
    for depot, salt in (("North", "310 t"), ("South", "275 t")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = depot, salt
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_word_document_keeps_headings_lists_and_tables(library, embedder, settings, tmp_path):
    (tmp_path / "plan.docx").write_bytes(word_document())
    ingest([tmp_path / "plan.docx"], library, embedder, settings)
    article = library.article("plan.docx")
    assert "# Gritting\n" in article.text and "- school road." in article.text
    assert "| Depot | Salt |\n| --- | --- |\n| North | 310 t |" in article.text
    meta = article.metadata
    # When a copy was made is not when it was published.
    assert (meta.title, meta.author, meta.published) == (
        "Winter service plan", "Mara Voss", "2025-11-04"
    )  # fmt: skip


def test_a_pdf_has_its_headings_paragraphs_and_code_and_no_page_numbers(guard):
    document = guard.read("pdf", (DATA / "report.pdf").read_bytes(), "report.pdf", {})
    text = document.text
    assert "# Harbour ferry report\n" in text and "## Battery\n" in text
    # Lines of one paragraph are joined over the line break and over the page.
    assert "carrying 84 people across the estuary in 11 minutes." in text
    assert "The cells are warranted for fifteen years" in text
    assert "Annual report 2025, page" not in text
    assert "| Passenger | Single | Return |" in text and "| Bicycle | free | free |" in text
    assert "- space for 12 bicycles." in text
    assert document.metadata.published is None


@pytest.mark.parametrize(("wikitext", "words"), [
    ("She sails from [[Mission: Landing]] to [[Port|the port]]s.",
     "She sails from Mission: Landing to the ports."),
    ("See [[Help:Editing]], [[:Category:Ships]] and [[wikt:ferry|ferry]].",
     "See Help:Editing, Category:Ships and ferry."),
    ("[[File:Wren.jpg|thumb]] [[image:a.png|left|At the [[quay]]]] She sank.", "She sank."),
    ("She [[Datei:Wren.jpg|mini]] sank.\n[[Kategorie:Schiffe|Wren]]\n[[Category:Ships]]",
     "She sank."),
    ("She sank. [[de:Fähre]] [[zh-min-nan:Fähre]]", "She sank."),
])  # fmt: skip
def test_links_of_a_wiki_are_the_words_that_it_shows(wikitext, words):
    text = read_wikitext(wikitext, "Ferry", "a", ("Datei", "Kategorie")).text
    assert " ".join(text.partition("\n\n")[2].split()) == words


def test_a_dumps_own_names_of_pictures_and_categories_are_known(tmp_path):
    dump = (
        "<mediawiki><siteinfo><namespaces><namespace key='6'>Datei</namespace><namespace key='14'>"
        "Kategorie</namespace></namespaces></siteinfo><page><title>Ferry</title><ns>0</ns><revision>"
        "<timestamp>2025-01-01T00:00:00Z</timestamp><text>She sank. [[Kategorie:Schiffe]] "
        "[[Datei:Wren.jpg|mini]]</text></revision></page></mediawiki>"
    )
    (tmp_path / "dump.xml").write_text(dump)
    (member,) = members(tmp_path / "dump.xml", "xml", 10, False)
    loaded = member.load()
    text = read(loaded.form, loaded.data, "a", loaded.options).text
    assert text.strip() == "# Ferry\n\nShe sank."


def test_a_dump_of_a_real_wiki_gives_its_content_pages(library, embedder, settings, tmp_path):
    dump = (DATA / "mediawiki-dump.xml").read_bytes()
    (tmp_path / "plain.xml").write_bytes(dump)
    (tmp_path / "packed.xml.gz").write_bytes(gzip.compress(dump))
    (tmp_path / "packed.xml.bz2").write_bytes(bz2.compress(dump))
    summary = ingest([tmp_path / "packed.xml.bz2"], library, embedder, settings)
    pages = {"Ferry Marsh Wren", "Pilotage rules", "Main Page", "Harbour Wiki:House style"}
    assert set(summary.added) == {f"packed.xml.bz2#{p}" for p in pages}
    # A page of templates alone is told of; talk, templates, categories and redirects are not.
    assert [s for s, _ in summary.failed] == ["packed.xml.bz2#Empty shell"]
    ferry = library.article("packed.xml.bz2#Ferry Marsh Wren")
    # The last revision counts, and what templates that wrap words say is kept.
    assert "The crossing takes 11 min and is 1.9 km long." in ferry.text
    assert "Draft." not in ferry.text and "Courier, 14 March" not in ferry.text
    assert "    - Hourly on Sundays" in ferry.text and "| Adult | £3.20 | £5.50 |" in ferry.text
    assert "```\nwrenctl battery --show\nwrenctl battery --balance\n```" in ferry.text
    assert ferry.metadata.publisher == "Harbour Wiki" and ferry.metadata.updated
    assert ferry.metadata.url == "http://127.0.0.1:8099/index.php/Ferry_Marsh_Wren"
    # The same pages from the other files are the same articles.
    again = ingest([tmp_path], library, embedder, settings)
    assert library.count()[0] == 4 and len(again.duplicates) == 8
    answer = Assistant(library, embedder, settings).answer(
        "How many people does the Marsh Wren carry?"
    )
    assert "She carries 84 people" in answer.text


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


def test_a_git_backed_wiki_is_read_without_its_repository(library, embedder, settings, tmp_path):
    """Pages as An Otter Wiki 2.26 wrote them; links between them stay as they were written."""
    wiki = tmp_path / "wiki"
    shutil.copytree(DATA / "otterwiki", wiki)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", "-C", str(wiki)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Three pages"]):
        subprocess.run([*git, *command], check=True)
    summary = ingest([wiki], library, embedder, settings)
    assert sorted(summary.added) == ["ferry.md", "ferry/fares.md", "pilotage.md"]
    article = library.article("ferry.md")
    assert article.text == (wiki / "ferry.md").read_text()
    assert "[[Pilotage|the rules]]" in article.text
    answer = Assistant(library, embedder, settings).answer("Which ships take a pilot?")
    assert "Ships longer than 70 metres take a pilot" in answer.text


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


@pytest.mark.parametrize(("text", "language"), [
    ("Die Fähre fuhr am Donnerstag zum ersten Mal seit zwei Jahren wieder über die Mündung, mit "
     "84 Menschen an Bord.", "de"),
    ("The ferry sailed across the estuary for the first time in two years, with 84 people.", "en"),
    ("Le bac a traversé jeudi l’estuaire pour la première fois depuis deux ans, avec 84 passagers "
     "à son bord.", "fr"),
    ("Hon. L. Clark\nHon. S. Deen\nHon. J. Roe\nHon. A. Poe\nHon. M. Lee\nHon. D. Sanchez", None),
    ("84 people.", None),
])  # fmt: skip
def test_the_language_of_running_text_is_told_and_of_lists_of_names_is_not(text, language):
    assert draft(Document(text, False)).metadata.language == language


def test_a_kept_language_model_tells_the_same_and_none_is_missed(tmp_path):
    page = "Die Fähre fuhr am Donnerstag zum ersten Mal seit zwei Jahren wieder über die Mündung. "
    samples = [page[i:] + page[:i] for i in range(0, 80, 7)] + ["?" * 100, "a b c 1 2 3 " * 20]
    packaged = [language._unpacked().classify(s) for s in samples]
    try:
        language.keep_in(tmp_path)
        assert [language._identifier().classify(s) for s in samples] == packaged
        # From the second process on it is only opened.
        (kept,) = (tmp_path / "models").iterdir()
        written = (kept / "moves.npy").stat().st_mtime_ns
        language._identifier.cache_clear()
        assert [language._identifier().classify(s) for s in samples] == packaged
        assert (kept / "moves.npy").stat().st_mtime_ns == written
        (tmp_path / "file").write_text("in the way")
        language.keep_in(tmp_path / "file")
        assert [language._identifier().classify(s) for s in samples] == packaged
    finally:
        language._Kept.folder = None
        language._identifier.cache_clear()


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


def test_an_archive_that_is_no_document_is_told(guard):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(ArticleError, match="an archive, but not a Word document"):
        guard.read("docx", file.getvalue(), "x.docx", {})
