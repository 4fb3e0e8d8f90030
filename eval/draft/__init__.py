"""Drafting questions from the live library, without a model, for a person to accept or edit.

Gold is the exact sentence a question was made from. Unanswerable questions are made from
articles that the set then leaves out, where no other article says the same.
"""

from __future__ import annotations

import calendar
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from eval.draft.forms import Asked, ask
from rag.conversation import Turn
from rag.domain import Article, Kind, Span
from rag.embed import Embedder
from rag.library import Library
from rag.retrieve import Retriever
from rag.text import fold, terms, words

_SAME_WORDS = 0.7
_SAME_TOPIC = 0.4
# A share of the articles is left out of the set, and a share of the questions asked of them.
_LEFT_OUT = 0.2
_UNANSWERABLE = 0.25
_LOOKED_AT = 10
_CALENDAR = frozenset((*calendar.month_name, *calendar.day_name))
# Words that point at something outside of the question.
_POINTS = re.compile(
    r"\b(?:it|he|she|they|them|him|we|us|this|these|those|such|same|another|our)\b"
)
_WITHIN = re.compile(r" (?:when|before|after|until|because) it\b")
_WORDED = "two three four five six seven eight nine ten eleven twelve"
_DIGITS = {word: str(number) for number, word in enumerate(_WORDED.split(), 2)}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A unit of an article that may be quoted."""

    article: Article
    span: Span

    @property
    def text(self) -> str:
        """Its own characters."""
        return self.span.of(self.article.text)


class Drafter(Protocol):
    """Makes questions of a sentence: the templates do, and a model may."""

    def draft(self, sentence: Sentence) -> Iterator[Asked]:
        """Questions that `sentence` answers without the text around it."""
        ...


class TemplateDrafter:
    """Plain templates, and a look at whether what they make can stand alone."""

    def __init__(self, rare: frozenset[str], common: frozenset[str]) -> None:
        """Make questions; `rare` are terms of few articles, `common` words in small letters."""
        self._rare = rare
        self._common = common

    def draft(self, sentence: Sentence) -> Iterator[Asked]:
        """Questions that a reader understands who hasn't seen the article."""
        for asked in ask(sentence.text):
            question = _in_words(asked.question, sentence.article.text, self._common)
            if _POINTS.search(_WITHIN.sub(" ", question)):
                continue
            if self._names(question) or self._specific(question):
                yield Asked(asked.kind, f"{question}?", asked.answer)

    @staticmethod
    def _names(question: str) -> bool:
        return any(w.capitalised and w.surface not in _CALENDAR for w in words(question)[1:])

    def _specific(self, question: str) -> bool:
        content = set(terms(question))
        return len(content) >= 3 and len(content & self._rare) >= 2


def _in_words(question: str, text: str, common: frozenset[str]) -> str:
    """`question` with capitals where its article has them, and its short names in full.

    "The bridge" becomes "the Francis Scott Key Bridge" where the article has such a name.
    """

    def lowered(match: re.Match[str]) -> str:
        word = match[1]
        as_name = re.search(rf"(?<=[a-z,] ){re.escape(word)}\b", text)
        # Few names are plural; a plural that no sentence has within it is a common noun.
        small = word.lower() in common or word.endswith("s")
        return f" {word}" if as_name or not small else f" {word.lower()}"

    subject = re.sub(r"(?<=[a-z]) ((?:The|A|An|Some|[A-Z][a-z]+))(?= [a-z0-9])", lowered, question)
    subject = re.sub(r" (The|A|An) ", lambda m: m[0].lower(), subject)

    def full(match: re.Match[str]) -> str:
        noun = match[1].capitalize()
        names = Counter(re.findall(rf"\b((?:[A-Z][\w'’-]+ ){{1,3}}{noun})\b", text))
        longest = max((n for n in names if not n.startswith("The ")), key=len, default=None)
        return f"the {longest}" if longest else match[0]

    return re.sub(r"\bthe ([a-z]{4,})\b", full, subject, count=1)


@dataclass(frozen=True, slots=True)
class _Unit:
    sentence: Sentence
    terms: frozenset[str]


def _units(library: Library) -> list[_Unit]:
    """Every sentence and list item of the library, once, article by article."""
    found: dict[tuple[str, Span], _Unit] = {}
    for added in library.catalogue.added_since(0, library.catalogue.generation()):
        for stored in library.passages([a.id for a in added]):
            article = stored.passage.article
            for unit in stored.passage.units:
                if unit.kind in (Kind.SENTENCE, Kind.LIST_ITEM):
                    sentence = Sentence(article, unit.span)
                    key = article.source, unit.span
                    found[key] = _Unit(sentence, frozenset(terms(sentence.text)))
    return [found[key] for key in sorted(found)]


