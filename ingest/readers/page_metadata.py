"""What a web page's own markup says of it: title, publisher, author, dates, address, language.

Markup that is made for machines is read first: schema.org's JSON-LD, then meta elements. A date
comes from these, from a marked time element or from the address (htmldate); never from today,
from the file, or from a date somewhere in the story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ingest.dates import parse_date
from rag.domain import Metadata

_ARTICLE = re.compile(r"Article|Posting|Report|WebPage")
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:$|[T ])")
_SAVED_FROM = re.compile(r"saved from url=\(\d+\)(\S+)")
# "Headline | Name", "Headline - Name": the name is cut from a title where the page gives it.
_TITLE_JOINTS = (" | ", " - ", " – ", " — ", " · ", " :: ")
_UPDATED = re.compile(r"\b(?:updated|modified|edited|reviewed|revised)\b", re.IGNORECASE)


def read_page_metadata(root: Any, html: str, url: str | None) -> Metadata:
    """What the page says of itself.

    Args:
        root: its lxml tree, before anything is taken out of it.
        html: its markup.
        url: where it was fetched from, if it was.
    """
    meta = _meta_elements(root)
    linked = list(_linked_data(root))
    main: Mapping[str, Any] = next((d for d in linked if _is_article(d)), {})
    publisher = (
        _name(main.get("publisher"))
        or _name(main.get("isPartOf"))
        or _first(meta, "og:site_name", "application-name", "dc.publisher", "citation_publisher")
    )
    address = (
        _attribute(root, ".//link[@rel='canonical']", "href")
        or _first(meta, "og:url")
        or _text(main.get("url"))
        or _name(main.get("mainEntityOfPage"), "@id")
    )
    if saved := _SAVED_FROM.search(html[:2000]):
        url = url or saved.group(1)
    title = (
        _text(main.get("headline"))
        or _first(meta, "og:title", "citation_title", "dc.title")
        or _clean("".join(root.xpath("string(.//h1)")))
        or _clean(root.findtext(".//title"))
    )
    # Where the page names no publisher, what its window title adds to the headline is one.
    window = _clean(root.findtext(".//title"))
    named = _named_in_title(window, title, _clean("".join(root.xpath("string(.//h1)"))))
    publisher = publisher or named
    if not publisher and window and (split := _last_part(root, window, _web(address) or url)):
        title, publisher = (split[0] if title == window else title), split[1]
    published, updated = _dates(root, html, meta, main)
    return Metadata(
        title=_without(title, publisher),
        publisher=publisher,
        author=_author(main, meta, root),
        published=published,
        url=_web(address) or _web(url),
        updated=updated,
        language=_language(root),
    )


def _meta_elements(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if name and (content := _clean(element.get("content"))):
            found.setdefault(name.lower(), content)
    return found


def _linked_data(root: Any) -> Iterator[dict[str, Any]]:
    for element in root.iter("script"):
        if (element.get("type") or "").split(";")[0].strip() != "application/ld+json":
            continue
        try:
            value = json.loads(element.text or "")
        except (ValueError, RecursionError):
            continue
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                continue
            graph = item.get("@graph")
            for node in graph if isinstance(graph, list) else [item]:
                if isinstance(node, dict):
                    yield node


def _is_article(node: Mapping[str, Any]) -> bool:
    kinds = node.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(k, str) and _ARTICLE.search(k) for k in named)


def _name(value: object, key: str = "name") -> str | None:
    """The name of a schema.org thing, which may be a text, a thing or a list of such."""
    if isinstance(value, list):
        names = [n for n in (_name(v, key) for v in value) if n]
        return ", ".join(names) or None
    return _text(value.get(key)) if isinstance(value, dict) else _text(value)


def _text(value: object) -> str | None:
    return _clean(value) if isinstance(value, str) else None


def _clean(value: str | None) -> str | None:
    words = re.sub(r"\s+", " ", value or "").strip()
    return words[:300] or None


def _first(meta: Mapping[str, str], *names: str) -> str | None:
    return next((meta[n] for n in names if n in meta), None)


def _attribute(root: Any, path: str, name: str) -> str | None:
    found = root.find(path)
    return None if found is None else _clean(found.get(name))


def _web(address: str | None) -> str | None:
    if not address:
        return None
    parts = urlsplit(address) if "[" not in address else None
    return address if parts and parts.scheme in ("http", "https") and parts.netloc else None


def _without(title: str | None, publisher: str | None) -> str | None:
    """`title` without the publisher's name that many sites add to it."""
    for joint in _TITLE_JOINTS:
        if title and publisher and title.endswith(joint + publisher):
            return title[: -len(joint + publisher)].strip() or title
    return title


