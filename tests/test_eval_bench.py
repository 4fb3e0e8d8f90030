from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from eval.bench.generate import Made, generate
from eval.bench.peers import Encoder, measure_llama_index, measure_txtai
from eval.bench.process import Setup, apart, peak_mb, watch
from eval.bench.quality import plain_query, score
from eval.bench.run import Plan, ingest_ratios, run
from eval.bench.scale import read_material
from eval.bench.table import markdown, table
from eval.cases import Case, load_set
from rag.errors import PullquoteError
from rag.library import StoredPassage
from rag.settings import cache_folder, load
from tests.conftest import ARTICLES, ROOT
from ui.evaluate_bench import bench

MACHINE = {
    "cpus": 2, "system": "Linux", "python": "3.11", "packages": {"x": "1"}, "load_before": 0.5,
    "load_after": 1.0, "runs": 1,
}  # fmt: skip


def case(question: str, gold: str, *history: str) -> Case:
    messages = tuple({"role": "user", "content": h} for h in history)
    return Case("1", question, messages, True, frozenset({gold}), (), (), "answerable")


# --- The generator -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def material(assistant) -> list[list[StoredPassage]]:
    found = read_material(assistant.library, 384)
    assert sum(map(len, found)) == assistant.library.count()[1]
    return found


@pytest.fixture(scope="module")
def made(material) -> list[Made]:
    return list(generate(material, 300, 1))


def test_the_same_seed_makes_the_same_articles(material, made):
    again = list(generate(material, 300, 1))
    assert [m.article for m in again] == [m.article for m in made]
    for one, other in zip(made, again, strict=True):
        for a, b in zip(one.passages, other.passages, strict=True):
            assert (a.span, a.units) == (b.span, b.units)
            assert np.array_equal(a.vector, b.vector)
    assert [m.article.text for m in generate(material, 300, 2)] != [m.article.text for m in made]


def test_as_many_passages_are_made_as_asked_for(material, made):
    assert sum(len(m.passages) for m in made) == 300
    assert not list(generate(material, 0, 1))
    assert len({m.article.source for m in made}) == len(made)


def test_no_two_made_passages_hold_the_same_units(material):
    units = [
        tuple(sorted(unit.span.of(m.article.text) for unit in passage.units))
        for m in generate(material, 3000, 1)
        for passage in m.passages
    ]
    assert len(set(units)) == len(units) == 3000


def test_material_that_gives_nothing_new_is_repeated(material):
    small = [[material[0][0]]]
    assert sum(len(m.passages) for m in generate(small, 400, 1)) == 400


def test_made_passages_are_exact_spans_of_real_units(material, made):
    real = {
        unit.span.of(stored.passage.article.text)
        for passages in material
        for stored in passages
        for unit in stored.passage.units
    }
    for article, passages in ((m.article, m.passages) for m in made):
        for passage in passages:
            inside = [unit.span.of(article.text) for unit in passage.units]
            assert set(inside) <= real
            assert passage.span.of(article.text).split() == " ".join(inside).split()
            assert passage.units[0].span.start == passage.span.start
            assert passage.units[-1].span.end == passage.span.end
        assert all(a.span.end < b.span.start for a, b in pairwise(passages))


def test_made_vectors_are_the_mean_direction_of_their_units(made):
    for passage in (p for m in made for p in m.passages):
        assert passage.unit_vectors.shape == (len(passage.units), len(passage.vector))
        assert np.linalg.norm(passage.vector) == pytest.approx(1, abs=1e-5)
        assert np.linalg.norm(passage.unit_vectors, axis=1) == pytest.approx(1, abs=1e-3)
        mean = passage.unit_vectors.mean(axis=0)
        assert passage.vector @ mean == pytest.approx(np.linalg.norm(mean), abs=1e-5)


# --- Scores, ratios and tables, by hand ----------------------------------------------------


def test_documents_are_ranked_by_their_best_passage():
    cases = [case("a?", "a.txt"), case("b?", "b.txt")]
    # The second question's gold document is the second distinct one, behind two passages.
    ranked = [["docs/a.txt", "b.txt"], ["a.txt", "a.txt", "b.txt"]]
    assert score(cases, ranked) == {"hit@1": 0.5, "hit@5": 1.0, "mrr": 0.75}
    assert score(cases, [[], ["c.txt"]]) == {"hit@1": 0.0, "hit@5": 0.0, "mrr": 0.0}


def test_the_plain_query_joins_the_last_two_user_turns():
    assert plain_query(case("And then?", "a", "First?", "Second?")) == "Second? And then?"
    assert plain_query(case("Alone?", "a")) == "Alone?"


def test_ratios_of_an_ingest():
    row = {"articles": 4, "passages": 20, "ingest_s": 2.0, "encoder_s": 1.5, "unchanged_s": 0.1,
           "ingest_cpu_s": 4.0, "encoder_cpu_s": 2.0, "disk_mb": 3.0, "text_mb": 1.5}  # fmt: skip
    found = ingest_ratios(row)
    assert (found["articles_per_s"], found["passages_per_s"]) == (2, 10)
    assert (found["encoder_share"], found["unchanged_share"]) == (0.75, 0.05)
    assert (found["encoder_cpu_share"], found["disk_per_text"]) == (0.5, 2)


def test_a_table_shows_a_dash_for_what_was_not_measured():
    columns = (("articles", "articles", ",d"), ("share", "share", ".0%"))
    rows = [("a", {"articles": 1234, "share": 0.257}), ("b", {"articles": 5})]
    assert table("set", columns, rows).splitlines() == [
        "| set | articles | share |",
        "| --- | ---: | ---: |",
        "| a | 1,234 | 26% |",
        "| b | 5 | – |",
    ]


