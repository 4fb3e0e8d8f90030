"""The chat page and the command line with a model: sentences as they come, notice, withheld."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
import time

from tests.model_server import Reply, first_line, scripted
from tests.page import BOX, ask, started
from tests.serving import served
from ui.chat import respond
from ui.service import Service
from ui.web.app import create_app

# Seconds from the model's first complete sentence to its first words on the page.
PROMPT = 0.3
# A busy machine may delay some pages; not every one of these.
TRIES = 6
# Notes when a sentence first stands on the page, by the clock that the model's server has too.
WATCH = """
() => {
  window.shownAt = null;
  new MutationObserver(() => {
    const words = [...document.querySelectorAll(".pq-prose")].at(-1);
    const pending = document.querySelector(".pq-pending");
    if (window.shownAt === null && pending && words && words.innerText.trim())
      window.shownAt = Date.now();
  }).observe(document.body, {childList: true, subtree: true, characterData: true});
}
"""
# No article says this.
LIE = "The harbour master Zorvan stole 500 crowns."


def test_the_page_shows_a_sentence_while_the_next_is_written(with_model, visit, answered):
    def slow(body):
        return Reply(f"{first_line(body)} {LIE} [1] " + "more " * 40, wait=0.1)

    with scripted(slow) as script:
        assistant = with_model(script)
        with served(create_app(Service(assistant))) as site:
            page = visit(site)
            assert "Model scripted" in page.inner_text("#pq-head")
            page.fill(BOX, answered)
            page.press(BOX, "Enter")
            # Both seen by the page at once: asked for one after the other, on a machine that has
            # much to do, the answer may be complete by the second.
            page.wait_for_function(
                "document.querySelector('.pq-prose') && document.querySelector('.pq-pending')",
                timeout=120_000,
            )
            page.wait_for_function("!document.querySelector('.pq-pending')", timeout=120_000)
            assert page.locator(".pq-prose .pq-marker").count() >= 1
            assert page.locator(".pq-quote").count() == 1
            withheld = page.locator(".pq-withheld")
            withheld.locator("summary").click()
            assert "Zorvan" in withheld.inner_text()
            assert "Zorvan" not in page.inner_text(".pq-prose")


def test_first_words_are_on_the_page_soon_after_the_first_sentence(
    with_model,
    visit,
    assistant,
    questions,
):
    """What lies between the marker that completes a sentence and the page: check, wire, browser."""
    # A piece every twenty milliseconds, as of a quick model; the marker is the sentence's last.
    # The rest takes longer than the limit, so that words shown only at the end come too late.
    lengths = []

    def slow(body):
        sentence = first_line(body)
        lengths.append(len(sentence.split()))
        return Reply(f"{sentence} Then {'more ' * 150}", wait=0.02)

    asked = [q for q in questions if not assistant.answer(q).refused][:TRIES]
    delays = []
    with scripted(slow) as script, served(create_app(Service(with_model(script)))) as site:
        page = visit(site)
        for question in asked:
            del script.sent[:]
            page.reload()
            started(page)
            page.evaluate(WATCH)
            ask(page, question)
            shown = page.evaluate("window.shownAt")
            complete = script.sent[lengths[-1] - 1] + time.time() - time.perf_counter()
            if shown is not None:
                delays.append(shown / 1000 - complete)
            if delays and delays[-1] <= PROMPT:
                break
    assert delays, "no page showed a sentence before the answer was complete"
    assert min(delays) > -0.02, "shown before it was sent"
    assert min(delays) <= PROMPT, delays


def test_the_page_says_why_there_are_quotes(with_model, visit, answered):
    with (
        scripted([f"{LIE} [1]"]) as script,
        served(create_app(Service(with_model(script)))) as site,
    ):
        page = visit(site)
        ask(page, answered)
        assert "could be verified" in page.inner_text(".pq-notice")
        assert page.locator(".pq-quote").count() >= 1


def test_turns_grow_and_the_last_is_complete(with_model, answered):
    with scripted(lambda body: f"{first_line(body)} {LIE} [1]") as script:
        turns = [t for t in respond(Service(with_model(script)), answered) if t is not None]
    *partial, complete = turns
    assert partial
    assert all(not t.reply and "pq-pending" in t.html for t in partial)
    assert complete.reply.endswith("[1]")
    assert complete.model == "scripted"


def slowly(body):
    return Reply(f"{first_line(body)} Then it goes on and on and on and on. [1]", wait=0.2)


def command(*args):
    return [sys.executable, "-c", "from ui.cli import main; main()", *map(str, args)]


def environ(script):
    return {**os.environ, **script.environ}


def test_ask_with_a_model(assistant, answered):
    with scripted(lambda body: f"{first_line(body)} {LIE} [1]") as script:
        line = command("ask", answered, "--json", "--library", assistant.library.folder)
        done = subprocess.run(line, env=environ(script), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert (answer["mode"], answer["model"]) == ("llm", "scripted")
        assert answer["withheld"][0]["text"] == LIE
        asked = len(script.requests)
        quotes = subprocess.run(
            [*line, "--mode", "quotes"], env=environ(script), capture_output=True, text=True
        )
        assert json.loads(quotes.stdout)["mode"] == "quotes"
        assert len(script.requests) == asked


def test_quotes_mode_imports_no_client(assistant, answered):
    program = (
        "import sys; from ui.cli import main\n"
        f"try: main(['ask', {answered!r}, '--library', {str(assistant.library.folder)!r}])\n"
        "except SystemExit: pass\n"
        "print(*{'llama_index.core', 'openai'} & set(sys.modules), file=sys.stderr)"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "PULLQUOTE_MODEL"))}
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean, capture_output=True, text=True
    )
    assert "“" in done.stdout
    assert "openai" not in done.stderr
    assert "llama_index" not in done.stderr


def test_on_a_terminal_sentences_are_printed_as_they_come(assistant, answered):
    with scripted(slowly) as script:
        ours, theirs = pty.openpty()
        line = command("ask", answered, "--library", assistant.library.folder)
        process = subprocess.Popen(line, env=environ(script), stdout=theirs, stderr=theirs)
        os.close(theirs)
        said: list[str] = []

        def listen():
            while True:
                try:
                    said.append(os.read(ours, 4096).decode())
                except OSError:
                    return

        listener = threading.Thread(target=listen)
        listener.start()
        assert process.wait(240) == 0
        listener.join(10)
    # The sentence comes in a piece of its own, ahead of the quotes below it.
    assert len(said) > 1
    assert "[1]" in "".join(said)
    assert "    “" in said[-1] or "    “" in "".join(said[1:])
