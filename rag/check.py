"""Does a drafted sentence say only what the evidence that it cites says?

Every figure, date, unit, name, quotation, comparison, negation and hedge must be there, bound to
the same words; other words may differ up to a fitted share. No model judges: what is compared is
words, so a sentence may be withheld that is true, and the reason says which check withheld it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag import acts, amounts, bindings, facts, quotations, roles, wording
from rag.check_figures import check_figures, stem
from rag.check_form import check_form, check_statement, without_headings
from rag.claims import Claim
from rag.domain import Evidence, Withheld
from rag.support import Support, UnsupportedError, make_support
from rag.text import fold, replaced

# The share of a sentence's content words that its evidence may lack, in any form or likeness.
# Chosen on sentences of our own, true and false: whatever is more lets a falsehood through.
FOREIGN_SHARE = 0.17
# A name tells more than another word which clause a sentence comes from.
_NAME_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """A sentence that its evidence supports, quotations in the article's own characters."""

    text: str
    numbers: tuple[int, ...]


def check(claim: Claim, evidence: Mapping[int, Evidence]) -> Verified | Withheld:
    """`claim` verified against the evidence whose numbers it gives, or withheld with the reason.

    Args:
        claim: what a model drafted.
        evidence: all that the model was shown, by the number it was shown under.

    Returns:
        The sentence to show, and of its numbers those that support it alone; all of them where
        only together they do.
    """
    try:
        check_form(claim, evidence)
        alone = []
        reasons = []
        for number in claim.numbers:
            try:
                said = without_headings(claim.text, evidence[number])
                text = _supported(said, [evidence[number]])
                alone.append((number, text))
            except UnsupportedError as reason:
                reasons.append(reason)
        if alone:
            return Verified(alone[0][1], tuple(n for n, _ in alone))
        if len(claim.numbers) == 1:
            raise reasons[0]
        text = _supported(claim.text, [evidence[n] for n in claim.numbers])
        return Verified(text, claim.numbers)
    except UnsupportedError as reason:
        return Withheld(claim.text, str(reason))


def _supported(text: str, cited: Sequence[Evidence]) -> str:
    """`text` with its quotations made the article's own; raises UnsupportedError."""
    for e in cited:
        # All of a unit is what the unit says, whatever the rules below make of it.
        if _words_of(text) == _words_of(e.text):
            return " ".join(e.text.split())
    check_statement(text, cited)
    support = make_support(cited)
    shown = _quotations(text, cited)
    check_figures(text, support)
    _names(text, support)
    _relations(text, support)
    _negations(text, support)
    _words(text, support)
    if word := bindings.stranger(text, replace(support, known=support.body).has):
        raise UnsupportedError(f"who or what it is said of is not in the evidence: {word}")
    if word := bindings.misbound(text, support.text):
        raise UnsupportedError(f"the evidence says this of something else: {word}")
    return shown


def _words_of(text: str) -> list[str]:
    """The words of `text`, its figures whole and the signs that tell what they count."""
    return re.findall(r"\d[\d.,:]*\d|\w+|[%$€£¥₹°]|[-−](?=\d)", fold(text))


def _quotations(text: str, cited: Sequence[Evidence]) -> str:
    found = quotations.quotations(text)
    if found is None:
        raise UnsupportedError("a quotation mark without its partner")
    shown = []
    for span, content in found:
        place = None
        for e in cited:
            place = quotations.find_words(content, e.text)
            if place is not None:
                own = place.of(e.text)
                break
        if place is None:
            raise UnsupportedError(f"not a quotation of the evidence: “{content}”")
        tail = re.search(r"[,.;:!?…]*$", content)
        shown.append((span, f"“{own}{tail.group() if tail else ''}”"))
    return replaced(text, shown)


def _names(text: str, support: Support) -> None:
    there = support.tokens
    keys = {t.key for t in there}
    capital = {t.key for t in there if t.name}
    for name in facts.names(text):
        short = name.text.replace(".", "").isupper() and len(name.key) <= 3
        # "The", "Will" inside a sentence is a name, whatever else the evidence says with that word.
        ordinary = not name.term or wording.glue(name.term)
        written = capital if short or (ordinary and not name.first) else keys
        if name.key not in written and not (name.first and support.has(name.term)):
            raise UnsupportedError(f"name not in the evidence: {name.text}")
    order = [t.key for t in there if t.text[0].isalnum()]
    for one, other in facts.pairs(text):
        if (
            one in keys
            and other in keys
            and not any(
                order[i] == one and other in order[i + 1 : i + 4] for i in range(len(order))
            )
        ):
            raise UnsupportedError(f"names not together in the evidence: {one} {other}")
    if verb := roles.exchanged(text, support.text):
        raise UnsupportedError(f"who and whom are exchanged around “{verb}”")


def _relations(text: str, support: Support) -> None:
    there = {name for _, names in wording.classes(support.known) for name in names}
    for word, names in wording.classes(text):
        if not names & there:
            raise UnsupportedError(f"comparison not in the evidence: {word}")
    if missing := wording.superlatives(text) - wording.superlatives(support.known):
        raise UnsupportedError(f"comparison not in the evidence: {min(missing)}")
    speakers = roles.speakers(text)
    credited = roles.speakers(support.text) | {t.key for t in facts.tokens(support.credits)}
    if speakers and not speakers & credited:
        raise UnsupportedError("the evidence has nobody of this name say it")


