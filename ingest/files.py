"""Files and folders as articles to be, those that hold many articles opened up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ingest.containers import members
from ingest.items import Broken, Event, Item, Listed, Loaded, Member
from ingest.read import Found, discover, read_bytes
from ingest.readers.forms import CONTAINERS, form_of
from rag.errors import ArticleError

KINDS = ".txt, .md, .html, .mhtml, .pdf, .docx, .jsonl or .xml"


def file_events(root: Path, max_mb: float) -> Iterator[Event]:
    """What is at `root`: a file, or a folder and all below it.

    Args:
        root: the file or folder.
        max_mb: larger articles are refused, in megabytes; a file of many may be larger.
    """
    empty = True
    if not _named_in_utf8(Path(os.path.realpath(root))):
        yield _unnameable(root, root.name)
        return
    places = _Places(root)
    for found in discover(root, form_of):
        empty = False
        if not _named_in_utf8(found.path):
            yield _unnameable(found.path, found.relative)
            continue
        form = form_of(found.path.name)
        if form in CONTAINERS and found.path.is_file():
            yield from _container(found, form, max_mb, in_folder=root.is_dir())
        else:
            yield _item(found, places, form or "text", max_mb)
    if root.is_dir() and empty:
        reason = f"{root}: no article ({KINDS}) in this folder; nothing was changed"
        yield Broken(str(root), str(root), reason, is_article=False)
    elif root.is_dir():
        yield Listed(str(root.resolve()), folder=True)


def _named_in_utf8(path: Path) -> bool:
    """Whether a library can keep the name: a file system may hold any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unnameable(path: Path, name: str) -> Broken:
    where, shown = (os.fsencode(n).decode("utf-8", "replace") for n in (path, name))
    return Broken(where, shown, f"{where}: its name is not UTF-8; rename it")


class _Places:
    """Where files really are; folders are looked up once, not once for each file in them."""

    def __init__(self, root: Path) -> None:
        self.root_name = Path(os.path.realpath(root)).name
        self._folders: dict[Path, Path] = {}

    def of(self, path: Path) -> str:
        """The path of a file without links in it."""
        if path.is_symlink():
            # Unlike `resolve`, this takes a link that leads in a ring.
            return os.path.realpath(path)
        if path.parent not in self._folders:
            # The files of a folder come one after the other.
            self._folders = {path.parent: path.parent.resolve()}
        return str(self._folders[path.parent] / path.name)


def _item(found: Found, places: _Places, form: str, max_mb: float) -> Item:
    def load(_: str) -> Loaded:
        return Loaded(form, read_bytes(found.path, max_mb))

    long_name = f"{places.root_name}/{found.relative}"
    return Item(places.of(found.path), found.relative, "", load, long_name=long_name)


def _container(found: Found, form: str, max_mb: float, in_folder: bool) -> Iterator[Event]:
    path = os.path.realpath(found.path)
    try:
        for member in members(found.path, form, max_mb, in_folder):
            name = f"{found.relative}#{member.key}"
            yield Item(f"{path}#{member.key}", name, path, partial(_load, member), member.given)
    except ArticleError as error:
        yield Broken(path, found.relative, str(error))
    else:
        yield Listed(path)


def _load(member: Member, _: str) -> Loaded:
    return member.load()
