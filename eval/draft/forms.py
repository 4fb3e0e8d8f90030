"""Plain templates that turn a sentence into a question, by the kind of fact that it states.

A template yields only where the result is sure to be grammatical; most sentences give nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eval.draft.verbs import AUXILIARIES, BASES, BE, Clause, clause, cut

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = re.compile(
    rf" (?:on|in) ((?:early |late )?(?:\d{{1,2}} {_MONTH}(?: \d{{4}})?"
    rf"|{_MONTH}(?: \d{{1,2}}(?:, \d{{4}})?| \d{{4}})|(?:1[5-9]|20)\d\d(?: and (?:1[5-9]|20)\d\d)?"
    rf"|{_MONTH}))\b(?! \d)"
)
_TIME = re.compile(
    r"(?: just| shortly)? (?:at|before|after) ((?:about |around )?\d{1,2}(?::\d\d)? [ap]\.m\.)"
    r"(?: (?:local|Indian) time)?"
)
_WEEKDAY = re.compile(
    r",? (?:early |late )?on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
    r"(?: (?:morning|afternoon|evening|night))?"
)
_WORDED = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
_ABOUT = (
    r"(?:about|around|some|nearly|almost|roughly|at least|more than|over|up to|as many as|only)"
)
_NUMBER = rf"(?:{_ABOUT} )?([$€£]?\d[\d.,]*\d|[$€£]?\d|{_WORDED})( (?:million|billion|thousand))?"
_MONEY = {"euros", "dollars", "pounds", "rupees", "yen", "francs", "roubles"}
_FURTHER = re.compile(r" (?:since|before|after|when|until|as|that|which|who|because) ")
_SIZE = "wide|long|high|deep|tall|old|thick"
_NAME = r"[A-Z][\w.'’-]*(?: (?:[A-Z][\w.'’-]*|of|de|von|van|al|the(?= [A-Z])))*"
_PERSON = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,3}"
_ROLE = (
    r"(?:head|chairman|chairwoman|chair|chief|archbishop|bishop|director|president|minister|leader"
    r"|founder|mayor|owner|governor|captain|coach|manager|author|editor|ambassador|secretary)"
)
_TITLED = re.compile(
    rf"^(?:[A-Z][a-z]+ )?(?:President|Minister|minister|Governor|Gov\.|architect|Chancellor|Mayor"
    rf"|Secretary|Senator|Judge|Professor|Dr\.?|King|Queen|Pope|General) ({_PERSON}|[A-Z]\w+) "
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its kind of fact, and the words of the sentence that answer it."""

    kind: str
    question: str
    answer: str


def plain(sentence: str) -> str:
    """A sentence without markup, dateline, parentheses and who reported it, in one line."""
    text = " ".join(re.sub(r"[*_`]+|\[\d+\]", "", sentence).split())
    text = re.sub(r" (?=[,.;:] ?)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^[A-Z][\w ,.'’-]{2,40} ?\([^)]*\) ?[-–—] ", "", text)
    text = re.sub(r" ?\([^)]*\)", "", text)
    text = re.sub(r",? according to [^,]*\.?$", "", text)
    text = re.sub(r", [^,]{2,60} (?:said|says|added|reported)(?: on \w+day)?\.?$", "", text)
    return text.rstrip(" .") + "."


def _ask(start: str, found: Clause, rest: str | None = None) -> str | None:
    """`start`, then the clause turned round: "When" + "did" + subject + base verb + the rest."""
    support = found.support
    if support is None or re.match(rf"{_NUMBER} ", found.subject, re.IGNORECASE):
        return None
    before, after = support
    if rest is not None:
        after = f"{after.split(' ', 1)[0]} {rest}" if before in ("did", "do", "does") else rest
    return " ".join(f"{start} {before} {found.subject} {after}".split())


def _how_many(text: str) -> Iterator[Asked]:
    """Some 4,000 people live in X. → How many people live in X?"""
    found = re.match(rf"(?:the )?{_NUMBER} (.+)", text, re.IGNORECASE)
    if not found or not _counts(found[1]):
        return
    said = (found[1] + (found[2] or "")).lower()
    rest = cut(found[3])
    if share := re.match(r"(?:percent|per cent|%) of (.+)", rest):
        yield Asked("number", f"What percentage of {share[1]}", said + " percent")
    elif re.match(
        r"(?:(?!as |to |and |or |than |out |of )[a-z-]+ ){1,4}(?:"
        + "|".join([*AUXILIARIES, *BASES, "live", "work"])
        + r")\b",
        rest,
    ) and _plural(rest.split()[0], rest.split()[1]):
        yield Asked("number", f"How many {rest}", said)


