"""Clauses of a text with their verbs, and the nouns before and behind each; without a grammar.

A clause ends at punctuation and at small words such as "but" or "who"; a stretch without a verb is
in apposition. A verb is what looks like a past, stands behind "will", or follows "is".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rag import wording
from rag.amounts import calendar_word, number_word
from rag.facts import SAID, Token, is_past, tokens

_SOFT = frozenset(",()–—")
_HARD = frozenset(".;:!?")
_OPENERS = frozenset(
    {"but", "while", "whereas", "which", "who", "whose", "whom", "where", "that", "although",
     "though", "or", "after", "before", "when", "since", "because", "once", "until", "if"}
)  # fmt: skip
_JOINERS = frozenset({"and", "but", "or"})
_PARTICLES = frozenset({"over", "up", "out", "off", "down", "away", "back", "in", "on"})
# These take the noun before them into their clause.
_RELATIVE = frozenset({"which", "who", "whose", "whom", "where", "that", "when"})
_BE = frozenset({"is", "are", "was", "were", "be", "been", "being"})
_HAVE = frozenset({"has", "have", "had"})
_AUXILIARY = _BE | _HAVE | {"having", "do", "does", "did"}
_WILL = frozenset(
    {"will", "would", "can", "could", "may", "might", "must", "shall", "should", "to"}
)
_DETERMINERS = frozenset(
    {"the", "a", "an", "its", "their", "his", "her", "our", "my", "your", "this", "that", "these",
     "those", "all", "both", "each", "every", "some", "any", "no"}
)  # fmt: skip
PRONOUNS = frozenset(
    {"it", "they", "them", "he", "him", "she", "her", "this", "these", "those", "one", "ones",
     "both", "others", "some", "all", "each", "itself", "themselves", "so"}
)  # fmt: skip
PREPOSITIONS = frozenset(
    {"of", "in", "at", "on", "from", "to", "with", "without", "for", "near", "by", "against",
     "into", "as", "over", "under", "about", "between", "through", "during", "among", "within"}
)  # fmt: skip
_LIGHT = frozenset({"not", "never", "still", "also", "only", "just", "already", "now", "yet"})
# These stand inside a noun: the climbers' camp, the painting "Dusk".
_MARKS = frozenset("\"“”'’")


@dataclass(frozen=True, slots=True)
class Act:
    """A verb, or what something is said to be, its place in its clause and its stem; `doer` has
    the stems of the nouns before it, `of` of those behind it, behind "by" where it is passive.
    """

    word: str
    at: int
    stem: str
    passive: bool
    doer: frozenset[str]
    of: frozenset[str]


@dataclass(frozen=True)
class Clause:
    """A stretch of words with its verbs.

    `relative` tells whether it is about the noun before it; `beside` has that noun, and what stands
    in apposition.
    """

    row: tuple[Token, ...]
    beside: tuple[Token, ...]
    relative: bool
    acts: tuple[Act, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of it, and of what is beside it."""
        return frozenset(t.term for t in (*self.beside, *self.row) if t.term)

    @cached_property
    def hanging(self) -> frozenset[str]:
        """The stems of what hangs on a preposition in it, but for "according to"."""
        nouns = [
            content(noun_behind(self.row, at + 1))
            for at, token in enumerate(self.row)
            if token.key in PREPOSITIONS and not (at and self.row[at - 1].key == "according")
        ]
        return frozenset().union(*nouns)

    @cached_property
    def text(self) -> str:
        """The words of it, and of what is beside it."""
        return " ".join(t.text for t in (*self.row, *self.beside))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The words of it, folded."""
        return frozenset(t.key for t in self.row)


@lru_cache(maxsize=2048)
def read_clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of `text`, each with a verb where there is one to have."""
    result: list[Clause] = []
    for row, beside, relative in _merged(text):
        acts = tuple(_acts_of(row, result))
        result.append(Clause(tuple(row), tuple(beside), relative, acts))
    return tuple(result)


def states(text: str) -> bool:
    """Whether `text` has a figure, or what looks like a verb."""
    row = tokens(text)
    return any(t.text[0].isdigit() or _verb(row, at) for at, t in enumerate(row))


def first_subject(clause: Clause) -> tuple[list[Token], str]:
    """The noun before the first verb of a clause, "is" and "made" among them, and that verb."""
    row = clause.row
    verb = at = next((i for i in range(len(row)) if _verb(row, i)), 0)
    while at and _helps(row[at - 1]):
        at -= 1
    return _subject(row, at), row[verb].key


def _merged(text: str) -> Iterator[tuple[list[Token], list[Token], bool]]:
    """Stretches of `text` that have a verb; one without goes with the next, and is in apposition
    to the last. With the nouns beside it, and whether it is a relative clause.
    """
    pending: list[Token] = []
    ready: list[tuple[list[Token], list[Token], bool]] = []
    apart = True
    for row, about, hard in _stretches(text):
        whole, pending = [*pending, *row], []
        if any(_verb(whole, at) for at in range(len(whole))):
            ready.append((whole, list(about), bool(about)))
            apart = hard
            continue
        if ready and not apart:
            ready[-1][1].extend(row)
        apart = apart or hard
        if not hard:
            pending = whole
        elif not ready:
            ready.append((whole, [], False))
    if pending and not ready:
        ready.append((pending, [], False))
    yield from ready