def _named_in_title(window: str | None, *titles: str | None) -> str | None:
    for title in titles:
        for joint in _TITLE_JOINTS:
            if title and window and window.startswith(title + joint):
                rest = window[len(title + joint) :].strip()
                return rest if len(rest) <= 60 else None
    return None


def _last_part(root: Any, window: str, url: str | None) -> tuple[str, str] | None:
    """Headline and name in a window title, where the page or its address names the latter too."""
    for joint in _TITLE_JOINTS:
        title, found, name = window.rpartition(joint)
        if not found or not title or len(name) > 60:
            continue
        host = (urlsplit(url).hostname or "") if url else ""
        texts = {(_clean(t) or "").casefold() for t in root.xpath(".//body//text()")}
        if name.casefold() in texts or re.sub(r"\W", "", name.lower()) in host.replace("-", ""):
            return title.strip(), name.strip()
    return None


def _author(main: Mapping[str, Any], meta: Mapping[str, str], root: Any) -> str | None:
    said = _name(main.get("author")) or _first(
        meta, "author", "article:author", "dc.creator", "citation_author", "parsely-author"
    )
    if not said:
        marked = root.xpath(
            "(.//*[@rel='author'] | .//*[@itemprop='author'] |"
            " .//*[contains(concat(' ', @class, ' '), ' author ')])[1]"
        )
        said = _clean("".join(marked[0].itertext())) if marked else None
    if not said or "://" in said or len(said) > 120:
        return None
    return re.sub(r"^by\s+", "", said, flags=re.IGNORECASE)


def _iso(value: str | None) -> str | None:
    match = _ISO.match((value or "").strip())
    return match.group(1) if match else None


def _dates(
    root: Any, html: str, meta: Mapping[str, str], main: Mapping[str, Any]
) -> tuple[str | None, str | None]:
    published = _iso(_text(main.get("datePublished"))) or _iso(
        _first(
            meta, "article:published_time", "datepublished", "dc.date.issued", "dc.date", "date",
            "citation_publication_date", "parsely-pub-date", "pubdate",
        )
    )  # fmt: skip
    updated = _iso(_text(main.get("dateModified"))) or _iso(
        _first(meta, "article:modified_time", "og:updated_time", "datemodified", "last-modified")
    )
    updates = set()
    for element in root.iter("time"):
        if when := _iso(element.get("datetime")):
            around = f"{element.get('class')} {element.get('itemprop')} {_before(element)}"
            if _UPDATED.search(around):
                updates.add(when)
                updated = updated or when
            elif "published" in around.lower():
                published = published or when
    if not published:
        import htmldate

        found = htmldate.find_date(html, original_date=True, extensive_search=False)
        for words in root.xpath(".//body//text()") if found else ():
            if _UPDATED.search(words) and parse_date(words) == found:
                updates.add(found)
                updated = updated or found
        published = found if found and found not in updates | {updated} else None
    return published, updated


def _before(element: Any) -> str:
    """The words just before an element in its line."""
    parent = element.getparent()
    previous = element.getprevious()
    words = parent.text if previous is None and parent is not None else previous.tail
    return (words or "")[-40:]


def _language(root: Any) -> str | None:
    said = (
        root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip()
    return said if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", said) else None
