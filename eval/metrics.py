"""When a quote counts as the gold one. The same rule as the project's outside scorer."""

from __future__ import annotations

import re

from eval.cases import Gold, file_name


def covers(quote: str, source: str, gold: Gold) -> bool:
    """Whether a citation holds what `gold` says.

    It does when it has the gold quote in it, is itself a large part of that, or shares most of
    its words (one sentence may be split in two ways).
    """
    if file_name(source) != gold.source:
        return False
    cited, wanted = (set(re.findall(r"\w+", t.lower())) for t in (quote, gold.quote))
    if gold.quote in quote:
        return True
    shared = len(cited & wanted)
    return (quote in gold.quote and shared >= 0.4 * len(wanted)) or shared >= 0.6 * len(cited)
