"""The block of keys and values at the head of a Markdown file: what an article says of itself.

Static site generators and wikis write it between lines of dashes (YAML) or plus signs (TOML).
Only plain values and plain lists are read; what is nested says nothing of title, author or date.
"""

from __future__ import annotations

import re

from ingest.dates import parse_date
from rag.domain import Metadata

FRONT_MATTER = re.compile(
    r"(?P<fence>---|\+\+\+)[ \t]*\r?\n(?=(?:[ \t]*(?:#[^\n]*)?\n)*[\w-]+[ \t]*[:=])"
    r".*?\n(?:(?P=fence)|\.\.\.)[ \t]*(?:\r?\n|$)",
    re.DOTALL,
)
_PAIR = re.compile(r"(?P<key>[A-Za-z][\w -]*?)[ \t]*[:=](?:[ \t]+(?P<value>.*?))?[ \t]*$")
_ENTRY = re.compile(r"\s*-[ \t]+(?P<value>.*?)[ \t]*$")
# When a page was made says less of how current its words are than when it was last gone over.
_DATES = (
    "published", "publish_date", "date_published", "pubdate", "date", "updated", "last_updated",
    "lastmod", "last_modified", "modified", "date_modified", "last_reviewed", "reviewed", "created",
    "date_created",
)  # fmt: skip
_ISO = re.compile(r"(?P<date>[12]\d{3}(?:-\d{2}(?:-\d{2})?)?)(?:[T ].*)?$")


def front_matter(text: str) -> dict[str, str]:
    """The keys and values at the head of `text`, keys in lower case with underscores.

    The entries of a list are joined by commas. Empty where there is no front matter.
    """
    found: dict[str, str] = {}
    match = FRONT_MATTER.match(text)
    key = ""
    for line in match.group().splitlines()[1:-1] if match else ():
        if pair := _PAIR.match(line):
            key = re.sub(r"[ -]", "_", pair["key"].lower())
            if value := _plain(pair["value"] or ""):
                found.setdefault(key, value)
        elif key and (entry := _ENTRY.match(line)) and (value := _plain(entry["value"])):
            found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def front_metadata(text: str) -> Metadata:
    """What the front matter of `text` says of title, author, publisher, date and address."""
    said = front_matter(text)

    def first(*names: str) -> str | None:
        return next((said[name] for name in names if name in said), None)

    url = first("url", "canonical_url", "canonical", "link", "source_url", "source")
    dates = (_date(said[name], parse_date(said[name])) for name in _DATES if name in said)
    return Metadata(
        first("title", "name"),
        first("publisher", "publication", "site_name", "site"),
        first("author", "authors", "by", "created_by"),
        next(filter(None, dates), None),
        url if url and re.match(r"https?://", url) else None,
    )


def _date(value: str, parsed: str | None) -> str | None:
    """An ISO date or a prefix of one as it is written, else the date that was read."""
    iso = _ISO.match(value)
    return iso["date"] if iso else parsed


def _plain(value: str) -> str:
    """A value without quotes, comment and the brackets of a list; empty where it is nested."""
    if quoted := re.match(r"""(["'])(?P<inside>.*)\1(?:\s+#.*)?$""", value):
        return quoted["inside"].strip()
    value = re.sub(r"(?:^|\s+)#.*$", "", value)
    if listed := re.match(r"\[(?P<inside>.*)\]$", value):
        entries = (entry.strip(" \"'") for entry in listed["inside"].split(","))
        return ", ".join(filter(None, entries))
    return "" if value[:1] in "{|>&*" and value else value
