"""What a sentence asserts beside its figures: names, their order, negations, hedges, quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from rag import wording
from rag.amounts import calendar_word, number_word
from rag.text import fold, words
from rag.wording import HEDGES, NEGATIONS, glue

_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}|[^\W\d_][^\W_]*(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*\w*|[^\w\s]"
)
_CLAUSES = (
    ", ; : . ! ? ( ) – — and but while whereas which who although though or after before when "
    "since because"
)
_CLAUSE = frozenset(_CLAUSES.split())
_SCOPE = 4
# How far from a verb its subject and object may stand.
_SIDE = 8
_BE = frozenset({"is", "are", "was", "were", "be", "been", "being"})
_IRREGULAR = (
    "beat bought brought built caught chose cut drove fed felt fought found gave got hit held hurt "
    "kept knew led left lent lost made met paid put read rode saw sold sent set shot shut spoke "
    "struck stole sued swore taught told took threw understood won wrote"
)
_PAST = frozenset(_IRREGULAR.split())
_SAID = frozenset({"said", "says", "told", "added", "stated", "announced", "warned", "claimed"})
_STOPS = frozenset(',;:().!?“”"')
_PREPOSITIONS = frozenset({"against", "to", "with", "from", "for", "at", "near", "in", "on", "of"})
_WAYS = {"from": "from", "to": "to", "towards": "to", "toward": "to", "into": "to"}
# "No more than" compares, "not only" adds; neither denies.
_NO_DENIAL = frozenset(
    {("no", "more"), ("no", "fewer"), ("no", "less"), ("not", "only"), ("not", "just"),
     ("not", "least"), ("if", "not"), ("no", "later")}
)  # fmt: skip
_TO = frozenset(
    {"fail", "failed", "fails", "failing", "refuse", "refused", "refuses", "declined", "unable"}
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or sign: `text` as written, `key` for comparing, `term` its stem, "" for stop words.

    `name` is for what is written like a name; `first` for the first word of a sentence.
    """

    text: str
    key: str
    term: str
    name: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """A negation or hedge with the stems that it governs."""

    word: str
    terms: tuple[str, ...]


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[Token, ...]:
    """The words and signs of `text`."""
    result: list[Token] = []
    first = True
    for match in _WORD.finditer(text):
        written = match.group()
        if not written[0].isalnum():
            result.append(Token(written, written, "", False, False))
            first = first or written in '.!?:“"‘•'
            continue
        key = re.sub(r"'s?$", "", fold(written).replace("’", "'").replace(".", ""))
        content = [wording.base(w.term) for w in words(written) if not w.stop]
        name = written[0].isupper() or any(c.isupper() for c in written[1:])
        result.append(Token(written, key, content[0] if content else "", name, first))
        first = False
    return tuple(result)


def names(text: str) -> list[Token]:
    """What `text` names: words with capitals, but for ordinary ones that begin a sentence.

    "US" is none of the stop words, nor is "Will" inside a sentence.
    """
    return [
        t for t in tokens(text)
        if t.name and t.key != "i" and not (t.first and (
            not t.term or number_word(t.key) or wording.compares(t.key)
            or (t.text[1:].islower() and glue(t.term))
        ))
    ]  # fmt: skip


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Neighbouring words of one name in `text`, by their keys."""
    row = tokens(text)
    for one, other in pairwise(row):
        if one.name and other.name and one.term and other.term:
            yield one.key, other.key


@lru_cache(maxsize=8192)
def negations(text: str) -> tuple[Scope, ...]:
    """The negations of `text`, each with what it denies."""
    return tuple(_scopes(text, NEGATIONS))


@lru_cache(maxsize=8192)
def hedges(text: str) -> tuple[Scope, ...]:
    """The words of `text` by which something is said not to be so for certain."""
    return tuple(_scopes(text, HEDGES))


def _scopes(text: str, kind: frozenset[str]) -> Iterator[Scope]:
    row = tokens(text)
    for at, token in enumerate(row):
        key = fold(token.text).replace("’", "'")
        if key not in kind and not (kind is NEGATIONS and key.endswith("n't")):
            continue
        behind = row[at + 1].key if at + 1 < len(row) else ""
        # What "failed to start" did not start; what failed, failed.
        if (key, behind) in _NO_DENIAL or (key in _TO and behind != "to"):
            continue
        governed: list[str] = []
        for other in row[at + 1 :]:
            if (other.text.lower() in _CLAUSE and governed) or len(governed) == _SCOPE:
                break
            if other.term and not other.key.endswith("ly"):
                governed.append(other.term)
        if not governed:
            # "… did not." denies what stands before it.
            governed = [t.term for t in row[max(0, at - 6) : at] if t.term][-2:]
        yield Scope(key, tuple(governed))


def exchanged(claim: str, evidence: str) -> str:
    """The word around which `claim` has a name on the other side than `evidence`; "" for none.

    "Kyiv accused Moscow" is not "Moscow accused Kyiv", nor is "to Rome" "from Rome"; a passive
    turns the sides lawfully.
    """
    said, there = _verbs(claim), _verbs(evidence)
    for verb, sides in said.items():
        for before, after, passive in sides:
            others = there.get(verb, [])
            if others and all(
                passive is was and (before & right - left - after or after & left - right - before)
                for left, right, was in others
            ):
                return verb
    row, parts = tokens(evidence), clauses(evidence)
    for name, verb in _subjects(claim):
        places = [at for at, t in enumerate(row) if t.key == name]
        if places and all(_object(row, at) for at in places):
            return name
        # Who does something in a clause with a name of its own is not named in another.
        doing = [c for c in parts if any(t.term == verb for t in c)]
        if (
            places
            and doing
            and all(_leads(c, verb) and all(t.key != name for t in c) for c in doing)
        ):
            return verb
    ways, known = _directions(claim), _directions(evidence)
    for name, way in ways:
        if (name, way) not in known and any(n == name for n, _ in known):
            return way
    return ""


def _leads(clause: Sequence[Token], verb: str) -> bool:
    """Whether a name stands before the verb in a clause."""
    at = next(i for i, t in enumerate(clause) if t.term == verb)
    return any(t.name and t.term for t in clause[:at])


def _subjects(text: str) -> set[tuple[str, str]]:
    """The names right before an active verb in the past, each with the verb's stem."""
    row = tokens(text)
    return {
        (row[at - 1].key, token.term)
        for at, token in enumerate(row)
        if at and is_past(token) and token.key not in _SAID and not _object(row, at - 1)
        and row[at - 1].name and row[at - 1].term and not calendar_word(row[at - 1].key)
    }  # fmt: skip


