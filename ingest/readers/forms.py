"""Which reader reads what: the forms that bytes can have, by file name and by what they say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from ingest.frontmatter import front_matter
from ingest.read import decode
from ingest.readers.document import Document
from ingest.readers.fields import from_fields
from rag.errors import ArticleError

# Raise this when a reader gives another text for the same bytes: all articles are then read anew.
READERS_VERSION = 2

BY_SUFFIX: Mapping[str, str] = {
    ".txt": "text", ".md": "markdown", ".markdown": "markdown", ".html": "page", ".htm": "page",
    ".xhtml": "page", ".mhtml": "mhtml", ".mht": "mhtml", ".pdf": "pdf", ".docx": "docx",
    ".jsonl": "records", ".ndjson": "records", ".xml": "xml",
}  # fmt: skip
# What holds several articles; the rest holds one.
CONTAINERS = frozenset({"records", "xml"})
# These parse other people's bytes with a good deal of code: in a child process, under limits.
GUARDED = frozenset({"page", "fragment", "mhtml", "pdf", "docx", "wikitext"})
_PACKED = (".gz", ".bz2")


def form_of(name: str) -> str | None:
    """The form of a file by its name; None for what is no article."""
    path = PurePosixPath(name.lower())
    if path.suffix in _PACKED:
        inner = PurePosixPath(path.stem).suffix
        return BY_SUFFIX[inner] if inner in (".xml", ".jsonl", ".ndjson") else None
    return BY_SUFFIX.get(path.suffix)


def read(form: str, data: bytes, name: str, options: Mapping[str, str]) -> Document:
    """The article in `data`.

    Args:
        form: one of the values of `BY_SUFFIX` that is no container, "record" or "wikitext".
        data: its bytes.
        name: what to call it in errors.
        options: for a page its ``charset`` and ``url``, for wikitext its ``title`` and
            the names of its ``hidden`` namespaces, with bars between.

    Raises:
        ArticleError: it cannot be read.
    """
    # Each reader's libraries are loaded when the first of its kind comes along.
    match form:
        case "text":
            return Document(decode(data, name), False)
        case "markdown":
            text = decode(data, name)
            return Document(text, True, from_fields(front_matter(text)))
        case "record":
            from ingest.readers.records import read_record

            return read_record(data, name)
        case "page":
            from ingest.readers.pages import read_html

            return read_html(data, name, options.get("charset", ""), options.get("url"))
        case "fragment":
            from ingest.readers.pages import read_fragment

            return read_fragment(data.decode(), name, options.get("title", ""))
        case "mhtml":
            from ingest.readers.pages import read_mhtml

            return read_mhtml(data, name)
        case "pdf":
            from ingest.readers.pdf import read_pdf

            return read_pdf(data, name)
        case "docx":
            from ingest.readers.office import read_docx

            return read_docx(data, name)
        case "wikitext":
            from ingest.readers.wikitext import read_wikitext

            hidden = filter(None, options.get("hidden", "").split("|"))
            return read_wikitext(data.decode(), options["title"], name, hidden)
    raise ArticleError(f"{name}: no reader for {form}")
