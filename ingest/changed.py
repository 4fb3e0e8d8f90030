"""Whether what stands at a place is still what is stored of it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from ingest.items import Loaded
from ingest.readers.forms import READERS_VERSION, form_of
from rag.domain import Metadata
from rag.library import Place

Pending = Literal["", "changed", "gone"]


def digest(loaded: Loaded, given: Metadata, address: str = "") -> str:
    """What is compared to tell whether an article has to be read anew.

    Args:
        loaded: its bytes and their form.
        given: what the file that lists it says of it.
        address: where it is read on the web, if its source says so.
    """
    about = repr((READERS_VERSION, loaded.form, sorted(loaded.options.items()), given))
    return hashlib.sha256(f"{about}{address}".encode() + b"\0" + loaded.data).hexdigest()


def pending(place: Place, url: str | None = None) -> Pending:
    """What the next ingest of a file will find: another text, or none.

    Of what is on the web, or one of many in a file, only a look at the whole tells: "".

    Args:
        place: of the article.
        url: the address that is stored of it.
    """
    if "://" in place.path or not place.file_hash:
        return ""
    path = Path(place.container or place.path)
    try:
        found = path.stat()
    except OSError:
        return "gone"
    if place.container:
        return ""
    now = _digests(path, url or "", found.st_mtime_ns, found.st_size)
    return "changed" if now and place.file_hash not in now else ""


@lru_cache(maxsize=4096)
def _digests(path: Path, url: str, _changed_at: int, _size: int) -> tuple[str, ...]:
    """What the digest of a file can be; it is read once for each time at which it was changed."""
    try:
        data = path.read_bytes()
    except OSError:
        return ()
    loaded = Loaded(form_of(path.name) or "text", data)
    return digest(loaded, Metadata()), digest(loaded, Metadata(), url)
