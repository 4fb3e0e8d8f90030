"""An answer's form for the API's description: `rag.contract` makes real ones, a test compares."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Quote(_Strict):
    marker: int = Field(description="the number by which the answer points at it")
    quote: str = Field(description="the article's own characters from start to end")
    source: str
    revision: str
    start: int
    end: int
    title: str | None
    publisher: str | None
    published: str | None
    url: str | None
    link: str | None = Field(
        default=None, description="to the words on their page, where `links` asks for it"
    )


class Citation(_Quote):
    """A quote that the answer stands on."""

    kind: Literal["sentence", "list_item", "table_row", "code"]
    context: list[str] = Field(description="headings, lead-in or table header to read it with")


class Also(_Quote):
    """Where else a quote's statement stands."""

    reprint: bool


class Point(_Strict):
    """Quotes that belong together."""

    markers: list[int]
    relation: Literal["one", "same", "differs", "later"]
    also: list[Also]
    parts: list[str] = Field(description="the parts of the question that they answer")
    spoken: list[int] = Field(description="quotes of words whose speaker they do not name")


class Passage(_Strict):
    """A passage that was found, best first."""

    source: str
    start: int
    end: int
    score: float


class Withheld(_Strict):
    """A sentence of the model that was not shown, and why."""

    text: str
    reason: str


class AnswerForm(_Strict):
    """An answer with its quotes. A refused one has none, and the nearest ones in `near_misses`."""

    id: str | None = Field(description="under which it is kept; null where answers are not")
    question: str
    answer: str = Field(description="Markdown, every sentence ending in markers such as [1]")
    refused: bool
    mode: Literal["quotes", "llm"]
    model: str | None
    probability: float
    citations: list[Citation]
    passages: list[Passage]
    near_misses: list[Citation]
    missing: list[str] = Field(description="the question's own words that no evidence has")
    points: list[Point]
    uncovered: list[str] = Field(description="parts of the question that are not answered")
    withheld: list[Withheld]
    standalone_question: str
    timings_ms: dict[str, float]
    notice: str | None = Field(
        description="how slips of the pen were read, and why a model that was asked did not answer"
    )
    usage: dict[str, float | int | str | bool | None] | None
