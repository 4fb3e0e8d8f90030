"""A question with parts, as the questions it is made of.

"When did it open, and how much did it cost?" asks two things; each is answered from its own
evidence. The second part may lean on the first ("and who paid for it?"), as a follow-up would.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.conversation import Turn
from rag.text import words

MOST_PARTS = 4

_ASKING = (
    r"(?:(?:in|at|on|to|from|by|for|with|of)\s+(?:what|which|whom|how\s+(?:many|much|long))|"
    r"who|whom|whose|what|"
    r"which|when|where|why|how)"
)
_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|"
    r"shall)(?:n[’']t)?"
)
_SUBJECT = (
    r"(?:the|an?|it|he|she|they|you|we|I|there|this|that|these|those|any\w*|some\w*|every\w*|"
    r"all|both|his|her|its|their|our|people|(?-i:[A-Z])[\w’'-]+)"
)
# Where a second question may begin in one sentence. Without "and" only after a full question.
_JOINT = re.compile(
    rf"(?P<and>\s*[,;]?\s+(?:and|but)\s+(?:also\s+)?|\s*[,;]\s+)"
    rf"(?=(?:{_ASKING})\b(?!\s*[,?])|(?:{_AUXILIARY})\s+(?:{_SUBJECT})\b)",
    re.IGNORECASE,
)
_QUESTION_END = re.compile(r"(?<=\?)\s+(?=\S)")
_BEGINS = re.compile(rf"(?:{_ASKING}|{_AUXILIARY})\b", re.IGNORECASE)
_FULL = re.compile(rf"(?:{_ASKING})\s+(?:\w+\s+){{0,3}}?{_AUXILIARY}\b", re.IGNORECASE)
_ENDS_ASKING = re.compile(rf"\b{_ASKING}\W*$", re.IGNORECASE)
_TAIL = re.compile(rf"\s*,?\s+and\s+({_ASKING}(?:\s+\w+){{0,2}})\s*\?*$", re.IGNORECASE)
_VERB = re.compile(rf"\b{_AUXILIARY}\b|[’']s\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"(?:in|at|on|to|from|by|for|with|of)\b", re.IGNORECASE)
_SUBJECT_ASKED = re.compile(r"(?:who|what)\b", re.IGNORECASE)
_LEAD = re.compile(r"^\W*(?:and|but|also|or|then)\b[\s,]*", re.IGNORECASE)
# "Where and when did …": one clause, asked for two things.
_TWO_WORDS = re.compile(rf"({_ASKING})\s*(?:,|and)\s+(?:and\s+)?({_ASKING})\b", re.IGNORECASE)
# "… of Spain and of Portugal": one question about two things.
_TWICE = re.compile(
    r"\s(?P<prep>of|in|for|by|from|at|on|to|with)\s+(?P<one>[^,?]{2,60}?),?\s+and\s+"
    r"(?:how\s+(?:many|much|long)\s+)?(?P=prep)\s+(?P<two>[^,?]{2,60}?)(?=[,?]|$)",
    re.IGNORECASE,
)


def question_parts(question: str) -> tuple[str, ...]:
    """The questions that `question` is made of, in order; itself alone where it is one.

    Args:
        question: what is asked.

    Returns:
        One to four questions.
    """
    sentences: list[str] = []
    for sentence in _QUESTION_END.split(question.strip()):
        sentence = _LEAD.sub("", sentence)
        # "How do I pay? By card?" is one question: the second half is none by itself.
        if sentences and not _whole(sentence):
            sentences[-1] += f" {sentence}"
        else:
            sentences.append(sentence)
    found = [part for s in sentences for clause in _clauses(s) for part in _each_thing(clause)]
    parts = tuple(dict.fromkeys(found))
    return parts if 1 < len(parts) <= MOST_PARTS else (question.strip(),)


def _clauses(sentence: str) -> list[str]:
    """The questions of one sentence: cut where a joint has a whole question on either side."""
    found, start = [], 0
    for joint in _JOINT.finditer(sentence):
        before, after = sentence[start : joint.start()], sentence[joint.end() :]
        bare = not joint["and"].strip(" ,;")
        # "…, of which there are two" and "…, is it the mill?" go on about the same question.
        if bare and (
            not _FULL.match(before) or not _FULL.match(after) or _PREPOSITION.match(after)
        ):
            continue
        if _whole(before) and _whole(after):
            found.append(_ended(before))
            start = joint.end()
    if found:
        return [*found, _ended(sentence[start:])]
    return _with_ellipsis(sentence)


def _with_ellipsis(sentence: str) -> list[str]:
    """ "When was it sold, and to whom?": the second question is the first with its own words."""
    if (tail := _TAIL.search(sentence)) and (full := _FULL.match(sentence[: tail.start()])):
        auxiliary = re.search(rf"{_AUXILIARY}$", full.group(), re.IGNORECASE)
        if auxiliary:
            head = sentence[: tail.start()]
            return [_ended(head), _ended(f"{tail[1]} {head[auxiliary.start() :]}")]
    return [sentence]


def _whole(piece: str) -> bool:
    """Whether `piece` could be asked by itself: a question word, and a verb or enough to tell."""
    if not _BEGINS.match(piece) or _ENDS_ASKING.search(piece):
        return False
    start = piece.partition(",")[0]
    found = words(start)
    content = sum(not w.stop for w in found)
    # "who paid": the question word is the subject, and what follows it the verb.
    verb = _VERB.search(start) or (content and _SUBJECT_ASKED.match(start))
    return content >= 2 or bool(verb and len(found) >= 3) or len(found) >= 5


def _each_thing(clause: str) -> list[str]:
    """A clause that asks for two things at once as two clauses."""
    if both := _TWO_WORDS.match(clause):
        return [_ended(f"{both[group]}{clause[both.end() :]}") for group in (1, 2)]
    if _BEGINS.match(clause) and (twice := _TWICE.search(clause)):
        head, tail = clause[: twice.start()], clause[twice.end() :]
        return [f"{head} {twice['prep']} {twice[name].strip()}{tail}" for name in ("one", "two")]
    return [clause]


def _ended(piece: str) -> str:
    piece = piece.strip().rstrip(",;")
    piece = piece[:1].upper() + piece[1:]
    return piece if piece.endswith("?") else f"{piece}?"


def part_turns(turn: Turn) -> tuple[Turn, ...]:
    """`turn` as one turn for each part of its question; the later ones follow the first.

    Args:
        turn: a question in its conversation.

    Returns:
        The turn itself where its question is one.
    """
    parts = question_parts(turn.question)
    if len(parts) == 1:
        return (turn,)
    first = replace(turn, question=parts[0])
    before = (*turn.earlier, turn.previous) if first.dependent else ()
    return (first, *(Turn(part, parts[0], earlier=before, later_part=True) for part in parts[1:]))
