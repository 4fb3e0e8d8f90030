"""MediaWiki's XML dumps: pages as a stream, whatever their number.

Only pages of content are articles: talk, users, files, templates, categories and redirects are
not. Of several revisions the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from ingest.items import Loaded, Member
from ingest.readers.wikitext import is_redirect
from ingest.streams import Bounded
from rag.domain import Metadata
from rag.errors import ArticleError

# Talk pages have odd numbers; users, files, messages, templates, categories and modules these.
NO_CONTENT = {2, 6, 8, 10, 14, 828}
_DEEPEST = 50


def pages(path: Path, stream: Bounded, file: BinaryIO) -> Iterator[Member]:
    """The content pages of a dump in order.

    Raises:
        ArticleError: it is damaged, cut short, or not such a dump.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    site: dict[str, str] = {}
    depth = 0
    root: Any = None
    try:
        for event, element in iterparse(file, ("start", "end"), forbid_dtd=True):
            if event == "start":
                root = element if root is None else root
                depth += 1
                if depth > _DEEPEST:
                    raise ArticleError(f"{path}: nested over {_DEEPEST} deep; not a MediaWiki dump")
                continue
            depth -= 1
            name = _name(element)
            if name == "siteinfo":
                site = {_name(e): (e.text or "").strip() for e in element}
                site["hidden"] = "|".join(_spaces(element))
            elif name == "page":
                stream.article_done()
                if member := _member(element, site):
                    yield member
                # What has been read is let go, or the tree would grow to the whole dump.
                root.clear()
    except DefusedXmlException as error:
        raise ArticleError(f"{path}: declares XML entities, which are refused") from error
    except (ParseError, ValueError) as error:
        raise ArticleError(f"{path}: damaged, or cut short ({error})") from error


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _member(page: Any, site: dict[str, str]) -> Member | None:
    parts: dict[str, str] = {}
    latest: Any = None
    for child in page:
        if _name(child) == "revision":
            when = _text(child, "timestamp")
            latest = child if latest is None or when >= _text(latest, "timestamp") else latest
        else:
            parts.setdefault(_name(child), child.text or "")
    if latest is None or not parts.get("title") or "redirect" in parts:
        return None
    number = int(parts.get("ns") or 0)
    if number % 2 or number in NO_CONTENT or _text(latest, "model") not in ("", "wikitext"):
        return None
    text = _text(latest, "text")
    if not text.strip() or is_redirect(text):
        return None
    title = parts["title"].strip()
    given = Metadata(
        title=title,
        publisher=site.get("sitename") or None,
        url=_address(site.get("base", ""), title),
        updated=_text(latest, "timestamp")[:10] or None,
    )
    options = {"title": title, "hidden": site.get("hidden", "")}
    return Member(title, partial(Loaded, "wikitext", text.encode(), options), given)


def _spaces(siteinfo: Any) -> Iterator[str]:
    """What the wiki calls the namespaces of its pictures and categories."""
    for element in siteinfo.iter():
        if _name(element) == "namespace" and element.get("key") in ("6", "14") and element.text:
            yield element.text.strip()


def _text(revision: Any, name: str) -> str:
    return next((e.text or "" for e in revision if _name(e) == name), "")


def _address(base: str, title: str) -> str | None:
    """A page's address, by that of the wiki's main page."""
    if not base.startswith(("http://", "https://")):
        return None
    cut = base.rfind("title=") + 6 if "title=" in base else base.rfind("/") + 1
    return base[:cut] + quote(title.replace(" ", "_"), safe="/:")
