"""What a reader can choose from: publishers, and questions that the articles do answer.

No model is asked. A question is offered only where quotes mode answers it now; what was found is
kept until the library changes.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice, zip_longest

from rag.dates import periods
from rag.domain import Answer, Article, Citation, Span
from rag.errors import NotFoundError
from rag.filters import EVERYTHING, Filter
from rag.text import fold, word_key
from ui.service import Service

_EXAMPLES = 4
_FOLLOW_UPS = 3
# What making offers may cost: articles read, and questions tried.
_ARTICLES = 40
_TRIED = 60
_TRIED_AFTER = 16
# Characters on either side of a quote in which a follow-up finds its subject.
_NEAR = 1500
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_QUESTION = re.compile(r"^[#*\s>]*([^\W\d_][^\n?]{8,118}\?)[*\s]*$", re.MULTILINE)
_POSSESSIVE = re.compile(r"(?:[’']s|[’'-]+)$")
_NAMES = 8
_Entry = tuple[tuple[str, ...], str | None, str | None]
_JOINING = frozenset(("of", "the", "de", "la", "du", "von", "van", "der"))


class Choices:
    """Publishers and questions of a service's library. Safe to use from several threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._made: tuple[int, list[str]] | None = None
        self._known: tuple[int, list[_Entry]] | None = None

    def publishers(self) -> list[tuple[str, int]]:
        """Every publisher with how many articles are theirs, the most first."""
        found = Counter(publisher for _, publisher, _ in self._entries() if publisher)
        return sorted(found.items(), key=lambda pair: (-pair[1], fold(pair[0])))

    def matching(self, where: Filter) -> int:
        """How many articles `where` accepts."""
        return sum(
            any(where.accepts(source, publisher, published) for source in sources)
            for sources, publisher, published in self._entries()
        )

    def examples(self) -> list[str]:
        """Questions to start with, from different articles, each of which gets an answer."""
        version = self._service.library.catalogue.change()
        with self._lock:
            if self._made is None or self._made[0] != version:
                self._made = version, self._examples()
            return self._made[1]

    def follow_ups(
        self, answer: Answer, history: Sequence[Mapping[str, str]] = (), where: Filter = EVERYTHING
    ) -> list[str]:
        """Questions that lead on from `answer` and that its articles answer with other quotes.

        Args:
            answer: what was just answered.
            history: the conversation up to and with it, in which they will be asked.
            where: the articles that they will be asked of.
        """
        said = {(c.quote.article.source, c.quote.span) for c in answer.citations}
        about = fold(" ".join([answer.question, *(c.quote.text for c in answer.citations)]))
        cited = {c.quote.article.source: c.quote for c in reversed(answer.citations)}
        near = (_near(quote.article.text, quote.span) for quote in cited.values())
        about += fold(" ".join(name for name, _ in self.publishers()))
        subjects = (s for s in _mixed(map(_subjects, near)) if _bare(s) not in about)
        found: list[str] = []
        for subject in islice(dict.fromkeys(subjects), _TRIED_AFTER):
            question = subject if subject.endswith("?") else f"What about {subject}?"
            new = self._answer(question, subject, history, where)
            places = {(c.quote.article.source, c.quote.span) for c in new}
            if places and not places & said and {p[0] for p in places} & cited.keys():
                said |= places
                found.append(question)
            if len(found) == _FOLLOW_UPS:
                break
        return found

    def _entries(self) -> list[_Entry]:
        """Sources, publisher and date of every article."""
        catalogue = self._service.library.catalogue
        version = catalogue.change()
        known = self._known
        if known is None or known[0] != version:
            entries = [
                (e.sources, e.metadata.publisher, e.metadata.published) for e in catalogue.entries()
            ]
            known = self._known = version, entries
        return known[1]

    def _examples(self) -> list[str]:
        newest = sorted(self._entries(), key=lambda entry: entry[2] or "", reverse=True)[:_ARTICLES]
        each = (_subjects(a.text) for a in self._articles(sources[0] for sources, *_ in newest))
        houses = fold(" ".join(name for name, _ in self.publishers()))
        subjects = (s for s in _mixed(each) if _bare(s) not in houses)
        found: list[str] = []
        taken: set[str] = set()
        for subject in islice(dict.fromkeys(subjects), _TRIED):
            question = subject if subject.endswith("?") else f"What is said about {subject}?"
            sources = {c.quote.article.source for c in self._answer(question, subject)}
            if sources and not sources & taken:
                taken |= sources
                found.append(question)
            if len(found) == _EXAMPLES:
                break
        return found

    def _articles(self, sources: Iterable[str]) -> Iterator[Article]:
        for source in sources:
            # One may be taken out of the library meanwhile.
            with suppress(NotFoundError):
                yield self._service.library.article(source)

    def _answer(
        self, question: str, subject: str, history: Sequence[Mapping[str, str]] = (),
        where: Filter = EVERYTHING,
    ) -> Sequence[Citation]:  # fmt: skip
        """The quotes that answer `question`, if they name its subject; else none."""
        answer: Answer = self._service.assistant.quoting().answer(question, history, where)
        if subject.endswith("?"):
            return answer.citations
        words = " ".join(t for c in answer.citations for t in (c.quote.text, c.quote.article.name))
        return answer.citations if _bare(subject) in fold(words) else ()


def _bare(subject: str) -> str:
    """A subject as it is compared."""
    return fold(subject.removeprefix("the "))


def _near(text: str, span: Span) -> str:
    return text[max(0, span.start - _NEAR) : span.end + _NEAR]


def _subjects(text: str) -> list[str]:
    """What can be asked about: headings that are questions, then names, the most frequent first."""
    asked = [match[1].strip() for match in _QUESTION.finditer(text)]
    names = Counter(name for run in _runs(text) if (name := _name(run)))
    return [*asked, *(_with_article(name, text) for name, _ in names.most_common(_NAMES))]


def _with_article(name: str, text: str) -> str:
    """`name` as the text has it mostly: with "the" before it or without."""
    with_it = text.count(f"the {name}") + text.count(f"The {name}")
    return f"the {name}" if 2 * with_it >= text.count(name) else name


def _runs(text: str) -> Iterator[list[str]]:
    """Capitalised words that follow each other, with what joins them: "Bank of England"."""
    run: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        word, between = match.group(), text[end : match.start()]
        end = match.end()
        # After one or two letters a stop ends an initial or a short form, not a sentence.
        initial = between == ". " and run and len(run[-1]) <= 2
        if run and between != " " and not initial:
            yield run
            run = []
        if initial:
            run[-1] += "."
        if word[0].isupper() or (run and word in _JOINING):
            run.append(word)
        elif run:
            yield run
            run = []
        if run and run[-1].endswith(("'s", "’s")):
            # What somebody has is not part of their name.
            yield run
            run = []
    yield run


def _name(run: Sequence[str]) -> str | None:
    """The name in a run: two words or more, none of them at its ends a small one, and no date."""
    words = list(run)
    while words and word_key(words[0])[1]:
        words.pop(0)
    while words and words[-1] in _JOINING:
        words.pop()
    name = _POSSESSIVE.sub("", " ".join(words))
    return name if len(words) > 1 and not periods(name) else None


def _mixed(each: Iterable[Sequence[str]]) -> Iterator[str]:
    """The first of each, then the second of each, and so on."""
    for row in zip_longest(*each):
        yield from (item for item in row if item is not None)