def test_a_missing_peer_is_named():
    report = {
        "machine": MACHINE,
        "retrieval": {"s": {"questions": 1, "systems": {}, "missing": ["txtai: No module"]}},
    }
    text = markdown(report)
    assert "Not measured: txtai: No module" in text
    assert "Load before 0.50, after 1.00" in text
    assert "## Ingest" not in text


@pytest.mark.parametrize(
    ("package", "measure"),
    [("txtai", measure_txtai), ("llama_index.retrievers.bm25", measure_llama_index)],
)
def test_a_peer_that_is_not_installed_is_left_out(package, measure, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    setup = Setup(load({}, library=Path("unused")), Path("unused"))
    found = measure(setup, ARTICLES, [case("a?", "a.txt")], False)
    assert found["systems"] == {}
    assert package in found["missing"]


def test_peers_use_our_encoder_and_its_seconds_are_counted(embedder):
    encoder = Encoder(embedder)
    vectors = encoder.passages(["One text.", "Another one."])
    assert vectors.shape == (2, embedder.dimensions)
    first = encoder.seconds
    assert encoder.query("One text.") @ vectors[0] == pytest.approx(1, abs=1e-4)
    assert 0 < first < encoder.seconds


# --- Processes -----------------------------------------------------------------------------


def _fifty_megabytes() -> dict[str, float]:
    block = b"x" * (50 << 20)
    return {"size": len(block)}


def _fails() -> dict[str, float]:
    raise ValueError("the reason")


def test_a_measurement_has_memory_of_its_own():
    ballast = b"x" * (200 << 20)
    found = apart(_fifty_megabytes)
    assert found["size"] == 50 << 20
    assert 50 < found["peak_mb"] < peak_mb()
    del ballast


def test_a_failed_measurement_says_why():
    with pytest.raises(PullquoteError, match=r"(?s)_fails failed.*the reason"):
        apart(_fails)


def test_watching_adds_up_time():
    class Clock:
        def tick(self, value: int) -> int:
            return value

    clock, spent = Clock(), {}
    watch(clock, ("tick",), spent, "part")
    assert clock.tick(3) == 3
    first = spent["part"]
    clock.tick(4)
    assert 0 < first < spent["part"]


# --- The whole -----------------------------------------------------------------------------


def test_a_small_benchmark_from_end_to_end():
    questions = load_set(ROOT / "examples/questions/articles.jsonl", ARTICLES)
    questions = replace(questions, cases=questions.cases[:25])
    setup = Setup(load({}, library=Path("unused")), cache_folder(os.environ))
    said: list[str] = []
    report = run(Plan((questions,), (200, 500), runs=1, starts=1), setup, said.append)
    assert json.loads(json.dumps(report)) == report
    assert said

    row = report["ingest"]["articles"]
    assert row["articles"] == row["unchanged_articles"] == len(list(ARTICLES.iterdir()))
    assert row["passages"] == row["encoded"]
    assert row["unchanged_s"] < row["ingest_s"]
    assert row["encoder_share"] > 0
    assert row["start_mb"] <= row["peak_mb"]
    assert row["disk_mb"] > row["text_mb"]

    assert list(report["sizes"]) == ["200", "500"]
    for size, figures in report["sizes"].items():
        built, asked = figures["built"], figures["asked"]
        assert built["passages"] == int(size)
        assert built["real_passages"] == row["passages"]
        assert built["recall@10"] > 0.9
        assert asked["total_ms"] <= asked["total_p95_ms"]
        parts = [asked[f"{p}_ms"] for p in ("encoder", "chroma", "tantivy", "catalogue")]
        assert all(part >= 0 for part in parts)
        assert asked["total_ms"] < asked["first_ms"]
    assert report["sizes"]["200"]["asked"]["ratio"] == 1

    assert 0 < report["startup"]["python_s"] < report["startup"]["ask_s"]

    figures = report["retrieval"]["articles"]
    assert list(figures["systems"]) == ["Pullquote", "dense only", "keyword only"]
    for row in figures["systems"].values():
        assert 0.5 < row["hit@1"] <= row["mrr"] <= row["hit@5"] <= 1

    text = markdown(report)
    for heading in ("## Ingest", "## Questions, warm", "## Start-up", "### articles: "):
        assert heading in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sizes", "many"], "1000,10000"),
        (["--sizes", "0"], "one passage or more"),
        (["--sets", "nowhere"], "no such questions file"),
        (["--part", "lunch"], "lunch"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    done = CliRunner().invoke(bench, arguments, obj={})
    assert done.exit_code == 2
    assert message in done.output


def test_the_command_plans_runs_and_writes(tmp_path, monkeypatch):
    plans = []

    def stub(plan: Plan, *_: object) -> dict[str, object]:
        plans.append(plan)
        return {
            "machine": MACHINE, "startup": {"python_s": 0.5, "help_s": 1.0, "ask_s": 2.0}
        }  # fmt: skip

    monkeypatch.setattr("eval.bench.run.run", stub)
    files = [tmp_path / "figures.json", tmp_path / "tables.md"]
    arguments = ["--part", "startup", "--sizes", "300,20", "--runs", "2", "--peers",
                 "--json", str(files[0]), "--markdown", str(files[1])]  # fmt: skip
    done = CliRunner().invoke(bench, arguments, obj={})
    assert done.exit_code == 0, done.output
    assert plans[0].sets[0].docs == ARTICLES
    assert plans[0] == Plan(plans[0].sets, (20, 300), True, ("startup",), 2)
    assert set(json.loads(files[0].read_text(encoding="utf-8"))) == {"machine", "startup"}
    tables = files[1].read_text(encoding="utf-8")
    assert done.output == tables
    assert "| `pullquote ask` | 2.00 | 4.0 |" in tables