def _rare(units: Sequence[_Unit]) -> frozenset[str]:
    articles: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        for term in unit.terms:
            articles[term].add(unit.sentence.article.source)
    most = max(2, len({u.sentence.article.source for u in units}) // 10)
    return frozenset(t for t, sources in articles.items() if len(sources) <= most)


def _common(units: Sequence[_Unit]) -> frozenset[str]:
    found = (w.surface for unit in units for w in words(unit.sentence.text))
    return frozenset(word for word in found if word.islower())


def _holds(text: str, answer: str) -> bool:
    """Whether `text` says `answer`, in words or figures."""
    spellings = {fold(answer)} | ({_DIGITS[answer]} if answer in _DIGITS else set())
    return any(re.search(rf"\b{re.escape(s)}(?!\w)", fold(text)) for s in spellings if s)


class Drafting:
    """One round of drafting from a library."""

    def __init__(
        self, library: Library, embedder: Embedder, candidates: int, drafter: Drafter | None = None
    ) -> None:
        """Draft from what `library` holds now.

        Args:
            library: the library, of `embedder`'s vectors.
            embedder: what retrieval checks unanswerable questions with.
            candidates: passages fetched from each index.
            drafter: what makes questions; the templates by default.

        Raises:
            ModelMismatchError: the library has another model's vectors.
        """
        library.use_model(embedder.name, embedder.dimensions)
        library.refresh()
        self._retriever = Retriever(library, embedder, candidates)
        self._units = _units(library)
        drafter = drafter or TemplateDrafter(_rare(self._units), _common(self._units))
        self._stock: dict[str, list[tuple[_Unit, Asked]]] = defaultdict(list)
        for unit in self._units:
            found = ((unit, asked) for asked in drafter.draft(unit.sentence))
            self._stock[unit.sentence.article.source].extend(found)
        self._sources = sorted({u.sentence.article.source for u in self._units})
        names = Counter(PurePosixPath(s).name for s in self._sources)
        self._name = {s: n if names[n := PurePosixPath(s).name] == 1 else s for s in self._sources}

    def run(self, count: int, seed: int) -> list[dict[str, Any]]:
        """At most `count` drafted lines of a question set, spread over articles and kinds.

        Args:
            count: how many are wanted; fewer come where few sentences make a good question.
            seed: the same seed drafts the same from the same library.
        """
        order = random.Random(seed)  # noqa: S311 - a choice of sentences keeps no secret
        sources = list(self._sources)
        order.shuffle(sources)
        wanted = round(_UNANSWERABLE * min(count, sum(map(len, self._stock.values()))))
        left_out = self._leave_out(sources, wanted)
        kept = [s for s in sources if s not in left_out]
        none = [
            self._line(unit, asked, left_out)
            for unit, asked in self._spread(sorted(left_out), order, count)
            if self._unsaid(unit, asked, left_out)
        ][:wanted]
        answerable = [
            self._line(unit, asked, left_out)
            for unit, asked in self._spread(kept, order, count - len(none))
        ]
        lines = answerable + none
        return [{"id": f"draft-{n:03}"} | line for n, line in enumerate(lines, 1)]

    def _leave_out(self, sources: Sequence[str], wanted: int) -> set[str]:
        """Articles with enough questions that no other article answers."""
        left_out: set[str] = set()
        questions = 0
        for source in sources:
            if questions >= wanted or len(left_out) + 1 > _LEFT_OUT * len(sources):
                break
            if own := sum(self._unsaid(u, asked, {source}) for u, asked in self._stock[source]):
                left_out.add(source)
                questions += own
        return left_out

    def _spread(
        self, sources: Sequence[str], order: random.Random, count: int
    ) -> list[tuple[_Unit, Asked]]:
        """One question an article, round after round, of the kind that was least asked so far."""
        stock = {source: list(self._stock[source]) for source in sources}
        for found in stock.values():
            order.shuffle(found)
        chosen: list[tuple[_Unit, Asked]] = []
        kinds: Counter[str] = Counter()
        while len(chosen) < count and any(stock.values()):
            for source in sources:
                if stock[source] and len(chosen) < count:
                    pick = min(stock[source], key=lambda pair: kinds[pair[1].kind])
                    chosen.append(pick)
                    kinds[pick[1].kind] += 1
                    # One question of a sentence, and of those that say it over again.
                    for s, found in stock.items():
                        stock[s] = [p for p in found if not _repeats(pick[0], p[0])]
        return chosen

    def _alternatives(self, unit: _Unit, answer: str) -> list[Sentence]:
        """Sentences of other articles that say the same in nearly the same words."""
        return [
            other.sentence
            for other in self._units
            if other.sentence.article.source != unit.sentence.article.source
            and _repeats(unit, other)
            and _holds(other.sentence.text, answer)
        ]

    def _unsaid(self, unit: _Unit, asked: Asked, left_out: set[str]) -> bool:
        """Whether the articles that stay don't have the answer, as far as retrieval finds."""
        # What someone says of a matter, others may say in other words.
        if asked.kind == "statement":
            return False
        staying = [u for u in self._units if u.sentence.article.source not in left_out]
        if any(_repeats(unit, other, _SAME_TOPIC) for other in staying):
            return False
        # A person goes by the last name alone elsewhere.
        answer = asked.answer.split()[-1] if asked.kind == "person" else asked.answer
        hits = self._retriever.search(Turn(asked.question), limit=200).hits
        stay = [h.passage for h in hits if h.passage.article.source not in left_out]
        return not any(_holds(p.span.of(p.article.text), answer) for p in stay[:_LOOKED_AT])

    def _line(self, unit: _Unit, asked: Asked, left_out: set[str]) -> dict[str, Any]:
        source = unit.sentence.article.source
        answerable = source not in left_out
        others = [
            s
            for s in self._alternatives(unit, asked.answer)
            if answerable and s.article.source not in left_out
        ]
        group = [
            {"source": self._name[s.article.source], "quote": s.text}
            for s in (unit.sentence, *others)
        ]
        line: dict[str, Any] = {
            "status": "draft",
            "question": asked.question,
            "history": [],
            "answerable": answerable,
            "gold_sources": [g["source"] for g in group] if answerable else [],
            "evidence": [group] if answerable else [],
            "answers": [asked.answer] if answerable else [],
            "type": asked.kind if answerable else "unanswerable",
        }
        if not answerable:
            line["left_out"] = self._name[source]
            line["left_out_quote"] = unit.sentence.text
        return line


def _repeats(one: _Unit, other: _Unit, share: float = _SAME_WORDS) -> bool:
    shared = len(one.terms & other.terms)
    return shared > 0 and shared >= share * len(one.terms | other.terms)
