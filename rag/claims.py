"""A model's stream of text to claims: sentences with the evidence numbers that they end in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag.domain import Span
from rag.text import fold, sentences

# "[1]", "[1, 2]", "[^1]", "[Evidence 1]", "【1】", "(evidence 1)".
_NUMBERS = r"(?:evidence|source)?\s*#?\^?\d{1,4}"
_MARKER = re.compile(
    rf"\s*(?:[\[【]\s*{_NUMBERS}(?:\s*(?:,|;|and|&)\s*{_NUMBERS})*\s*[\]】]"
    r"|\(\s*evidence\s+\d{1,4}\s*\))",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d{1,4}")
# A sentence, its markers, and the beginning of what comes after; or an end of line.
_BOUNDARY = re.compile(rf"(?:[.!?…][\"”’')»]*|{_MARKER.pattern})(?=\s)|\n")
# Small models dress sentences as Markdown; the words are what counts.
_LEAD = re.compile(r"^\s*(?:[-*+•–>]\s+|#{1,6}\s+|\d{1,2}[.)]\s+)+")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|`")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
# Some models think aloud first; that is not their answer.
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_THINKS = re.compile(r"\s*<think", re.IGNORECASE)
# What may yet become a marker.
_OPENED = re.compile(r"[\[【(][^\]】)]{0,16}")
# Longer without an end is no sentence.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence that a model drafted, and the evidence numbers it gave. Unverified."""

    text: str
    numbers: tuple[int, ...]


def claims(pieces: Iterable[str]) -> Iterator[Claim | None]:
    """Claims as soon as each is complete; None for every piece that completes none.

    Args:
        pieces: a model's reply as it streams.
    """
    buffer, thinking = "", None
    for piece in pieces:
        buffer += piece
        if thinking is None and len(buffer.lstrip()) >= len("<think"):
            thinking = bool(_THINKS.match(buffer))
        if thinking:
            if "</think" not in buffer.lower() or not buffer.rstrip().endswith(">"):
                yield None
                continue
            buffer, thinking = _THOUGHT.sub("", buffer), False
        found = False
        if piece and thinking is False:
            *complete, buffer = _split(buffer, final=False)
            for text in complete:
                if claim := as_claim(text):
                    found = True
                    yield claim
        if not found:
            yield None
    for text in _split(_THOUGHT.sub("", buffer), final=True):
        if claim := as_claim(text):
            yield claim


def as_claim(text: str) -> Claim | None:
    """`text` as a claim, without its markers and Markdown; None where no word is left."""
    numbers = tuple(
        dict.fromkeys(int(n) for m in _MARKER.finditer(text) for n in _DIGITS.findall(m.group()))
    )
    plain = _EMPHASIS.sub("", _LEAD.sub("", _UNSEEN.sub("", _MARKER.sub("", text))))
    plain = re.sub(r"\s+", " ", plain).strip()
    plain = re.sub(r"\s+([.,;:!?])", r"\1", plain)
    return Claim(plain, numbers) if any(c.isalnum() for c in plain) else None


def says(claim: Claim, phrase: str) -> bool:
    """Whether `claim` is `phrase`, or begins with it; case, accents and punctuation aside."""
    return _bare(claim.text).startswith(_bare(phrase))


def _bare(text: str) -> str:
    return "".join(c for c in fold(unicodedata.normalize("NFKC", text)) if c.isalnum())


def _split(buffer: str, final: bool) -> list[str]:
    """`buffer` cut into sentences; unless `final`, the last is what is not yet complete."""
    parts: list[str] = []
    start = 0
    for boundary in _BOUNDARY.finditer(buffer):
        end = boundary.end()
        following = buffer[end:].lstrip(" ")
        # Markers behind the full stop belong to the sentence before it: wait for what comes.
        if _MARKER.match(following):
            continue
        if not final and (not following or _OPENED.fullmatch(following)):
            break
        part = buffer[start:end]
        if boundary.group() != "\n" and _goes_on(part, following):
            continue
        parts.append(part)
        start = end
    rest = buffer[start:]
    if not final and len(rest) > LONGEST:
        parts.append(rest)
        rest = ""
    return [*parts, rest]


def _goes_on(part: str, following: str) -> bool:
    """Whether `part`, such as one that ends in "Mr.", is no whole sentence before `following`."""
    if _MARKER.match(following):
        return True
    if re.search(r"[\]】)]\s*$", part):
        # A marker ends a sentence where a capital follows, and stands inside one elsewhere.
        return bool(following) and not (following[0].isupper() or following[0] in "“\"'‘-*•\n")
    if not following:
        return False
    probe = f"{part.strip()} {following[:40]}"
    first = next(iter(sentences(probe, Span(0, len(probe)))), None)
    return first is not None and first.end > len(part.strip())
