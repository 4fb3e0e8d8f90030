"""Input that is not what it seems: what `pullquote ingest` says of it, and how it ends.

``python -m tests.test_refusals`` runs the command on each and prints the table of docs/ingest.md.
"""

from __future__ import annotations

import bz2
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest.read import decode
from tests.documents import DATA
from ui.cli import main

SENTENCE = "The ferry Aurora sank off Bergen in May 2024, and nobody was hurt."
WIKI = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">'
LOGIN = "<!DOCTYPE html>\n<html><body><h1>Sign in</h1><form><input name=user></form></body></html>"


def packed(name: str) -> bytes:
    """An archive with one file in it, as office documents and books are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "<a/>")
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("ferry.txt"), io.BytesIO())
    return file.getvalue()


def dump(title: str, space: int, text: str) -> str:
    return (
        f"{WIKI}<page><title>{title}</title><ns>{space}</ns><id>1</id><revision><id>1</id>"
        f"<timestamp>2025-01-01T00:00:00Z</timestamp><text>{text}</text></revision></page>"
        "</mediawiki>"
    )


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


@dataclass(frozen=True)
class Refused:
    """One input: what it is, its name, how it is made, what is said, and arguments around it."""

    what: str
    name: str
    made: str | bytes | Callable[[Path], None]
    says: str
    before: tuple[str, ...] = ()
    exit_code: int = 1

    def make(self, folder: Path) -> list[str]:
        """Make it in `folder`; returns the command's arguments, its library in `folder` too."""
        path = folder / self.name
        if callable(self.made):
            self.made(path)
        else:
            path.write_bytes(self.made.encode() if isinstance(self.made, str) else self.made)
        library = () if "--library" in self.before else ("--library", str(folder / "library"))
        return [
            "ingest",
            *library,
            *(a.replace("DIR", str(folder)) for a in self.before),
            str(path),
        ]


