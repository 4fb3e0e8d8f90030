"""Answers in a model's words, each sentence checked against its evidence before it is shown.

The model chooses, orders and phrases; it cannot add. Where it does not answer, or nothing of what
it says can be shown, the quotes that were found before it was asked are the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cachetools import LRUCache

from rag.check import Verified, check
from rag.claims import Claim, claims, says
from rag.compose import REFUSAL, escape
from rag.domain import Answer, Citation, Evidence, Withheld
from rag.errors import (
    ContextLengthError,
    ModelBusyError,
    ModelError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from rag.evidence_lines import evidence_line, neutral
from rag.llm import ChatModel, Message, Usage
from rag.prompts import (
    ANSWER,
    ANSWER_RULES,
    EXAMPLE_ANSWER,
    EXAMPLE_EVIDENCE,
    EXAMPLE_QUESTION,
    REFUSAL_PHRASE,
)
from rag.quotes import make_quote
from rag.settings import Settings
from rag.tokens import MESSAGE_TOKENS, TokenCounter

# A model that repeats itself this often has got stuck.
_MOST_REPEATS = 3
_MOST_SENTENCES = 40
_CACHED_ANSWERS = 512
_NEAR_MISSES = 3
_REASONS: tuple[tuple[type[ModelError], str], ...] = (
    (ModelUnreachableError, "the model cannot be reached"),
    (ModelTimeoutError, "the model took too long"),
    (ModelBusyError, "the model takes no more requests for now"),
    (ModelRefusedError, "the model refuses the request"),
    (ContextLengthError, "the evidence is longer than the model takes"),
    (ModelError, "the model's answer cannot be read"),
)


@dataclass(slots=True)
class _Drafting:
    """One answer as it grows."""

    quotes: Answer
    model: str
    start: float
    sentences: list[Verified] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    timings: dict[str, float] = field(default_factory=dict)
    sent: int = 0
    written: int = 0
    refused: bool = False
    notice: str = ""

    def since(self) -> float:
        return 1000 * (time.perf_counter() - self.start)


class Drafter:
    """Drafts answers with one model. Safe to use from several threads."""

    def __init__(self, model: ChatModel, settings: Settings) -> None:
        """Draft with `model`, within the limits of `settings`."""
        self.model = model
        self._settings = settings
        self._counter: TokenCounter | None = None
        self._cache: LRUCache[object, Answer] = LRUCache(_CACHED_ANSWERS)
        self._lock = threading.Lock()

    def stream(
        self, quotes: Answer, evidence: Sequence[Evidence], version: object = None
    ) -> Iterator[Answer]:
        """The answer as it grows; the last is complete, and the same comes again while waiting.

        Args:
            quotes: the answer in quotes mode to the same question, which holds where no other does.
            evidence: the evidence found for it, best first.
            version: what the answer depends on beside these; equal questions with equal versions
                are answered once. None to ask the model every time.
        """
        key = (version, quotes.standalone_question, tuple((e.article.id, e.span) for e in evidence))
        with self._lock:
            known = self._cache.get(key) if version is not None else None
        if known is not None:
            yield self._recalled(known, quotes)
            return
        state = _Drafting(quotes, self.model.name, time.perf_counter())
        shown: dict[int, Evidence] = {}
        try:
            messages, shown = self._prompt(quotes.standalone_question, evidence)
            state.sent = sum(self._tokens(m.content) + MESSAGE_TOKENS for m in messages)
            yield from self._draft(messages, shown, state)
        except ModelError as error:
            reason = next(words for kind, words in _REASONS if isinstance(error, kind))
            state.notice = f"{reason[0].upper()}{reason[1:]}: {error}."
        state.model = self.model.name
        answer = self._finished(state, shown)
        if version is not None and not answer.notice:
            with self._lock:
                self._cache[key] = answer
        yield answer

    def _draft(
        self, messages: Sequence[Message], shown: Mapping[int, Evidence], state: _Drafting
    ) -> Iterator[Answer]:
        partial = replace(
            state.quotes,
            text="",
            citations=(),
            points=(),
            mode="llm",
            model=state.model,
            timings_ms={},
        )
        pieces = self.model.stream(
            messages, self._settings.max_tokens, self._settings.model_deadline, state.usage
        )

        def counted() -> Iterator[str]:
            for piece in pieces:
                if piece and "first_word" not in state.timings:
                    state.timings["first_word"] = state.since()
                state.written += self._tokens(piece)
                yield piece

        repeats = 0
        seen: set[str] = set()
        for claim in claims(counted()):
            if claim is None:
                yield partial
                continue
            if says(claim, REFUSAL_PHRASE):
                state.refused = not state.sentences
                break
            if claim.text in seen:
                repeats += 1
                if repeats >= _MOST_REPEATS:
                    break
                continue
            seen.add(claim.text)
            if len(seen) > _MOST_SENTENCES:
                break
            if self._checked(claim, shown, state):
                partial = self._worded(partial, state, shown)
            yield partial

    def _checked(self, claim: Claim, shown: Mapping[int, Evidence], state: _Drafting) -> bool:
        """Check `claim` and keep it where it belongs; whether it may be shown."""
        start = time.perf_counter()
        result = check(claim, shown)
        took = 1000 * (time.perf_counter() - start)
        state.timings["check"] = state.timings.get("check", 0.0) + took
        if isinstance(result, Withheld):
            state.withheld.append(result)
            return False
        state.timings.setdefault("first_sentence", state.since())
        state.sentences.append(result)
        return True

    def _finished(self, state: _Drafting, shown: Mapping[int, Evidence]) -> Answer:
        """The complete answer: the model's, its refusal, or quotes with the reason."""
        before, took = state.quotes.timings_ms, state.since()
        quotes = replace(
            state.quotes,
            withheld=(*state.quotes.withheld, *state.withheld),
            usage=self._usage(state),
            timings_ms={
                **before,
                **state.timings,
                "answer": before.get("answer", 0.0) + took,
                "total": before.get("total", 0.0) + took,
            },
        )
        if state.sentences:
            notice = f"The answer broke off. {state.notice}" if state.notice else ""
            base = replace(_bare(quotes), mode="llm", model=state.model, notice=notice)
            return self._worded(base, state, shown)
        if state.refused:
            near = tuple(_citation(n, e) for n, e in list(shown.items())[:_NEAR_MISSES])
            return replace(
                _bare(quotes), text=REFUSAL, refused=True, near_misses=near, mode="llm",
                model=state.model,
            )  # fmt: skip
        notice = state.notice or (
            "None of what the model wrote could be verified."
            if state.withheld
            else "The model wrote nothing."
        )
        return replace(quotes, notice=f"{notice} These are quotes instead.")

    def _worded(self, base: Answer, state: _Drafting, shown: Mapping[int, Evidence]) -> Answer:
        """`base` with the verified sentences, their evidence numbered in order of first use."""
        markers: dict[int, int] = {}
        sentences = []
        for sentence in state.sentences:
            used = sorted(markers.setdefault(n, len(markers) + 1) for n in sentence.numbers)
            sentences.append(f"{escape(sentence.text)} {''.join(f'[{m}]' for m in used)}")
        citations = tuple(_citation(marker, shown[n]) for n, marker in markers.items())
        return replace(base, text=" ".join(sentences), citations=citations)

    def _prompt(
        self, question: str, evidence: Sequence[Evidence]
    ) -> tuple[list[Message], dict[int, Evidence]]:
        """What to send, and the evidence in it by its number.

        Raises:
            ContextLengthError: not even the best evidence has room.
        """
        before = [
            Message("system", ANSWER_RULES.fill(refusal=REFUSAL_PHRASE)),
            Message("user", ANSWER.fill(evidence=EXAMPLE_EVIDENCE, question=EXAMPLE_QUESTION)),
            Message("assistant", EXAMPLE_ANSWER),
        ]
        asked = neutral(question)

        def filled(lines: Sequence[str]) -> str:
            return ANSWER.fill(evidence="\n".join(lines), question=asked)

        room = self._settings.context_tokens - self._settings.max_tokens
        room -= sum(self._tokens(m.content) + MESSAGE_TOKENS for m in before)
        room -= self._tokens(filled([])) + MESSAGE_TOKENS
        shown: dict[int, Evidence] = {}
        lines: list[str] = []
        for e in evidence[: self._settings.evidence_shown]:
            line = evidence_line(len(shown) + 1, e)
            cost = self._tokens(line) + 1
            if cost <= room:
                room -= cost
                shown[len(shown) + 1] = e
                lines.append(line)
        if not shown:
            raise ContextLengthError(
                f"context_tokens is {self._settings.context_tokens:,}, which leaves no room for "
                "evidence"
            )
        return [*before, Message("user", filled(lines))], shown

    def _tokens(self, text: str) -> int:
        if self._counter is None:
            self._counter = TokenCounter(self.model.name)
        return self._counter.count(text) if text else 0

    def _usage(self, state: _Drafting) -> dict[str, object]:
        usage = state.usage
        into, out = (
            (usage.prompt_tokens, usage.completion_tokens)
            if usage.reported
            else (state.sent, state.written)
        )
        # A follow-up has cost some already, to make it stand alone.
        before = state.quotes.usage or {}
        into += before.get("prompt_tokens", 0)
        out += before.get("completion_tokens", 0)
        price = self._settings.price(state.model)
        return {
            "prompt_tokens": into,
            "completion_tokens": out,
            "estimated": not usage.reported,
            "price": None if price is None else round((into * price[0] + out * price[1]) / 1e6, 8),
            "cached": False,
        }

    @staticmethod
    def _recalled(known: Answer, quotes: Answer) -> Answer:
        """An answer from the cache, with what it took this time."""
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "estimated": False, "price": None}
        return replace(
            known, question=quotes.question, timings_ms=quotes.timings_ms,
            usage={**usage, "cached": True},
        )  # fmt: skip


def _bare(quotes: Answer) -> Answer:
    """`quotes` without what it says."""
    return replace(quotes, text="", citations=(), points=())


def _citation(marker: int, evidence: Evidence) -> Citation:
    quote = make_quote(evidence.article, evidence.span)
    return Citation(marker, quote, evidence.kind, evidence.context)
