"""Who asks, as the way in has found out; kept on the request for whatever answers it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_KEY = "pullquote.identity"
LONGEST_NAME = 200


class Way(StrEnum):
    """How somebody was recognised."""

    OPEN = "open"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a way in
    KEY = "key"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who may ask: `who` is a name for limits and records, "" where nobody has one."""

    way: Way
    who: str = ""


def identity_of(scope: Mapping[str, Any]) -> Identity | None:
    """Who sent the request of `scope`; None where nobody may ask, or no access was checked."""
    found: Identity | None = scope.get(_KEY)
    return found


def identify(scope: MutableMapping[str, Any], identity: Identity | None) -> None:
    """Keep on the request of `scope` who sent it."""
    scope[_KEY] = identity


def who_asks(scope: Mapping[str, Any]) -> str:
    """The name of whoever sent the request of `scope`, "" where it is not known."""
    found = identity_of(scope)
    return found.who if found else ""


def route(scope: Mapping[str, Any]) -> str:
    """The path of the request of `scope`, without the one that a proxy serves the whole under."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(f"{root}/") else path