REFUSED = (
    Refused("a PDF under the name of a text", "report.txt", (DATA / "report.pdf").read_bytes(),
            "not plain text but a PDF; name it .pdf"),
    Refused("Rich Text", "notes.rtf", r"{\rtf1 " + SENTENCE + "}",
            "not plain text but Rich Text; save it as .docx, or as plain text"),
    Refused("an OpenDocument text", "notes.odt", packed("content.xml"),
            "not plain text but a packed file, as .docx, .odt, .pptx, .epub and .zip are; of these "
            "only .docx is read, under that name"),
    Refused("an old Word document", "notes.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "not plain text but an old Office document; save it as .docx"),
    Refused("a packed folder", "articles.tar.gz", tarred(),
            "not plain text but packed (gzip); unpack it first"),
    Refused("a text packed by bzip2", "ferry.txt", bz2.compress(SENTENCE.encode()),
            "not plain text but packed (bzip2); unpack it first"),
    Refused("UTF-16 that does not say so", "notes.txt", SENTENCE.encode("utf-16-le"),
            "not plain text but UTF-16LE without its byte order mark; convert it, for example: "
            "iconv -f UTF-16LE -t UTF-8"),
    Refused("a text cut in the middle of a letter", "cut.txt", "Besançon, café".encode()[:-1],
            "not UTF-8 (byte 0xc3 at 14); convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 "
            "cut.txt > fixed.txt"),
    Refused("a sign-in page saved as a PDF", "report.pdf", LOGIN,
            "a web page under another name, perhaps of a sign-in; save it again, or name it .html"),
    Refused("the same saved as a Word file", "report.docx", LOGIN,
            "a web page under another name, perhaps of a sign-in; save it again, or name it .html"),
    Refused("a page that a script would make", "app.html",
            "<html><body><div id=root></div><noscript>You need to enable JavaScript to run this "
            "app, it does nothing without.</noscript><script src=app.js></script></body></html>",
            "no article in this page; is it made by a script, or a menu?"),
    Refused("a page of frames", "frames.html",
            "<html><frameset><frame src=a.html><frame src=b.html></frameset></html>",
            "no article in this page; is it made by a script, or a menu?"),
    Refused("an empty page", "empty.html", "\n", "the file is empty"),
    Refused("front matter and nothing below it", "draft.md", "---\ntitle: Ferries\n---\n",
            "nothing in it but menus and headings"),
    Refused("a list of articles as JSON over many lines", "articles.jsonl",
            '[\n  {"title": "Ferry",\n   "text": "It sank."}\n]',
            "JSON over several lines, not an object a line; for a list, convert it: jq -c '.[]'"),
    Refused("a record whose text is none", "one.jsonl", '{"title": "Ferry", "text": 5}',
            "no text in this record; its fields: title, text"),
    Refused("a drawing", "map.xml", '<svg xmlns="http://www.w3.org/2000/svg"/>',
            "XML of an unknown kind (<svg>); read are MediaWiki dumps and feeds"),
    Refused("no XML at all", "ferry.xml", SENTENCE,
            "no XML in it; read are MediaWiki dumps and feeds"),
    Refused("a sitemap that was saved", "sitemap.xml",
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>',
            "a sitemap; give its address instead, so that its pages are fetched"),
    Refused("a feed without entries", "feed.xml",
            '<rss version="2.0"><channel><title>Harbour</title></channel></rss>',
            "no article in it; nothing was changed"),
    Refused("a wiki's talk pages alone", "talk.xml", dump("Talk:Ferry", 1, SENTENCE),
            "no article in it; nothing was changed"),
    Refused("a wiki page of templates alone", "boxes.xml", dump("Ferry", 0, "{{Box|a=b}}"),
            "nothing in it but templates and notes"),
    Refused("a link to a file that is gone", "gone.txt", link("nowhere.txt"),
            "a link that leads to no file (nowhere.txt)"),
    Refused("a link to itself", "ring.txt", link("ring.txt"),
            "a link that leads to no file (ring.txt)"),
    Refused("a line end in a file's name", "new\nline.txt", b"\0\0\0\0",
            "new␊line.txt: binary content, not text; export it as plain text first"),
    Refused("an address list with a mail address in it", "list.txt", "mailto:crew@ferry.example\n",
            "mailto:crew@ferry.example: not an address of the web; it must begin with http",
            ("--urls",)),
    Refused("an address list with the cloud's own data", "list.txt",
            "http://169.254.169.254/latest/meta-data\n",
            "169.254.169.254 is on a private network, which is not fetched from; to allow it, set "
            "PULLQUOTE_ALLOW_HOSTS=169.254.169.254 (allow_hosts in pullquote.toml)", ("--urls",)),
    Refused("an address list without an address", "list.txt", "# to come\n",
            "no address in this list; nothing was changed", ("--urls",)),
    Refused("a file where the library should be", "ferry.txt", SENTENCE,
            "cannot write to the library DIR/ferry.txt: it is a file, not a folder; name another "
            "with --library or PULLQUOTE_LIBRARY", ("--library", "DIR/ferry.txt")),
    Refused("an address that is none", "ferry.txt", SENTENCE,
            "ftp://ferry.example/: an address must begin with http:// or https://",
            ("ftp://ferry.example/",), 2),
)  # fmt: skip


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.what)
def test_what_is_no_article_is_told_in_one_line_with_the_mend(bad: Refused, tmp_path: Path) -> None:
    arguments = bad.make(tmp_path)
    done = CliRunner().invoke(main, arguments)
    said = done.stderr.splitlines()
    assert len(said) == 1, done.output
    assert bad.says.replace("DIR", str(tmp_path)) in said[0]
    assert done.exit_code == bad.exit_code
    assert "Error(" not in said[0] and "Traceback" not in done.output


@pytest.mark.parametrize("words", ["BZhou wrote it.", "7zip is a program.", "PK won.", "%PD"])
def test_words_that_begin_as_other_files_do_are_words(words: str) -> None:
    assert decode(words.encode(), "a.txt") == words


def test_a_file_that_lost_its_articles_removes_none(tmp_path: Path) -> None:
    """An export that went wrong, and a list that was emptied, say so and leave the library."""
    file = tmp_path / "articles.jsonl"
    library = ["--library", str(tmp_path / "library")]
    file.write_text(f'{{"title": "Ferry", "text": "{SENTENCE}"}}\n')
    assert CliRunner().invoke(main, ["ingest", *library, str(file)]).exit_code == 0
    file.write_text("")
    done = CliRunner().invoke(main, ["ingest", *library, str(file)])
    assert done.exit_code == 1 and "no article in it; nothing was changed" in done.stderr
    assert "0 removed" in done.stdout
    shown = CliRunner().invoke(main, ["show", *library, "articles.jsonl#Ferry"])
    assert shown.stdout.strip() == SENTENCE


def main_table() -> None:
    """Run the real command on every input, and print what it said as a table."""
    print("| input | what is said | exit code |\n|---|---|---|")
    for bad in REFUSED:
        with tempfile.TemporaryDirectory() as name:
            done = subprocess.run(
                [Path(sys.executable).with_name("pullquote"), *bad.make(Path(name))],
                capture_output=True, text=True, env=os.environ, check=False,
            )  # fmt: skip
        said = re.sub(r"^(?:failed|pullquote): ", "", done.stderr.strip().replace(name + "/", ""))
        print(
            f"| {bad.what} | {said.replace('|', chr(92) + '|')} | {done.returncode} |", flush=True
        )


if __name__ == "__main__":
    main_table()
