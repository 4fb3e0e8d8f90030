"""The assistant with a scripted model: follow-ups, caching by library, and what it spends."""

from __future__ import annotations

import pytest

from ingest.job import ingest
from rag.assistant import Assistant
from rag.library import Library
from rag.llm import OpenAIChat
from rag.settings import load
from tests.model_server import prompt_of, scripted

TEXT = "Ferries\n\nThe ferry Marsten carries 212 passengers. It was built in Orrin in 1987.\n"
HISTORY = [
    {"role": "user", "content": "How many passengers does the ferry Marsten carry?"},
    {"role": "assistant", "content": "The ferry Marsten carries 212 passengers. [1]"},
]


def reply(body):
    """Rewrites what is asked to be rewritten, and answers the rest with a line of the evidence."""
    if "rewritten to stand alone" in prompt_of(body):
        return "When was the ferry Marsten built?"
    word = "built" if "built?" in prompt_of(body) else "carries"
    line = next(x for x in prompt_of(body).splitlines() if x.startswith("[") and word in x)
    return f"{line.partition(') ')[2]} {line[:3]}"


@pytest.fixture
def place(tmp_path, embedder):
    source = tmp_path / "articles" / "ferry.txt"
    source.parent.mkdir()
    library = Library(tmp_path / "library", create=True)

    def write(text):
        source.write_text(text, encoding="utf-8")
        ingest([source.parent], library, embedder, load({}, library=library.folder))

    write(TEXT)
    with scripted(reply) as script:
        settings = load({**script.environ, "PULLQUOTE_PRICES": "scripted=1:1"},
                        library=library.folder)  # fmt: skip
        yield Assistant(library, embedder, settings, OpenAIChat(settings)), script, write


def test_a_follow_up_is_rewritten_then_answered_and_both_are_counted(place):
    assistant, script, _ = place
    answer = assistant.answer("And when was it built?", HISTORY)
    assert answer.standalone_question == "When was the ferry Marsten built?"
    assert answer.mode == "llm"
    assert len(script.requests) == 2
    assert answer.usage["prompt_tokens"] == 200
    assert answer.usage["price"] == pytest.approx((200 + answer.usage["completion_tokens"]) / 1e6)


def test_a_changed_library_is_asked_anew(place):
    assistant, script, write = place
    question = HISTORY[0]["content"]
    first = assistant.answer(question)
    assert assistant.answer(question).usage["cached"]
    assert len(script.requests) == 1
    write(TEXT.replace("212", "240"))
    changed = assistant.answer(question)
    assert len(script.requests) == 2
    assert "212" in first.text
    assert "240" in changed.text, changed


def test_a_stream_ends_in_the_answer(place):
    assistant, _, _ = place
    *grown, last = assistant.stream(HISTORY[0]["content"])
    assert all(last.text.startswith(a.text) for a in grown)
    assert last.text == assistant.answer(HISTORY[0]["content"]).text
    assert assistant.model == "scripted"
