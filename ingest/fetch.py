"""Fetching pages of the web: politely, within limits, and never from a private network unasked.

httpcore does the protocol. What is ours is what a crawler owes its hosts and its own network:
robots.txt (RFC 9309, read by protego), a pause between two pages of a host, limits of time and
size, and a look at every address before it is connected to, after each redirect too.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore

from ingest.addresses import Allowed, CheckedNetwork, RefusedError
from ingest.items import GoneError
from rag.errors import ArticleError

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_LONGEST_PAUSE = 60.0
_ROBOTS_BYTES = 512_000
_NAME = "Pullquote"


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched: the address it came from in the end, its type, its bytes.

    `mark` is what the host gave to ask later whether the page has changed.
    """

    url: str
    kind: str
    charset: str
    data: bytes
    mark: str


def normal(url: str) -> str:
    """An address in the one form that it is kept in: no fragment, plain ASCII.

    Raises:
        ArticleError: it is no address of a page.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError) as error:
        raise ArticleError(f"{url}: not an address of the web ({error})") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ArticleError(f"{url}: not an address of the web; it must begin with http or https")
    if parts.username or parts.password:
        raise ArticleError(f"{host}: an address with a user or password in it is not fetched")
    host = f"[{host}]" if ":" in host else host
    keep = "/%:@!$&'()*+,;=~-._"
    path = quote(parts.path or "/", safe=keep)
    return urlunsplit((parts.scheme, host + port, path, quote(parts.query, safe=keep + "?"), ""))


class Fetcher:
    """Fetches pages one after the other."""

    def __init__(
        self, seconds: float, delay: float, allow_hosts: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        """Make a fetcher.

        Args:
            seconds: what one page may take in all.
            delay: seconds between two pages of one host; its robots.txt may ask for more.
            allow_hosts: private hosts and networks that may be fetched from, with commas.
            sleep: waits so many seconds.
        """
        self._seconds, self._delay, self._sleep = seconds, delay, sleep
        self._pool = httpcore.ConnectionPool(network_backend=CheckedNetwork(Allowed(allow_hosts)))
        self._robots: dict[str, Any] = {}
        self._next: dict[str, float] = {}
        try:
            self._agent = f"{_NAME}/{version('pullquote')}"
        except PackageNotFoundError:
            self._agent = _NAME

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def get(self, url: str, max_bytes: int, mark: str = "", crawl: bool = True) -> Page | None:
        """The page at `url`, redirects followed; None where it is as it was at `mark`.

        What robots.txt says is for who follows links; an interface made for programs, named by
        whoever runs this one, is asked with `crawl` False, at the same pace.

        Raises:
            GoneError: it is no longer there.
            ArticleError: it cannot or must not be fetched, or not within the limits.
        """
        first = address = normal(url)
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                self._be_polite(address, crawl)
                status, headers, data = self._ask(address, max_bytes, mark)
                if status in _REDIRECTS and "location" in headers:
                    address = normal(urljoin(address, headers["location"]))
                    continue
            except ArticleError as error:
                if str(error).startswith(first):
                    raise
                raise ArticleError(f"{url}: leads to {error}") from error
            if status == 304 and mark:
                return None
            if status in (404, 410):
                raise GoneError(f"{url}: no longer there (status {status})")
            if status != 200:
                raise ArticleError(f"{url}: its host answered with status {status}")
            kind, _, rest = headers.get("content-type", "").partition(";")
            charset = rest.lower().partition("charset=")[2].strip(" \"'")
            seen = (headers.get("etag", ""), headers.get("last-modified", ""))
            mark = "\n".join(seen) if any(seen) else ""
            return Page(address, kind.strip().lower(), charset, data, mark)
        raise ArticleError(f"{url}: over {_MOST_REDIRECTS} redirects")

    def _be_polite(self, address: str, crawl: bool) -> None:
        """Ask the host's robots.txt, and wait for its turn."""
        parts = urlsplit(address)
        site = f"{parts.scheme}://{parts.netloc}"
        asked = 0.0
        if crawl:
            if site not in self._robots:
                self._robots[site] = self._read_robots(site, address)
            rules = self._robots[site]
            if not rules.can_fetch(address, _NAME):
                raise ArticleError(f"{address}: its host's robots.txt asks not to fetch it")
            asked = rules.crawl_delay(_NAME) or 0.0
        pause = self._next.get(site, 0.0) - time.monotonic()
        if pause > 0:
            self._sleep(pause)
        # From the end of the pause, not of the fetch: a slow host is not asked less often.
        step = max(self._delay, min(asked, _LONGEST_PAUSE))
        self._next[site] = time.monotonic() + step

    def _read_robots(self, site: str, page: str) -> Any:
        """The rules of a site, which `page` is to be fetched from: that is what failed."""
        from protego import Protego

        address = f"{site}/robots.txt"
        for _ in range(_MOST_REDIRECTS + 1):
            status, headers, data = self._ask(address, _ROBOTS_BYTES, "", page)
            if status in _REDIRECTS and "location" in headers:
                address = normal(urljoin(address, headers["location"]))
                continue
            if status == 200:
                return Protego.parse(data.decode("utf-8", "replace"))
            if 400 <= status < 500:
                return Protego.parse("")
            break
        # RFC 9309, 2.3.1.4: a host that cannot say what it allows allows nothing.
        raise ArticleError(f"{page}: its host's robots.txt cannot be read (status {status})")

    def _ask(
        self, url: str, max_bytes: int, mark: str, page: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request; errors name the `page` it is made for."""
        named = f"{page}: its host's robots.txt" if page else url
        end = time.monotonic() + self._seconds
        etag, _, modified = mark.partition("\n")
        headers: dict[bytes | str, bytes | str] = {
            "User-Agent": self._agent, "Accept-Encoding": "identity", "Accept": "*/*",
                   "Host": urlsplit(url).netloc}  # fmt: skip
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": modified} if modified else {}
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        try:
            with self._pool.stream(
                "GET", url, headers=headers, extensions={"timeout": limits}
            ) as response:
                said = {k.decode("latin-1").lower(): v.decode("latin-1")
                        for k, v in response.headers}  # fmt: skip
                body = bytearray()
                if response.status == 200:
                    for chunk in response.iter_stream():
                        body += chunk
                        if len(body) > max_bytes:
                            raise ArticleError(f"{named}: over the limit of {max_bytes / 1e6:g} MB")
                        if time.monotonic() > end:
                            raise ArticleError(f"{named}: not fetched within {self._seconds:g} s")
                return response.status, said, _plain(bytes(body), said, named, max_bytes)
        except RefusedError as error:
            raise ArticleError(f"{page or url}: {error}") from error
        except httpcore.TimeoutException as error:
            raise ArticleError(f"{named}: not fetched within {self._seconds:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol,
                OSError) as error:  # fmt: skip
            raise ArticleError(f"{named}: cannot be fetched ({error or type(error).__name__})") \
                from error  # fmt: skip


def _plain(data: bytes, headers: dict[str, str], url: str, max_bytes: int) -> bytes:
    """The body without the packing that some hosts use unasked, never more than the limit."""
    packing = headers.get("content-encoding", "identity").lower()
    if packing in ("identity", "") or not data:
        return data
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise ArticleError(f"{url}: packed with {packing}, which was not asked for")
    return unpack(data, url, max_bytes)


def unpack(data: bytes, name: str, max_bytes: int) -> bytes:
    """Unpack gzip or zlib data of at most `max_bytes` unpacked bytes.

    Raises:
        ArticleError: it is more, or damaged.
    """
    try:
        unpacked = zlib.decompressobj(wbits=47).decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise ArticleError(f"{name}: damaged ({error})") from error
    if len(unpacked) > max_bytes:
        raise ArticleError(f"{name}: unpacks to over the limit of {max_bytes / 1e6:g} MB")
    return unpacked
