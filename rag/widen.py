"""How much of an article a quote needs to be read on its own.

A sentence that a pronoun or a speaker's name ties to its neighbour is quoted with it; what
stands alone stays alone. The result is one run of neighbouring sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.domain import Span
from rag.text import words

MOST_WORDS = 60
_LINK = r"(?:(?:and|but|so|then|also|however|still|yet|later|meanwhile|instead),?\s+)?"
# "This" points back by itself where a verb follows; "this week" and "this bridge" say enough.
_POINTS_BACK = re.compile(
    rf"\W*{_LINK}(?:(?:he|she|they|his|her|their|its|it)\b|(?:this|that|these|those|both)\s+"
    r"(?:is|are|was|were|has|have|had|will|would|could|can|may|might|did|does|do|made|means|meant|"
    r"led|came|left|follows|followed|also)\b)",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(rf"\W*{_LINK}(?:his|her|their|its)\b", re.IGNORECASE)
# "It is clear that …" points at nothing before it.
_POINTS_NOWHERE = re.compile(
    rf"\W*{_LINK}it\s+(?:is|was|has|had|will|would|remains?|takes?|took|seems?|appears?)\b"
    r"(?:\s+\w+){0,5}?\s+(?:that|to|for|who|which|whether|if|how|when|since)\b",
    re.IGNORECASE,
)
_SAYING = (
    r"(?:said|says|told|tells|added|adds|stated|states|claimed|argued|warned|wrote|asked|"
    r"explained|insisted|announced|replied|noted|continued|concluded|declared|remarked)"
)
_SAID = re.compile(rf"\b{_SAYING}\b|\baccording\s+to\b|\w:\s*$", re.IGNORECASE)
_PRONOUN_SAID = re.compile(
    rf"\b(?:he|she|they)\s+(?:also\s+|then\s+)?{_SAYING}\b|\b{_SAYING}\s+(?:he|she|they)\b",
    re.IGNORECASE,
)
# Who speaks, in so many words: "Ada Brae, the owner, said", "said the owner, Ada Brae".
_NAME_SAID = re.compile(
    rf"(?-i:[A-Z])[\w’'-]+(?:,[^,]{{1,60}},)?\s+(?:also\s+|then\s+)?{_SAYING}\b"
    rf"|\b{_SAYING}\s+(?!(?:on|in|at|that|to|during|after|before|it|there)\b)"
    r"(?:(?-i:[a-z])[\w’'-]*,?\s+){0,5}(?-i:[A-Z])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”?|«[^»]*»?|\"[^\"]*\"?")
_MARKS = re.compile("[“”«»]")
_CUT = re.compile(
    r"(?:\b[ap]\.m|\b(?:[A-Za-z]\.)+[A-Za-z]|\b(?:No|St|Dr|Mr|Mrs|Ms|Gen|Lt|vs|approx|ca))\.$"
)
_STARTS_WITHIN = re.compile(r"[a-z(,;]")
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n")
# A quotation or a chain of pronouns longer than this is not followed to its start.
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Widened:
    """What to quote. `spoken` says that it is somebody's words and that it does not say whose."""

    span: Span
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """The units `first` to `last` of a text, between which there is only white space."""

    text: str
    units: Sequence[Span]
    first: int
    last: int
    most_words: int

    @property
    def span(self) -> Span:
        return Span(self.units[self.first].start, self.units[self.last].end)

    def __str__(self) -> str:
        return self.span.of(self.text)

    def gap(self, place: int) -> str | None:
        """What is between a unit and the one before it; None at the ends and where words are."""
        if not 0 < place < len(self.units):
            return None
        between = self.text[self.units[place - 1].end : self.units[place].start]
        return None if between.strip() else between

    def back(self) -> _Run | None:
        """This run with the unit before it, where there is one and it is not too long then."""
        if self.gap(self.first) is None:
            return None
        return replace(self, first=self.first - 1)._if_short()

    def on(self) -> _Run | None:
        """This run with the unit after it."""
        if self.gap(self.last + 1) is None:
            return None
        return replace(self, last=self.last + 1)._if_short()

    def _if_short(self) -> _Run | None:
        return self if len(str(self).split()) <= self.most_words else None


def widened(text: str, span: Span, units: Sequence[Span], most_words: int = MOST_WORDS) -> Widened:
    """`span` with the neighbouring sentences that it needs to be understood.

    Args:
        text: the article's text.
        span: a sentence of it.
        units: the spans of the article's sentences that are known, in order, `span` among them.
        most_words: a run of more words is not made; `span` itself may have more.

    Returns:
        The span of one sentence or of several neighbours.
    """
    place = units.index(span)
    run = _closed(_mended(_Run(text, units, place, place, most_words)))
    run = _with_speaker(run)
    run = _with_subject(run)
    return Widened(run.span, _nobodys(run))


