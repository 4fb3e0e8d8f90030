"""Files that hold many articles: JSON Lines, MediaWiki dumps, saved feeds."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ingest.items import Loaded, Member
from ingest.readers.records import identity, record
from ingest.streams import Bounded
from rag.errors import ArticleError

_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")


def members(path: Path, form: str, max_mb: float, in_folder: bool) -> Iterator[Member]:
    """The articles in the file at `path`, one after the other.

    Args:
        path: the file.
        form: "records" or "xml".
        max_mb: the size limit of one article.
        in_folder: whether the file was come across, so that XML of another kind is passed over.

    Raises:
        ArticleError: it cannot be read to its end.
    """
    with contextlib.closing(Bounded(path, max_mb)) as stream:
        if form == "records":
            found = _records(path, stream)
        else:
            buffered = io.BufferedReader(stream, 65536)
            root = root_element(buffered.peek(4096)[:4096])
            if root == "mediawiki":
                from ingest.wikidump import pages

                found = pages(path, stream, buffered)
            elif root in ("rss", "feed", "RDF"):
                from ingest.feeds import saved_entries

                found = saved_entries(path, buffered.read())
            elif in_folder:
                return
            else:
                raise ArticleError(f"{path}: {_no_articles(root)}")
        empty = True
        for member in found:
            empty = False
            yield member
        if empty:
            # As with an empty folder: what went wrong in an export must not empty a library.
            raise ArticleError(f"{path}: no article in it; nothing was changed")


def _no_articles(root: str) -> str:
    """Why an XML file of this outermost element is not read."""
    if not root:
        return "no XML in it; read are MediaWiki dumps and feeds"
    if root in ("urlset", "sitemapindex"):
        return "a sitemap; give its address instead, so that its pages are fetched"
    return f"XML of an unknown kind (<{root}>); read are MediaWiki dumps and feeds"


def root_element(head: bytes) -> str:
    """The name of the outermost element of an XML file, by its first bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    text = re.sub(rb"<!--.*?-->", b"", head, flags=re.DOTALL)
    match = _ROOT.search(text)
    return match.group(1).decode() if match else ""


def _records(path: Path, stream: Bounded) -> Iterator[Member]:
    """The records of a JSON Lines file; each is named by its id, address or title."""
    taken: set[str] = set()
    first = True
    for number, line in enumerate(io.BufferedReader(stream, 65536), 1):
        stream.article_done()
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line.strip():
            continue
        if first and line.strip() in (b"[", b"{", b"[{"):
            raise ArticleError(
                f"{path}: JSON over several lines, not an object a line; "
                "for a list, convert it: jq -c '.[]'"
            )
        first = False
        key = f"line {number}"
        with contextlib.suppress(ArticleError):
            named = identity(record(line, ""))
            if named and named not in taken:
                key = named
        taken.add(key)
        # A line that is no record fails when it is loaded, in its place among the others.
        yield Member(key, partial(Loaded, "record", line.strip()))
