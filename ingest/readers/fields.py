"""Named fields, as front matter and JSON records have them, read as metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ingest.dates import parse_date
from rag.domain import Metadata

_NAMES = {
    "title": ("title",),
    "publisher": ("publisher", "site", "site_name", "source", "publication"),
    "author": ("author", "authors", "by", "creator"),
    "published": ("published", "date", "publishdate", "publish_date", "pubdate", "published_at",
                  "created", "date_published"),
    "updated": ("updated", "lastmod", "last_modified", "modified", "last_updated", "updated_at",
                "date_modified"),
    "url": ("url", "canonical", "canonical_url", "link", "permalink"),
    "language": ("language", "lang", "locale"),
}  # fmt: skip


def from_fields(fields: Mapping[str, Any]) -> Metadata:
    """Metadata from named fields, under the names that are in use for them.

    A date that is not certain, such as 3/6/2025, counts as none.
    """
    folded = {
        str(k).strip().lower().replace("-", "_").replace(" ", "_"): v for k, v in fields.items()
    }
    found = {
        field: next((v for n in names if (v := _said(field, folded.get(n)))), None)
        for field, names in _NAMES.items()
    }
    return Metadata(**found)


def _said(field: str, value: object) -> str | None:
    if field in ("published", "updated"):
        return when(value)
    if isinstance(value, dict):
        value = value.get("name") or value.get("title")
    if isinstance(value, list):
        value = ", ".join(str(v.get("name", "")) if isinstance(v, dict) else str(v)
                          for v in value[:20])  # fmt: skip
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    words = re.sub(r"\s+", " ", str(value)).strip()[:500]
    if field == "url" and not re.match(r"https?://[^\s/]", words):
        return None
    return words or None


def when(value: object) -> str | None:
    """The ISO date, or the month or year, that a value certainly says."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, int) and 1800 <= value <= 2200:
        return str(value)
    if not isinstance(value, str):
        return None
    if re.fullmatch(r"\d{4}(?:-\d{2})?", value.strip()):
        return value.strip()
    return parse_date(value)
