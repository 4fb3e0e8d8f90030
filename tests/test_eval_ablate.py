"""What each part is worth: `eval.ablate` on a tiny set of the examples."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from eval import ablate, fit
from eval.cases import QuestionSet, load_set
from eval.fitted import Figures, Judged, by_set, figures, markdown, mean
from eval.samples import Sample
from rag.answerable import ANSWER_SIGNALS
from rag.reader import Told
from rag.rerank import SECOND_SIGNALS, SEEN
from rag.signals import UNIT_SIGNALS
from tests.conftest import ARTICLES, ROOT


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> QuestionSet:
    """Some questions of each kind on six of the example articles."""
    folder = tmp_path_factory.mktemp("tiny")
    lines = (ROOT / "examples" / "questions" / "articles.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    answerable = [c for c in cases if c["answerable"] and c.get("evidence")][:14]
    others = [c for c in cases if not c["answerable"]][:10]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, [*answerable, *others])))
    (folder / "docs").symlink_to(ARTICLES)
    return load_set(folder)


@pytest.fixture(scope="module")
def gathered(tiny) -> dict[str, list[Sample]]:
    return ablate.gather([tiny])


def test_every_signal_is_in_one_group():
    grouped = sorted(name for names in ablate.GROUPS.values() for name in names)
    assert grouped == sorted({*UNIT_SIGNALS, *ANSWER_SIGNALS})


def test_each_way_orders_the_passages_by_its_own_index(gathered):
    both, dense, keyword = (gathered[name] for name in ablate.WAYS)
    for one, other, third in zip(both, dense, keyword, strict=True):
        assert one.name == other.name == third.name
        assert one.fold == other.fold == third.fold
        cosines = [hit.cosine for hit in other.retrieved.hits]
        assert cosines == sorted(cosines, reverse=True) == [h.score for h in other.retrieved.hits]
        matches = [hit.keyword for hit in third.retrieved.hits]
        assert matches == sorted(matches, reverse=True)
        assert all(matches)
        assert max(cosines) >= max(h.cosine for h in one.retrieved.hits)
        assert not matches or matches[0] >= max(h.keyword for h in one.retrieved.hits)
    assert any(a.retrieved.hits != b.retrieved.hits for a, b in zip(dense, keyword, strict=True))


def test_gold_places_are_the_gold_candidates(gathered):
    for one in gathered["both indexes"]:
        if one.gold is None:
            assert not one.places
        else:
            assert len(one.places) == one.gold.sum()
    assert any(one.places for one in gathered["both indexes"])


def test_a_signal_left_out_moves_no_model(gathered, read):
    samples = gathered["both indexes"]
    names = ablate.GROUPS["words covered"]
    unit = fit.fit_unit(ablate.without(samples, names))
    weights = dict(zip(UNIT_SIGNALS, unit.weights, strict=True))
    assert all(weights[name] == 0 for name in names)
    assert sum(weight != 0 for weight in weights.values()) > 5
    left_out = ("cosine", "fused")
    ranked = fit.cross_ranked(ablate.without(samples, left_out))
    decision = fit.fit_decision(ablate.seen(ranked, read, left_out))
    for model, signals in (
        (decision.answer, ANSWER_SIGNALS),
        (decision.second_answer, SECOND_SIGNALS),
    ):
        answer = dict(zip(signals, model.weights, strict=True))
        assert answer["cosine"] == answer["fused"] == 0
        assert any(answer.values())


def test_the_unit_model_is_the_optimum_of_its_loss(gathered):
    """Against the loss written question by question, as its definition reads."""
    samples = [s for s in gathered["both indexes"] if s.gold is not None and s.gold.any()]
    model = fit.fit_unit(samples)

    def loss(weights: np.ndarray) -> float:
        value = 0.01 * float(weights @ weights)
        for one in samples:
            scores = (one.signals - model.mean) / model.scale @ weights
            chances = np.exp(scores - scores.max())
            value -= np.log(chances[one.gold].sum() / chances.sum()) / len(samples)
        return value

    least = loss(model.weights)
    rng = np.random.default_rng(1)
    for _ in range(40):
        assert loss(model.weights + rng.normal(scale=0.05, size=len(UNIT_SIGNALS))) > least


def test_the_second_unit_model_is_the_optimum_of_its_loss(gathered, read):
    found = ablate.seen(fit.cross_ranked(gathered["both indexes"]), read)
    known = []
    for one in found:
        right = np.array([fit.place(c) in one.sample.places for c, _ in one.ranked[:SEEN]])
        if right.any():
            scores = np.array([score for _, score in one.ranked[:SEEN]])
            known.append((np.column_stack([scores, one.odds]), right))
    scale = np.vstack([rows for rows, _ in known]).std(axis=0)

    def loss(weights: np.ndarray) -> float:
        value = 0.01 * float(weights * scale @ (weights * scale))
        for rows, right in known:
            chances = np.exp(rows @ weights - (rows @ weights).max())
            value -= np.log(chances[right].sum() / chances.sum()) / len(known)
        return value

    mixture = fit.fit_second_unit(found)
    best = np.array([mixture.score, mixture.read])
    for moved in ((1, 0.02), (1, 0.98), (1.05, 1), (0.95, 1), (1.05, 1.05)):
        assert loss(best * moved) > loss(best)


def test_a_question_of_which_nothing_is_found_has_no_say_in_the_decision(gathered, read):
    samples = gathered["both indexes"]
    refused = next(one for one in samples if not one.answerable)
    nothing = dataclasses.replace(refused.retrieved, hits=(), stored=())
    empty = dataclasses.replace(refused, retrieved=nothing, signals=refused.signals[:0])
    assert fit.fit([*samples, empty], read, 0.5, 0.045) == fit.fit(samples, read, 0.5, 0.045)


def test_the_reader_is_asked_once_for_each_text(read):
    class Counting:
        asked = 0

        def odds(self, question, texts):
            self.asked += len(texts)
            return read.odds(question, texts)

    counting = Counting()
    remembering = ablate.Remembering(counting)
    first = remembering.odds("Who?", [Told("", "Ada."), Told("", "Bob.")])
    again = remembering.odds("Who?", [Told("", text) for text in ("Bob.", "Ada.", "Cid.")])
    assert again[:2].tolist() == first[::-1].tolist()
    assert counting.asked == 3


def test_the_table_has_every_part_and_set(gathered, tiny, read):
    table = ablate.ablate(gathered, ablate.Remembering(read))
    assert list(table) == [
        "everything", "without a second look", *(f"without {name}" for name in ablate.GROUPS),
        "dense only retrieval", "keyword only retrieval",
    ]  # fmt: skip
    assert all(list(row) == [tiny.name] for row in table.values())
    assert len({repr(row) for row in table.values()}) > 3
    lines = markdown(table).splitlines()
    assert len(lines) == 2 + len(table)
    assert {line.count("|") for line in lines} == {4}


def test_halves_are_judged_apart(gathered, tiny, read):
    table = ablate.halves(gathered["both indexes"], ablate.Remembering(read), 1)
    assert list(table) == ["fitted half", "other half"]
    assert table["fitted half"] != table["other half"]
    assert all(0 <= row[tiny.name].area <= 1 for row in table.values())


def sample(name: str, answerable: bool, gold: bool) -> Sample:
    marks = np.array([True, False]) if gold else None
    signals = np.zeros((2, len(UNIT_SIGNALS)))
    return Sample(name, None, signals, marks, frozenset(), answerable, False, 0)  # type: ignore[arg-type]


def test_figures_by_hand():
    found = [
        Judged(sample("a", True, True), 0, 0.9),
        Judged(sample("a", True, True), 2, 0.4),
        Judged(sample("a", True, True), 3, 0.8),
        Judged(sample("a", True, True), None, 0.7),
        Judged(sample("a", False, False), None, 0.6),
        Judged(sample("a", False, False), None, 0.1),
        Judged(sample("b", True, False), None, 0.5),
    ]
    table = by_set(found)
    # Of eight pairs, only 0.4 against 0.6 is the wrong way round.
    assert table["a"] == Figures(1 / 4, 2 / 4, 7 / 8, (3 / 4 + 1 / 2) / 2)
    assert table["b"] == Figures(None, None, None, None)
    assert figures(found[:1]).first == 1
    assert mean(list(table.values())) == table["a"]
    assert "| – / – / – / – |" in markdown({"everything": table})


def test_nothing_found_is_no_answer():
    samples = [sample("a", True, True), sample("a", False, False)]
    found = [Judged(samples[1], None, 0.2)]
    assert ablate._with_unfound(found, samples) == [*found, Judged(samples[0], None, 0.0)]


def test_the_command_prints_the_table(tiny, capsys):
    ablate.main([f"{tiny.docs.parent}", "--halves", "1"])
    printed = capsys.readouterr().out
    assert "| fitted half | " in printed
    assert "| other half | " in printed


def test_a_lesser_set_teaches_the_decision_alone_and_counts_less_there(tiny, gathered):
    samples = gathered["both indexes"]
    lesser = ablate.gather([], [tiny])["both indexes"]
    assert all(s.lesser for s in lesser)
    assert not any(s.lesser for s in samples)
    alone, with_them = fit.fit_unit(samples), fit.fit_unit([*samples, *lesser])
    assert alone.weights.tolist() == with_them.weights.tolist()
    # What the one set says of a signal, the other denies.
    other = [dataclasses.replace(s, name="other") for s in lesser]
    both = [*samples, *other]
    rows = np.array([[float(s.answerable is not s.lesser)] for s in both])
    assert fit.fit_answer(rows, both, ("figures",)).weights[0] > 0.1
    level = [*samples, *(dataclasses.replace(s, lesser=False) for s in other)]
    assert fit.fit_answer(rows, level, ("figures",)).weights[0] == pytest.approx(0, abs=0.05)
