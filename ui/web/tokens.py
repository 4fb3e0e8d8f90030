"""Tokens that a wiki's side mints for its readers, and sessions that follow from a password.

Both are JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, RFC 7518 section 3.2), so that any
language has a library for them, or twenty lines.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from pathlib import Path
from typing import Any

import jwt

from rag.errors import LibraryError, PullquoteError
from ui.web.identity import LONGEST_NAME, Identity, Way

AUDIENCE = "pullquote"
_SESSION = "pullquote-session"
# A token that leaks is worth something for no longer than this, in seconds.
LONGEST_LIFE = 3600
_LEEWAY = 5
SESSION_LIFE = 12 * 3600
KEY_FILE = "server.key"


class TokenError(PullquoteError):
    """A token does not let anybody in; the text says why."""


class Tokens:
    """Checks tokens and sessions, and makes sessions. Safe to use from several threads."""

    def __init__(self, secret: str, session_key: bytes) -> None:
        """Check tokens signed with `secret`, "" for none, and sessions with `session_key`."""
        self._secret = secret
        self._session_key = session_key
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def check(self, token: str) -> Identity:
        """Who a token of the wiki's side, or a session, stands for.

        Raises:
            TokenError: it is not signed by us, has expired, was used before, or lives too long.
        """
        if self._is_session(token):
            claims = self._decode(token, self._session_key, _SESSION)
            return Identity(Way.SESSION, str(claims["sub"])[:LONGEST_NAME])
        if not self._secret:
            raise TokenError("this key is not one of access_keys, and no tokens are taken here")
        claims = self._decode(token, self._secret, AUDIENCE)
        if float(claims["exp"]) > time.time() + LONGEST_LIFE + _LEEWAY:
            raise TokenError(f"the token lives longer than {LONGEST_LIFE} seconds")
        if "jti" in claims:
            self._use(str(claims["jti"]), float(claims["exp"]))
        return Identity(Way.TOKEN, str(claims["sub"])[:LONGEST_NAME])

    def session(self, who: str, life: float = SESSION_LIFE) -> str:
        """A session for `who`, that `check` takes for `life` seconds."""
        claims = {"sub": who, "aud": _SESSION, "exp": time.time() + life}
        return jwt.encode(claims, self._session_key, "HS256")

    def _decode(self, token: str, secret: str | bytes, audience: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, secret, algorithms=["HS256"], audience=audience, leeway=_LEEWAY,
                options={"require": ["exp", "sub", "aud"]},
            )  # fmt: skip
        except jwt.ExpiredSignatureError as error:
            raise TokenError("the token has expired") from error
        except jwt.InvalidTokenError as error:
            raise TokenError(f"not a token that lets anybody in: {error}") from error
        return claims

    @staticmethod
    def _is_session(token: str) -> bool:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return False
        return bool(claims.get("aud") == _SESSION)

    def _use(self, number: str, until: float) -> None:
        """Note that the token `number` was used; raise TokenError where it was before."""
        now = time.time()
        with self._lock:
            if len(self._used) > 1000:
                self._used = {n: t for n, t in self._used.items() if t + _LEEWAY > now}
            if number in self._used:
                raise TokenError("the token was used before")
            self._used[number] = until


def session_key(folder: Path, password: str) -> bytes:
    """What sessions of the library in `folder` are signed with; another password makes another key.

    Its secret part is a file that only its owner reads, so that sessions outlive a restart.

    Raises:
        LibraryError: that file cannot be read or written.
    """
    path = folder / KEY_FILE
    try:
        if not path.is_file():
            fresh = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
            with os.fdopen(
                os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(secrets.token_bytes(32))
            try:
                # Of several processes that start at once, one makes the key and all use it.
                path.hardlink_to(fresh)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror or error}") from error
    if len(key) != 32:
        raise LibraryError(f"{path}: damaged; delete it, and readers sign in again")
    return hmac.digest(key, password.encode(), hashlib.sha256)
