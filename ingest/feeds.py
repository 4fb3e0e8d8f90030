"""Feeds (RSS, Atom) and sitemaps: the pages they list, and what they say of them."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ingest.dates import parse_date
from ingest.items import Loaded, Member
from rag.domain import Metadata
from rag.errors import ArticleError

# A feed's own text of an entry counts as the whole article from so many characters on.
_WHOLE = 1500


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed: its address, what the feed says of it, its text as HTML if it has one."""

    url: str | None
    key: str
    given: Metadata
    html: str

    @property
    def is_whole(self) -> bool:
        """Whether the feed has the whole article, so that its page need not be fetched."""
        return len(self.html) >= _WHOLE


def entries(data: bytes, name: str) -> list[Entry]:
    """The entries of a feed.

    Raises:
        ArticleError: it is no feed.
    """
    import feedparser

    if b"<!ENTITY" in data[:65536]:
        raise ArticleError(f"{name}: declares XML entities, which are refused")
    # Relative links are not resolved and nothing is fetched: bytes are all it gets.
    feed = feedparser.parse(io.BytesIO(data), resolve_relative_uris=False)
    if not feed.get("version") and not feed.entries:
        raise ArticleError(f"{name}: no feed ({feed.get('bozo_exception', 'of an unknown kind')})")
    publisher = feed.feed.get("title") or None
    language = feed.feed.get("language") or None
    return [e for raw in feed.entries if (e := _entry(raw, publisher, language))]


def _entry(raw: Any, publisher: str | None, language: str | None) -> Entry | None:
    link = raw.get("link") or None
    if link and not link.startswith(("http://", "https://")):
        link = None
    key = link or raw.get("id") or raw.get("title")
    if not key:
        return None
    content = max((c.get("value", "") for c in raw.get("content", ())), key=len, default="")
    given = Metadata(
        title=raw.get("title") or None,
        publisher=(raw.get("source") or {}).get("title") or publisher,
        author=raw.get("author") or None,
        published=_day(raw, "published"),
        url=link,
        updated=_day(raw, "updated"),
        language=language,
    )
    return Entry(link, str(key), given, content or raw.get("summary") or "")


def _day(raw: Any, name: str) -> str | None:
    """The day of a date as the feed writes it, in the feed's own time zone."""
    if (written := parse_date(raw.get(name) or "")) is not None:
        return written
    # feedparser takes the one for the other where an entry has only one of them.
    moment = dict.get(raw, f"{name}_parsed")
    return time.strftime("%Y-%m-%d", moment) if moment else None


def saved_entries(path: Path, data: bytes) -> Iterator[Member]:
    """The entries of a feed that was saved as a file, by what it has of their text.

    Raises:
        ArticleError: it is no feed.
    """
    for entry in entries(data, str(path)):
        options = {"title": entry.given.title or "", "url": entry.url or ""}
        load = partial(Loaded, "fragment", entry.html.encode("utf-8", "replace"), options)
        yield Member(entry.key, load, entry.given)


def sitemap(data: bytes, name: str) -> tuple[list[tuple[str, str | None]], list[str]]:
    """The pages of a sitemap with the day they last changed, and the sitemaps it lists.

    Raises:
        ArticleError: it is no sitemap.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    pages: list[tuple[str, str | None]] = []
    others: list[str] = []
    depth = 0
    try:
        for event, element in iterparse(io.BytesIO(data), ("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > 20:
                raise ArticleError(f"{name}: nested too deep to be a sitemap")
            tag = element.tag.rpartition("}")[2]
            if event == "end" and tag in ("url", "sitemap"):
                said = {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in element}
                if said.get("loc") and tag == "url":
                    pages.append((said["loc"], parse_date(said.get("lastmod", "")[:10])))
                elif said.get("loc"):
                    others.append(said["loc"])
                element.clear()
    except DefusedXmlException as error:
        raise ArticleError(f"{name}: declares XML entities, which are refused") from error
    except (ParseError, ValueError) as error:
        raise ArticleError(f"{name}: no sitemap ({error})") from error
    return pages, others
