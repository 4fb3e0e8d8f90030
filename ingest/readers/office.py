"""Word documents (DOCX): mammoth reads styles as headings, lists and tables, as HTML."""

from __future__ import annotations

import io
import re
import zipfile

from ingest.read import NO_PAGE, is_page
from ingest.readers.document import Document
from ingest.readers.tree import markdown
from rag.domain import Metadata
from rag.errors import ArticleError

_MOST_PARTS = 10_000
_MOST_BYTES = 300_000_000


def check_archive(data: bytes, name: str) -> zipfile.ZipFile:
    """The archive in `data`, once its own index says that it is of a sane size.

    Raises:
        ArticleError: it is no archive, has too many parts, or would unpack to far too much.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ArticleError(f"{name}: damaged or not a Word document ({error})") from error
    total = sum(p.file_size for p in parts)
    if len(parts) > _MOST_PARTS or total > _MOST_BYTES:
        raise ArticleError(
            f"{name}: unpacks to {total / 1e6:,.0f} MB in {len(parts):,} parts, "
            f"over the limit of {_MOST_BYTES / 1e6:,.0f} MB in {_MOST_PARTS:,}"
        )
    if any(p.flag_bits & 1 for p in parts):
        raise ArticleError(f"{name}: it is locked with a password")
    return archive


def read_docx(data: bytes, name: str) -> Document:
    """The text of a Word document.

    Raises:
        ArticleError: it is damaged, locked, empty, or unpacks to far too much.
    """
    import lxml.etree
    import lxml.html
    import mammoth

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise ArticleError(f"{name}: an old or locked Word document; save it as .docx")
    if is_page(data):
        raise ArticleError(f"{name}: {NO_PAGE}")
    archive = check_archive(data, name)
    if "word/document.xml" not in archive.namelist():
        raise ArticleError(f"{name}: an archive, but not a Word document")
    _refuse_entities(archive, name)
    try:
        html = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map="p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => h2:fresh",
            convert_image=mammoth.images.img_element(lambda _: {"src": ""}),
        ).value
    except (zipfile.BadZipFile, ValueError, KeyError, AttributeError, SyntaxError) as error:
        raise ArticleError(f"{name}: damaged Word document ({error})") from error
    root = lxml.html.document_fromstring(f"<html><body>{html}</body></html>")
    for note in root.xpath(".//sup[a]"):
        note.drop_tree()
    text = markdown(root)
    if not any(c.isalnum() for c in text):
        raise ArticleError(f"{name}: no words in it")
    return Document(text, True, _properties(archive))


def _refuse_entities(archive: zipfile.ZipFile, name: str) -> None:
    """Entities that expand to much have no place in an office document."""
    for part in archive.namelist():
        if part.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                if re.search(rb"<!(?:DOCTYPE|ENTITY)", file.read(4096)):
                    raise ArticleError(f"{name}: declares XML entities, which are refused")


def _properties(archive: zipfile.ZipFile) -> Metadata:
    """Title, author and language of the document's own properties.

    Its dates say when a copy was made or saved, so they are not taken for the article's.
    """
    import defusedxml.ElementTree

    try:
        root = defusedxml.ElementTree.fromstring(archive.read("docProps/core.xml"))
    except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile):
        return Metadata()
    said = {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in root}
    author = said.get("creator")
    return Metadata(
        title=said.get("title") or None,
        author=author if author and author != "python-docx" else None,
        language=said.get("language") or None,
    )
