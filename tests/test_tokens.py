"""Counting tokens without a network, and prompts that check themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from rag import tokens
from rag.prompts import ANSWER, Prompt
from rag.tokens import TokenCounter
from rag.wordpiece import PieceCounter

TEXT = "The ferry Marsten ran aground near Cape Orrin on 9 March 2023 with 212 passengers aboard."


def test_a_known_models_tokens_are_exact():
    # Counted with tiktoken 0.14's own cl100k_base and o200k_base.
    import tiktoken

    for model, name in (("gpt-4", "cl100k_base"), ("gpt-4o-mini", "o200k_base")):
        counter = TokenCounter(model)
        assert counter.exact
        assert counter.count(TEXT) == len(tiktoken.get_encoding(name).encode(TEXT))


@given(st.lists(st.one_of(
    st.text(max_size=12),
    st.text("aeéÅßıŉ't3_-–—’“”…×½ \xa0\n\t\x0c\x7f中", max_size=20),
    st.sampled_from(["[CLS]", "[unk]", "[MASK]", "unaffable", "x" * 101, "don't", "3.5", "__x__"]),
)))  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_passages_are_measured_by_what_the_tokenizer_says(embedder, parts):
    """Whatever is counted by its words comes to what the whole text is cut into."""
    for text in ("".join(parts), " ".join(parts)):
        cut = embedder._tokenizer.encode(text, add_special_tokens=False).ids
        assert embedder.count(text) == len(cut)


def test_a_tokenizer_of_another_kind_is_asked_itself():
    made = Tokenizer(WordLevel({"ferry": 0, "?": 1}, unk_token="?"))
    made.pre_tokenizer = Whitespace()
    assert PieceCounter(made).count("ferry-boat, ferry") == 4 + 1


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
