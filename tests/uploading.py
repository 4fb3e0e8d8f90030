"""What the tests of uploads share: a file is sent, and what became of it."""

from __future__ import annotations

import os
import time

import httpx

from tests.site import Site


def send(site: Site, name: str, data: bytes, **query: str) -> httpx.Response:
    return httpx.post(
        f"{site.address}/library/uploads",
        params={"name": name, **query},
        content=data,
        headers={"Content-Type": "application/octet-stream"},
        trust_env=False,
    )


def outcome(site: Site, response: httpx.Response) -> dict[str, object]:
    """What became of an upload, once it is done."""
    assert response.status_code == 202, response.text
    address = f"{site.address}/library/uploads/{response.json()['id']}"
    for _ in range(600):
        job = httpx.get(address, trust_env=False).json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError("the upload did not end")


def stored(site: Site) -> set[str]:
    return {s for e in site.library.catalogue.entries() for s in e.sources}


def files(site: Site) -> list[str]:
    # os.walk passes over a folder that goes meanwhile; before Python 3.13, rglob does not.
    walked = os.walk(site.settings.library / "uploads")
    return sorted(name for _, _, names in walked for name in names)


def failures(site: Site) -> list[tuple[str, str]]:
    return site.library.catalogue.read("SELECT source, reason FROM failures")
