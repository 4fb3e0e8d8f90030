"""Slips of the pen: a question's word that the library lacks, one letter from one that it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from rag.text import replaced, word_key, words

# Shorter words are one letter from too many; names mean somebody else sooner.
_LEAST, _LEAST_NAME = 5, 6
# What is longer is no word, and takes long to look for.
_MOST = 30
# A word is taken for another one only where no third is nearly as frequent.
_CLEARLY = 3
# What a word in use may begin or end with, and how long it must be without.
_BEGINNINGS = ("un", "re", "non", "mis", "dis", "pre")
_ENDINGS = ("s", "es", "d", "ed", "ing", "er", "en", "ly")
_LEAST_STEM = 4


def may_be_slip(surface: str, pieces: Callable[[str], int]) -> bool:
    """Whether a word is long enough, of letters alone, and none that is in use.

    Only in scripts with small letters: where words are written together, as in Chinese, what counts
    as a word is a sentence, and one sign of it another meaning.

    Args:
        surface: the word.
        pieces: into how many pieces a vocabulary of common words cuts a text.
    """
    least = _LEAST_NAME if surface[:1].isupper() else _LEAST
    small = surface.lower()
    if not least <= len(surface) <= _MOST or not surface.isalpha() or not small.islower():
        return False
    if surface[1:] not in (surface[1:].lower(), surface[1:].upper()):
        # A capital inside, as in "GitHub", is put there on purpose.
        return False
    stems = [
        small,
        *(small[len(start) :] for start in _BEGINNINGS if small.startswith(start)),
        *(small[: -len(end)] for end in _ENDINGS if small.endswith(end)),
    ]
    in_use = any(len(stem) >= _LEAST_STEM and pieces(stem) < 2 for stem in stems)
    return not in_use and not word_key(f"{surface[:-1]}'{surface[-1]}")[1]


def meant(surface: str, texts: Iterable[str]) -> str | None:
    """The word of `texts` that `surface` was to be: one edit away, with the same first letter.

    An edit is a letter too many, too few, another, or two in the wrong order (Damerau, 1964, found
    80 % of the misspellings in an index to be one such edit).

    Returns:
        The word as the texts have it most often; None where there is none, or no clear one.
    """
    near: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    for text in texts:
        for word in words(text):
            # The slip may be in one number, and the articles have the other.
            here = word.surface.lower()
            if any(
                _one_edit(surface.lower(), form)
                for form in (here, f"{here}s", here.removesuffix("s"))
            ):
                near[word.term] += 1
                forms.setdefault(word.term, Counter())[word.surface] += 1
    ranked = near.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] < _CLEARLY * ranked[1][1]):
        return None
    return forms[ranked[0][0]].most_common(1)[0][0]


def _one_edit(one: str, other: str) -> bool:
    from rapidfuzz.distance import OSA

    return one[:1] == other[:1] and OSA.distance(one, other, score_cutoff=1) == 1


def mended(text: str, meant: Mapping[str, str]) -> str:
    """`text` with the words of `meant`, however written, replaced by what they were to be."""
    right = {word_key(surface)[0]: word for surface, word in meant.items()}
    return replaced(text, ((w.span, right[w.term]) for w in words(text) if w.term in right))
