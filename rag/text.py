"""Words, names and sentences of a text. Nothing here changes a text; offsets count its characters.

Sentence boundaries come from sentencex (Wikimedia), stems from Snowball (PyStemmer).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rag.domain import Span

# Letters with their marks, digits with inner points and commas ("4.5", "190,000").
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*", re.UNICODE)
_POSSESSIVE = re.compile(r"'s?$")
# Question words say what kind of answer is wanted, not what it is about: not search terms.
STOP_WORDS = frozenset(
    resources.files("rag").joinpath("stop_words.txt").read_text(encoding="utf-8").split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word at its place: as written, and as the key it is compared by."""

    span: Span
    surface: str
    term: str
    stop: bool

    @property
    def capitalised(self) -> bool:
        """Whether it is written like a name."""
        return self.surface[:1].isupper()


def fold(text: str) -> str:
    """`text` in lower case without accents, for comparing only: lengths may differ."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    # Of the many letters of a text few are different ones.
    for letter in set(plain):
        if unicodedata.combining(letter):
            plain = plain.replace(letter, "")
    return plain.replace("ø", "o").replace("ł", "l").replace("đ", "d").replace("’", "'")


_local = threading.local()
_KEPT_CHARACTERS = 1000


def _term(folded: str) -> str:
    if folded[0].isdigit():
        return folded.replace(",", "")
    # A Snowball stemmer keeps state: one for each thread.
    if not hasattr(_local, "stemmer"):
        import Stemmer

        # Without its own cache, which takes longer to keep than the stems it saves.
        _local.stemmer = Stemmer.Stemmer("english", 0)
    return str(_local.stemmer.stemWord(folded))


def _unpossessed(folded: str) -> str:
    """A folded word without the "'s" at its end, unless it is nothing else."""
    return (_POSSESSIVE.sub("", folded) or folded) if "'" in folded else folded


@lru_cache(maxsize=65536)
def word_key(surface: str) -> tuple[str, bool]:
    """The key that one word is compared by, and whether it is a stop word."""
    folded = _unpossessed(fold(surface))
    return _term(folded), folded in STOP_WORDS


def words(text: str) -> list[Word]:
    """The words of `text` in order, stop words among them."""
    # An answer looks at the same few sentences many times; long texts are not worth keeping.
    return list(_known_words(text) if len(text) <= _KEPT_CHARACTERS else _words(text))


def _words(text: str) -> tuple[Word, ...]:
    return tuple(
        Word(Span(*match.span()), match.group(), *word_key(match.group()))
        for match in _WORD.finditer(text)
    )


_known_words = lru_cache(maxsize=4096)(_words)


def surfaces(text: str) -> list[str]:
    """The words of `text` as they are written, in order."""
    return _WORD.findall(text)


def terms(text: str) -> list[str]:
    """The search terms of `text`: stems of its words without the stop words, in order."""
    keys = (word_key(surface) for surface in surfaces(text))
    return [term for term, stop in keys if not stop]


def all_terms(text: str) -> list[str]:
    """The stems of all words of `text`, stop words among them, in order."""
    return [word_key(surface)[0] for surface in surfaces(text)]


def replaced(text: str, places: Iterable[tuple[Span, str]]) -> str:
    """`text` with something else at some places, which are in order and apart."""
    parts, at = [], 0
    for span, other in places:
        parts += [text[at : span.start], other]
        at = span.end
    return "".join([*parts, text[at:]])


# Common romanisations of the same sounds, most specific first.
_ROMANISED = [
    ("shch", "s"), ("sch", "s"), ("tch", "k"), ("ch", "k"), ("kh", "k"), ("ck", "k"), ("sh", "s"),
    ("zh", "z"), ("ts", "s"), ("tz", "s"), ("ph", "f"), ("th", "t"), ("gh", "g"), ("dj", "j"),
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ya", "ia"), ("yu", "iu"), ("yo", "io"), ("q", "k"),
    ("c", "k"), ("w", "v"), ("y", "i"), ("j", "i"), ("x", "ks"),
]  # fmt: skip
_REPEATED = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[aeiou]")


@lru_cache(maxsize=65536)
def name_sound(name: str) -> str:
    """How `name` roughly sounds: equal or close for spellings of one name.

    A name that crossed alphabets has several spellings (Zelensky, Zelenskyy; Kiev, Kyiv);
    folding the usual romanisations onto one another brings them together.
    """
    folded = fold(name)
    if "'" in folded:
        folded = _POSSESSIVE.sub("", folded)
    for written, sound in _ROMANISED:
        folded = folded.replace(written, sound)
    return _REPEATED.sub(r"\1", folded)


def name_key(name: str) -> str:
    """The consonants of `name_sound`: the key under which spellings of a name meet."""
    sound = name_sound(name)
    return sound[:1] + _VOWELS.sub("", sound[1:])


def same_name(one: str, other: str) -> bool:
    """Whether two words are plausibly spellings of one name.

    The consonants must agree and most letters with them, so that Kiev is Kyiv but Putin is
    not Patten; short or unlike names are never merged.
    """
    from rapidfuzz.distance import OSA

    first, second = name_sound(one), name_sound(other)
    if first == second:
        return True
    if min(len(first), len(second)) < 3 or first[0] != second[0]:
        return False
    alike = float(OSA.normalized_similarity(first, second))
    if name_key(one) == name_key(other):
        return alike > 0.6
    return min(len(first), len(second)) >= 7 and alike >= 0.85


_LONGEST_NUMBER = len("(100)")
_NUMBERED = re.compile(r"\s*(?:[-*+•–]|\(?\d{1,3}[.)]|[a-zA-Z][.)])\s+$")

_ABBREVIATED = re.compile(r"\b[A-Z][bcdfghjklmnpqrstvwxz]{1,2}\.$")


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether what was taken for a sentence is only the beginning of one; it ends in no space."""
    if end - start <= _LONGEST_NUMBER and _NUMBERED.match(text[start:end] + " "):
        return True
    # With what stands before the longest match, which tells whether that begins a word.
    return text[end - 1] == "." and bool(_ABBREVIATED.search(text[max(start, end - 5) : end]))


def sentences(text: str, span: Span) -> Iterator[Span]:
    """The sentences of one paragraph, `span` of `text`, without surrounding white space.

    Together they hold every character of the paragraph that is not white space.
    """
    # Ingest looks at a paragraph once for what it leads in to, and once for its own sentences.
    paragraph = span.of(text)
    places = _known_places if len(paragraph) <= _KEPT_CHARACTERS else _places
    for start, end in places(paragraph):
        yield Span(span.start + start, span.start + end)


def _places(text: str) -> tuple[tuple[int, int], ...]:
    """Where the sentences of a paragraph begin and end."""
    from sentencex import get_sentence_boundaries

    found = []
    begun = None
    for boundary in get_sentence_boundaries("en", text):
        start, end = _trimmed(text, boundary["start_index"], boundary["end_index"])
        if start == end:
            continue
        if begun is not None:
            start, begun = begun, None
        # "1." is no sentence of its own, and an abbreviated name ("Th.") does not end one.
        if _goes_on(text, start, end):
            begun = start
            continue
        found.append((start, end))
    if begun is not None:
        found.append(_trimmed(text, begun, len(text)))
    return tuple(found)


_known_places = lru_cache(maxsize=1024)(_places)


def trim(text: str, span: Span) -> Span:
    """`span` without the white space at either end of it."""
    start, end = _trimmed(text, span.start, span.end)
    return span if end - start == len(span) else Span(start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """As `trim`, of places alone: of a thousand sentences each is looked at many times."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
