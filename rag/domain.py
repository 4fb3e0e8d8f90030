"""The nouns that every room shares: frozen values, standard library only.

Offsets always count characters of an article's stored text, so that
``article.text[span.start:span.end]`` is the quoted text itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a unit of an article is; decides how it is split, scored and shown."""

    SENTENCE = "sentence"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CODE = "code"
    HEADING = "heading"
    BOILERPLATE = "boilerplate"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of characters, ``0 <= start <= end``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def of(self, text: str) -> str:
        """The characters of `text` in this span."""
        return text[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest thing that can be evidence: a sentence, list item, table row or code line.

    `context` are the places in the same article of what the unit needs to be understood,
    outermost first: the headings above it, what leads in to its list or code, the items it stands
    under, the header of its table. They may lie outside the passage.
    """

    span: Span
    kind: Kind = Kind.SENTENCE
    context: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an article's own text says of itself. What is uncertain stays None.

    `published` and `updated` are ISO 8601 dates or prefixes of one, `language` such as ``pt-BR``.
    """

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None
    updated: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One stored article at one revision, the hash of `text`. Equal `story` numbers say reprints:
    together they count as one source."""

    id: int
    source: str
    text: str
    revision: str
    metadata: Metadata = Metadata()
    story: int = 0

    @property
    def name(self) -> str:
        """What to call the article to a reader: its title, else its source."""
        return self.metadata.title or self.source


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of neighbouring units of one article; what is embedded and retrieved."""

    id: int
    article: Article
    span: Span
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. Scores are comparable within one question only, save `cosine`."""

    passage: Passage
    score: float
    cosine: float
    keyword: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A numbered unit of a retrieved passage. `score` is the chance, 0 to 1, that it answers.

    `context` is the unit's: places of the article's words that it needs to be understood.
    """

    number: int
    article: Article
    span: Span
    score: float
    kind: Kind = Kind.SENTENCE
    context: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """The unit's own characters."""
        return self.span.of(self.article.text)

    @property
    def context_texts(self) -> tuple[str, ...]:
        """The article's own characters at the places of the context."""
        return tuple(span.of(self.article.text) for span in self.context)


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters of an article at a known place. Only `rag.quotes` makes one."""

    article: Article
    span: Span
    text: str

    @property
    def revision(self) -> str:
        """The revision of the article that the span counts in."""
        return self.article.revision


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote under the number by which the answer's text points at it.

    `kind` is what it is a quote of; `context` are places in its article of the words to read it
    with, outermost first.
    """

    marker: int
    quote: Quote
    kind: Kind = Kind.SENTENCE
    context: tuple[Span, ...] = ()

    @property
    def context_texts(self) -> tuple[str, ...]:
        """The article's own characters at the places of the context."""
        return tuple(span.of(self.quote.article.text) for span in self.context)


class Relation(StrEnum):
    """How the quotes of a point stand to each other and to other articles."""

    ONE = "one"
    SAME = "same"
    DIFFERS = "differs"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Also:
    """Where else a cited quote's statement stands. A reprint is no source of its own."""

    marker: int
    quote: Quote
    reprint: bool


@dataclass(frozen=True, slots=True)
class Point:
    """Quotes that belong together, by their markers.

    One quote: `ONE`, or `SAME` where other articles, in `also`, say it too. Several: the sides of
    a difference, `LATER` where they stand in the order of their dates. `parts` are the parts of
    the question that they answer; `spoken` the markers of words whose speaker the quote does
    not name.
    """

    markers: tuple[int, ...]
    relation: Relation
    also: tuple[Also, ...] = ()
    parts: tuple[str, ...] = ()
    spoken: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence that was drafted and not shown, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what is said, and the quotes that every said sentence stands on.

    `text` is Markdown. A refused answer has no citations; `near_misses` then holds the
    closest quotes. `missing` are the question's own words that no evidence has. `points` group
    the citations; `uncovered` are parts of the question that they don't answer; times are in ms.
    `notice` says how slips of the pen in the question were read, and why a model that was asked did
    not answer; `read_as` is the first of these alone, which has words of the question; `usage` is
    what asking the model took.
    """

    question: str
    text: str
    standalone_question: str
    citations: tuple[Citation, ...] = ()
    refused: bool = False
    near_misses: tuple[Citation, ...] = ()
    missing: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    uncovered: tuple[str, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    hits: tuple[Hit, ...] = ()
    probability: float = 0.0
    mode: str = "quotes"
    model: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    notice: str = ""
    read_as: str = field(default="", compare=False)
    usage: Mapping[str, Any] | None = None
