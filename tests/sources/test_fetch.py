"""What is not fetched: what robots.txt forbids, private addresses, answers without an end."""

import gzip
import ipaddress
import socket
import time
from contextlib import closing

import httpcore
import pytest

from ingest.addresses import Allowed, CheckedNetwork, RefusedError
from ingest.fetch import Fetcher, normal
from rag.errors import ArticleError
from tests.sources.host import NAMES


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
