"""What a question means in its conversation, without a model.

A follow-up leans on the turns before it: on the last question, further back while that one leans
on an earlier one itself, and a little on what was replied. How much of each is mixed in was
measured on conversations with known source documents; the optimum is flat. A question that can
stand alone still leans a little, since most conversations keep to their topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.dates import periods
from rag.text import Word, replaced, words
from rag.when import asked

_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|she|his|him|her|hers|this|that|these|those|"
    r"(?<!is\s)(?<!are\s)(?<!was\s)(?<!were\s)there|here|one|ones|such|same|so)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"\W*(?:and|or|but|so|then|also|what\s+about|how\s+about|what\s+if|ok|okay|yes|no|i\s+mean)\b",
    re.IGNORECASE,
)
_NEW_SUBJECT = re.compile(
    r"(?:\W*\b(?:thanks|thank\s+you|okay|ok|great|right|well|now|so|and)\b){0,4}\W*"
    r"(?:(?:on|to|about)\s+(?:something|anything|a)\s+(?:else|different)|"
    r"(?:(?:a|one|an)\s+)?(?:new|other|another|different|unrelated)\s+(?:question|topic|"
    r"subject|matter)|(?:let[’']?s\s+)?chang(?:e|ing)\s+(?:of\s+)?(?:the\s+)?(?:subject|topic)|"
    r"moving\s+on|on\s+another\s+(?:note|topic|matter))\b",
    re.IGNORECASE,
)
# A question of what was replied, rather than of what was asked before.
_OF_THE_REPLY = re.compile(
    r"\bwho(?:\s+(?:else|exactly))?\s+(?:said|says|claimed|claims|wrote|told|reported|stated|thinks|"
    r"thought)\s+(?:that|this|so|it)\b|\bsays\s+who\b|\bwhat\s+does\s+(?:that|this|it)\s+mean\b|"
    r"\b(?:source|proof|evidence)\s+(?:for|of)\s+(?:that|this|it)\b|"
    r"\bwhere\s+does\s+it\s+say\b|\bwhen\s+was\s+(?:that|this|it)\s+(?:said|written|published)\b",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "former": 0,
             "latter": -1}  # fmt: skip
_NTH = re.compile(
    r"\bthe\s+(?:(first|second|third|fourth|fifth|last)(?:\s+(?:one|quote|item|point|option|"
    r"thing))?(?=\W*$|\s+(?:one|quote|item|point|option|thing)\b)|(former|latter)\b)",
    re.IGNORECASE,
)
# What is said between questions and asks nothing.
_COURTESY = frozenset((
    "thank", "thanks", "cool", "great", "nice", "good", "fine", "okay", "ok", "hello", "hi",
    "hey", "please", "sorry", "yes", "yeah", "yep", "no", "nope", "sure", "right", "true",
    "see", "understand", "understood", "got", "get", "know", "interest", "like", "want",
    "tell", "help", "wow", "perfect", "awesom", "excel", "would", "could", "can",
))  # fmt: skip
_NO_REPLY = re.compile(
    r"\W*(?:(?:i[’']?m|i\s+am|we\s+are)\s+(?:very\s+)?(?:sorry|afraid|unable|not\s+(?:sure|able))|"
    r"sorry|apologies|unfortunately|(?:\w+\W+){0,4}?(?:do\s+not|don[’']t|does\s+not|doesn[’']t|"
    r"cannot|can[’']t)\s+(?:have|know|say|find|answer|mention)|you[’']re\s+welcome|i\s+understand|"
    r"glad\s+to|no\s+article\s+matches)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“(.+?)”(?=[^“”\w]{0,4}\[\d+\])", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+(.+)$", re.MULTILINE)
_MARKS = re.compile(r"\s?\[\d+\](?:\([^)\s]*\))?|\\([^\w\s])|[*_`#>]+(?=\w)|(?<=\w)[*_`]+")
_REPLY_CHARACTERS = 160
# More of a message than this is not looked at.
_READ_CHARACTERS = 4000
_MOST_EARLIER = 3
# A turn further back counts for half of the one after it.
_DECAY = 0.5


@dataclass(frozen=True, slots=True)
class Lean:
    """Shares of the previous question and of the reply in a query vector, beside the question's
    own 1, and weights of their words among the keywords."""

    previous: float
    reply: float
    previous_words: float
    reply_words: float


_FIRST = Lean(0.0, 0.0, 0.0, 0.0)
_FOLLOW_UP = Lean(0.6, 0.3, 0.5, 0.1)
_OF_REPLY = Lean(0.6, 0.6, 0.4, 0.4)
_NEW_TOPIC = Lean(0.3, 0.1, 0.25, 0.05)


@dataclass(frozen=True, slots=True)
class Part:
    """A text to search with: its share in the query vector, and its words' weight."""

    text: str
    share: float
    words: float


