"""Pages, feeds and sitemaps from a real server on loopback become articles, and go again."""

import gzip
import json

import pytest
from click.testing import CliRunner

from ingest.items import GoneError
from ingest.job import ingest
from ingest.online import Online
from tests.sources.host import NAMES
from ui.cli import main


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


def test_a_page_that_is_gone_says_so(site, fetcher):
    with pytest.raises(GoneError):
        fetcher.get(f"{site.url}/nowhere", 10**6)
