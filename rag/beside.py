"""What stands beside a number or a denial in a text: the thing counted, the thing denied."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.text import STOP_WORDS, words

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]

_COUNTED = re.compile(r"\bhow\s+(?:many|much)\s+((?:[\w'’-]+\s+){0,4}[\w'’-]+)", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d[\d.,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|"
    r"hundreds?|thousands?|millions?|billions?|several|half|no|none)\b",
    re.IGNORECASE,
)
# What is counted stands within so many characters after its number.
_REACH = 28
_UNALIKE = 0.25

_DENIAL = re.compile(
    r"\b(?:not|no|never|neither|nobody|none|nothing|cannot|no\s+longer)\b|n['’]t\b|"
    r"\b(?:refus|reject|declin)(?:es|e|ed|s|ing)\b|\bden(?:y|ies|ied)\b",
    re.IGNORECASE,
)
_NEGATIVE_QUESTION = re.compile(
    r"\b(?:not|no|never|neither|nor|nobody|none|nothing|without|cannot|refus\w*|reject\w*|"
    r"den(?:y|ied|ies)|declin\w*|stop\w*|turn\w*\s+down|instead|rather\s+than|only)\b|n['’]t\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"\W*(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:.]|\b(?:but|because|although|while|whereas)\b", re.IGNORECASE)
_DENIED_WORDS = 4


def counted(question: str) -> str | None:
    """The noun whose number `question` asks for; None where it asks for none."""
    asked = _COUNTED.search(question)
    found = None
    for word in asked.group(1).split() if asked else ():
        # The name of what is counted ends where a verb or a preposition begins.
        if word.lower() in STOP_WORDS:
            break
        found = word
    return found


def counts(noun: str, text: str, vectors: Vectors) -> float:
    """How near the things that `text` has numbers of come to `noun`, 0 to 1.

    Args:
        noun: what is asked for, as `counted` found it.
        text: a sentence.
        vectors: gives unit-length vectors (n, d) of single words.
    """
    numbers = list(_NUMBER.finditer(text))
    content = [w for w in words(text) if not w.stop] if numbers else []
    if not content:
        return 0.0
    alike = vectors([w.surface.lower() for w in content]) @ vectors([noun.lower()])[0]
    near = [
        float(alike[i])
        for number in numbers
        for i, word in enumerate(content)
        if 0 <= word.span.start - number.end() < _REACH
    ]
    return float(np.clip((max(near, default=0.0) - _UNALIKE) / (1 - _UNALIKE), 0.0, 1.0))


def yes_or_no(question: str) -> bool:
    """Whether `question` can be answered by yes or no."""
    return bool(_YES_OR_NO.match(question))


def denied(question: str, text: str) -> float:
    """How far `text` denies what `question` takes for granted, 0 to 1.

    It does where a denial is followed, in its clause, by words of the question: "there is no
    cash advance" for "how do I get a cash advance?". A question that asks whether, or that is
    negative itself, takes nothing for granted.
    """
    if yes_or_no(question) or _NEGATIVE_QUESTION.search(question):
        return 0.0
    asked = {w.term for w in words(question) if not w.stop}
    best = 0.0
    for denial in _DENIAL.finditer(text):
        rest = text[denial.end() :]
        if end := _CLAUSE_END.search(rest):
            rest = rest[: end.start()]
        after = [w for w in words(rest) if not w.stop][:_DENIED_WORDS]
        if after:
            best = max(best, sum(w.term in asked for w in after) / len(after))
    return best
