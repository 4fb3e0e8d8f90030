"""Addresses as articles to be: pages, feeds, sitemaps, and files that list addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ingest.containers import root_element
from ingest.feeds import entries, sitemap
from ingest.fetch import Fetcher, Page, normal, unpack
from ingest.items import Broken, Event, Item, Listed, Loaded
from ingest.read import decode, read_bytes
from rag.domain import Metadata
from rag.errors import ArticleError

# The standard's own limits for sitemaps: 50,000 pages and 50 MB each.
_MOST_PAGES = 50_000
_LIST_BYTES = 50_000_000
_DEEPEST = 3
_FORMS = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/plain": "text",
    "text/markdown": "markdown",
}


class Online:
    """Goes through addresses with one fetcher, so that a host is asked politely throughout."""

    def __init__(self, fetcher: Fetcher, max_mb: float) -> None:
        self._fetcher = fetcher
        self._max_bytes = int(max_mb * 1_000_000)

    def events(self, addresses: Sequence[str], lists: Sequence[Path]) -> Iterator[Event]:
        """What there is at `addresses`, and at those that the files `lists` hold, one a line."""
        for address in addresses:
            yield from self._address(address)
        for path in lists:
            yield from self._list(path)

    def _list(self, path: Path) -> Iterator[Event]:
        container = str(path.resolve())
        try:
            lines = decode(read_bytes(path, 50), path).splitlines()
        except ArticleError as error:
            yield Broken(container, path.name, str(error))
            return
        urls = [u for line in lines if (u := line.strip()) and not u.startswith("#")]
        if not urls:
            reason = f"{path}: no address in this list; nothing was changed"
            yield Broken(container, path.name, reason, is_article=False)
            return
        yield from (self._page(url, container) for url in urls)
        yield Listed(container)

    def _address(self, address: str) -> Iterator[Event]:
        """A page, or what the feed or sitemap at `address` lists."""
        try:
            url = normal(address)
            page = self._fetcher.get(url, max(self._max_bytes, _LIST_BYTES))
            assert page is not None
            root = _root(page)
        except ArticleError as error:
            # As an article that failed, so that one that is gone is taken away.
            yield Item(address, address, "", partial(_fail, error))
            return
        try:
            if root in ("rss", "feed", "RDF"):
                yield from self._feed(url, page)
            elif root in ("urlset", "sitemapindex"):
                yield from self._sitemap(url, page)
            else:
                yield Item(url, url, "", partial(self._same, page))
        except ArticleError as error:
            yield Broken(url, url, str(error))

    def _same(self, page: Page, _: str) -> Loaded:
        if len(page.data) > self._max_bytes:
            raise ArticleError(f"{page.url}: over the limit of {self._max_bytes / 1e6:g} MB")
        return _loaded(page)

    def _feed(self, url: str, page: Page) -> Iterator[Event]:
        """The entries of a feed. What has left a feed is not gone, so nothing is said to be."""
        for entry in entries(page.data, url):
            if entry.url is None or entry.is_whole:
                options = {"title": entry.given.title or "", "url": entry.url or ""}
                whole = Loaded("fragment", entry.html.encode("utf-8", "replace"), options)
                key = entry.url or f"{url}#{entry.key}"
                yield Item(key, key, url, partial(_given, whole), entry.given)
            else:
                yield self._page(entry.url, url, entry.given)
        yield Listed(url, whole=False)

    def _sitemap(self, url: str, page: Page) -> Iterator[Event]:
        left = [(url, page, 1)]
        count = 0
        while left:
            address, fetched, depth = left.pop()
            data = fetched.data
            if data.startswith(b"\x1f\x8b"):
                data = unpack(data, address, _LIST_BYTES)
            pages, others = sitemap(data, address)
            for found, changed in pages:
                count += 1
                if count > _MOST_PAGES:
                    raise ArticleError(f"{url}: lists over {_MOST_PAGES:,} pages")
                yield self._page(found, url, Metadata(updated=changed))
            if others and depth >= _DEEPEST:
                raise ArticleError(f"{address}: sitemaps nested over {_DEEPEST} deep")
            for other in others:
                # One that fails fails the whole: what it lists must not seem to be gone.
                below = self._fetcher.get(other, _LIST_BYTES)
                assert below is not None
                left.append((other, below, depth + 1))
        yield Listed(url)

    def _page(self, url: str, container: str, given: Metadata = Metadata()) -> Item:  # noqa: B008
        try:
            address = normal(url)
        except ArticleError as error:
            return Item(f"{container}#{url}", url, container, partial(_fail, error))
        return Item(address, address, container, partial(self._load, address), given)

    def _load(self, url: str, mark: str) -> Loaded | None:
        page = self._fetcher.get(url, self._max_bytes, mark)
        return None if page is None else _loaded(page)


def _root(page: Page) -> str:
    """The outermost element of a fetched file, packed or not."""
    head = page.data[:65536]
    if head.startswith(b"\x1f\x8b"):
        import zlib

        head = zlib.decompressobj(wbits=47).decompress(head, 4096)
    return root_element(head[:4096])


def _loaded(page: Page) -> Loaded:
    form = _FORMS.get(page.kind, "page")
    if form == "page" and page.data.startswith(b"%PDF-"):
        form = "pdf"
    if form == "page" and page.kind not in ("text/html", "application/xhtml+xml", ""):
        raise ArticleError(f"{page.url}: {page.kind}, which is no article")
    options = {"charset": page.charset, "url": page.url} if form == "page" else {}
    return Loaded(form, page.data, options, page.mark)


def _given(loaded: Loaded, _: str) -> Loaded:
    return loaded


def _fail(error: ArticleError, _: str) -> Loaded:
    raise error
