"""Pages, feeds and sitemaps from a real server on loopback, and what is not fetched."""

import gzip
import http.server
import ipaddress
import json
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import httpcore
import pytest
from click.testing import CliRunner

from ingest.addresses import Allowed, CheckedNetwork, RefusedError
from ingest.fetch import Fetcher, normal
from ingest.items import GoneError
from ingest.job import ingest
from ingest.online import Online
from rag.errors import ArticleError
from ui.cli import main

PAGES = Path(__file__).parent / "data" / "pages"
NAMES = sorted(p.name for p in PAGES.iterdir())


class Site:
    """A server whose answers a test sets: status, headers and body by path."""

    def __init__(self):
        site = self
        self.asked, self.times, self.answers = [], [], {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                site.asked.append(self.path)
                site.times.append(time.monotonic())
                answer = site.answers.get(self.path, (404, {}, b"none"))
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                if status == 200 and headers.get("ETag") == self.headers.get("If-None-Match", 0):
                    status, body = 304, b""
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        for name in NAMES:
            self.page(f"/{name}", (PAGES / name).read_bytes(), ETag=f'"{name}"')

    def page(self, path, body, kind="text/html", **headers):
        self.answers[path] = (200, {"Content-Type": kind, **headers}, body)

    def moved(self, path, target):
        self.answers[path] = (302, {"Location": target}, b"")


@pytest.fixture
def site():
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def fetcher():
    made = Fetcher(2.0, 0.0, "127.0.0.0/8")
    yield made
    made.close()


@pytest.fixture
def run(library, embedder, settings, fetcher):
    def go(*addresses, lists=()):
        events = Online(fetcher, 10).events(addresses, lists)
        return ingest([], library, embedder, settings, events=events)

    return go


def feed(site, names):
    entries = "".join(
        f"<item><title>Entry {n}</title><link>{site.url}/{n}</link>"
        "<pubDate>Fri, 14 Mar 2025 23:30:00 -0500</pubDate></item>"
        for n in names
    )
    head = "<title>Saltmarsh Feed</title><language>en</language>"
    return f'<rss version="2.0"><channel>{head}{entries}</channel></rss>'.encode()


def test_a_feeds_pages_are_articles_and_stay_when_they_leave_it(run, site, library):
    site.page("/feed", feed(site, NAMES[:3]), "application/rss+xml")
    assert sorted(run(f"{site.url}/feed").added) == [f"{site.url}/{n}" for n in NAMES[:3]]
    # The page's own words about itself come first; the feed's fill what it leaves open.
    docs = library.article(f"{site.url}/docs-site.html").metadata
    assert (docs.title, docs.publisher) == ("Rotate the signing key", "Beacon Handbook")
    assert docs.published == "2025-03-14"
    site.page("/feed", feed(site, NAMES[3:4]), "application/rss+xml")
    summary = run(f"{site.url}/feed")
    assert len(summary.added) == 1 and not summary.removed and library.count()[0] == 4


def test_a_feed_that_has_whole_articles_is_enough(run, site, library):
    words = " ".join(f"The glacier lost {n} metres in year {n}." for n in range(60))
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Wire</title><entry><title>Ice</title>'
        f'<link href="{site.url}/never"/><updated>2025-06-01T10:00:00Z</updated>'
        f"<author><name>Rosa Lindqvist</name></author><content type='html'>&lt;p&gt;{words}"
        "&lt;/p&gt;&lt;ul&gt;&lt;li&gt;one item&lt;/li&gt;&lt;/ul&gt;</content></entry></feed>"
    )
    site.page("/atom", atom.encode(), "application/atom+xml")
    run(f"{site.url}/atom")
    article = library.article(f"{site.url}/never")
    assert "- one item" in article.text and "year 59." in article.text
    assert article.metadata.author == "Rosa Lindqvist" and article.metadata.updated == "2025-06-01"
    assert "/never" not in site.asked


def sitemap(site, paths, kind="url"):
    outer = "urlset" if kind == "url" else "sitemapindex"
    inner = "".join(f"<{kind}><loc>{site.url}{p}</loc></{kind}>" for p in paths)
    return (
        f'<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</{outer}>'.encode()
    )