def _mended(run: _Run) -> _Run:
    """The run with what a wrong sentence boundary cut off."""
    while _cut(run, run.last + 1) and (longer := run.on()):
        run = longer
    while _cut(run, run.first) and (longer := run.back()):
        run = longer
    return run


def _cut(run: _Run, place: int) -> bool:
    """Whether the boundary before the unit at `place` falls within a sentence."""
    gap = run.gap(place)
    if gap is None or _PARAGRAPH_END.search(gap):
        return False
    ended = run.units[place - 1].of(run.text)
    return bool(_CUT.search(ended) or _STARTS_WITHIN.match(run.text, run.units[place].start))


def _closed(run: _Run) -> _Run:
    """The run with the rest of a quotation that it begins, ends or stands in."""
    wider: _Run | None = run
    for _ in range(_STEPS):
        if wider and (_open_marks(str(wider))[0] or _inside(wider)):
            wider = wider.back()
    for _ in range(_STEPS):
        if wider and _open_marks(str(wider))[1] and not _reopened(wider):
            wider = wider.on() or wider
    return wider or run


def _open_marks(text: str) -> tuple[bool, bool]:
    """Whether a quotation was opened before `text`, and whether one is left open at its end."""
    depth = lowest = 0
    for mark in _MARKS.findall(text):
        depth += 1 if mark in "“«" else -1
        lowest = min(lowest, depth)
    before, after = lowest < 0, depth - lowest > 0
    if text.count('"') % 2:
        at = text.rindex('"') if text.endswith('"') else text.index('"')
        opening = at == 0 or text[at - 1] in " \t\n("
        before, after = before or not opening, after or opening
    return before, after


def _inside(run: _Run) -> bool:
    """Whether the run, without a mark of its own, stands within a quotation of its paragraph."""
    start = run.first
    while start > 0 and run.first - start < _STEPS:
        gap = run.gap(start)
        if gap is None or _PARAGRAPH_END.search(gap) or "\n" in gap:
            break
        start -= 1
    return _open_marks(run.text[run.units[start].start : run.span.start])[1]


def _reopened(run: _Run) -> bool:
    """Whether the quotation goes on in a paragraph that opens it anew, as newspapers do."""
    after = run.units[run.last + 1 :][:1]
    return bool(after) and after[0].of(run.text).startswith(("“", '"', "«"))


def _outside(text: str) -> str:
    """`text` without what stands in quotation marks."""
    return _QUOTED.sub(" ", text)


def _bare(text: str) -> bool:
    """Whether `text` is a quotation and nothing else."""
    return bool(_QUOTED.search(text)) and len(words(_outside(text))) < 2


def _nobodys(run: _Run) -> bool:
    before, after = _open_marks(str(run))
    return before or after or _inside(run) or _bare(str(run))


def _with_speaker(run: _Run) -> _Run:
    """A bare quotation with the sentence before or after it that says who speaks."""
    if not _bare(str(run)):
        return run
    # What leads up to it, or a speaker who goes on, is nearer than what comes after.
    for wider, place in ((run.back(), run.first - 1), (run.on(), run.last + 1)):
        if wider and _SAID.search(_outside(run.units[place].of(run.text))):
            return wider
    return run


def _with_subject(run: _Run) -> _Run:
    """A run whose subject or speaker is a pronoun with the sentence that holds the name."""
    wider, leaning = run, leans_back(str(run))
    for _ in range(2):
        if not leaning:
            return wider
        # "Their rivals" rarely looks back beyond its own paragraph.
        gap = wider.gap(wider.first) or ""
        longer = wider.back()
        if longer is None or (_POSSESSIVE.match(str(wider)) and _PARAGRAPH_END.search(gap)):
            return run
        added = longer.units[longer.first].of(longer.text)
        # A quotation of somebody else's names nobody that the sentence after it speaks of.
        if _bare(added):
            return run
        wider, leaning = longer, leans_back(added)
    return run if leaning else wider


def leans_back(text: str) -> bool:
    """Whether a sentence is about what only the one before it names: "It", "they said"."""
    outside = _outside(text)
    if _POINTS_BACK.match(text) and not text.startswith(("“", '"', "«")):
        return not _POINTS_NOWHERE.match(text)
    return bool(_PRONOUN_SAID.search(outside)) and not _NAME_SAID.search(outside)
