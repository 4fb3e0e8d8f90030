"""Articles as JSON: one object with title, text, url, published, publisher, author."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ingest.readers.document import Document
from ingest.readers.fields import from_fields
from rag.errors import ArticleError

_TEXTS = ("text", "body", "content", "article", "markdown")


def record(line: bytes, name: str) -> Mapping[str, Any]:
    """The object on one line of a JSON Lines file.

    Raises:
        ArticleError: it is no JSON object.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"{name}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise ArticleError(f"{name}: not a JSON object with title and text")
    return value


def identity(value: Mapping[str, Any]) -> str | None:
    """What names a record among the others of its file: its id, else its address, else title."""
    for key in ("id", "url", "title"):
        said = value.get(key)
        if isinstance(said, str | int) and not isinstance(said, bool) and str(said).strip():
            return str(said).strip()[:300]
    return None


def read_record(data: bytes, name: str) -> Document:
    """The article in one record; its text is stored as it is.

    Raises:
        ArticleError: it is no record, or has no text.
    """
    value = record(data, name)
    key = next((k for k in _TEXTS if isinstance(value.get(k), str) and value[k].strip()), None)
    if key is None:
        raise ArticleError(f"{name}: no text in this record; its fields: {', '.join(value)[:200]}")
    text = str(value[key])
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ArticleError(f"{name}: half a character (a lone surrogate) in its text")
    if not any(c.isalnum() for c in text):
        raise ArticleError(f"{name}: no words in it")
    rest = {k: v for k, v in value.items() if k != key}
    return Document(text, key == "markdown", from_fields(rest))
