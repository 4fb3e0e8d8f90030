"""What belongs to what: a sentence made of the evidence's own words may still join them wrongly.

Of each verb in a drafted sentence that the evidence has too, subject and object are looked for in
the clauses where the evidence has it; an owner, beside what the evidence lets it own; a figure, at
the verb that it goes with. What cannot be told apart is let through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from rag import wording
from rag.acts import (
    PREPOSITIONS,
    PRONOUNS,
    Act,
    Clause,
    content,
    first_subject,
    noun_behind,
    read_clauses,
)
from rag.amounts import calendar_word, plain, read_numbers
from rag.facts import is_past, tokens

_OWNED = 3
# What may stand for a name that hangs on a preposition.
_PLACES = frozenset({"it", "them", "him", "there", "here", "this", "its", "their", "his", "her"})
_SHARE = re.compile(r"\b(\d[\d.,]*|[a-z]+)(?: percent|%)? of (?:the |its |their |all )?([a-z]+)")
_YEAR = re.compile(r"1\d{3}|2[01]\d{2}")


def misbound(claim: str, evidence: str) -> str:
    """The word of `claim` that the evidence says of something else; "" for none."""
    return _owners(claim, evidence) or _shares(claim, evidence) or _acts(claim, evidence)


def stranger(claim: str, known: Callable[[str], bool]) -> str:
    """Who or what does something in `claim` while `known` has no stem of it; "" for none."""
    for clause in read_clauses(claim):
        subject, verb = first_subject(clause)
        stems = content(subject)
        # Who may have said it is looked at elsewhere: the article says so too.
        if stems and not any(map(known, stems)) and not wording.SPEECH.fullmatch(verb):
            word = next(t for t in subject if t.term in stems)
            if word.key not in wording.NEGATIONS:
                return word.text
    return ""


# --- Figures of something -------------------------------------------------------------------


def _shares(claim: str, evidence: str) -> str:
    """The figure of `claim` that the evidence has of another group; "" for none."""
    there = _of(evidence)
    for figure, thing in sorted(_of(claim) - there):
        if figure in {f for f, _ in there} and thing in {t for _, t in there}:
            return figure
    return ""


def _of(text: str) -> frozenset[tuple[str, str]]:
    """Figures with what they are of, both as folded words: "6 of the children"."""
    return frozenset(_SHARE.findall(plain(text)))


# --- Owners ---------------------------------------------------------------------------------


def _owners(claim: str, evidence: str) -> str:
    """The thing that `claim` gives to another owner than the evidence; "" for none."""
    there: dict[str, set[str]] = {}
    for owner, thing in _owned(evidence):
        there.setdefault(thing, set()).add(owner)
    named = {t.key for t in tokens(evidence)}
    for owner, thing in sorted(_owned(claim)):
        if thing in there and owner not in there[thing] and owner in named:
            return next(t.text for t in tokens(claim) if t.term == thing)
    return ""


@lru_cache(maxsize=2048)
def _owned(text: str) -> frozenset[tuple[str, str]]:
    """Names with the stems of what is theirs: the cox of "Marlow's cox"."""
    row, found = tokens(text), set()
    for at, token in enumerate(row):
        if not (token.name and token.text.replace("’", "'").endswith(("'s", "s'"))):
            continue
        for other in row[at + 1 : at + 1 + _OWNED]:
            if not other.term or other.name or is_past(other):
                break
            found.add((token.key, other.term))
    return frozenset(found)


# --- Verbs ----------------------------------------------------------------------------------


def _acts(claim: str, evidence: str) -> str:
    """The verb of `claim` that has another subject or object in the evidence; "" for none."""
    there = read_clauses(evidence)
    known = frozenset(t.term for t in tokens(evidence) if t.term)
    for clause in read_clauses(claim):
        found = []
        for act in clause.acts:
            alike = wording.like(act.stem) | {act.stem}
            same = [(c, a) for c in there for a in c.acts if a.stem in alike]
            agreeing = [
                (c, a)
                for c, a in same
                if not _other_place(clause, act, c, there)
                and not (act.doer & known and _other_doer(act, c, a))
                and not (act.of & known and _other_object(act, c, a, there))
            ]
            if same and not agreeing:
                return act.word
            found.append(agreeing)
        # Which of two verbs a figure goes with is not told apart.
        if found and all(
            same and all(_other_figures(clause, c, there) for c, _ in same) for same in found
        ):
            return clause.acts[0].word
    return ""


def _other_doer(act: Act, clause: Clause, other: Act) -> bool:
    """Whether the evidence has this done by another."""
    if act.passive is not other.passive:
        # What is done to somebody is not done by them; "seen" and "visible" tell nothing.
        return act.stem == other.stem and bool(
            (act.doer & other.doer and not act.doer & other.of)
            or (act.of & other.of and not act.of & other.doer)
            or (other.doer and not clause.keys & PRONOUNS and not _has(clause, act.doer))
        )
    mine, theirs = ({s for s in a.doer if s.isdigit()} for a in (act, other))
    if mine and theirs:
        return mine != theirs
    if act.doer & other.doer:
        return False
    if act.doer & other.of:
        # "The council closed the school": the school closed, yet it closed nothing.
        return bool(act.of)
    if not other.doer:
        return False
    objects = clause.hanging.union(*(a.of for a in clause.acts))
    return act.doer <= objects or not _has(clause, act.doer)


def _other_object(act: Act, clause: Clause, other: Act, there: Sequence[Clause]) -> bool:
    """Whether the evidence has this done to another."""
    if act.passive is not other.passive:
        return False
    if not other.of:
        # "The tear that he blamed on damp": not the damp is what he blamed.
        return (
            clause.relative
            and bool(other.doer)
            and not act.of & content(clause.beside)
            and (act.of <= clause.hanging or not _has(clause, act.of))
        )
    if _has(clause, act.of):
        return False
    # A pronoun stands for what came before it.
    before = there[: there.index(clause)]
    return not (clause.keys & PRONOUNS and any(_has(c, act.of) for c in before))


def _other_place(mine: Clause, act: Act, clause: Clause, there: Sequence[Clause]) -> bool:
    """Whether a name that hangs on a preposition in `mine`, behind its verb, is of other clauses
    than `clause`.
    """
    strangers: set[str] = set()
    for name in _names_behind(mine, act.at):
        # "From Karim Diallo" is "from Diallo".
        if name & mine.hanging and not _has(clause, name):
            strangers |= name
    # "In Madrid shops closed, and …": what an evidence begins with goes for all of it.
    first = there[0].row
    leading = content(noun_behind(first, 1)) if first[0].key in PREPOSITIONS else frozenset()
    elsewhere = any(_has(c, frozenset({s})) for c in there for s in strangers - leading)
    return elsewhere and not clause.keys & _PLACES


def _names_behind(clause: Clause, at: int) -> list[frozenset[str]]:
    """The stems of each name behind a place of a clause, but for days and months."""
    found: list[frozenset[str]] = []
    joined = False
    for token in clause.row[at + 1 :]:
        named = token.name and bool(token.term) and not calendar_word(token.key)
        if named and joined:
            found[-1] |= {token.term}
        elif named:
            found.append(frozenset({token.term}))
        joined = named
    return found


def _other_figures(mine: Clause, clause: Clause, there: Sequence[Clause]) -> bool:
    """Whether a figure of `mine` stands in another clause, while `clause` has one of its kind."""
    found = _figures(clause.text)
    return any(
        value not in found
        and kind in found.values()
        and any(value in _figures(c.text) for c in there)
        for value, kind in _figures(mine.text).items()
    )


def _figures(text: str) -> dict[str, str]:
    """The figures and years of `text`, each with what kind it is of."""
    numbers = read_numbers(text)
    years = {str(d.year): "year" for d in numbers.days if d.year}
    return years | {
        f.value: "year" if _YEAR.fullmatch(f.value) and not f.unit else f"{f.kind} {f.unit}"
        for f in numbers.figures
    }


def _has(clause: Clause, stems: frozenset[str]) -> bool:
    return any(s in clause.stems or wording.like(s) & clause.stems for s in stems)
