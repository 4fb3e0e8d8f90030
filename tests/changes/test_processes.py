"""One library and several processes: they wait, see each other's work, and may be killed."""

import json
import subprocess
import sys
import threading
import time

from rag.assistant import Assistant
from tests.conftest import ROOT
from tests.killing import Killing

CHILD = "from ui.cli import main; main()"


def command(*arguments):
    return [sys.executable, "-c", CHILD, *map(str, arguments)]


def test_a_second_ingest_waits_for_the_first_and_says_so(library, folder, settings):
    with library.writing():
        second = subprocess.Popen(
            command("ingest", folder, "--json", "--library", settings.library),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert "another ingest is at work on this library; waiting" in second.stderr.readline()
        assert second.poll() is None
    out, _ = second.communicate(timeout=120)
    assert second.returncode == 0 and len(json.loads(out)["added"]) == 2


def test_an_open_assistant_sees_what_another_process_ingests(
    run, library, folder, embedder, settings
):
    run()
    assistant = Assistant(library, embedder, settings)
    assert "84 people" in assistant.answer("How many people were on the ferry Marsh Wren?").text
    (folder / "zeppelin.md").write_text(
        "# Zeppelin\n\nThe zeppelin Kestrel landed in Narvik on 4 May 2024 with 31 people aboard.\n"
    )
    (folder / "ferry.md").unlink()
    done = subprocess.run(
        command("ingest", folder, "--library", settings.library), cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert "1 added, 0 updated, 1 unchanged, 1 removed" in done.stdout
    answer = assistant.answer("How many people were aboard the zeppelin Kestrel?")
    assert "31 people" in answer.text
    assert library.dense(embedder.query("zeppelin"), 50).keys() == {
        p.passage.id for p in library.passages(range(100))
    }  # fmt: skip
    assert assistant.answer("How many people were on the ferry Marsh Wren?").refused


def test_questions_are_answered_while_an_ingest_is_at_work(
    run, library, embedder, settings, tmp_path
):
    run()
    assistant = Assistant(library, embedder, settings)
    question = "How many people were on the ferry Marsh Wren?"
    (tmp_path / "more").mkdir()
    killing = Killing(tmp_path / "more", 150, 7)
    job = subprocess.Popen(
        command("ingest", killing.folder, "--library", settings.library), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    longest = asked = 0.0
    while job.poll() is None:
        start = time.perf_counter()
        assert "84 people" in assistant.answer(question).text
        longest = max(longest, time.perf_counter() - start)
        asked += 1
    assert job.returncode == 0 and asked >= 3 and longest < 10
    assert library.count()[0] == 152


def test_a_folder_is_kept_in_step_while_it_is_watched(folder, settings):
    watching = subprocess.Popen(
        command("ingest", folder, "--watch", "--library", settings.library), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    stop = threading.Timer(120, watching.kill)
    stop.start()
    try:
        assert watching.stdout.readline().startswith("2 added")
        (folder / "tram.md").write_text("# Tram\n\nThe tram in Alta shrank in 2023.\n")
        assert watching.stdout.readline().startswith("1 added, 0 updated, 2 unchanged")
        (folder / "tram.md").unlink()
        assert watching.stdout.readline().startswith("0 added, 0 updated, 2 unchanged, 1 removed")
    finally:
        stop.cancel()
        watching.terminate()
        watching.communicate()


def test_kills_at_random_moments_lose_nothing(tmp_path):
    killing = Killing(tmp_path, 60, seed=int(time.time()))
    while killing.kills.total() < 5:
        killing.turn()