def _counts(number: str) -> bool:
    return not re.fullmatch(r"(?:1[5-9]|20)\d\d", number)


def _plural(*nouns: str) -> bool:
    return any(n.endswith("s") or n in ("people", "men", "women", "children") for n in nouns)


def _how_much(text: str) -> Iterator[Asked]:
    """Teams hauled away 50,000 tons of steel. → How many tons of steel did teams haul away?"""
    found = clause(text)
    if not found:
        return
    amount = re.match(rf"((?:away|out|up|off|in|down|cost|put) )?{_NUMBER}(?: ([a-z].*))?$", found.rest)  # fmt: skip  # noqa: E501
    if not amount or not _counts(amount[2]):
        return
    said = amount[2] + (amount[3] or "")
    things = re.match(
        r"([a-z-]+(?: [a-z-]+)??(?: of [a-z]+(?: and [a-z]+)?)?)((?: (?:in|on|at|from|to|for|into|"
        r"over|across|a|per|after|during|as) .*)?)$",
        amount[4] or "",
    )
    verb = (amount[1] or "").strip()
    if size := re.fullmatch(rf"[a-z]+ ({_SIZE})(?: and .*)?", amount[4] or ""):
        subject = found.subject
        if found.verb in BE:
            unit = (amount[4] or "").split()[0]
            yield Asked("measure", f"How {size[1]} {found.verb} {subject}", f"{said} {unit}")
        return
    if found.verb in ("weighs", "weighed"):
        unit = (amount[4] or "").split(" and ")[0]
        yield Asked("measure", _ask("How much", found, "") or "", f"{said} {unit}".strip())
        return
    money = amount[2][0] in "$€£" or (things is not None and things[1].split()[0] in _MONEY)
    if money and (verb == "cost" or found.verb in BASES):
        tail = things[2].strip() if things and amount[2][0] not in "$€£" else ""
        unit = "" if things is None or amount[2][0] in "$€£" else f" {things[1]}"
        yield Asked("money", _ask("How much", found, f"{verb} {tail}") or "", said + unit)
    elif things and _plural(things[1].split(" of ")[0]) and verb != "cost":
        if found.verb in ("has", "have", "had"):
            did = "did" if found.verb == "had" else ("do" if found.plural else "does")
            turned = f"How many {things[1]} {did} {found.subject} have{things[2]}"
            yield Asked("number", turned, said)
        elif found.verb in BASES:
            whole = _ask(f"How many {things[1]}", found, f"{verb} {things[2].strip()}")
            yield Asked("number", whole or "", said)


def _when(text: str) -> Iterator[Asked]:
    """The launcher left Kourou on 6 March 2025. → When did the launcher leave Kourou?"""
    lead = re.match(r"^(?:On|In) ([^,]*\d[^,]*), (.+)", text)
    if lead and _DATE.fullmatch(f" in {lead[1]}"):
        found, said = clause(lead[2]), lead[1]
        rest = found.rest if found else ""
    else:
        found = clause(re.sub(rf"({_MONTH} \d{{1,2}}), (\d{{4}})", r"\1 \2", text))
        rest = f" {found.rest}" if found else ""
        dated = _DATE.search(rest) or _TIME.search(rest)
        # A date inside a further clause is that clause's: "before it was evacuated in November".
        if not dated or _FURTHER.search(rest[: dated.start()]):
            return
        said = dated[1]
        rest = _TIME.sub("", _DATE.sub("", rest, count=1), count=1).strip()
        if re.search(rf"\d{{4}}|{_MONTH}", rest):
            return
    if found and (found.verb in BASES or found.passive):
        start = "At what time" if re.search(r"[ap]\.m\.", said) else "When"
        yield Asked("date", _ask(start, Clause(found.subject, found.verb, rest)) or "", said)


