"""Where the files of a folder are read on the web, such as the pages of a git-backed wiki."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from ingest.fetch import normal
from ingest.items import Event, Item

_PAGES = (".md", ".markdown", ".txt", ".html", ".htm")


def page_address(base_url: str, relative: str) -> str:
    """The address of the page that a file holds.

    Args:
        base_url: what pages' addresses begin with, or an address with ``{path}`` in it.
        relative: the file's path in the folder, with slashes. Its ending is left out, its case is
            kept: a wiki that ignores case in addresses keeps its files in lower case.
    """
    path = PurePosixPath(relative)
    bare = path.with_suffix("") if path.suffix.lower() in _PAGES else path
    words = quote(bare.as_posix(), safe="/")
    if "{path}" in base_url:
        return normal(base_url.replace("{path}", words))
    return normal(f"{base_url.rstrip('/')}/{words}")


def addressed(events: Iterable[Event], folder: Path, base_url: str) -> Iterator[Event]:
    """`events` of a folder, its files with their addresses; members of files have none."""
    root = folder.resolve()
    for event in events:
        if isinstance(event, Item) and not event.container:
            relative = Path(event.path).relative_to(root).as_posix()
            event = dataclasses.replace(event, address=page_address(base_url, relative))
        yield event
