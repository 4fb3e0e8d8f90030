"""A wiki's interface that does not do what it should."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.fetch import Fetcher
from ingest.mediawiki import MediaWiki
from tests.sources.host import Site


def api(site: Site, fetcher: Fetcher, *answers: Any) -> list[Any]:
    """The events of a wiki that answers so, one after the other and then the last again."""
    left = list(answers)

    def answer(handler: Any) -> None:
        said = left.pop(0) if len(left) > 1 else left[0]
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    class Any_(dict):  # type: ignore[type-arg]
        def get(self, key: str, default: Any = None) -> Any:
            return answer if key.startswith("/api.php") else dict.get(self, key, default)

    site.answers = Any_()
    return list(MediaWiki(f"{site.url}/api.php", fetcher).events(lambda _: ""))


SITE = {"query": {"general": {"sitename": "W"}, "namespaces": {"0": {"id": 0}}}}


@pytest.mark.parametrize(("answers", "said"), [
    ([b"<html>"], "no MediaWiki's api.php"),
    ([b"[1]"], "no MediaWiki's api.php"),
    ([{"query": {"general": {}}}], "of version 1.25 or newer"),
    ([{"error": {"code": "maxlag", "info": "Waiting for a server"}}], "Waiting for a server"),
    ([SITE, {"error": {"code": "readapidenied"}}], "readapidenied"),
    ([SITE, {"query": {}}], "lists no page"),
    ([SITE, {"query": {"pages": [{"pageid": 1, "lastrevid": 2, "fullurl": "file:///etc"}]}}],
     "must begin with http"),
    ([SITE, {"query": {"pages": []}, "continue": {"gapcontinue": "A"}}], "no end to its answers"),
])  # fmt: skip
def test_a_wiki_that_answers_wrongly_loses_nothing(
    site: Site, fetcher: Fetcher, answers: list[Any], said: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("ingest.mediawiki._MOST_ANSWERS", 20)
    [broken] = api(site, fetcher, *answers)
    assert said in broken.reason and broken.path == f"{site.url}/api.php"


def test_robots_txt_does_not_forbid_an_interface_that_was_named(
    site: Site, fetcher: Fetcher
) -> None:
    site.answers["/robots.txt"] = (
        200,
        {"Content-Type": "text/plain"},
        b"User-agent: *\nDisallow: /",
    )
    site.answers["/api.php"] = (200, {}, b"{}")
    page = fetcher.get(f"{site.url}/api.php", 100, crawl=False)
    assert page is not None and page.data == b"{}" and "/robots.txt" not in site.asked
