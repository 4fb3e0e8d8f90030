"""Whether a sentence affirms what it speaks of, denies it, or leaves it open."""

from __future__ import annotations

import re
from functools import lru_cache

_OPEN = re.compile(
    r"\b(?:consider(?:s|ed|ing)?|await(?:s|ed|ing)?|wait(?:s|ed|ing)?|premature|unclear|undecided|"
    r"unconfirmed|whether|yet\s+to|(?-i:may)|might|refrain(?:s|ed)?|declined\s+to|weigh(?:s|ed|ing)|"
    r"remains?\s+to\s+be|possibl[ey]|suspect(?:s|ed)?)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no(?!\s+(?:longer|doubt|matter))|not(?!\s+(?:long|only|far|just|least))|never|none|nobody|nothing|neither|nor|without|\w+n[’']t|den(?:y|ies|ied)|"
    r"reject(?:s|ed|ing)?|refus(?:e[sd]?|ing|al)|rul(?:e[sd]?|ing)\s+out|dismiss(?:es|ed)?|"
    r"disput(?:es|ed)?|false|untrue|unlikely|fail(?:s|ed)?)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def stance(text: str) -> str:
    """Whether `text` leaves what it speaks of "open", has it "denied" or "affirmed"."""
    if _OPEN.search(text):
        return "open"
    return "denied" if _DENIED.search(text) else "affirmed"