def _negations(text: str, support: Support) -> None:
    mine = [n for n in facts.negations(text) if n.terms]
    for n in mine:
        # "Did not accept" is "rejected"; else what is denied must be denied there.
        if not support.denied & {n.terms[0], *wording.like(n.terms[0])} and not (
            wording.opposites(n.terms[0]) & support.stems - support.denied
        ):
            raise UnsupportedError(f"negation not in the evidence: {n.word} … {n.terms[0]}")
    said = {t.term for t in facts.tokens(text) if t.term}
    counts = _counts(support.tokens)
    _polarity(text, support)
    if wording.SPEECH.search(text.lower()):
        return
    mine_hedged = {h.word for h in facts.hedges(text)}
    past = {t.term for t in facts.tokens(text) if facts.is_past(t)}
    hedged = [h for h in facts.hedges(support.text) if h.terms]
    for h in hedged:
        term = h.terms[0]
        # "Will pass" may become "passes", not "passed"; "may pass" not even "will pass".
        certain = h.word in wording.FUTURE
        if (mine_hedged if certain else mine_hedged - wording.FUTURE) or (
            certain and term not in past
        ):
            continue
        if term in said and counts[term] == sum(term in o.terms for o in hedged):
            raise UnsupportedError(f"left out that it is not certain: {h.word} … {term}")


def _polarity(text: str, support: Support) -> None:
    """What a clause says is or is not so must stand likewise in the clause that it comes from."""
    theirs = [(c, _denied(c), frozenset(t.term for t in c if t.term)) for c in support.clauses]
    speakers = roles.speakers(text)
    for clause in facts.clauses(text):
        mine = _denied(clause)
        weights = {t.term: _NAME_WEIGHT if t.name else 1 for t in clause if t.term}
        for term in weights:
            same, contrary = wording.like(term) | {term}, wording.opposites(term)
            found = [
                (
                    sum(weights.get(t, 0) for t in stems - {term}),
                    not same & denied if same & stems else bool(contrary & denied),
                )
                for c, denied, stems in theirs
                if (same | contrary) & stems
                and not (mine & same and _strangers(clause, c, speakers))
            ]
            if term in mine and not found:
                raise UnsupportedError(f"negation not in the evidence: {term}")
            best = max((overlap for overlap, _ in found), default=0)
            if found and not any(
                so is not bool(same & mine) for overlap, so in found if overlap == best
            ):
                raise UnsupportedError(f"the evidence says the opposite: {term}")


def _strangers(
    one: Sequence[facts.Token], other: Sequence[facts.Token], speakers: frozenset[str]
) -> bool:
    """Whether both clauses name somebody beside who says it, and not one the same."""
    mine, theirs = ({t.key for t in c if t.name and t.term} - speakers for c in (one, other))
    return bool(mine and theirs) and not mine & theirs


def _denied(clause: Sequence[facts.Token]) -> frozenset[str]:
    text = " ".join(t.text for t in clause)
    return frozenset(n.terms[0] for n in facts.negations(text) if n.terms)


def _counts(row: Sequence[facts.Token]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for token in row:
        if token.term:
            counts[token.term] = counts.get(token.term, 0) + 1
    return counts


def _words(text: str, support: Support) -> None:
    names = {t.term for t in facts.names(text)}
    numbers = amounts.read_numbers(text)
    counted = {
        stem(numbers.tokens[i]) for first, last in numbers.places for i in range(first, last + 1)
    }
    if any(f.unit == "%" for f in numbers.figures):
        counted |= {"percent", "cent"}
    content = [
        t for t in facts.tokens(text)
        if t.term and t.term not in names and t.term not in counted and t.text[0].isalpha()
        and not wording.glue(t.term)
    ]  # fmt: skip
    if not (content or names or numbers.figures):
        # "Yes, she did.": true or not, it cannot be told.
        raise UnsupportedError("too few words to say anything")
    # Words of comparison have been compared already.
    compared = {w for phrase, _ in wording.classes(text) for w in phrase.split()}
    foreign = []
    for token in content:
        if token.key in compared | wording.NEGATIONS or support.has(token.term):
            continue
        contrary = wording.opposites(token.term) & support.stems
        if contrary - support.denied:
            raise UnsupportedError(f"the evidence says the opposite: {token.text}")
        if name := support.misspelt(token.key):
            raise UnsupportedError(f"name not in the evidence: {token.text} for {name}")
        if not contrary:
            foreign.append(token.text)
    # What somebody does is the statement: no such word may differ.
    acted = {act.word for clause in acts.read_clauses(text) for act in clause.acts}
    most = FOREIGN_SHARE * (len(content) + len(names))
    if len(foreign) > most or acted & set(foreign):
        raise UnsupportedError(f"words not in the evidence: {', '.join(dict.fromkeys(foreign))}")
