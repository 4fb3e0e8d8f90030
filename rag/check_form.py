"""Is a drafted sentence one statement that points at its evidence, whatever its words say?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rag import acts, facts, wording
from rag.claims import LONGEST, Claim
from rag.domain import Evidence, Kind
from rag.evidence_lines import without_place
from rag.support import UnsupportedError

_FEWEST_WORDS = 2
# What has neither verb nor figure needs more, or it only names: "The operator."
_FEWEST_OF_FRAGMENT = 4
_MARKUP = re.compile(
    r"!?\[[^\]]*\]\s*\(|</?[a-zA-Z][^>]*>|\b(?:https?|javascript|data):|www\.|\]\("
)


def without_headings(text: str, evidence: Evidence) -> str:
    """`text` without copied headings, where what is left says something by itself."""
    rest = without_place(text, evidence)
    if rest == text or _words_in(rest) < _FEWEST_OF_FRAGMENT or not acts.states(rest):
        return text
    return rest if evidence.kind is Kind.CODE else rest[:1].upper() + rest[1:]


def check_form(claim: Claim, evidence: Mapping[int, Evidence]) -> None:
    """What a sentence must have before its words are looked at.

    Raises:
        UnsupportedError: it lacks something of that; the message says what.
    """
    if not claim.numbers:
        raise UnsupportedError("no evidence number")
    for number in claim.numbers:
        if number not in evidence:
            raise UnsupportedError(f"no evidence has the number {number}")
    if claim.cut:
        raise UnsupportedError("the reply ends in the middle of it")
    if len(claim.text) > LONGEST:
        raise UnsupportedError("too long for a sentence")
    # "20 1" is no statement, though both figures be there.
    words = _words_in(claim.text)
    if words < _FEWEST_WORDS or (words < _FEWEST_OF_FRAGMENT and not acts.states(claim.text)):
        raise UnsupportedError("too few words to say anything")
    if _MARKUP.search(claim.text):
        raise UnsupportedError("links, images or markup")


def _words_in(text: str) -> int:
    return sum(token.text[0].isalpha() for token in facts.tokens(text))


def check_statement(text: str, cited: Sequence[Evidence]) -> None:
    """Whether `text` states something, and once. What is a piece of evidence whole need not.

    Raises:
        UnsupportedError: it does not.
    """
    if text.endswith("?"):
        raise UnsupportedError("a question")
    if run := _repeated(text, cited):
        raise UnsupportedError(f"it repeats itself: {run}")


def _repeated(text: str, cited: Sequence[Evidence]) -> str:
    """What stands in `text` more than once, and not so often in the evidence."""
    there = Counter(run for e in cited for run in _runs(e.text))
    return next((" ".join(r) for r, n in Counter(_runs(text)).items() if n > max(1, there[r])), "")


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Each run of three words, where one of them tells something."""
    row = [token for token in facts.tokens(text) if token.text[0].isalnum()]
    for at in range(len(row) - 2):
        run = row[at : at + 3]
        if any(t.term and not wording.glue(t.term) for t in run):
            yield tuple(t.key for t in run)
