"""Counting tokens without a network, and prompts that check themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag import tokens
from rag.prompts import ANSWER, Prompt
from rag.tokens import TokenCounter

TEXT = "The ferry Marsten ran aground near Cape Orrin on 9 March 2023 with 212 passengers aboard."


def test_a_known_models_tokens_are_exact():
    # Counted with tiktoken 0.14's own cl100k_base and o200k_base.
    import tiktoken

    for model, name in (("gpt-4", "cl100k_base"), ("gpt-4o-mini", "o200k_base")):
        counter = TokenCounter(model)
        assert counter.exact
        assert counter.count(TEXT) == len(tiktoken.get_encoding(name).encode(TEXT))


def test_other_models_count_with_a_margin():
    known, other = TokenCounter("gpt-4"), TokenCounter("smollm2")
    assert not other.exact
    assert known.count(TEXT) < other.count(TEXT) < 2 * known.count(TEXT)


def test_without_the_files_bytes_are_counted(monkeypatch):
    monkeypatch.setattr(tokens, "_encoding", lambda _: None)
    counter = TokenCounter("gpt-4")
    assert not counter.exact
    assert counter.count(TEXT) == -(-len(TEXT.encode()) * 2 // 5)


def test_a_damaged_file_is_not_asked_for_anew(monkeypatch):
    monkeypatch.setitem(tokens._FILES, "cl100k_base", (tokens._FILES["cl100k_base"][0], "0" * 64))
    tokens._encoding.cache_clear()
    try:
        assert not TokenCounter("gpt-4").exact
    finally:
        tokens._encoding.cache_clear()


def test_counting_imports_no_framework():
    program = (
        "import sys\nfrom rag.tokens import TokenCounter\nTokenCounter('gpt-4').count('a')\n"
        "print(*{'llama_index.core', 'openai'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize("budget", [1, 3, 10, 1000])
def test_trimming_keeps_whole_words_and_the_budget(budget):
    counter = TokenCounter("gpt-4")
    kept = counter.trim(TEXT, budget)
    assert TEXT.startswith(kept)
    assert counter.count(kept) <= budget
    assert kept == TEXT or TEXT[len(kept) : len(kept) + 1].isspace() or not kept


def test_a_prompt_with_other_placeholders_does_not_load():
    with pytest.raises(ValueError, match="'b'"):
        Prompt("{a} and {b}", frozenset({"a"}))
    with pytest.raises(TypeError):
        ANSWER.fill(evidence="x")
    assert "{question}" in ANSWER.fill(evidence="{question}", question="why?")
