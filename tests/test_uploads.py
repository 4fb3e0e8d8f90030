"""Files that readers bring: what becomes of them, several at once, and their removal."""

from __future__ import annotations

import json
import threading
from urllib.parse import quote

import httpx
import pytest

from ingest.job import ingest
from rag.errors import NotFoundError
from rag.library import Library
from tests.site import LIGHTHOUSE, Site, finished
from tests.uploading import failures, files, outcome, send, stored


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


def test_progress_of_unknown_uploads(shelf: Site) -> None:
    gone = httpx.get(f"{shelf.address}/library/uploads/{quote('../x')}", trust_env=False)
    assert gone.status_code == 404
    with pytest.raises(NotFoundError):
        shelf.keeper.remove("nowhere.md")
