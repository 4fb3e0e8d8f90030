"""Model judges of faithfulness and correctness: an option beside the metrics, never the default.

The judging prompts and their handling are llama-index's, on any OpenAI-compatible endpoint
(https://docs.llamaindex.ai/en/stable/module_guides/evaluating). A judge that fails or writes
nonsense gives no score, with the reason: a missing score is not a bad one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_AT_ONCE = 4
# After so many failed calls in a row the others are not tried: nobody is there.
_GIVE_UP = 4
NOT_ASKED = f"not asked: the judge had failed {_GIVE_UP} times in a row"
NO_CONTEXTS, NO_REFERENCE = "no contexts to be faithful to", "no reference answer"
_PASS = 0.5
_SHOWN = 120
_VERDICT = re.compile(r"\b(yes|no)\b", re.IGNORECASE)
_SCORE = re.compile(r"^[^\w-]*(?:score[^\w-]*)?(\d+(?:\.\d+)?)(?: ?/ ?5)?\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is judged: an answer, the contexts it was given, and what a right answer says."""

    question: str
    answer: str
    contexts: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Score:
    """From 0 to 1, or None; `reason` is the judge's own words, or why there is no score."""

    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a judge and a deterministic metric say the same, over the `n` that both scored.

    `kappa` is Cohen's, of passing at a half (Cohen, 1960); `spearman` the correlation of ranks,
    which is rank-biserial where one of the two only passes or fails. None where undefined.
    """

    n: int
    kappa: float | None
    spearman: float | None


def open_judge(
    model: str, base_url: str, api_key: str = "", timeout: float = 60.0, retries: int = 2
) -> LLM:
    """A judge on an OpenAI-compatible endpoint.

    Args:
        model: its name there.
        base_url: such as ``http://127.0.0.1:8080/v1``.
        api_key: "" where the endpoint wants none.
        timeout: seconds to wait for one judgement.
        retries: how often a failed call is tried again.
    """
    from llama_index.llms.openai_like import OpenAILike

    return OpenAILike(
        model=model, api_base=base_url, api_key=api_key or "none", is_chat_model=True,
        temperature=0.0, timeout=timeout, max_retries=retries,
    )  # fmt: skip


def faithfulness(answers: Sequence[Judged], judge: LLM) -> list[Score]:
    """Whether each answer is supported by its contexts: 1 for yes, 0 for no.

    Args:
        answers: what is judged; an answer without contexts gets no score.
        judge: as `open_judge` makes it.
    """
    from llama_index.core.evaluation import FaithfulnessEvaluator

    evaluator = FaithfulnessEvaluator(llm=judge)

    async def one(judged: Judged) -> Score:
        if not judged.contexts:
            return Score(None, NO_CONTEXTS)
        result = await evaluator.aevaluate(response=judged.answer, contexts=judged.contexts)
        said = str(result.feedback or "").strip()
        # llama-index takes whatever lacks a "yes" for a no, and "yesterday" for a yes.
        found = {v.lower() for v in _VERDICT.findall(said)}
        first = _VERDICT.match(said)
        if len(found) != 1 and not first:
            return Score(None, f"no verdict: {said[:_SHOWN]!r}")
        return Score(float((first[1].lower() if first else found.pop()) == "yes"), said)

    return _each(answers, one)


def correctness(answers: Sequence[Judged], judge: LLM) -> list[Score]:
    """How right each answer is beside its reference; the judge's 1 to 5 becomes 0 to 1.

    Args:
        answers: what is judged; one without a reference answer gets no score.
        judge: as `open_judge` makes it.
    """
    from llama_index.core.evaluation import CorrectnessEvaluator

    evaluator = CorrectnessEvaluator(llm=judge, parser_function=_parse)

    async def one(judged: Judged) -> Score:
        if not judged.reference:
            return Score(None, NO_REFERENCE)
        result = await evaluator.aevaluate(
            query=judged.question, response=judged.answer, reference=judged.reference
        )
        said = str(result.feedback or "")
        if result.score is None:
            return Score(None, f"no score from 1 to 5: {said[:_SHOWN]!r}")
        return Score((result.score - 1) / 4, said)

    return _each(answers, one)


def _parse(said: str) -> tuple[float | None, str | None]:
    """The score on the first line, and all that was said; None if that is no score."""
    lines = said.strip().splitlines()
    found = _SCORE.match(lines[0]) if lines else None
    score = float(found[1]) if found else None
    return (score if score is not None and 1 <= score <= 5 else None), said.strip()


def _each(answers: Sequence[Judged], one: Callable[[Judged], Awaitable[Score]]) -> list[Score]:
    """`one` of every answer, some at once, in order; what a judge raises is a reason."""

    async def all_of_them() -> list[Score]:
        places = asyncio.Semaphore(_AT_ONCE)
        failed = 0

        async def guarded(judged: Judged) -> Score:
            nonlocal failed
            async with places:
                if failed >= _GIVE_UP:
                    return Score(None, NOT_ASKED)
                try:
                    score = await one(judged)
                # Whatever goes wrong with one judgement must not cost the run its others.
                except Exception as error:
                    failed += 1
                    return Score(None, f"the judge failed: {type(error).__name__}: {error}"[:300])
                failed = failed if score.value is None else 0
                return score

        return await asyncio.gather(*(guarded(judged) for judged in answers))

    return asyncio.run(all_of_them())


def agreement(judged: Sequence[float | None], deterministic: Sequence[float | None]) -> Agreement:
    """How far two lists of scores of the same answers agree; pairs that lack one don't count.

    Args:
        judged: a judge's scores, 0 to 1.
        deterministic: a metric's, 0 to 1.

    Raises:
        ValueError: the lists have different lengths.
    """
    pairs = [
        (j, d)
        for j, d in zip(judged, deterministic, strict=True)
        if j is not None and d is not None
    ]
    if not pairs:
        return Agreement(0, None, None)
    one, other = np.array(pairs, dtype=float).T
    a, b = one >= _PASS, other >= _PASS
    by_chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    kappa = None if by_chance == 1 else float(((a == b).mean() - by_chance) / (1 - by_chance))
    ranks = _ranks(one), _ranks(other)
    constant = any(np.ptp(r) == 0 for r in ranks)
    return Agreement(len(pairs), kappa, None if constant else float(np.corrcoef(*ranks)[0, 1]))


def _ranks(values: Any) -> Any:
    """Ranks from 1, ties at their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
