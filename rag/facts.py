"""What a sentence asserts beside its figures: names, their order, negations, hedges, quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag import wording
from rag.amounts import number_word
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
_IRREGULAR = (
    "beat bought brought built caught chose cut drove fed felt fought found gave got hit held hurt "
    "kept knew led left lent lost made met paid put read rode saw sold sent set shot shut spoke "
    "struck stole sued swore taught told took threw understood won wrote"
)
_PAST = frozenset(_IRREGULAR.split())
SAID = frozenset({"said", "says", "told", "added", "stated", "announced", "warned", "claimed"})
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


def is_past(token: Token) -> bool:
    """Whether a word looks like a verb's past."""
    return not token.name and (token.key.endswith("ed") or token.key in _PAST or token.key in SAID)


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
