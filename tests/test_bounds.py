"""Damaged, hostile and oversized input: each is refused for its reason, in bounded time and memory.

One good article stands among them and must come through.
"""

import bz2
import gzip
import io
import json
import os
import re
import resource
import struct
import time
import zipfile
import zlib

import docx
import pytest

from ingest.job import ingest
from rag.library import Library
from rag.settings import load
from tests.documents import DATA, word_document

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(
        b'<!ENTITY %s "%s">' % (new, (b"&" + old + b";") * 10)
        for old, new in ((b"a", b"b"), (b"b", b"c"), (b"c", b"d"), (b"d", b"e"), (b"e", b"f"))
    )
    + b"]>"
)
WIKI = b'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">'
REPORT = (DATA / "report.pdf").read_bytes()


def repacked(**parts):
    """A Word document with some of its parts replaced; None leaves one out."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(word_document())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = parts.pop(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
        for name, data in parts.items():
            new.writestr(name, data)
    return file.getvalue()


def zip_bomb():
    zeros = b"\0" * 30_000_000
    return repacked(**{f"word/media/{n}.bin": zeros for n in range(20)})


def lying_zip():
    """A part of 60 MB whose index says that it has 100 bytes."""
    data = bytearray(repacked(**{"word/document.xml": b"<a>" + b" " * 60_000_000}))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        length = struct.unpack_from("<H", data, at + 28)[0]
        if data[at + 46 : at + 46 + length] == b"word/document.xml":
            struct.pack_into("<I", data, at + 24, 100)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def deep_document():
    space = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    inside = b"<w:tbl><w:tr><w:tc>" * 30_000 + b"</w:tc></w:tr></w:tbl>" * 30_000
    return repacked(**{
        "word/document.xml": b"<w:document %s><w:body>%s</w:body></w:document>" % (space, inside)
    })  # fmt: skip


def pdf(*objects):
    """A PDF of these objects, numbered from 1, the first its catalogue."""
    body = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n"
        b"%%%%EOF" % (len(objects) + 1, table, len(objects) + 1, len(body))
    )


def stream(data, extra=b""):
    packed = zlib.compress(data, 9)
    return b"<< /Length %d /Filter /FlateDecode %s>>\nstream\n%s\nendstream" % (
        len(packed), extra, packed
    )  # fmt: skip


CATALOGUE, TREE = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R >>"


def pdf_of_many_pages():
    kids = b" ".join(b"3 0 R" for _ in range(400_000))
    return pdf(CATALOGUE, b"<< /Type /Pages /Kids [%s] /Count 400000 >>" % kids, PAGE, stream(b""))


def pdf_bomb():
    """A page whose content unpacks to 800 MB of drawing."""
    return pdf(CATALOGUE, TREE, PAGE, stream(b"q 1 0 0 1 0 0 cm Q " * 42_000_000))


def locked_pdf():
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file, encrypt=StandardEncryption("secret"))
    canvas.drawString(100, 100, "The ferry sank.")
    canvas.save()
    return file.getvalue()


def dump(text, title=b"Page"):
    return (
        WIKI + b"<page><title>%s</title><ns>0</ns><id>1</id><revision><id>1</id>"
        b"<timestamp>2025-01-01T00:00:00Z</timestamp><text>%s</text></revision></page>"
        b"</mediawiki>" % (title, text)
    )


BAD = {
    # name: what is in it, what the error must say
    "bomb.docx": (zip_bomb, "unpacks to 60. MB"),
    "lying.docx": (lying_zip, "damaged"),
    "deep.docx": (deep_document, "nested too deep|damaged|broke down"),
    "laughs.docx": (lambda: repacked(**{"word/document.xml": LAUGHS + b"<a>&f;</a>"}),
                    "declares XML entities"),
    "cut.docx": (lambda: word_document()[:9000], "damaged or not a Word document"),
    "old.docx": (lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 5000, "an old or locked Word document"),
    "zip.docx": (lambda: repacked(**{"word/document.xml": None}), "not a Word document"),
    "pages.pdf": (pdf_of_many_pages, "400,000 pages are over the limit"),
    "bomb.pdf": (pdf_bomb, "no text in it|not read within|broke down"),
    "locked.pdf": (locked_pdf, "locked with a password"),
    "cut.pdf": (lambda: REPORT[:700], "damaged or no PDF"),
    "scan.pdf": (lambda: pdf(CATALOGUE, TREE, PAGE, stream(b"1 0 0 rg 0 0 90 90 re f")),
                 "needs text recognition"),
    "ring.pdf": (lambda: pdf(CATALOGUE, b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"),
                 "no text in it|damaged"),
    "deep.html": (lambda: b"<div>" * 200_000 + b"word " * 50, "no article|nested too deep|damaged"),
    "menu.html": (lambda: b"<nav><ul><li><a href=/>Home</a><li><a href=/n>News</a></ul></nav>",
                  "no article in this page"),
    "image.html": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "binary content"),
    "none.mhtml": (lambda: b"MIME-Version: 1.0\nContent-Type: text/plain\n\nword", "no page in"),
    "huge.jsonl": (lambda: b'{"text": "' + b"word " * 9_000_000 + b'"}', "over the limit of"),
    "deep.jsonl": (lambda: b'{"text": ' + b"[" * 100_000, "not JSON"),
    "list.jsonl": (lambda: b'["a", "b"]', "not a JSON object with title and text"),
    "surrogate.jsonl": (lambda: b'{"text": "a \\ud800 b"}', "half a character"),
    "bomb.jsonl.gz": (lambda: gzip.compress(b"\n" * 100_000_000, 9), "unpacks to over"),
    "zeros.jsonl.gz": (lambda: gzip.compress(b"0" * 100_000_000, 9), "unpacks to over"),
    "no.jsonl.gz": (lambda: b"not gzip at all", "damaged, or cut short"),
    "laughs.xml": (lambda: LAUGHS + dump(b"&f;"), "declares XML entities"),
    "deep.xml": (lambda: WIKI + b"<a>" * 100_000, "nested over 50 deep"),
    "cut.xml.bz2": (lambda: bz2.compress(dump(os.urandom(9000).hex().encode()))[:3000],
                    "damaged, or cut short"),
    "huge.xml": (lambda: dump(b"word " * 9_000_000), "over the limit of"),
    "broken.xml": (lambda: dump(b"a <b> c"), "damaged, or cut short"),
    "latin.md": (lambda: "Café in Besançon".encode("latin-1"), "not UTF-8"),
}  # fmt: skip


@pytest.fixture(scope="module")
def outcome(embedder, tmp_path_factory):
    """What an ingest of all of them says, how long it took, and its peak of memory."""
    folder = tmp_path_factory.mktemp("bad")
    for name, (make, _) in BAD.items():
        (folder / name).write_bytes(make())
    (folder / "good.md").write_text("# Ferry\n\nThe ferry Aurora sank off Bergen in May 2024.\n")
    os.mkfifo(folder / "pipe.txt")
    settings = load(
        {}, library=tmp_path_factory.mktemp("library"), read_seconds=8, read_memory_mb=900
    )
    library = Library(settings.library, create=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    summary = ingest([folder], library, embedder, settings)
    took = time.monotonic() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    library.close()
    return summary, took, grown


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_for_its_reason(outcome, name):
    reasons = {source.partition("#")[0]: reason for source, reason in outcome[0].failed}
    assert re.search(BAD[name][1], reasons[name]), reasons[name]
    assert name in reasons[name] and "Traceback" not in reasons[name]


def test_the_good_article_among_them_comes_through(outcome):
    summary, took, grown = outcome
    assert summary.added == ["good.md"]
    failed = {source.partition("#")[0] for source, _ in summary.failed}
    assert failed == {*BAD, "pipe.txt"}
    # Two of them may use up their eight seconds; none may take memory of the ingest itself.
    assert took < 120
    assert grown < 300


def test_a_reader_that_never_ends_is_ended(embedder, tmp_path):
    settings = load({}, library=tmp_path / "library", read_seconds=1, read_memory_mb=8000)
    (tmp_path / "bomb.pdf").write_bytes(pdf_bomb())
    (tmp_path / "plan.docx").write_bytes(word_document())
    library = Library(settings.library, create=True)
    summary = ingest([tmp_path / "bomb.pdf"], library, embedder, settings)
    assert "not read within 1 s (read_seconds)" in summary.failed[0][1]
    settings = load({}, library=tmp_path / "library", read_seconds=30)
    assert ingest([tmp_path / "plan.docx"], library, embedder, settings).added == ["plan.docx"]
    library.close()


def test_a_word_document_of_words_alone_is_read(embedder, tmp_path):
    document = docx.Document()
    document.add_paragraph("The tram in Alta shrank in 2023.")
    document.save(str(tmp_path / "tram.docx"))
    (tmp_path / "r.jsonl").write_text(json.dumps({"text": "The tram in Bodo grew in 2023."}))
    settings = load({}, library=tmp_path / "library")
    library = Library(settings.library, create=True)
    summary = ingest([tmp_path], library, embedder, settings)
    assert len(summary.added) == 2 and not summary.failed
    library.close()
