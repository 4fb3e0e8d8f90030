"""Dates as articles write them; what is in doubt is no date."""

from __future__ import annotations

import re
from datetime import date

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
DATE = re.compile(
    r"\b(?:\d{4}-\d{2}-\d{2}(?!\d)|"
    rf"(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|"
    rf"\d{{1,2}}(?:(?:st|nd|rd|th)?\s+{_MONTH},?\s+|-{_MONTH}-)\d{{4}})\b)",
    re.IGNORECASE,
)


def parse_date(text: str) -> str | None:
    """The ISO date of the first full date in `text`, or None; 3/6/2025 is in doubt, so None."""
    from dateutil import parser

    for match in DATE.finditer(text):
        try:
            found: date = parser.parse(match.group(), default=None).date()
        except (ValueError, OverflowError):
            continue
        if 1800 <= found.year <= 2200:
            return found.isoformat()
    return None
