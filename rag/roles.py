"""Who does what to whom: names and their verbs in a drafted sentence and in its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.amounts import calendar_word
from rag.facts import SAID, Token, clauses, is_past, tokens

# How far from a verb its subject and object may stand.
_SIDE = 8
_BE = frozenset({"is", "are", "was", "were", "be", "been", "being"})
_STOPS = frozenset(',;:().!?“”"')
_PREPOSITIONS = frozenset({"against", "to", "with", "from", "for", "at", "near", "in", "on", "of"})
_WAYS = {"from": "from", "to": "to", "towards": "to", "toward": "to", "into": "to"}


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
    for name, verb in sorted(_subjects(claim)):
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
    for name, way in sorted(ways):
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
        if at and is_past(token) and token.key not in SAID and not _object(row, at - 1)
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
        if not is_past(token) or token.key in SAID:
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
        # Who was told something did not say it.
        if token.key in SAID and not token.name and not (at and row[at - 1].key in _BE):
            before = list(row[max(0, at - _SIDE) : at][::-1])
            # "The leader, P. Lukic, said": the comma closes what stands between.
            if before and before[0].text == ",":
                before.pop(0)
            found |= _side(before) | _side(row[at + 1 : at + 1 + _SIDE])
    return found


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


def _directions(text: str) -> set[tuple[str, str]]:
    """Names of `text` that stand right behind "from", "to" and the like, with which of them."""
    row = tokens(text)
    return {
        (token.key, _WAYS[before.key])
        for at, token in enumerate(row)
        for before in row[max(0, at - 2) : at]
        if token.name and token.term and before.key in _WAYS
    }
