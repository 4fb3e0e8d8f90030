"""Saved pages, PDF and Word: what is kept of them, and what they say of themselves."""

import base64
import io
import zipfile

import pytest

from ingest.job import ingest
from ingest.readers.guard import guarded
from rag.errors import ArticleError
from tests.documents import DATA, PAGES, word_document


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


def test_an_archive_that_is_no_document_is_told(guard):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(ArticleError, match="an archive, but not a Word document"):
        guard.read("docx", file.getvalue(), "x.docx", {})
