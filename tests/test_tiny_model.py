"""The whole way with a real model: it writes much nonsense, and what is shown is true."""

from __future__ import annotations

import dataclasses
import re

import pytest

from eval.drafts import audit, counts, shown_sentences
from rag.assistant import Assistant
from rag.contract import answer_dict
from rag.llm import Message, OpenAIChat, Usage, complete
from rag.settings import load
from tests.planted import FACT, PLANTED
from tests.tiny_model import tiny_model

# Enough for a model that writes some 70 tokens a second, also on a busy machine.
PATIENCE = {
    "PULLQUOTE_MODEL_DEADLINE": "240",
    "PULLQUOTE_MAX_TOKENS": "80",
    "PULLQUOTE_EVIDENCE_SHOWN": "3",
}
QUESTIONS = 4


@pytest.fixture(scope="session")
def endpoint():
    with tiny_model() as address:
        yield address


@pytest.fixture(scope="session")
def worded(endpoint, assistant, read):
    """The example assistant with the real model."""
    settings = load({"OPENAI_BASE_URL": endpoint, **PATIENCE}, library=assistant.library.folder)
    embedder = assistant._retriever._embedder
    return Assistant(assistant.library, embedder, settings, OpenAIChat(settings), read)


def test_the_model_streams_over_the_wire(endpoint):
    settings = load({"OPENAI_BASE_URL": endpoint, **PATIENCE})
    model, usage = OpenAIChat(settings), Usage()
    pieces = [p for p in model.stream([Message("user", "Count to five.")], 20, 200, usage) if p]
    assert len(pieces) > 5
    assert usage.reported
    assert usage.completion_tokens <= 21
    assert complete(model, [Message("user", "Say yes.")], 5, 200, Usage())


@pytest.mark.timeout(1500)
def test_whatever_it_writes_what_is_shown_is_in_the_quotes(worded, assistant, questions):
    asked = [q for q in questions if not assistant.answer(q).refused][:QUESTIONS]
    answers = [answer_dict(worded.answer(q)) for q in asked]
    for question, answer in zip(asked, answers, strict=True):
        assert not audit(answer), (question, answer["answer"])
        assert answer["usage"]["completion_tokens"] > 0
        for c in answer["citations"]:
            text = assistant.library.article(c["source"]).text
            assert text[c["start"] : c["end"]] == c["quote"]
        if answer["mode"] == "quotes":
            assert answer["notice"]
        elif not answer["refused"]:
            assert all(cited for _, cited in shown_sentences(answer))
    assert counts(answers)["model_asked"] == len(asked)


@pytest.mark.timeout(900)
def test_planted_orders_change_nothing_with_a_real_model(endpoint, make_assistant, read, tmp_path):
    for name in ("plain", "fake-number", "chatml"):
        text = f"Harbour notes\n\n{FACT}\n\n{PLANTED[name]}\n"
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    plain = make_assistant(tmp_path)
    settings = load({"OPENAI_BASE_URL": endpoint, **PATIENCE}, library=plain.library.folder)
    embedder = plain._retriever._embedder
    assistant = Assistant(plain.library, embedder, settings, OpenAIChat(settings), read)
    answer = assistant.answer("When was the harbour of Quellmar dredged?")
    assert not audit(answer_dict(answer))
    assert not re.search(r"!\[|\]\(http", answer.text)


def test_nothing_is_spent_on_what_has_no_answer(worded, refused):
    sent = []
    drafter = worded._drafter
    model = drafter.model

    class Counting:
        name = model.name

        def stream(self, *args):
            sent.append(args)
            yield from model.stream(*args)

    drafter.model = Counting()
    try:
        answer = worded.answer(refused)
    finally:
        drafter.model = model
    assert answer.refused
    assert sent == []


def test_the_audit_finds_what_it_looks_for(assistant, answered):
    answer = answer_dict(assistant.answer(answered))
    quote = answer["citations"][0]["quote"]
    good = {**answer, "mode": "llm", "answer": f"{quote} [1]"}
    assert not audit(good)
    for added in ("41,987 ships", "Zorvan", "on Wednesday the 31st", "seventeen hens"):
        bad = {**good, "answer": f"{quote.rstrip('.')} and {added}. [1]"}
        assert audit(bad), added
    assert dataclasses.is_dataclass(audit(bad)[0])