@dataclass(frozen=True)
class Turn:
    """A question with the conversation it may lean on ("" for nothing).

    `previous` is the last question before it, `earlier` those before that which `previous` leans
    on itself, oldest first, `reply` what was said to `previous`, as `said` reads it. `pointed` is
    the part of the reply that the question points at, as in "the second one". `later_part` says
    that it is a part of one question of which `previous` is the first.
    """

    question: str
    previous: str = ""
    reply: str = ""
    earlier: tuple[str, ...] = ()
    pointed: bool = False
    later_part: bool = False

    @cached_property
    def dependent(self) -> bool:
        """Whether the question cannot be understood without the turns before."""
        return bool(self.previous) and (self.pointed or leans(self.question))

    @property
    def standalone(self) -> str:
        """The question after those it leans on, and what it points at, where it leans on any."""
        if not self.dependent:
            return self.question
        before = (_ended(text) for text in (*self.earlier, self.previous))
        asked_before = " ".join((*before, self.question))
        if self.reply and (self.pointed or _OF_THE_REPLY.search(self.question)):
            return f"{asked_before} (“{self.reply}”)"
        return asked_before

    @property
    def lean(self) -> Lean:
        """How much of the conversation to search with."""
        if not self.previous or _NEW_SUBJECT.match(self.question):
            return _FIRST
        if self.reply and (self.pointed or _OF_THE_REPLY.search(self.question)):
            return _OF_REPLY
        return _FOLLOW_UP if self.dependent else _NEW_TOPIC

    @property
    def timed(self) -> str:
        """The text that says which time is asked about: the question, or one it leans on."""
        leant_on = (self.previous, *reversed(self.earlier)) if self.dependent else ()
        return next((text for text in (self.question, *leant_on) if asked(text)), self.question)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What to search with: the question itself first, then what it leans on."""
        found, lean = [Part(self.question, 1.0, 1.0)], self.lean
        fade = 1.0
        for text in (self.previous, *reversed(self.earlier)) if lean.previous else ():
            share, weight = fade * lean.previous, fade * lean.previous_words
            found.append(Part(self._another_time(text), share, weight))
            fade *= _DECAY
        if self.reply and lean.reply:
            reply = self.reply if self.pointed else self._another_time(self.reply)
            found.append(Part(reply, lean.reply, lean.reply_words))
        return tuple(part for part in found if part.text)

    def _another_time(self, text: str) -> str:
        """`text` without its dates where the question puts another in their place."""
        named = periods(self.question)
        if not named:
            return text
        same_year = all(p.yearly for p in named)
        # "And in May?" is of the year that was spoken of.
        others = (
            (p.span, f"{p.first.year}" if same_year and not p.yearly else "") for p in periods(text)
        )
        return " ".join(replaced(text, others).split())


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def leans(question: str) -> bool:
    """Whether a question, asked in a conversation, cannot be understood without it."""
    if _NEW_SUBJECT.match(question):
        return False
    return (
        _short(question) or bool(_POINTS_BACK.search(question)) or bool(_CONTINUES.match(question))
    )


def _short(question: str) -> bool:
    """Whether a question has too few words of its own; with a name among them fewer are enough."""
    content = _content(question)
    named = any(w.capitalised and w.span.start > 0 for w in content)
    return len(content) <= (1 if named else 3)


def _content(text: str) -> list[Word]:
    return [w for w in words(text) if not w.stop and w.term not in _COURTESY]


def said(reply: str) -> tuple[str, ...]:
    """What a reply says, part by part: its quotes or list items, else all of it; no markup.

    Attributions and markers of quotes are ours, not an article's; a reply that only says that
    there is no answer says nothing.
    """
    parts = _QUOTED.findall(reply)
    if not parts:
        if _NO_REPLY.match(reply):
            return ()
        parts = _ITEM.findall(reply) or [reply]
    plain = (" ".join(_MARKS.sub(r"\1", part).split()) for part in parts)
    return tuple(part for part in plain if part)


def _cut(text: str) -> str:
    """The beginning of `text`, in whole words."""
    if len(text) <= _REPLY_CHARACTERS:
        return text
    return text[:_REPLY_CHARACTERS].rsplit(" ", 1)[0]


def last_turn(question: str, history: Sequence[Mapping[str, str]]) -> Turn:
    """`question` in its conversation.

    Args:
        question: what is asked now.
        history: the messages before it, OpenAI-style, oldest first. Turns of courtesy, and
            whatever came before a change of subject, are passed over.
    """
    questions: list[str] = []
    reply = ""
    for message in history:
        content = (message.get("content") or "").strip()[:_READ_CHARACTERS]
        if message.get("role") == "user":
            reply = ""
            if _NEW_SUBJECT.match(content):
                questions.clear()
            if _content(content):
                questions.append(content)
        elif message.get("role") == "assistant":
            reply = content
    if not questions:
        return Turn(question)
    first = len(questions) - 1
    while first > 0 and len(questions) - first < _MOST_EARLIER and leans(questions[first]):
        first -= 1
    replied = said(reply)
    pointed = _pointed_at(question, replied)
    return Turn(
        question, questions[-1], _cut(pointed or " ".join(replied)),
        tuple(questions[first:-1]), bool(pointed),
    )  # fmt: skip


def _pointed_at(question: str, replied: Sequence[str]) -> str:
    """The part of a reply that "the second one" or "the latter" of the question is."""
    match = _NTH.search(question)
    if match is None or len(replied) < 2:
        return ""
    place = _ORDINALS[(match[1] or match[2]).lower()]
    return replied[place] if place < len(replied) else ""