def test_a_sitemaps_pages_come_and_go_with_it_and_unchanged_ones_are_not_sent_again(
    run, site, library
):
    paths = [f"/{n}" for n in NAMES]
    site.page("/index.xml", sitemap(site, ["/one.xml.gz", "/two.xml"], "sitemap"), "text/xml")
    site.page("/one.xml.gz", gzip.compress(sitemap(site, paths[:3])), "application/gzip")
    site.page("/two.xml", sitemap(site, paths[3:]), "text/xml")
    assert sorted(run(f"{site.url}/index.xml").added) == [site.url + p for p in paths]
    again = run(f"{site.url}/index.xml")
    assert len(again.unchanged) == len(NAMES) and not again.failed
    site.page("/two.xml", sitemap(site, paths[3:4]), "text/xml")
    assert run(f"{site.url}/index.xml").removed == [site.url + p for p in paths[4:]]
    # One sitemap that fails must not look like the end of all its pages.
    site.answers["/two.xml"] = (500, {}, b"")
    summary = run(f"{site.url}/index.xml")
    assert summary.failed and not summary.removed and library.count()[0] == len(NAMES[:4])


def test_addresses_in_a_file_are_fetched_and_a_page_that_is_gone_is_taken_away(
    run, site, library, tmp_path
):
    listed = tmp_path / "urls.txt"
    urls = [f"{site.url}/{n}" for n in NAMES[:3]]
    listed.write_text("# pages\n" + "\n".join([*urls, "ftp://x.example/", ""]))
    summary = run(lists=[listed])
    assert sorted(summary.added) == urls
    assert "must begin with http" in dict(summary.failed)["ftp://x.example/"]
    site.answers[f"/{NAMES[0]}"] = (410, {}, b"")
    site.answers[f"/{NAMES[1]}"] = (503, {}, b"")
    summary = run(lists=[listed])
    assert summary.removed == urls[:1] and urls[1] in dict(summary.failed)
    assert library.article(urls[1]).text
    listed.write_text(urls[1])
    assert run(lists=[listed]).removed == urls[2:]


def test_the_command_line_takes_addresses(site, tmp_path):
    arguments = ["ingest", f"{site.url}/{NAMES[0]}", "--json", "--library", str(tmp_path / "l")]
    refused = CliRunner().invoke(main, arguments, env={"PULLQUOTE_FETCH_DELAY": "0"})
    assert refused.exit_code == 1 and "is on a private network" in refused.stderr
    assert site.asked == []
    allowed = {"PULLQUOTE_FETCH_DELAY": "0", "PULLQUOTE_ALLOW_HOSTS": "127.0.0.1"}
    done = CliRunner().invoke(main, arguments, env=allowed)
    assert json.loads(done.stdout)["added"] == [f"{site.url}/{NAMES[0]}"]


def test_robots_are_obeyed_and_hosts_asked_no_faster_than_they_want(site):
    site.page("/robots.txt", b"User-agent: *\nCrawl-delay: 3\nDisallow: /private/", "text/plain")
    waits = []
    fetcher = Fetcher(2.0, 0.5, "127.0.0.1", sleep=waits.append)
    with pytest.raises(ArticleError, match=r"robots.txt asks not to fetch it"):
        fetcher.get(f"{site.url}/private/page.html", 10**6)
    for name in NAMES[:3]:
        fetcher.get(f"{site.url}/{name}", 10**6)
    assert site.asked == ["/robots.txt", *(f"/{n}" for n in NAMES[:3])]
    assert len(waits) == 2 and all(2.5 < w <= 3 for w in waits)
    # A redirect may not lead round them either, and it is the page that was asked for that failed.
    site.moved("/way", f"{site.url}/private/page.html")
    with pytest.raises(ArticleError, match=r"robots.txt asks not to fetch it") as failed:
        fetcher.get(f"{site.url}/way", 10**6)
    assert str(failed.value).startswith(f"{site.url}/way: leads to {site.url}/private/page.html: ")
    fetcher.close()


def test_a_host_that_cannot_say_what_it_allows_allows_nothing(site, fetcher):
    site.answers["/robots.txt"] = (503, {}, b"")
    with pytest.raises(ArticleError, match=r"its host's robots\.txt cannot be read") as failed:
        fetcher.get(f"{site.url}/{NAMES[0]}", 10**6)
    assert str(failed.value).startswith(f"{site.url}/{NAMES[0]}: ")


