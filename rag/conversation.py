"""What a question means in its conversation, without a model.

A follow-up leans on the turn before it. How much context to mix in was measured on
conversations with known source documents: a question that cannot stand alone leans on the
previous question fully, one that can only a little, since it may have changed the topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.text import words

_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|she|his|him|her|hers|this|that|these|those|there|here|"
    r"one|ones|such|same|so)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"\W*(?:and|or|but|so|then|also|what\s+about|how\s+about|what\s+if|ok|okay|yes|no|i\s+mean)\b",
    re.IGNORECASE,
)
_REPLY_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Lean:
    """Shares of question, previous question joined with it, and reply in a query vector, and
    weights of the previous question's and the reply's words among the keywords."""

    question: float
    joined: float
    reply: float
    joined_words: float
    reply_words: float


_FIRST = Lean(1.0, 0.0, 0.0, 0.0, 0.0)
_FOLLOW_UP = Lean(0.5, 1.0, 0.3, 0.5, 0.1)
_NEW_TOPIC = Lean(1.0, 0.5, 0.1, 0.25, 0.05)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with what was asked and said just before it ("" for nothing)."""

    question: str
    previous: str = ""
    reply: str = ""

    @property
    def dependent(self) -> bool:
        """Whether the question cannot be understood without the turn before."""
        if not self.previous:
            return False
        content = [w for w in words(self.question) if not w.stop]
        return (
            len(content) <= 3
            or bool(_POINTS_BACK.search(self.question))
            or bool(_CONTINUES.match(self.question))
        )

    @property
    def standalone(self) -> str:
        """The question with the one it leans on before it, where it leans on one."""
        return f"{self.previous} {self.question}" if self.dependent else self.question

    @property
    def lean(self) -> Lean:
        """How much of the conversation to search with."""
        if not self.previous:
            return _FIRST
        return _FOLLOW_UP if self.dependent else _NEW_TOPIC


def last_turn(question: str, history: Sequence[Mapping[str, str]]) -> Turn:
    """`question` with the last exchange of an OpenAI-style history, oldest message first."""
    previous = reply = ""
    for message in history:
        content = message.get("content") or ""
        if message.get("role") == "user":
            previous, reply = content, ""
        elif message.get("role") == "assistant":
            reply = content[:_REPLY_CHARACTERS]
    return Turn(question, previous.strip(), reply.strip())
