"""Verbs of reports in the past with their base, and the shape of the clause around one.

A question turns the clause round ("left" becomes "did … leave"), so a sentence is used only
where its verb is surely known: a short list of unambiguous forms, and nothing guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_IRREGULAR = """
became:become began:begin bought:buy brought:bring built:build came:come chose:choose drew:draw
drove:drive fell:fall flew:fly found:find gave:give got:get grew:grow held:hold kept:keep knew:know
led:lead left:leave lost:lose made:make met:meet paid:pay ran:run rose:rise sank:sink saw:see
sent:send shut:shut sold:sell spent:spend spoke:speak stood:stand swam:swim swept:sweep took:take
taught:teach threw:throw told:tell tore:tear went:go won:win wrote:write struck:strike broke:break
lay:lie wore:wear ate:eat beat:beat bore:bear caught:catch fought:fight hid:hide rode:ride sang:sing
sought:seek shot:shoot slid:slide stole:steal woke:wake dealt:deal fled:flee killed:kill
stopped:stop dropped:drop slipped:slip planned:plan scrapped:scrap shipped:ship occurred:occur
"""
_REGULAR = """
accept achieve add adopt agree air allow announce appear approve arrest arrive ask attack attend
award ban book burn call cancel capture carry cause celebrate certify charge circle claim climb
close collapse collect complete consume contain contribute convict cover crash create cross damage
declare decline defeat deliver deny deploy destroy detain develop die discover display divorce
donate double earn elect employ end enter erupt establish evacuate exceed expand explode export
face fail fire flow flood gather graduate guide handle happen haul head help host identify import
improve include increase injure inspect install introduce invade invent invest join kick knock land
last launch lift live lower manage mark marry measure miss move name need negotiate note open
operate order oversee oppose own pass pay perform place plant play pledge postpone present preserve
print process produce promise propose protect prove publish pump push raise reach receive record
recover reduce refuse reject release remain remove reopen repair replace report request rescue
resign restore resume retire return reveal sail scatter schedule score search secure serve settle
sign start stay study suffer supply support suspend swallow target test touch track train transfer
travel treat unveil use vanish visit vote vow warn watch weigh welcome work wound
"""
_REGULAR_PAST = {
    b + "d" if b.endswith("e") else (b[:-1] + "ied" if re.search("[^aeiou]y$", b) else b + "ed"): b
    for b in _REGULAR.split()
}
BASES = (
    _REGULAR_PAST
    | {"oversaw": "oversee", "banned": "ban"}
    | dict(pair.split(":") for pair in _IRREGULAR.split())
)
del BASES["overseed"], BASES["baned"]
_PRESENT = {"weighs": "weigh", "costs": "cost", "handles": "handle", "carries": "carry"}
# How participles end that no list need have: "found", "held", "put", "known".
_PARTICIPLE = re.compile(
    r"(?:(?:\w+ly|first|later) )?\w+(?:ed|en|lt|nt|ht|ld|de|wn|ut|et|un|und)\b"
)
BE = {"was", "were", "is", "are"}
AUXILIARIES = BE | {"has", "have", "had", "will", "would", "can", "could", "should", "must", "may"}
_POINTING = """
he she it they we i you this that these those there who which whose what where when its his her
their them him our my your all both one another such same and but or so if while nobody nothing only
more most much many each every none although though because since unless until once whether as
"""
_ADVERBS = "long shortly then later also first once again still already soon often just now"
_PREPOSITIONS = """
in on at from to by for with after before during since near over under into across through along
against around between until aboard within outside inside off out as than
"""
# No subject has one of the first in it, or begins or ends in one of the second.
_NO_SUBJECT = frozenset(_POINTING.split())
_NO_EDGE = frozenset(f"{_ADVERBS} {_PREPOSITIONS}".split())
_CUT = re.compile(
    r", |; | – | — | - |: | (?:and|or) (?:(?:was|were|has|had|is|are|then|later|also|it|they|he|"
    r"she|to|will)\b|\w+(?:ed|es)\b|(?:" + "|".join(BASES) + r")\b)| but | while | so | according "
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Subject, finite verb and what follows it, of a sentence's first clause; one space between."""

    subject: str
    verb: str
    rest: str

    @property
    def plural(self) -> bool:
        """Whether the subject takes "do" rather than "does"."""
        head = re.split(r" (?:of|in|at|from|for|on|to|with|by) ", self.subject)[0]
        return " and " in head or (head.endswith("s") and not head.endswith(("ss", "us", "is")))

    @property
    def passive(self) -> bool:
        """Whether something was done to the subject: "was held", "had been found"."""
        if self.verb == "had":
            return self.rest.startswith("been ") and bool(_PARTICIPLE.match(self.rest[5:]))
        return self.verb in BE and bool(_PARTICIPLE.match(self.rest))

    @property
    def support(self) -> tuple[str, str] | None:
        """What goes before the subject in a question, and after it; None if unsure."""
        if self.verb == "had" and self.rest.startswith("been "):
            return ("were" if self.plural else "was"), self.rest.removeprefix("been ")
        if self.verb in AUXILIARIES:
            return self.verb, self.rest
        if self.verb in _PRESENT:
            return ("do" if self.plural else "does"), f"{_PRESENT[self.verb]} {self.rest}"
        return "did", f"{BASES[self.verb]} {self.rest}"


def cut(text: str) -> str:
    """`text` up to where another clause begins."""
    return _CUT.split(text, maxsplit=1)[0].strip(" .")


def clause(text: str) -> Clause | None:
    """The first clause of a sentence; None where its parts aren't surely known."""
    tokens = text.rstrip(".").split()
    found = (
        n for n, t in enumerate(tokens[:10]) if t in AUXILIARIES or t in BASES or t in _PRESENT
    )
    at = next(found, 0)
    before, token = tokens[:at], tokens[at] if tokens else ""
    if not before or any(t.endswith((",", ";", ":")) or t.lower() in _NO_SUBJECT for t in before):
        return None
    rest = cut(" ".join(tokens[at + 1 :]))
    # "The man arrested by police was …": a participle, not the verb.
    reduced = token in BASES and (rest.startswith("by ") or _later_verb(rest))
    # "… announced that Canada": what was announced has been cut off.
    dangling = re.search(r"\b(?:that|which|who)(?: \S+){0,2}$", rest)
    edges = {before[0].lower(), before[-1].lower()}
    if not rest or reduced or dangling or edges & _NO_EDGE or before[-1].endswith("ly"):
        return None
    return Clause(" ".join(before), token, rest)


def _later_verb(rest: str) -> bool:
    head = re.split(r" (?:that|which|who|when|where|after|before|because|until|as|if) ", rest)[0]
    return bool(set(head.split()) & BE)
