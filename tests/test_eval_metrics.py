"""Every metric against cases worked out by hand."""

import math

import pytest

from eval.cases import Gold
from eval.documents import fault, is_verbatim, library_documents, read_documents
from eval.metrics import covers, token_f1
from tests.scoring import BRIDGE, DOCUMENTS, answer, case, cite, close, scored


def test_covers_is_the_outside_scorers_rule():
    gold = Gold("a.txt", "one two three four five six seven eight nine ten")
    assert covers("say: " + gold.quote, "deep/a.txt", gold)
    assert not covers(gold.quote, "b.txt", gold)
    assert covers("one two three four", "a.txt", gold)  # inside it, four words of ten
    assert not covers("one two three", "a.txt", gold)
    assert covers("ten nine eight seven six five", "a.txt", gold)  # elsewhere six of ten
    assert not covers("ten nine eight seven six", "a.txt", gold)
    # Sharing all of one's own few words is no cover of a long gold quote.
    assert not covers("ten nine", "a.txt", gold)


def test_retrieval_goes_by_distinct_documents_in_passage_order():
    two = case(sources=("a", "b"))
    found = scored(two, answer(passages=["x", "x", "a", "y", "a", "z", "w", "b"]))
    # Documents: x, a, y, z, w, b.
    dcg = 1 / math.log2(3) + 1 / math.log2(7)
    close(found, **{"hit@1": 0, "hit@3": 1, "hit@5": 1, "mrr": 1 / 2, "recall@5": 1 / 2,
                    "recall@10": 1, "ndcg@10": dcg / (1 + 1 / math.log2(3))})  # fmt: skip
    close(scored(two, answer(passages=["x"])), **{"hit@5": 0, "mrr": 0, "ndcg@10": 0})
    close(scored(two, answer(passages=[])), **{"hit@1": 0, "recall@10": 0})


def test_ranks_are_the_answers_own_beyond_the_tenth():
    found = scored(case(sources=("a",)), answer(passages=[f"d{i}" for i in range(19)] + ["a"]))
    close(found, **{"mrr": 1 / 20, "hit@5": 0, "ndcg@10": 0, "recall@10": 0})


def test_quotes_by_groups_order_and_precision():
    gold = case(evidence=[["Six people died."], ["Eight people were on it."]])
    one = cite("Eight people were on it.")
    wrong = cite("The bridge opened in 1977.")
    found = scored(gold, answer(wrong, one))
    close(found, evidence_any=1, evidence_first=0, citation_precision=1 / 2,
          citation_recall=1 / 2, source_precision=1, quotes_per_answer=2, words=10,
          citations_per_answer=2, verbatim_rate=1, current_rate=1)  # fmt: skip
    close(scored(gold, answer(one, cite("Lava reached the town.", "sub/eruption.md"))),
          evidence_first=1, citation_precision=1 / 2, source_precision=1 / 2)  # fmt: skip


def test_gold_evidence_is_found_where_the_first_passages_hold_all_of_it():
    gold = case(evidence=[["Six people died."], ["Eight people were on it."]])
    first = BRIDGE.index("Six")
    half = ("bridge.txt", 0, first + 5)
    rest = ("bridge.txt", first + 5, BRIDGE.index(" Eight"))
    others = [(f"d{i}", 0, 99) for i in range(9)]
    for passages, found in (
        ([half], 0), ([rest, half], 1 / 2), (["bridge.txt"], 1), ([("gone.txt", 0, 99)], 0),
        ([half, *others, rest], 0), ([half, rest, *others], 1 / 2),
    ):  # fmt: skip
        close(scored(gold, answer(passages=passages)), **{"evidence_found@10": found})
    close(scored(case(), answer()), **{"evidence_found@10": None})


def test_tokens_and_cost_count_where_a_model_answered():
    used = {"prompt_tokens": 900, "completion_tokens": 40, "price": 0.002, "cached": False}
    found = scored(case(), answer() | {"usage": used})
    close(found, tokens_in=900, tokens_out=40, cost=0.002)
    close(scored(case(), answer() | {"usage": used | {"price": None}}), tokens_in=900, cost=None)
    for usage in ({}, {"usage": None}, {"usage": used | {"cached": True}}):
        close(scored(case(), answer() | usage), tokens_in=None, tokens_out=None, cost=None)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("disagreement", "disagreement", 0), ("time", "time_order", 1), ("follow-up", "follow_up", 1)],
)
def test_scores_of_one_type_of_question(kind, name, value):
    evidence = [["Six people died."], ["Eight people were on it."]]
    given = answer(cite("Six people died."))
    close(scored(case(kind, evidence=evidence), given), **{name: value})
    close(scored(case("fact", evidence=evidence), given), **{name: None})


