"""Evidence as a prompt shows it: text to quote from, which can pass for nothing else."""

from __future__ import annotations

import re

from rag.compose import attribution
from rag.domain import Evidence

_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]+"
)
# What could pass for evidence numbers, for markup, or for a turn of the conversation.
_NEUTRAL = str.maketrans("[]【】<>{}|`#", "()()‹›()¦'·")
# Stands between the headings and lead-ins of a piece of evidence.
_BELOW = " › "
_PATH = re.compile(r".*\s›\s[^›:]*:+\s*")


def evidence_line(number: int, evidence: Evidence) -> str:
    """Evidence as the prompt shows it: one line that can pass for nothing else."""
    author = evidence.article.metadata.author
    who = attribution(evidence.article) + (f", by {author}" if author else "")
    around = [neutral(text) for text in evidence.context_texts]
    place = f" {_BELOW.join(around)}:" if around else ""
    return f"[{number}] ({neutral(who)}){place} {neutral(evidence.text)}"


def without_place(text: str, evidence: Evidence) -> str:
    """What a model says of `evidence`, without the headings and lead-ins it copied from its line.

    A path of several is told by what joins them, though the model changed its words; one alone has
    to be as it was, and not how the evidence itself begins.
    """
    if path := _PATH.match(text):
        return text if _BELOW.strip() in evidence.text else text[path.end() :]
    for words in map(neutral, evidence.context_texts):
        one = re.match(rf"{re.escape(words.rstrip(':'))}\s*:+\s*", text, re.IGNORECASE)
        if one and not neutral(evidence.text).lower().startswith(one.group().lower().rstrip()):
            return text[one.end() :]
    return text


def neutral(text: str) -> str:
    """`text` without what could pass for structure of the prompt; for the model's eyes only."""
    line = re.sub(r"\s+", " ", _UNSEEN.sub(" ", text.translate(_NEUTRAL)))
    return re.sub(r"\b(system|user|assistant|human)\s*:", r"\1 -", line, flags=re.IGNORECASE)
