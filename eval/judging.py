"""A judge's scores beside a run's own figures, and how far the two agree.

Faithfulness is judged by what a reader is shown: an answer against the quotes it cites, each with
title and date. Correctness is judged by the expected answer, or by the gold quotes where a set has
no answers. Refusals are not judged: whether one is right, the set knows.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from eval.cases import Case
from eval.judge import (
    NO_CONTEXTS,
    NO_REFERENCE,
    NOT_ASKED,
    Agreement,
    Judged,
    Score,
    agreement,
    correctness,
    faithfulness,
)
from eval.run import Row, Run
from rag.errors import UsageError
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_OPENAI = "https://api.openai.com/v1"
FAITHFULNESS, CORRECTNESS = "judge_faithfulness", "judge_correctness"
# Each judge beside the metrics that mean nearly the same.
_COUNTERPARTS = {
    FAITHFULNESS: ("verbatim_rate", "source_precision", "citation_precision"),
    CORRECTNESS: ("evidence_any", "citation_recall", "answer_contains", "token_f1"),
}
JUDGED = tuple(_COUNTERPARTS)


@dataclass(frozen=True, slots=True)
class Judge:
    """Which model judges, and where."""

    model: str
    url: str
    api_key: str = dataclasses.field(default="", repr=False)


def choose_judge(model: str, settings: Settings, url: str = "") -> Judge:
    """The judge that is asked for.

    Args:
        model: its name at the endpoint.
        settings: OPENAI_BASE_URL and OPENAI_API_KEY; a key alone stands for OpenAI itself.
        url: an endpoint that goes before the settings'.

    Raises:
        UsageError: no endpoint is known, or it is no address.
    """
    found = url or settings.base_url or (_OPENAI if settings.api_key else "")
    if not found:
        raise UsageError(
            "--judge needs an OpenAI-compatible endpoint: name it with --judge-url, or set "
            "OPENAI_BASE_URL or OPENAI_API_KEY"
        )
    try:
        parts = urlsplit(found)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"the judge's endpoint {found!r} is no address such as http://127.0.0.1:8080/v1"
        )
    return Judge(model, found, settings.api_key.value)


def judge_run(run: Run, judge: Judge, llm: LLM) -> Run:
    """The run with the judge's scores and reasons in its rows.

    Args:
        run: what was answered.
        judge: what to remember about who judged.
        llm: the same, as `eval.judge.open_judge` opens it.
    """
    asked = [i for i, row in enumerate(run.rows) if not row.answer["refused"]]
    judged = [_judged(run.rows[i]) for i in asked]
    rows = list(run.rows)
    ways: tuple[tuple[str, Callable[[Sequence[Judged], LLM], list[Score]]], ...] = (
        (FAITHFULNESS, faithfulness), (CORRECTNESS, correctness)
    )  # fmt: skip
    for name, ask in ways:
        for i, score in zip(asked, ask(judged, llm), strict=True):
            rows[i] = dataclasses.replace(
                rows[i],
                scores={**rows[i].scores, name: score.value},
                judged={**rows[i].judged, name: score.reason},
            )
    # A URL may have a password in it.
    about = {"model": judge.model, "host": urlsplit(judge.url).hostname or ""}
    return dataclasses.replace(
        run, rows=tuple(rows), environment={**run.environment, "judge": about}
    )


def _judged(row: Row) -> Judged:
    case, answer = row.case, row.answer
    contexts = tuple(_shown(citation) for citation in answer["citations"])
    return Judged(case.question, answer["answer"], contexts, _reference(case))


def _shown(citation: Mapping[str, Any]) -> str:
    """A quote under what it is attributed to."""
    about = [citation.get(key) for key in ("title", "publisher", "published")]
    head = ", ".join(str(a) for a in about if a)
    return f"{head}:\n{citation['quote']}" if head else str(citation["quote"])


def _reference(case: Case) -> str:
    if not case.answerable:
        return ""
    if case.answers:
        return "\nor: ".join(case.answers)
    return "\n".join(group[0].quote for group in case.evidence)


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """What a judge said of a run, in short.

    `unscored` counts the reasons why answers that could be judged have no score; `agreements` are
    by judge's score and metric, over the answers that have both.
    """

    model: str
    host: str
    unscored: Mapping[str, Mapping[str, int]]
    agreements: Mapping[tuple[str, str], Agreement]


def judge_figures(run: Run) -> JudgeFigures | None:
    """The figures of a run that was judged; None where it was not."""
    about = run.environment.get("judge")
    if not about:
        return None
    unscored = {
        name: Counter(
            row.judged[name]
            for row in run.rows
            if name in row.judged
            and row.scores.get(name) is None
            and row.judged[name] not in (NO_CONTEXTS, NO_REFERENCE)
        )
        for name in _COUNTERPARTS
    }
    pairs = {
        (name, metric): agreement(
            [row.scores.get(name) for row in run.rows],
            [row.scores.get(metric) for row in run.rows],
        )
        for name, metrics in _COUNTERPARTS.items()
        for metric in metrics
    }
    found = {pair: a for pair, a in pairs.items() if a.n}
    return JudgeFigures(about["model"], about["host"], unscored, found)


def trouble(run: Run) -> str | None:
    """What went wrong with a judge that was asked, in a line; None where all went well."""
    figures = judge_figures(run)
    if figures is None:
        return None
    reasons = sum((Counter(found) for found in figures.unscored.values()), Counter[str]())
    if not reasons:
        return None
    first = next((r for r in reasons if r != NOT_ASKED), NOT_ASKED)
    return f"the judge {figures.model} gave no score {reasons.total()} times; {first}"


def scored(run: Run) -> bool:
    """Whether a judge gave any score."""
    return any(row.scores.get(name) is not None for row in run.rows for name in _COUNTERPARTS)


def agreement_text(pair: tuple[str, str], found: Agreement) -> str:
    """An agreement for people, in a line."""
    figures = (("kappa", found.kappa), ("rank correlation", found.spearman))
    said = ", ".join(f"{name} {value:.2f}" for name, value in figures if value is not None)
    constant = "undefined, since one of them says the same of all"
    return f"{pair[0]} and {pair[1]}: {said or constant} (n={found.n})"