@pytest.mark.parametrize(("allowed", "says"), [
    ("", "127.0.0.1 is on a private network"),
    ("127.0.0.1", "its host's robots.txt: not fetched within 0.5 s"),
])  # fmt: skip
def test_a_page_that_fails_by_its_hosts_robots_txt_is_named_itself(site, allowed, says):
    site.answers["/robots.txt"] = slowly
    page = f"{site.url}/{NAMES[0]}"
    with closing(Fetcher(0.5, 0.0, allowed)) as fetcher, pytest.raises(ArticleError) as failed:
        fetcher.get(page, 10**6)
    assert str(failed.value).startswith(f"{page}: {says}")


def slowly(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        try:
            handler.wfile.write(b"<p>word</p>")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.1)


def endlessly(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    try:
        for _ in range(10_000):
            handler.wfile.write(b"x" * 100_000)
    except OSError:
        return


PACKED = gzip.compress(b"\0" * 50_000_000)


@pytest.mark.parametrize(("answer", "says"), [
    pytest.param(slowly, "not fetched within 2 s", id="drips for longer than allowed"),
    pytest.param(endlessly, "over the limit of 1 MB", id="never ends"),
    pytest.param((200, {"Content-Encoding": "gzip"}, PACKED), "unpacks to over the limit",
                 id="packed bomb"),
    pytest.param((200, {"Content-Encoding": "br"}, b"x"), "packed with br", id="unasked packing"),
    pytest.param((302, {"Location": "file:///etc/passwd"}, b""), "must begin with http",
                 id="redirect to a file"),
    pytest.param((302, {"Location": "/bad"}, b""), "over 5 redirects", id="redirect in a ring"),
    pytest.param((302, {"Location": "http://user:word@127.0.0.1/"}, b""), "user or password",
                 id="redirect with a password"),
    pytest.param((500, {}, b""), "answered with status 500", id="server error"),
])  # fmt: skip
def test_what_a_hostile_host_does_ends_in_a_clear_error(site, fetcher, answer, says):
    site.answers["/bad"] = answer
    start = time.monotonic()
    with pytest.raises(ArticleError, match=says):
        fetcher.get(f"{site.url}/bad", 1_000_000)
    assert time.monotonic() - start < 10


def test_a_page_that_is_gone_says_so(site, fetcher):
    with pytest.raises(GoneError):
        fetcher.get(f"{site.url}/nowhere", 10**6)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2130706433", "0x7f.1", "127.1", "localhost",
])  # fmt: skip
def test_private_addresses_are_refused_however_they_are_written(address):
    with pytest.raises(RefusedError):
        Allowed("").checked(address, 80)


def test_public_addresses_and_allowed_private_ones_are_not_refused():
    assert Allowed("").checked("93.184.215.14", 80) == ["93.184.215.14"]
    assert Allowed("10.0.0.0/8, wiki.local").checked("10.1.2.3", 80) == ["10.1.2.3"]
    assert Allowed("localhost").checked("localhost", 80)
    with pytest.raises(RefusedError):
        Allowed("10.0.0.0/8").checked("192.168.1.1", 80)


def test_a_redirect_to_a_private_address_is_refused(site):
    # The first host is allowed by its name; where it sends us is not.
    fetcher = Fetcher(2.0, 0.0, "localhost")
    site.moved("/way", f"http://127.0.0.2:{site.server.server_port}/{NAMES[0]}")
    with pytest.raises(ArticleError, match="is on a private network"):
        fetcher.get(site.url.replace("127.0.0.1", "localhost") + "/way", 10**6)
    assert site.asked == ["/robots.txt", "/way"]
    fetcher.close()


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch):
    """A name that answers with a public address first and a private one later gains nothing."""
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    connected = []

    def resolve(host, port, *_, **__):
        address = host if _is_address(host) else next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(_, host, *__, **___):
        connected.append(host)
        raise httpcore.ConnectError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    network = CheckedNetwork(Allowed(""))
    with pytest.raises(httpcore.ConnectError):
        network.connect_tcp("rebinding.example", 80)
    assert connected == ["93.184.215.14"]
    with pytest.raises(RefusedError):
        network.connect_tcp("rebinding.example", 80)
    assert connected == ["93.184.215.14"]


def _is_address(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("written", "kept"), [
    ("HTTP://Wire.Example/Ice?b=1&a=2#top", "http://wire.example/Ice?b=1&a=2"),
    ("https://wire.example", "https://wire.example/"),
    ("https://wire.example/Zürich ice", "https://wire.example/Z%C3%BCrich%20ice"),
    ("https://münchen.example/a%20b", "https://xn--mnchen-3ya.example/a%20b"),
])  # fmt: skip
def test_an_address_has_one_form(written, kept):
    assert normal(written) == kept == normal(kept)