def _object(row: Sequence[Token], at: int) -> bool:
    """Whether the name at a place hangs on a preposition, as "Lind" does in "against V. Lind".

    In "against V. Lind, who won", it is a subject again.
    """
    if [t.key for t in row[at + 1 : at + 3]] in ([",", "who"], [",", "which"]):
        return False
    before = at - 1
    while before >= 0 and (row[before].name or row[before].text in (".", "the")):
        before -= 1
    return before >= 0 and row[before].key in _PREPOSITIONS


def _verbs(text: str) -> dict[str, list[tuple[frozenset[str], frozenset[str], bool]]]:
    """Verbs in the past by their stem: the names before and behind each, and is it passive."""
    result: dict[str, list[tuple[frozenset[str], frozenset[str], bool]]] = {}
    row = tokens(text)
    for at, token in enumerate(row):
        if not is_past(token) or token.key in _SAID:
            continue
        sides = (_before(row, at), _side(row[at + 1 : at + 1 + _SIDE]))
        passive = any(t.key in _BE for t in row[max(0, at - 3) : at])
        result.setdefault(token.term or token.key, []).append((*sides, passive))
    return result


def speakers(text: str) -> frozenset[str]:
    """The names beside a "said" or the like."""
    row = tokens(text)
    found: frozenset[str] = frozenset()
    for at, token in enumerate(row):
        if token.key in _SAID and not token.name:
            before = list(row[max(0, at - _SIDE) : at][::-1])
            # "The leader, P. Lukic, said": the comma closes what stands between.
            if before and before[0].text == ",":
                before.pop(0)
            found |= _side(before) | _side(row[at + 1 : at + 1 + _SIDE])
    return found


def is_past(token: Token) -> bool:
    """Whether a word looks like a verb's past."""
    return not token.name and (token.key.endswith("ed") or token.key in _PAST or token.key in _SAID)


def _before(row: Sequence[Token], at: int) -> frozenset[str]:
    """The names before the verb at a place that do not hang on a preposition."""
    first = max(0, at - _SIDE)
    near = [replace(row[i], name=row[i].name and not _object(row, i)) for i in range(first, at)]
    return _side(near[::-1])


def _side(row: Sequence[Token]) -> frozenset[str]:
    """The names of `row` up to the next verb or break, but for days and months."""
    near: list[Token] = []
    for token in row:
        if is_past(token) or token.text in _STOPS:
            break
        near.append(token)
    return frozenset(t.key for t in near if t.name and t.term and not calendar_word(t.key))


def clauses(text: str) -> list[tuple[Token, ...]]:
    """The clauses of `text`; one that begins with "who" or "which" has the name before it too."""
    result: list[list[Token]] = [[]]
    last_name: list[Token] = []
    for token in tokens(text):
        if token.text.lower() in _CLAUSE and token.text not in ("(", ")"):
            if token.key in ("who", "which"):
                result.append(list(last_name))
            elif result[-1] and token.key != "and":
                result.append([])
            continue
        if token.name and token.term:
            last_name = [*last_name, token] if result[-1][-1:] == last_name[-1:] else [token]
        result[-1].append(token)
    return [tuple(c) for c in result if c]


def _directions(text: str) -> set[tuple[str, str]]:
    """Names of `text` that stand right behind "from", "to" and the like, with which of them."""
    row = tokens(text)
    return {
        (token.key, _WAYS[before.key])
        for at, token in enumerate(row)
        for before in row[max(0, at - 2) : at]
        if token.name and token.term and before.key in _WAYS
    }