def _stretches(text: str) -> Iterator[tuple[list[Token], list[Token], bool]]:
    """Stretches with the noun that each is about, and whether a full stop or the like ends it."""
    row: list[Token] = []
    about: list[Token] = []
    last: list[Token] = []
    for token in tokens(text):
        if token.text in _HARD or token.text in _SOFT:
            if row:
                # A comma, so that what stands on its two sides is never one noun.
                yield [*row, token], about, token.text in _HARD
            row, about, last = [], [], row or last
        elif token.key in _OPENERS and not token.name:
            if row:
                yield row, about, False
            last = row or last
            row, about = [], _noun_before(last, len(last)) if token.key in _RELATIVE else []
            if token.key in _JOINERS:
                row.append(token)
        else:
            row.append(token)
    if row:
        yield row, about, True


def _acts_of(row: Sequence[Token], before: Sequence[Clause]) -> Iterator[Act]:
    doer = _shared(row, before)
    for at, token in enumerate(row):
        owns = token.key in _HAVE and at + 1 < len(row) and row[at + 1].key in _DETERMINERS
        if not owns and (not _verb(row, at) or token.key in _AUXILIARY or not token.term):
            continue
        # "Said Moss" is "Moss said"; "told" has its order.
        if token.key in SAID and token.key != "told":
            continue
        behind = at + 1
        stem = "have" if owns else token.term
        if not owns and wording.glue(stem):
            # "Took over" says what "took" does not.
            if behind == len(row) or row[behind].key not in _PARTICLES:
                continue
            stem, behind = f"{stem} {row[behind].key}", behind + 1
        group = at
        while group and _helps(row[group - 1]):
            group -= 1
        helpers = {t.key for t in row[group:at]}
        passive = bool(helpers & _BE) and (is_past(token) or _irregular(token))
        by = behind < len(row) and row[behind].key == "by"
        of = noun_behind(row, behind + by) if by or not passive else []
        own = content(_subject(row, group))
        # "The mill closed and reopened": who did the one did the other.
        joined = group == 0 or row[group - 1].key in _JOINERS
        doer = own or (doer if joined else frozenset())
        yield Act(token.text, at, stem, passive, doer, content(of))


def _shared(row: Sequence[Token], before: Sequence[Clause]) -> frozenset[str]:
    """Who does what a clause begins with, where that clause does not say so itself."""
    if not before:
        return frozenset()
    if before[-1].relative and row[0].key not in _JOINERS:
        # "Cleaners, who were offered 4 per cent, will walk out."
        return content(before[-1].beside)
    main = next((c for c in before[::-1] if not c.relative), None)
    return main.acts[0].doer if main and main.acts and row[0].key in _JOINERS else frozenset()


def _verb(row: Sequence[Token], at: int) -> bool:
    """Whether a word looks like a verb: a past, one behind "will" or "to", or what follows "is"."""
    token = row[at]
    if token.name or not token.text[0].isalpha():
        return False
    if token.key in _AUXILIARY:
        return True
    before = at - 1
    while before >= 0 and (row[before].key in _LIGHT or row[before].key.endswith("ly")):
        before -= 1
    behind = row[before].key if before >= 0 else ""
    if behind in _WILL or behind in _BE:
        return bool(token.term) and token.key not in _DETERMINERS | PREPOSITIONS
    return (is_past(token) or _irregular(token)) and behind not in _DETERMINERS


def _irregular(token: Token) -> bool:
    return bool(token.term) and token.key in wording.irregular_pasts()


def _helps(token: Token) -> bool:
    return token.key in _AUXILIARY | _WILL | _LIGHT or token.key.endswith("ly")


def _subject(row: Sequence[Token], end: int) -> list[Token]:
    """The noun before a place, and where that hangs on "of" or "in", the noun which it hangs on."""
    if end and row[end - 1].text == ",":
        # "The minister, Lena Vogt, told …": both are the subject.
        named = _noun_before(row, end - 1)
        outside = end - 2 - len(named)
        before = outside >= 0 and row[outside].text == ","
        return [*named, *(_noun_before(row, outside) if before else ())]
    noun = _noun_before(row, end)
    first = end - len(noun)
    while first > 1 and noun and row[first - 1].key in PREPOSITIONS:
        outer = _noun_before(row, first - 1)
        if not outer:
            break
        noun, first = outer, first - 1 - len(outer)
    # "In May the council …": nothing but the preposition stands before it.
    return [] if first and row[first - 1].key in PREPOSITIONS else noun


def _noun_before(row: Sequence[Token], end: int) -> list[Token]:
    """The words of one noun that ends before a place, its article included."""
    first = end
    while first and _nominal(row[first - 1]):
        first -= 1
        if row[first].key in _DETERMINERS:
            break
    return list(row[first:end])


def noun_behind(row: Sequence[Token], start: int) -> list[Token]:
    """The words of the noun that begins at a place."""
    last = start
    while last < len(row) and _nominal(row[last]):
        if row[last].key in _DETERMINERS and last > start:
            break
        last += 1
    return list(row[start:last])


def _nominal(token: Token) -> bool:
    if token.text in _MARKS:
        return True
    if token.key in PREPOSITIONS | _AUXILIARY | _WILL | _LIGHT | SAID | _JOINERS:
        return False
    if calendar_word(token.key):
        return False
    if token.text[0].isdigit() or number_word(token.key) or token.key in _DETERMINERS:
        return True
    return token.text[0].isalpha() and bool(token.term) and (token.name or not is_past(token))


def content(noun: Sequence[Token]) -> frozenset[str]:
    """The stems of a noun's words that say what it is, and a number behind them: "version 3"."""
    words = {
        t.term for t in noun
        if t.term and t.text[0].isalpha() and not number_word(t.key) and not wording.glue(t.term)
    }  # fmt: skip
    last = noun[-1].text if len(noun) > 1 else ""
    return frozenset(words | {last} if words and last.isdigit() else words)
