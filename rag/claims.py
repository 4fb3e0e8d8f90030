"""A model's stream of text to claims: sentences with the evidence numbers that they end in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

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
_MARKERS_ALONE = re.compile(rf"(?:{_MARKER.pattern})+\s*", re.IGNORECASE)
# "[1] One": markers that begin a line, or the whole reply, belong to what follows them.
_LEADS = re.compile(rf"(?:{_MARKER.pattern})+[:.]?[^\S\n]*[^\s\[\]【】.]", re.IGNORECASE)
# "According to [1], …", "Evidence 1 says that …": what is said of the evidence, not by it.
_REFERENCE = (
    rf"(?:the\s+)?(?:(?:evidence|source|article)?{_MARKER.pattern}"
    r"|(?:evidence|source)\s+(?:number\s+|no\.?\s*)?\d{1,4}\b)"
)
_SAYS = re.compile(
    rf"^\W*(?:(?:according to|as (?:stated|reported|noted) in|based on)\s*{_REFERENCE}\s*[,:]"
    rf"|{_REFERENCE}\s+(?:sa(?:ys|id)|state[sd]|report(?:s|ed)|mention(?:s|ed)|note[sd])\s+that\b)\s*",
    re.IGNORECASE,
)
# Where markers lead, these begin something new, whatever follows.
_FRESH = re.compile(r"[\n\[【]")
# How a prompt heads its evidence, "(Gazette, 10 March 2023, by Ada Moss)": small models copy it.
_HEAD = re.compile(
    r"^\((?:[^()]|\([^()]*\))*,\s*(?:undated|(?:\d{1,2}\s+)?(?:[^\W\d_]+\s+)?\d{4})"
    r"(?:,\s*by\s(?:[^()]|\([^()]*\))*)?\)\s*"
)
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
_MARKED = re.compile(rf"{_MARKER.pattern}\s*[.!?…]?\s*$", re.IGNORECASE)
_STOPPED = re.compile(rf"[.!?…](?:{_MARKER.pattern})+\s*$|[.!?…]\s*$", re.IGNORECASE)
# What ends a sentence, also the last of a reply: its full stop, its markers, its line.
_ENDS = re.compile(rf"(?:[.!?…:][\"”’')»*_\]]*|{_MARKER.pattern})\s*$|\n\s*$", re.IGNORECASE)
# Longer without an end is no sentence.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence that a model drafted, and the evidence numbers it gave. Unverified.

    `cut` says that the reply ended in the middle of it.
    """

    text: str
    numbers: tuple[int, ...]
    cut: bool = False


def claims(pieces: Iterable[str]) -> Iterator[Claim | None]:
    """Claims as soon as each is complete; None for every piece that completes none.

    Args:
        pieces: a model's reply as it streams.
    """
    buffer, thinking, leads = "", None, None
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
            leads = _leads(buffer) if leads is None else leads
            *complete, buffer = _split(buffer, bool(leads), final=False)
            for text in complete:
                if claim := as_claim(text):
                    found = True
                    yield claim
        if not found:
            yield None
    buffer = _THOUGHT.sub("", buffer)
    leads = _leads(buffer) if leads is None else leads
    *complete, rest = _split(buffer, bool(leads), final=True)
    for text in complete:
        if claim := as_claim(text):
            yield claim
    if claim := as_claim(rest):
        yield replace(claim, cut=not _ENDS.search(rest))


def as_claim(text: str) -> Claim | None:
    """`text` as a claim, without its markers and Markdown; None where no word is left."""
    plain = _LEAD.sub("", _UNSEEN.sub("", text))
    said = _SAYS.match(plain)
    marked = [m.group() for m in _MARKER.finditer(plain)]
    if said:
        marked.insert(0, said.group())
        rest = plain[said.end() :]
        plain = rest[:1].upper() + rest[1:]
    numbers = tuple(dict.fromkeys(int(n) for m in marked for n in _DIGITS.findall(m)))
    plain = re.sub(r"^[\s:.,]+", "", _MARKER.sub("", plain)) if marked else plain
    plain = _EMPHASIS.sub("", _LEAD.sub("", plain))
    plain = _HEAD.sub("", re.sub(r"\s+", " ", plain).strip())
    plain = re.sub(r"\s+([.,;:!?])", r"\1", plain)
    return Claim(plain, numbers) if any(c.isalnum() for c in plain) else None


def says(claim: Claim, phrase: str) -> bool:
    """Whether `claim` is `phrase`, or begins with it; case, accents and punctuation aside."""
    return _bare(claim.text).startswith(_bare(phrase))


def _bare(text: str) -> str:
    return "".join(c for c in fold(unicodedata.normalize("NFKC", text)) if c.isalnum())


def _leads(buffer: str) -> bool | None:
    """Whether a reply that begins like this has markers before its sentences; None: too early."""
    begun = _LEAD.sub("", buffer).lstrip()
    if _LEADS.match(re.sub(r"\s+", " ", begun)):
        return True
    return None if not begun or _OPENED.match(begun) else False


def _split(buffer: str, leads: bool, final: bool) -> list[str]:
    """`buffer` cut into sentences; unless `final`, the last is what is not yet complete.

    Args:
        buffer: what has come and is not yet cut.
        leads: whether markers stand before their sentences, as far as this can be.
        final: whether nothing more will come.
    """
    parts: list[str] = []
    start = 0
    for boundary in _BOUNDARY.finditer(buffer):
        end = boundary.end()
        part = buffer[start:end]
        # A marker that leads, or an empty line, is no sentence yet.
        if not any(c.isalnum() for c in _MARKER.sub("", part)):
            continue
        following = buffer[end:].lstrip(" ")
        if leads and _FRESH.match(following):
            parts.append(part)
            start = end
            continue
        markers = _MARKERS_ALONE.match(following)
        if markers:
            # Behind the full stop they belong to the sentence before it, unless a line begins
            # with them and goes on: wait for what comes.
            fresh = leads or "\n" in boundary.group() or following[:1] == "\n"
            if not final and fresh and markers.end() == len(following):
                break
            if not (leads or (fresh and _LEADS.match(following))):
                continue
        if not final and (not following.strip() or _OPENED.fullmatch(following.lstrip())):
            break
        if boundary.group() != "\n" and not markers and _goes_on(part, following):
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
    if re.search(r"[\]】)]\s*[.!?…]?\s*$", part) and _MARKED.search(part):
        # A marker ends a sentence where a capital follows, and stands inside one elsewhere.
        begins = "“\"‘'-*•\n" + ("(" if _STOPPED.search(part) else "")
        return bool(following) and not (following[0].isupper() or following[0] in begins)
    if not following:
        return False
    probe = f"{part.strip()} {following[:40]}"
    first = next(iter(sentences(probe, Span(0, len(probe)))), None)
    return first is not None and first.end > len(part.strip())
