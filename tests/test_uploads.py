"""Files that readers bring: their names, their limits, what becomes of them, and their removal."""

from __future__ import annotations

import gzip
import io
import json
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.job import ingest
from ingest.uploads import upload_name
from rag.embed import OnnxEmbedder
from rag.errors import NotFoundError, SettingsError, UsageError
from rag.library import Library
from rag.settings import load
from tests.site import Site, finished, open_site

LIGHTHOUSE = b"# The lighthouse of Sines\n\nThe lighthouse of Sines was lit first on 9 May 1880.\n"


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
    folder = site.settings.library / "uploads"
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def failures(site: Site) -> list[tuple[str, str]]:
    return site.library.catalogue.read("SELECT source, reason FROM failures")


def test_an_upload_is_answered_from_and_removed_again(shelf: Site) -> None:
    question = "When was the lighthouse of Sines lit first?"
    assert shelf.ask(question).answer.refused
    job = outcome(shelf, send(shelf, "lighthouse.md", LIGHTHOUSE))
    assert (job["state"], job["source"], job["said"]) == (
        "done", "uploads/lighthouse.md", "1 added.",
    )  # fmt: skip
    answer = shelf.ask(question).answer
    assert answer.citations[0].quote.text == "The lighthouse of Sines was lit first on 9 May 1880."
    assert files(shelf) == ["lighthouse.md"]
    form = {"source": "uploads/lighthouse.md"}
    gone = httpx.post(f"{shelf.address}/remove", data=form, trust_env=False)
    assert (gone.status_code, gone.headers["location"]) == (303, "library?removed=1")
    assert shelf.ask(question).answer.refused
    assert files(shelf) == []
    assert httpx.post(f"{shelf.address}/remove", data=form, trust_env=False).status_code == 404


def test_a_file_that_was_not_uploaded_stays_when_its_article_goes(shelf: Site) -> None:
    shelf.keeper.remove("museum.md")
    assert (shelf.folder / "articles" / "museum.md").is_file()
    assert stored(shelf) == {"harbour.md"}


def test_a_name_that_is_taken_is_replaced_only_when_asked(shelf: Site) -> None:
    outcome(shelf, send(shelf, "lighthouse.md", LIGHTHOUSE))
    again = send(shelf, "lighthouse.md", LIGHTHOUSE.replace(b"1880", b"1881"))
    assert (again.status_code, again.json()["taken"]) == (409, True)
    assert "1880" in shelf.library.article("uploads/lighthouse.md").text
    new = send(shelf, "lighthouse.md", LIGHTHOUSE.replace(b"1880", b"1881"), replace="1")
    assert outcome(shelf, new)["said"] == "1 updated."
    assert "1881" in shelf.library.article("uploads/lighthouse.md").text
    # What cannot be read leaves the older one as it is, on disk too.
    bad = outcome(shelf, send(shelf, "lighthouse.md", b"\xff\xfe\x00", replace="1"))
    assert bad["state"] == "failed"
    assert "1881" in shelf.library.article("uploads/lighthouse.md").text
    file = shelf.settings.library / "uploads" / "lighthouse.md"
    assert b"1881" in file.read_bytes()
    assert failures(shelf) == []


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


def test_a_file_of_many_keeps_what_can_be_read(shelf: Site) -> None:
    lines = [json.dumps({"id": f"n{i}", "text": f"Buoy {i} lies off the coast."}) for i in (1, 2)]
    data = "\n".join([*lines, "{broken"]).encode()
    job = outcome(shelf, send(shelf, "buoys.jsonl", data))
    assert (job["state"], job["said"]) == ("done", "2 added, 1 could not be read.")
    assert {"uploads/buoys.jsonl#n1", "uploads/buoys.jsonl#n2"} <= stored(shelf)
    assert [source for source, _ in failures(shelf)] == ["uploads/buoys.jsonl#line 3"]
    # A newer one with fewer takes away what it no longer has.
    outcome(shelf, send(shelf, "buoys.jsonl", lines[0].encode(), replace="1"))
    assert "uploads/buoys.jsonl#n2" not in stored(shelf)
    assert failures(shelf) == []
    # One with none that can be read takes nothing away.
    broken = outcome(shelf, send(shelf, "buoys.jsonl", b"{broken", replace="1"))
    assert broken["state"] == "failed"
    assert "uploads/buoys.jsonl#n1" in stored(shelf)
    assert failures(shelf) == []
    assert (shelf.settings.library / "uploads" / "buoys.jsonl").read_bytes() == lines[0].encode()


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


def test_questions_are_answered_while_files_come_in(shelf: Site) -> None:
    """Several threads ask while one ingests: no answer fails, and all that came is found."""
    wrong: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = shelf.ask("What does a ticket for the ferries cost?").answer
                if answer.refused or "12 euros" not in answer.text:
                    wrong.append(answer.text)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    sent = [
        send(
            shelf,
            f"buoy{i}.txt",
            f"Buoy number {i} of Sines was laid in {1900 + i}.\n".encode() * 3,
        )
        for i in range(12)
    ]
    jobs = [outcome(shelf, response) for response in sent]
    stop.set()
    for thread in threads:
        thread.join()
    assert [job["state"] for job in jobs] == ["done"] * 12
    assert wrong == []
    answer = shelf.ask("When was buoy number 7 of Sines laid?").answer
    assert "1907" in answer.text


def test_what_could_not_be_read_can_be_taken_off_the_list(shelf: Site) -> None:
    bad = shelf.folder / "bad.txt"
    bad.write_bytes("schön".encode("latin-1"))
    ingest([bad], shelf.library, shelf.keeper.embedder, shelf.settings)
    assert [source for source, _ in failures(shelf)] == ["bad.txt"]
    shelf.keeper.remove("bad.txt")
    assert failures(shelf) == []
    assert bad.is_file()


def test_of_two_of_one_name_at_once_the_first_has_it(shelf: Site) -> None:
    one, two = (shelf.keeper.begin("quay.txt", False) for _ in range(2))
    one.write_text("The quay is 900 metres long.", encoding="utf-8")
    two.write_text("The quay is 100 metres long.", encoding="utf-8")
    first, second = (finished(shelf.keeper.add(file)) for file in (one, two))
    assert (first.state, second.state) == ("done", "failed")
    assert "already" in second.said
    assert "900" in shelf.library.article("uploads/quay.txt").text
    assert files(shelf) == ["quay.txt"]


def test_nothing_is_removed_while_an_ingest_is_at_work(shelf: Site) -> None:
    other = Library(shelf.settings.library)
    form = {"source": "museum.md"}
    with other.writing():
        busy = httpx.post(f"{shelf.address}/remove", data=form, trust_env=False)
    assert busy.status_code == 409
    assert "being read just now" in busy.text
    done = httpx.post(f"{shelf.address}/remove", data=form, trust_env=False)
    assert done.status_code == 303
    other.close()


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


def test_progress_of_unknown_uploads(shelf: Site) -> None:
    gone = httpx.get(f"{shelf.address}/library/uploads/{quote('../x')}", trust_env=False)
    assert gone.status_code == 404
    with pytest.raises(NotFoundError):
        shelf.keeper.remove("nowhere.md")
