"""A MediaWiki through its own interface: which pages it has, and the text of those that changed.

https://www.mediawiki.org/wiki/API:Main_page. The list of pages names the latest revision of each,
so that a wiki is asked for the texts of new revisions alone, fifty in a request. The list is read
whole each time: what was deleted, moved or turned into a redirect is then known without a log,
which wikis keep only for a while.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from ingest.fetch import Fetcher, normal
from ingest.items import Broken, Event, Item, Listed, Loaded
from ingest.readers.forms import READERS_VERSION
from ingest.readers.wikitext import is_redirect
from ingest.wikidump import NO_CONTENT
from rag.domain import Metadata
from rag.errors import ArticleError

# What a wiki gives in one answer to who has no account: pages of a list, texts.
_AT_ONCE = 50
_ANSWER_BYTES = 50_000_000
_MOST_ANSWERS = 20_000


@dataclass(frozen=True, slots=True)
class _Site:
    name: str
    namespaces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    address: str
    mark: str


@dataclass(frozen=True, slots=True)
class _Text:
    title: str
    words: str
    day: str


def is_interface(address: str) -> bool:
    """Whether an address looks like that of a MediaWiki's interface."""
    return address.partition("?")[0].endswith("/api.php")


class MediaWiki:
    """One wiki, by the address of its ``api.php``."""

    def __init__(self, api: str, fetcher: Fetcher) -> None:
        """Name a wiki; nothing is asked yet.

        Raises:
            ArticleError: `api` is no address of the web.
        """
        self._api = normal(api).partition("?")[0]
        self._fetcher = fetcher

    def events(self, known: Callable[[str], str]) -> Iterator[Event]:
        """The pages of content, each an article under its address in the wiki.

        Args:
            known: the mark that a page's address was last read with, "" for a new one.
        """
        try:
            site = self._site()
            found = False
            for number in site.namespaces:
                for pages in self._pages(number):
                    found = found or bool(pages)
                    yield from self._items(pages, site.name, known)
            if not found:
                # More likely a wiki that hides its pages than one that has lost them all.
                raise ArticleError(f"{self._api}: lists no page; nothing was changed")
        except ArticleError as error:
            yield Broken(self._api, self._api, str(error))
        else:
            yield Listed(self._api)

    def _site(self) -> _Site:
        """What the wiki says of itself.

        Raises:
            ArticleError: there is no MediaWiki, or none that gives its pages.
        """
        said = next(self._ask(meta="siteinfo", siprop="general|namespaces"))
        try:
            numbers = [int(n["id"]) for n in said["namespaces"].values()]
            name = str(said["general"]["sitename"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArticleError(f"{self._api}: no MediaWiki of version 1.25 or newer") from error
        content = [n for n in numbers if n >= 0 and n % 2 == 0 and n not in NO_CONTENT]
        return _Site(name, tuple(sorted(content)))

    def _pages(self, namespace: int) -> Iterator[list[_Page]]:
        """The pages of content in a namespace, in lists as the wiki gives them."""
        for said in self._ask(
            generator="allpages", gapnamespace=namespace, gapfilterredir="nonredirects",
            gaplimit="max", prop="info", inprop="url",
        ):  # fmt: skip
            pages = []
            for page in said.get("pages", ()):
                if page.get("contentmodel", "wikitext") == "wikitext" and page.get("lastrevid"):
                    # Read anew where our reader has changed, too.
                    mark = f"{READERS_VERSION}.{page['lastrevid']}"
                    address = normal(page.get("canonicalurl") or page.get("fullurl") or "")
                    pages.append(_Page(int(page["pageid"]), address, mark))
            yield pages

    def _items(
        self, pages: Sequence[_Page], publisher: str, known: Callable[[str], str]
    ) -> Iterator[Item]:
        changed = [page for page in pages if known(page.address) != page.mark]
        texts: dict[int, _Text] = {}
        for first in range(0, len(changed), _AT_ONCE):
            texts |= self._texts(changed[first : first + _AT_ONCE])
        asked = set(changed)
        for page in pages:
            given = Metadata(publisher=publisher, url=page.address)
            if page not in asked:
                load: Callable[[str], Loaded | None] = _unchanged
            elif text := texts.get(page.number):
                given = Metadata(text.title, publisher, url=page.address, updated=text.day)
                words = text.words.encode("utf-8", "replace")
                loaded = Loaded("wikitext", words, {"title": text.title}, page.mark)
                load = partial(_given, loaded)
            else:
                # Deleted, emptied or made a redirect since it was listed.
                continue
            yield Item(page.address, page.address, self._api, load, given)

    def _texts(self, pages: Sequence[_Page]) -> dict[int, _Text]:
        found: dict[int, _Text] = {}
        for said in self._ask(
            pageids="|".join(str(p.number) for p in pages), prop="revisions",
            rvprop="content|timestamp", rvslots="main",
        ):  # fmt: skip
            for page in said.get("pages", ()):
                for revision in page.get("revisions", ()):
                    words = str(revision.get("slots", {}).get("main", {}).get("content", ""))
                    if words.strip() and not is_redirect(words):
                        day = str(revision.get("timestamp", ""))[:10]
                        found[int(page["pageid"])] = _Text(str(page["title"]), words, day)
        return found

    def _ask(self, **query: Any) -> Iterator[Mapping[str, Any]]:
        """The answers to a query, as many as the wiki gives it in.

        Raises:
            ArticleError: the wiki cannot be asked, or says that something is wrong.
        """
        fixed = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
        more: dict[str, str] = {}
        for _ in range(_MOST_ANSWERS):
            address = f"{self._api}?{urlencode(fixed | query | more)}"
            page = self._fetcher.get(address, _ANSWER_BYTES, crawl=False)
            assert page is not None
            try:
                said = json.loads(page.data)
                if error := said.get("error"):
                    raise ArticleError(f"{self._api}: {error.get('info') or error.get('code')}")
                yield said.get("query", {})
                more = {str(k): str(v) for k, v in said.get("continue", {}).items()}
            except (ValueError, AttributeError, KeyError, TypeError) as error:
                raise ArticleError(
                    f"{self._api}: no MediaWiki's api.php ({type(error).__name__})"
                ) from error
            if not more:
                return
        raise ArticleError(f"{self._api}: no end to its answers")


def _unchanged(_: str) -> None:
    return None


def _given(loaded: Loaded, _: str) -> Loaded:
    return loaded
