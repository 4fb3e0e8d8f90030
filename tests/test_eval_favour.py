"""What favouring a page does, measured on a tiny set of the examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.favour import favour, main
from eval.samples import named_set

SET = "examples/questions/handbook.jsonl:examples/handbook"


def test_each_question_is_asked_on_three_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = named_set(SET)
    few = [c for c in whole.cases if c.answerable][:12] + [
        c for c in whole.cases if not c.answerable
    ][:4]
    tiny = replace(whole, cases=tuple(few))
    found = favour(tiny)
    assert found["n"] == 12 and found["changed"] == 0
    assert found["own"] >= found["none"] >= found["other"]
    # A page that outweighs everything shows that the pages are told apart at all.
    monkeypatch.setattr("rag.evidence.PRIOR", 50.0)
    heavy = favour(tiny)
    assert heavy["own"] >= found["none"] > heavy["other"] and heavy["changed"] == 0


def test_it_prints_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {"n": 3.0, "none": 0.5, "own": 1.0, "other": 0.25, "changed": 0.0}
    monkeypatch.setattr("eval.favour.favour", lambda _: figures)
    main([SET])
    assert capsys.readouterr().out.splitlines()[-1].endswith("| 3 | 0.500 | 1.000 | 0.250 | 0 |")
