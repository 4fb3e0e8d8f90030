"""What kind of thing a question asks for, and whether a text has one to offer."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from rag.text import all_terms, surfaces, word_key


class Wanted(StrEnum):
    """The kind of thing a question asks for."""

    MONEY = "money"
    DURATION = "duration"
    LENGTH = "length"
    MASS = "mass"
    CLOCK = "clock"
    SHARE = "share"
    NUMBER = "number"
    TIME = "time"
    SPEECH = "speech"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    OTHER = "other"


_COUNT = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|a|an|several|half|"
    r"hundreds?|thousands?|dozens?)"
)
# What asks for each kind, tried in this order, and what offers it.
_KINDS: tuple[tuple[Wanted, str, str], ...] = (
    (Wanted.MONEY,
     r"\bhow\s+(?:expensive|costly)\b|\b(?:costs?|price[ds]?|paid|pays?|budgets?|"
     r"worth|spen[dt]|funding|fees?|salary|money)\b",
     r"[$£€¥₹]\s?\d|\d\s*(?:dollars?|euros?|pounds?|rupees|yen|francs?|"
     r"[mb]illion)\b|\bfree\b|\bUSD|\bEUR"),
    (Wanted.DURATION,
     r"\bhow\s+long\b(?!\s+is\b)|\bhow\s+many\s+(?:years|months|weeks|days|hours|minutes)\b",
     rf"\b{_COUNT}[\s-]+(?:and\s+a\s+half\s+)?(?:to[\s-]+\w+[\s-]+)?(?:seconds?|"
     rf"minutes?|hours?|days?|weeks?|months?|years?|decades?|centur)|"
     r"\b(?:since|until|from)\b.*\d"),
    (Wanted.LENGTH,
     r"\bhow\s+(?:far|tall|high|deep|wide|big|large)\b|\b(?:height|length|width|"
     r"depth|distance|altitude)\b",
     r"\d[\d.,]*[\s-]*(?:k?m|cm|mm|met(?:re|er)s?|kilomet(?:re|er)s?|feet|foot|"
     r"ft|miles?|inch(?:es)?|hectares?|acres?|km2|square)\b"),
    (Wanted.MASS, r"\bhow\s+heavy\b|\bweigh",
     r"\d[\d.,]*[\s-]*(?:kg|kilograms?|grams?|tonnes?|tons?|lbs?|pounds?)\b|"
     r"\btonnes?\b"),
    (Wanted.CLOCK, r"\b(?:what|which)\s+(?:time|hour)\b",
     r"\d{1,2}[:.]\d{2}|\d\s*[ap]\.?m\b|\b(?:noon|midnight|o[’']clock)\b"),
    (Wanted.SHARE, r"\b(?:percentage|percent|per\s+cent|share|proportion|fraction)\b",
     r"\d\s*(?:%|per\s*cent)|\b(?:half|third|quarter|majority|most)\b"),
    (Wanted.NUMBER,
     r"\bhow\s+(?:many|much|old|fast|often)\b|\b(?:number|amount|population|"
     r"score|total|size|age|rate)\b",
     r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
     r"dozens?|hundreds?|thousands?|millions?|"
     r"billions?|half|third|twice|none|nobody|no\s+one|several)\b"),
    (Wanted.TIME, r"\bwhen\b|\b(?:what|which|in\s+what)\s+(?:year|date|day|month|decade|century)\b",
     r"\b(?:1[0-9]|20)\d\d\b|\b(?:january|february|march|april|june|july|august|"
     r"september|october|november|december)\b|"
     r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:yesterday|today|"
     r"century|\d{1,2}:\d{2})\b|\bMay\s+\d|\d\s+May\b"),
    (Wanted.SPEECH,
     r"\b(?:say|says|said|claim\w*|warn\w*|call(?:ed)?|tell|told|describe\w*|"
     r"argue\w*|accuse\w*|respon[ds]\w*|"
     r"comment\w*|explain\w*|justif\w*|announce\w*|promise\w*|think|react\w*)\b",
     r"[“”\"«»]|\b(?:sa(?:id|ys|ying)|told|added|claim\w*|warn\w*|call(?:ed|ing)|"
     r"accus\w*|argu\w*|stat(?:ed|ing)|announc\w*|"
     r"according\s+to|insist\w*|confirm\w*|reject\w*|promis\w*|vow\w*)\b"),
    (Wanted.PERSON,
     r"\bwho(?:m|se)?\b|\b(?:what|which)\s+(?:person|man|woman|king|queen|"
     r"president|author|minister|"
     r"company|organi[sz]ation|country|team|party|group|agency)\b", ""),
    (Wanted.PLACE,
     r"\bwhere\b|\b(?:what|which|in\s+what)\s+(?:city|town|place|region|state|"
     r"location|county|river|street|road)\b",
     r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom|on|to|of|outside|between|north|south|"
     r"east|west)\s+(?:the\s+)?[A-Z]"),
    (Wanted.REASON,
     r"\bwhy\b|\bwhat\s+(?:caused|made|led)\b|\bhow\s+come\b|\breasons?\b|"
     r"\bpurpose\b",
     r"\b(?:because|since|due\s+to|so\s+that|so|in\s+order|as\s+a\s+result|"
     r"caused?|owing|therefore|led\s+to|"
     r"reason|thanks\s+to|after|would|meant)\b"),
)  # fmt: skip
_ASKS = tuple((kind, re.compile(asks, re.IGNORECASE)) for kind, asks, _ in _KINDS)
# Places are told by capitals; all else reads the same in either case.
_SHOWS = {
    kind: re.compile(shows, 0 if kind is Wanted.PLACE else re.IGNORECASE)
    for kind, _, shows in _KINDS
    if shows
}


def wanted(question: str) -> Wanted:
    """The kind of thing `question` asks for, by its question words."""
    for kind, pattern in _ASKS:
        if pattern.search(question):
            return kind
    return Wanted.OTHER


MEASURES = frozenset(
    {Wanted.MONEY, Wanted.DURATION, Wanted.LENGTH, Wanted.MASS, Wanted.CLOCK, Wanted.SHARE}
)


# What is answered by a figure.
FIGURES = MEASURES | {Wanted.NUMBER, Wanted.TIME}


_WHO_SPOKE = re.compile(
    r"\bwho(?:m|se)?\b(?:\s+\w+){0,4}?\s+(?:sa(?:y|ys|id)|tells?|told|call(?:s|ed)?|claim\w*|warn\w*|"
    r"describ\w*|argu\w*|accus\w*|announc\w*|promis\w*|insist\w*|confirm\w*|stat(?:es|ed)|"
    r"remark\w*|compar\w*|complain\w*|admit\w*|speaks?|spoke)\b",
    re.IGNORECASE,
)


def asks_for_speaker(question: str) -> bool:
    """Whether `question` wants to know who said something."""
    return bool(_WHO_SPOKE.search(question))


def offers(kind: Wanted, text: str, question: str) -> bool:
    """Whether `text` has a thing of `kind` that `question` does not have itself."""
    if kind is Wanted.OTHER:
        return False
    asked = _shown(kind, question)
    if kind is Wanted.PERSON:
        names = (word_key(word) for word in surfaces(text)[1:] if word[0].isupper())
        return any(not stop and term not in asked for term, stop in names)
    return any(m.group().lower() not in asked for m in _SHOWS[kind].finditer(text))


@lru_cache(maxsize=64)
def _shown(kind: Wanted, question: str) -> frozenset[str]:
    """What a question has itself of the kind of thing it asks for; its terms, if that is a name."""
    if kind is Wanted.PERSON:
        return frozenset(all_terms(question))
    return frozenset(m.group().lower() for m in _SHOWS[kind].finditer(question))
