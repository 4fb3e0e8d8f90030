"""Words that change what a sentence says: comparisons, relations, opposites, negations, hedges.

A sentence that has a word of one of the classes needs evidence that has one of the same class;
a word whose opposite stands in the evidence, while it does not itself, says the contrary.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

from rag.amounts import plain
from rag.text import words


def _read(name: str) -> str:
    return resources.files("rag").joinpath(name).read_text(encoding="utf-8")


def _listed(name: str) -> frozenset[str]:
    return frozenset(_read(name).split())


# Before a figure "over" compares; elsewhere it says where.
_N = r"(?= [$€£¥]? ?\d)"
# Classes by name; a sentence's class must be its evidence's. A word may be of more than one.
_STRICT = {
    "at least": rf"at least|no (?:fewer|less) than|or more|(?<!no )more than|over{_N}|above{_N}"
    r"|minimum|exceed\w*|upwards? of|in excess of|(?:greater|higher|longer|larger) than",
    "at most": rf"at most|no more than|or (?:less|fewer)|up to|under{_N}|below{_N}|maximum"
    rf"|(?<!no )(?:less|fewer|lower|shorter|smaller) than|within{_N}",
    "nearly": rf"nearly|almost|just (?:under|over|short of)|close to{_N}",
    "roughly": rf"about{_N}|around{_N}|some{_N}|roughly|approximately|approx|circa|or so"
    r"|an estimated",
    "more": r"(?<!no )more(?! than)|additional|extra|further(?! \w+ing)",
    "less": r"less(?! than)|fewer(?! than)",
    "all": r"all|every(?:one|body|thing)?|each|entire(?:ly)?|whole|wholly|completely|totally"
    r"|full(?:y)?|always",
    "most": r"most(?:ly)?|majority|mainly|largely",
    "many": r"many|numerous|lots of|several|multiple|a number of|dozens|hundreds|thousands"
    r"|millions",
    "few": r"few|handful|hardly|barely|scarcely|rarely|seldom",
    "only": r"only|solely|exclusively|sole|alone|merely",
    "both": r"both|twins?",
    "half": r"half|halved?|halves",
    "double": r"doubl\w+|twice|twofold",
    "triple": r"tripl\w+|thrice|threefold|treble\w*",
    "quarter": r"quarters?",
    "before": r"before|prior to|ahead of|earlier|previously|until|till|beforehand",
    "after": r"after(?:wards?)?|following|later|subsequent\w*|since|then|once|when",
    "during": r"while|during|amid|meanwhile|as soon as",
    "because": r"because|due to|caus(?:e|es|ed|ing)|owing to|thanks to|therefore|hence|thus"
    r"|as a result|result(?:ed|ing|s)? (?:in|from)|led to|leads? to|so that|in order to|since"
    r"|reasons?|prompt(?:ed|ing|s)|trigger\w+|forc(?:ed|ing|es)|which meant"
    r"|so(?= the| it| they| he| she)",
    "must": r"must|ha(?:ve|s|d) to|need(?:s|ed)? to|requir\w+|oblig\w+|mandat\w+|should|ought",
    "today": r"today|tonight|now|currently|at present|nowadays",
    "yesterday": r"yesterday|last (?:night|week|month|year)",
    "tomorrow": r"tomorrow|next (?:week|month|year)",
    "again": r"again|resum\w+|repeat\w*|once more|another|re-?open\w*",
    "ago": r"ago|recent(?:ly)?|latest",
    "out": r"out of|away from|outward",
    "if": r"if|unless|provided that|on condition",
    "than": r"(?<!more )(?<!less )(?<!fewer )(?<!rather )(?<!other )than|compared (?:with|to)",
    "versus": r"despite|although|though|in spite of|whereas|nevertheless",
}
_CLASSES = {name: re.compile(rf"\b(?:{pattern})\b") for name, pattern in _STRICT.items()}
# Those that belong to one figure: "at least 115" is not "115".
BOUNDS = frozenset({"at least", "at most", "nearly", "roughly"})
# A superlative needs itself.
_SUPERLATIVE = re.compile(r"\b(?:\w{3,}est|best|worst|(?<!at )(?:most|least) \w+)\b")
_NOT_SUPERLATIVE = _listed("not_superlatives.txt")
NEGATIONS = _listed("negations.txt")
HEDGES = _listed("hedges.txt")
SPEECH = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|told|tells?|add(?:s|ed|ing)?|stat(?:e|es|ed|ing|ement)|announc\w+|"
    r"report\w*|accord\w*|explain\w*|describ\w+|claim\w*|call(?:s|ed|ing)?|wrote|writes?|argu\w+|"
    r"not(?:e|es|ed|ing)|mention\w*|confirm\w*|insist\w*|warn\w*|declar\w+|believ\w+|accus\w+|"
    r"respon[ds]\w*|commented?|admit\w*|suggest\w*|acknowledg\w+|quot\w+|cit(?:e|es|ed|ing))\b"
)
# What a sentence may say of its evidence without that saying it.
_GLUE = frozenset(w.term for w in words(_read("light_words.txt")))
# These say that something will be, not that it may be.
FUTURE = frozenset({"will", "shall", "won't"})


@lru_cache(maxsize=8192)
def classes(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The words of comparison and relation in `text`, each with the classes it may be of."""
    spelled = _figures_plain(text)
    found: dict[tuple[int, str], set[str]] = {}
    for name, pattern in _CLASSES.items():
        for match in pattern.finditer(spelled):
            found.setdefault((match.start(), match.group()), set()).add(name)
    return tuple((word, frozenset(names)) for (_, word), names in sorted(found.items()))


