"""Retrieval: both indexes take part, spellings meet, and llama-index sees the same passages."""

import pytest
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode

from rag.conversation import Turn, last_turn
from rag.llama import HybridRetriever
from rag.retrieve import Retriever


@pytest.fixture(scope="module")
def retriever(assistant, embedder):
    return Retriever(assistant.library, embedder, candidates=40)


def sources(retrieved):
    return [h.passage.article.source for h in retrieved.hits]


def test_hits_are_ranked_and_come_from_both_indexes(retriever):
    hits = retriever.search(Turn("How tall is the Ariane 6 rocket?")).hits
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert any(h.keyword > 0 for h in hits)
    assert any(h.keyword == 0 for h in hits)
    assert len({h.passage.id for h in hits}) == len(hits) >= 10


@pytest.fixture(scope="module")
def towns(make_assistant, embedder, tmp_path_factory):
    """A library in which each passage has a town of its own, all else being equal."""
    folder = tmp_path_factory.mktemp("towns")
    for number, town in enumerate(("Khasiv Yar", "Kharkiv", "Odesa", "Lviv", "Bergen", "Oslo")):
        (folder / f"{number}.txt").write_text(f"Council of {town}\n\nThe bus in {town} runs late.")
    return Retriever(make_assistant(folder).library, embedder, candidates=40)


@pytest.mark.parametrize(("asked", "source"), [
    ("Chasiv Yar", "0.txt"), ("Kharkov", "1.txt"), ("Odessa", "2.txt"), ("Lvov", "3.txt"),
])  # fmt: skip
def test_a_name_is_found_in_its_other_spelling(towns, asked, source):
    retrieved = towns.search(Turn(f"When does the bus in {asked} run?"))
    assert sources(retrieved)[0] == source
    assert retrieved.query.unknown == ()


def test_a_word_that_no_article_has_is_known_as_unknown(retriever):
    query = retriever.analyse(Turn("Did Zanzibar pay for the bridge?"))
    assert query.unknown == ("Zanzibar",)


def test_a_follow_up_is_searched_with_what_it_leans_on(retriever):
    history = [
        {"role": "user", "content": "Who designed the new spire of Notre-Dame?"},
        {"role": "assistant", "content": "…"},
    ]
    turn = last_turn("And how many people worked on it?", history)
    assert turn.dependent
    assert sources(retriever.search(turn))[0] == "notre-dame-reopens.md"


def test_a_new_topic_does_not_lean_on_the_old_one():
    history = [{"role": "user", "content": "Who designed the spire?"}]
    turn = last_turn("What did the Chandrayaan lander find near the lunar south pole?", history)
    assert not turn.dependent
    assert turn.standalone == turn.question


def test_llama_index_gets_the_same_passages_at_their_offsets(retriever, assistant):
    question = "When did the Key Bridge open?"
    nodes = HybridRetriever(retriever, similarity_top_k=5).retrieve(question)
    hits = retriever.search(Turn(question), 5).hits
    assert [n.node_id for n in nodes] == [str(h.passage.id) for h in hits]
    for node in nodes:
        text = assistant.library.article(node.metadata["source"]).text
        assert text[node.node.start_char_idx : node.node.end_char_idx] == node.text


def test_a_llama_index_query_engine_runs_on_it(retriever):
    engine = RetrieverQueryEngine.from_args(
        HybridRetriever(retriever), llm=MockLLM(), response_mode=ResponseMode.COMPACT
    )
    assert engine.query("When did the Key Bridge open?").source_nodes
