"""What the tests of who may come in share: a server with settings, and what opens it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt

from rag.settings import load
from tests.serving import Bare, served
from ui.service import Service
from ui.web.app import create_app

SECRET = "s" * 40
KEY = "k" * 24
PASSWORD = "correct horse"
ASK = {"question": "Who?"}


@contextmanager
def site(folder: Path, **settings: Any) -> Iterator[httpx.Client]:
    """A server with these settings over an empty assistant, and a client of it."""
    app = create_app(Service(Bare()), settings=load({}, folder, library=folder, **settings))
    with (
        served(app) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        yield client


def token(secret: str = SECRET, life: float = 60, **claims: Any) -> str:
    claims = {"sub": "ann", "aud": "pullquote", "exp": time.time() + life} | claims
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, "HS256")


def bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}