@lru_cache(maxsize=8192)
def compares(word: str) -> bool:
    """Whether a word is one of comparison or negation, and so no name."""
    return word in NEGATIONS or any(p.fullmatch(word) for p in _CLASSES.values())


@lru_cache(maxsize=8192)
def superlatives(text: str) -> frozenset[str]:
    """The superlatives of `text`, as written."""
    return frozenset(_SUPERLATIVE.findall(plain(text))) - _NOT_SUPERLATIVE


@lru_cache(maxsize=8192)
def opposites(term: str) -> frozenset[str]:
    """The stems that say the contrary of `term`."""
    found: set[str] = set()
    for one, other in _pairs():
        found |= other if term in one else one if term in other else set()
    return frozenset(found)


@lru_cache(maxsize=8192)
def like(term: str) -> frozenset[str]:
    """The stems that say much the same as `term`.

    What may also say its contrary is none of them: who suffers a defeat has not won.
    """
    same = frozenset().union(*(group for group in _groups() if term in group))
    return same - opposites(term)


@lru_cache(maxsize=8192)
def base(term: str) -> str:
    """The stem of a verb's present for that of its irregular past; any other stem as it is."""
    return _irregular().get(term, term)


def glue(term: str) -> bool:
    """Whether a word, by its stem, says nothing that evidence would have to say."""
    return term in _GLUE


@lru_cache(maxsize=1)
def irregular_pasts() -> frozenset[str]:
    """The irregular pasts and participles of verbs, as written, where no present looks alike."""
    rows = [line.split() for line in _read("irregular.txt").splitlines()]
    return frozenset(form for row in rows for form in row[1:]) - {row[0] for row in rows}


@lru_cache(maxsize=1)
def _pairs() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Groups of stems of like meaning, each with the group that says the contrary."""

    def stems(group: str) -> frozenset[str]:
        return frozenset(base(w.term) for w in words(group))

    split = (line.split("|") for line in _read("opposites.txt").splitlines())
    return tuple((stems(one), stems(other)) for one, other in split)


@lru_cache(maxsize=1)
def _groups() -> tuple[frozenset[str], ...]:
    """Groups of stems of like meaning."""
    lines = _read("synonyms.txt").splitlines()
    return tuple(frozenset(base(w.term) for w in words(line)) for line in lines)


@lru_cache(maxsize=1)
def _irregular() -> dict[str, str]:
    forms = ([w.term for w in words(line)] for line in _read("irregular.txt").splitlines())
    return {form: row[0] for row in forms for form in row[1:] if form not in row[:1]}


def _figures_plain(text: str) -> str:
    """`text` with number words as digits, for patterns that look for a figure behind a word."""
    return re.sub(
        r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
        r"fifty|sixty|seventy|eighty|ninety|half|a (?:hundred|dozen|thousand|million))\b",
        lambda m: "half" if m.group() == "half" else "1",
        plain(text),
    )