def _who(text: str) -> Iterator[Asked]:
    """Chief architect X oversaw the spire. → Who oversaw the spire? And: who is the head of Y?"""
    role = re.match(rf"^({_PERSON}), (the {_ROLE} of [^,]+), ", text)
    if role:
        yield Asked("person", f"Who is {role[2]}", role[1])
    found = clause(text)
    headed = re.match(rf"(\w+ed) by ({_PERSON})$", found.rest) if found else None
    if found and headed and found.verb in ("is", "was") and headed[1] not in ("followed", "caused"):
        turned = f"Who {found.verb} {found.subject} {headed[1]} by"
        yield Asked("person", turned, headed[2])
    named = _TITLED.match(text)
    after = text[named.end() :].rstrip(".") if named else (text[role.end() :] if role else "")
    verb = after.partition(" ")[0]
    if after and verb in BASES.keys() - {"told"}:
        who = named[1] if named else (role[1] if role else "")
        yield Asked("person", f"Who {cut(after)}", who)


def _where(text: str) -> Iterator[Asked]:
    """The talks were held in Oslo. → Where were the talks held?"""
    found = clause(text)
    if not found or not (found.verb in BASES or found.passive):
        return
    place = re.search(rf"^(.+?) (?:in|at) ({_NAME})$", found.rest)
    if place and not re.match(rf"{_MONTH}|.*\d", place[2]) and " in " not in f" {place[1]} ":
        turned = _ask("Where", Clause(found.subject, found.verb, place[1]))
        yield Asked("place", turned or "", place[2])


def _why(text: str) -> Iterator[Asked]:
    """The attempt was called off because of a fault. → Why was the attempt called off?"""
    told = re.match(r"(.+?),? (because (?:of )?[^,]+)", text)
    found = clause(told[1]) if told else None
    # The reason must be of the clause that is asked about, not of a later one.
    whole = told is not None and found is not None and told[1].endswith(found.rest)
    if (
        told
        and found
        and whole
        and found.verb in BASES.keys() | BE
        and not _DATE.search(f" {found.rest}")
    ):
        yield Asked("reason", _ask("Why", found) or "", told[2].rstrip("."))
    caused = re.match(r"^(.{5,90}?) (?:was|were) caused by ([^,.]+)", text)
    if caused and "," not in caused[1]:
        yield Asked("reason", f"What caused {caused[1]}", caused[2].rstrip("."))


def _called(text: str) -> Iterator[Asked]:
    """The lander, called Vikram, … → What was the lander called?"""
    found = re.match(r"^((?:The|A|An) [a-z -]{3,40}), (called|nicknamed|named|known as) ([^,]+),", text)  # fmt: skip  # noqa: E501
    if found:
        word = "nicknamed" if found[2] == "nicknamed" else "called"
        subject = re.sub(r"^An? ", "The ", found[1])
        yield Asked("name", f"What is {subject} {word}", found[3])


def _said(text: str) -> Iterator[Asked]:
    """X said that the flow was falling. → What did X say about the flow?"""
    found = re.match(
        r"^((?:The )?[A-Z][^,]{2,60}?) (?:has |had )?(?:said|warned|announced) that "
        r"((?:the|a|an|\w+ing) [a-z][a-z -]{2,40}?) "
        r"((?:was|were|is|are|had|has|have|would|will|could|should) .{10,})",
        text,
    )
    if found and not re.search(r"\b(?:said|who|which|that|from both)\b", found[1] + found[2]):
        topic = found[2]
        yield Asked("statement", f"What did {found[1]} say about {topic}", f"{topic} {found[3]}")


FORMS: tuple[Callable[[str], Iterator[Asked]], ...] = (
    _how_many, _how_much, _when, _who, _where, _why, _called, _said,
)  # fmt: skip


def ask(sentence: str) -> Iterator[Asked]:
    """Every question that the templates make of a sentence, still without its mark."""
    if re.search(r"[\"“”«»|…]|``|''|--|https?:|\?|!", sentence):
        return
    text = plain(sentence)
    for form in FORMS:
        for asked in form(text):
            question = " ".join(_WEEKDAY.sub("", asked.question).split()).strip(" ,.")
            if asked.question and 4 <= len(question.split()) <= 24:
                yield Asked(asked.kind, question, asked.answer.strip(" ,"))