def test_a_refusal_of_an_answerable_question():
    gold = case(evidence=[["Six people died."]], answers=["six"])
    refusal = answer(refused=True, near=[cite("Six people died.")], p=0.2)
    close(scored(gold, refusal), answered=0, refused=None, refusal_precision=0, evidence_any=0,
          citation_recall=0, citation_precision=None, source_precision=None, verbatim_rate=None,
          quotes_per_answer=None, citations_per_answer=0, words=0, near_miss_any=1, token_f1=0,
          answer_contains=0, brier=0.64)  # fmt: skip
    close(scored(gold, answer(refused=True, near=[cite("The bridge opened in 1977.")])),
          near_miss_any=0)  # fmt: skip


def test_an_unanswerable_question():
    unanswerable = case("unanswerable", answerable=False)
    refusal = scored(unanswerable, answer(refused=True, p=0.1))
    close(refusal, refused=1, answered=None, refusal_precision=1, brier=0.01, evidence_any=None,
          near_miss_any=None, **{"hit@1": None, "mrr": None, "ndcg@10": None})  # fmt: skip
    given = scored(unanswerable, answer(cite("Six people died."), p=0.7))
    close(given, refused=0, refusal_precision=None, verbatim_rate=1, source_precision=None,
          brier=0.49, token_f1=None)  # fmt: skip


def test_the_expected_text():
    quote = cite("Six people died.")
    short = case(answers=["SIX", "6"])
    close(scored(short, answer(quote, text="It says “Six people died.”")), answer_contains=1)
    close(scored(short, answer(quote, text="It says so.")), answer_contains=0)
    essay = case(
        answers=["Six people died when the ship came down on the bridge at night, it says."]
    )
    close(scored(essay, answer(quote)), answer_contains=None)
    # Three words said, thirteen wanted without the two articles; three shared.
    close(scored(essay, answer(quote)), token_f1=2 * 3 / (3 + 13))


@pytest.mark.parametrize(
    ("said", "wanted", "f1"),
    [
        ("The cat sat.", "a cat sat", 1.0),
        ("the cat sat on the mat", "cat mat", 2 * 2 / (4 + 2)),
        ("cat cat", "cat", 2 * 1 / (2 + 1)),
        ("dog", "cat", 0.0),
        ("", "cat", 0.0),
        ("the", "a", 1.0),
        ("It's 1,977!", "its 1977", 1.0),
    ],
)
def test_token_f1_as_squad_counts(said, wanted, f1):
    assert token_f1(said, wanted) == pytest.approx(f1)


def test_what_is_wrong_with_a_quotes_place():
    good = cite("Six people died.")
    assert fault(good, DOCUMENTS) == "" and is_verbatim(good, DOCUMENTS)
    assert fault(cite("Lava reached the town.", "sub/eruption.md"), DOCUMENTS) == ""
    bad = {
        "wrong offsets": cite("Six people died.", start=3),
        "not in the document": cite("Seven people died.", start=27),
        "old revision": cite("Six people died.", start=3, revision="0" * 64),
        "no such document": {**good, "source": "gone.txt"},
    }
    for name, citation in bad.items():
        assert fault(citation, DOCUMENTS) == name and not is_verbatim(citation, DOCUMENTS)
    assert not is_verbatim({**good, "quote": "", "end": good["start"]}, DOCUMENTS)
    # The words may still stand where an old revision had them; the revision is told all the same.
    moved_elsewhere = scored(case(), answer(cite("Six people died.", revision="0" * 64), good))
    close(moved_elsewhere, verbatim_rate=1, current_rate=1 / 2)


def test_documents_are_decoded_as_ingest_does(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfOne.\r\nTwo.")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.bin").write_bytes(b"x")
    assert read_documents(tmp_path, 1).texts == {"a.txt": "One.\r\nTwo."}


def test_a_live_librarys_documents_are_its_files_as_they_are_now(make_assistant, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"The tower {name} is ten metres tall.")
    library = make_assistant(tmp_path).library
    (tmp_path / "a.txt").write_text("Changed since.")
    (tmp_path / "b.txt").unlink()
    assert library_documents(library, 1).texts == {
        "a.txt": "Changed since.", "b.txt": "The tower b is ten metres tall.",
    }  # fmt: skip
