"""Files that are not taken: their names, what cannot be read, what is too large, other sites."""

from __future__ import annotations

import gzip
import io
import socket
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.uploads import upload_name
from rag.embed import OnnxEmbedder
from rag.errors import SettingsError, UsageError
from rag.settings import load
from tests.site import Site, open_site
from tests.uploading import failures, files, outcome, send, stored


@given(st.text() | st.from_regex(r"[./\\ a-z\x00\u202e]*\.(txt|md)", fullmatch=True))
def test_a_name_that_is_taken_stays_in_the_folder(name: str) -> None:
    try:
        kept = upload_name(name)
    except UsageError:
        return
    assert (Path("/uploads") / kept).parent == Path("/uploads")
    assert Path("/uploads", kept).resolve() == Path("/uploads", kept)
    assert not kept.startswith(".")
    assert kept.isprintable()
    assert upload_name(kept) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.md", "report.md"),
        ("../../etc/notes.txt", "notes.txt"),
        ("C:\\fakepath\\notes.txt", "notes.txt"),
        ("e\u0301tude.txt", "étude.txt"),
    ],
)
def test_only_the_last_part_of_a_name_counts(name: str, kept: str) -> None:
    assert upload_name(name) == kept


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "/",
        ".hidden.txt",
        "a\u202etxt.md",
        "a\nb.txt",
        "run.exe",
        "noend",
        "x" * 300 + ".txt",
    ],
)
def test_names_that_cannot_be_kept(name: str) -> None:
    with pytest.raises(UsageError):
        upload_name(name)


def docx_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 310_000_000)
    return out.getvalue()


def gzip_bomb() -> bytes:
    return gzip.compress(b" " * 60_000_000)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        pytest.param("empty.txt", b"", "empty.txt: the file is empty", id="empty"),
        pytest.param("latin.txt", "schön".encode("latin-1"), "latin.txt: not UTF-8", id="encoding"),
        pytest.param("fake.pdf", b"no pdf at all", "fake.pdf: ", id="not-a-pdf"),
        pytest.param("photo.md", b"\x89PNG\r\n\x1a\n\0\0\0", "photo.md: binary", id="binary"),
        pytest.param("bomb.docx", docx_bomb, "bomb.docx: unpacks to 310 MB", id="zip-bomb"),
        pytest.param("bomb.jsonl.gz", gzip_bomb, "bomb.jsonl.gz: ", id="gzip-bomb"),
        pytest.param("other.xml", b"<svg/>", "other.xml: XML of an unknown kind", id="xml"),
        pytest.param("none.jsonl", b"\n", "none.jsonl: no article in it", id="no-records"),
    ],
)
def test_what_cannot_be_read_says_why_and_leaves_no_trace(
    shelf: Site, name: str, data: bytes | Callable[[], bytes], reason: str
) -> None:
    before = stored(shelf)
    job = outcome(shelf, send(shelf, name, data if isinstance(data, bytes) else data()))
    assert job["state"] == "failed"
    assert str(job["said"]).startswith(reason)
    # Where it stood on this machine is nobody's business.
    assert str(shelf.folder) not in str(job["said"])
    assert stored(shelf) == before
    assert files(shelf) == []
    assert failures(shelf) == []


def test_too_large_a_file_is_refused_while_it_comes(tmp_path: Path, embedder: OnnxEmbedder) -> None:
    with open_site(tmp_path, embedder, max_article_mb="0.01") as site:
        refused = send(site, "long.txt", b"word " * 3000)
        assert refused.status_code == 413
        assert refused.json()["error"].startswith("long.txt: over the limit of 0.01 MB")
        assert files(site) == []


def test_uploads_can_be_off_and_are_off_for_strangers(
    tmp_path: Path, embedder: OnnxEmbedder
) -> None:
    assert load({}, tmp_path).may_upload
    assert not load({}, tmp_path, host="0.0.0.0").may_upload
    assert load({"PULLQUOTE_UPLOADS": "on"}, tmp_path, host="0.0.0.0").may_upload
    with pytest.raises(SettingsError, match="uploads must be on or off"):
        load({"PULLQUOTE_UPLOADS": "maybe"}, tmp_path)
    with open_site(tmp_path, embedder, uploads="off") as site:
        assert send(site, "a.txt", b"a word").status_code == 403
        form = {"source": "museum.md"}
        assert httpx.post(f"{site.address}/remove", data=form, trust_env=False).status_code == 403
        page = httpx.get(f"{site.address}/library", trust_env=False).text
        assert "Add articles" not in page
        assert "remove?" not in page


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
)
def test_another_sites_page_changes_nothing(shelf: Site, headers: dict[str, str]) -> None:
    for path, form in (
        ("remove", {"source": "museum.md"}),
        ("gaps", {"answer": "x", "done": "1"}),
        ("library/uploads?name=a.txt", {}),
    ):
        asked = httpx.post(f"{shelf.address}/{path}", data=form, headers=headers, trust_env=False)
        assert asked.status_code == 403, path
    assert stored(shelf) == {"harbour.md", "museum.md"}


def test_an_upload_that_breaks_off_leaves_nothing(shelf: Site) -> None:
    host, port = shelf.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /library/uploads?name=cut.txt HTTP/1.1\r\nHost: {host}:{port}\r\n"
        connection.sendall(f"{head}Content-Length: 500\r\n\r\nThe quay is".encode())
        for _ in range(200):
            if files(shelf):
                break
            time.sleep(0.02)
        assert files(shelf) == ["cut.txt"]
    for _ in range(200):
        if not files(shelf):
            break
        time.sleep(0.02)
    assert files(shelf) == []
    assert stored(shelf) == {"harbour.md", "museum.md"}
