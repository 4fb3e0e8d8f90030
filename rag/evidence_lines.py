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


def evidence_line(number: int, evidence: Evidence) -> str:
    """Evidence as the prompt shows it: one line that can pass for nothing else."""
    author = evidence.article.metadata.author
    who = attribution(evidence.article) + (f", by {author}" if author else "")
    around = [neutral(span.of(evidence.article.text)) for span in evidence.context]
    place = f" {' › '.join(around)}:" if around else ""
    return f"[{number}] ({neutral(who)}){place} {neutral(evidence.text)}"


def neutral(text: str) -> str:
    """`text` without what could pass for structure of the prompt; for the model's eyes only."""
    line = re.sub(r"\s+", " ", _UNSEEN.sub(" ", text.translate(_NEUTRAL)))
    return re.sub(r"\b(system|user|assistant|human)\s*:", r"\1 -", line, flags=re.IGNORECASE)
