"""Follow-up questions, rewritten by a model to stand alone, and checked for inventions.

Where the model does not answer, or names what the conversation does not, the question keeps the
context that quotes mode gives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag import amounts, facts
from rag.conversation import Turn
from rag.domain import Withheld
from rag.errors import ModelError
from rag.llm import ChatModel, Message, Usage, complete
from rag.prompts import REWRITE, REWRITE_RULES
from rag.settings import Settings
from rag.tokens import TokenCounter

_MOST_TOKENS = 96
_MESSAGES = 6
_MESSAGE_TOKENS = 200
_LONGEST = 400
# A rewritten question may bring in this many words that nobody said, such as "regarding".
_NEW_WORDS = 2


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The turn to search with; `withheld` has a rewriting that was not taken, and why."""

    turn: Turn
    withheld: tuple[Withheld, ...] = ()
    usage: Mapping[str, object] | None = None


class Rewriter:
    """Rewrites follow-ups with one model."""

    def __init__(self, model: ChatModel, settings: Settings) -> None:
        """Rewrite with `model`."""
        self._model = model
        self._settings = settings

    def rewrite(self, turn: Turn, history: Sequence[Mapping[str, str]]) -> Rewritten:
        """`turn` with its question made to stand alone, where it leans on what was said before.

        Args:
            turn: the question with the exchange before it.
            history: the whole conversation, as OpenAI-style messages, oldest first.
        """
        if not turn.dependent:
            return Rewritten(turn)
        said = [(str(m.get("role") or ""), str(m.get("content") or "")) for m in history]
        counter = TokenCounter(self._model.name)
        lines = [
            f"{'Asked' if role == 'user' else 'Answered'}: "
            + counter.trim(re.sub(r"\s+", " ", content).replace("[", "(").replace("]", ")"),
                           _MESSAGE_TOKENS)
            for role, content in said[-_MESSAGES:] if role in ("user", "assistant")
        ]  # fmt: skip
        asked = REWRITE.fill(conversation="\n".join(lines), question=turn.question)
        usage = Usage()
        try:
            reply = complete(
                self._model, [Message("system", REWRITE_RULES.fill()), Message("user", asked)],
                _MOST_TOKENS, self._settings.model_deadline, usage,
            )  # fmt: skip
        except ModelError as error:
            return Rewritten(turn, (Withheld(turn.question, f"not rewritten: {error}"),))
        used = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens,
                "estimated": not usage.reported, "price": None, "cached": False}  # fmt: skip
        question = _first_question(reply)
        conversation = "\n".join([turn.question, *(content for _, content in said)])
        if reason := invented(question, conversation):
            return Rewritten(turn, (Withheld(question, f"rewritten question: {reason}"),), used)
        return Rewritten(Turn(question), (), used)


def invented(question: str, conversation: str) -> str:
    """What a rewritten question has that its conversation lacks; "" for nothing."""
    # Small models answer instead of asking.
    if not question.endswith("?") or len(question) > _LONGEST:
        return "not one question"
    said = facts.tokens(conversation)
    keys, stems = {t.key for t in said}, {t.term for t in said if t.term}
    for name in facts.names(question):
        if name.key not in keys:
            return f"name nobody said: {name.text}"
    mine, theirs = amounts.read_numbers(question), amounts.read_numbers(conversation)
    for figure in mine.figures:
        if figure.value not in {f.value for f in theirs.figures} | {
            str(d.year) for d in theirs.days
        }:
            return f"figure nobody said: {figure.written}"
    for day in mine.days:
        if (day.month, day.day) not in {(d.month, d.day) for d in theirs.days}:
            return f"date nobody said: {day.written}"
    if facts.negations(question) and not facts.negations(conversation):
        return "a negation nobody said"
    new = [t.text for t in facts.tokens(question) if t.term and t.term not in stems]
    if len(new) > _NEW_WORDS:
        return f"words nobody said: {', '.join(new)}"
    return ""


def _first_question(reply: str) -> str:
    """The first line of a reply that has words, up to its question mark, quotation marks off."""
    line = next((x for x in reply.splitlines() if any(c.isalnum() for c in x)), "")
    line = re.sub(r"^\W*(?:rewritten )?(?:question|asked)\s*:\s*", "", line.strip(), flags=re.I)
    end = line.find("?")
    return (line[: end + 1] if end >= 0 else line).strip().strip('"“”').strip()
