"""Reading input files line by line, with messages that name the file, the line and the mend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.errors import ArticleError, UsageError

_MOST_MB = 2000
_KINDS = {list: "list", dict: "object", str: "text", int: "whole number"}


def read_text(path: Path) -> str:
    """The text of `path`.

    Raises:
        UsageError: it is missing, unreadable, or no UTF-8 text.
    """
    from ingest.read import decode, read_bytes

    try:
        return decode(read_bytes(path, _MOST_MB), path)
    except ArticleError as error:
        raise UsageError(str(error)) from error


def json_lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of a JSON-lines file with its place, such as ``tasks.jsonl:3``.

    Raises:
        UsageError: a line is no JSON object.
    """
    # Split at line feeds alone: JSON strings may hold other line separators as they are.
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            try:
                data = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(
                    f"{where}: not JSON ({error}); each line must be one JSON object"
                ) from error
            if not isinstance(data, dict):
                raise UsageError(f"{where}: not a JSON object; each line must be one")
            yield where, data


def json_file(path: Path) -> Any:
    """What the one JSON value in `path` is.

    Raises:
        UsageError: it is no JSON.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UsageError(
            f"{path}:{line}: not JSON ({getattr(error, 'msg', error)}); "
            "this format is one JSON value in a file"
        ) from error


def need(data: object, name: str, kind: type | tuple[type, ...], where: str) -> Any:
    """The field `name` of `data`.

    Raises:
        UsageError: `data` has no such field, or it is of another kind.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get(name), kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        wanted = " or ".join(_KINDS[k] for k in kinds)
        has = ", ".join(map(str, data)) if isinstance(data, Mapping) else repr(data)[:60]
        raise UsageError(
            f"{where}: no {name!r} ({wanted}) here, but {has or 'nothing'}; "
            "is it the format that was named?"
        )
    return data[name]


def _listed(data: object, name: str, kind: type, where: str) -> list[Any]:
    """What is in the list `name` of `data`, all of one kind; nothing where it is missing or null.

    Raises:
        UsageError: it is no list, or something in it is of another kind.
    """
    if not isinstance(data, Mapping) or data.get(name) is None:
        return []
    for entry in need(data, name, list, where):
        if not isinstance(entry, kind):
            raise UsageError(
                f"{where}: {name!r} must hold {_KINDS[kind]}s, not {entry!r:.60}; "
                "is it the format that was named?"
            )
    return list(data[name])


def objects(data: object, name: str, where: str) -> list[Mapping[str, Any]]:
    """The objects in the list `name` of `data`; none where it is missing or null.

    Raises:
        UsageError: it is no list, or something in it is no object.
    """
    return _listed(data, name, dict, where)


def texts(data: object, name: str, where: str) -> list[str]:
    """The texts in the list `name` of `data`; none where it is missing or null.

    Raises:
        UsageError: it is no list, or something in it is no text.
    """
    return _listed(data, name, str, where)
