"""Answers checked again, later: does every quote still stand in the library where it stood?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rag.errors import NotFoundError, UsageError
from rag.library import Library


class Standing(StrEnum):
    """What has become of a quote."""

    OK = "ok"
    MOVED = "source changed, the quote stands elsewhere in it"
    LOST = "source changed, the quote is no longer in it"
    WRONG = "the source does not have these words there"
    GONE = "source gone"


@dataclass(frozen=True, slots=True)
class Checked:
    """A quote of an answer and what has become of it; `start` is where it stands now, if at all."""

    marker: int
    source: str
    standing: Standing
    start: int | None


def verify_answer(answer: object, library: Library) -> list[Checked]:
    """Every quote of `answer` held against the library: cited, also in, or a near miss.

    Args:
        answer: in the form that `rag.contract.answer_dict` gives.
        library: where the quotes shall stand.

    Raises:
        UsageError: it is not of that form.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("citations"), list):
        raise UsageError("not an answer: it has no list of citations")
    quotes = [*answer["citations"]]
    try:
        quotes += answer.get("near_misses") or []
        quotes += [also for point in answer.get("points") or [] for also in point["also"]]
    except (TypeError, LookupError) as error:
        raise UsageError("not an answer: its near misses or points are of another form") from error
    return [_checked(quote, library) for quote in quotes]


def _checked(quote: Any, library: Library) -> Checked:
    try:
        marker, source, text = int(quote["marker"]), str(quote["source"]), quote["quote"]
        revision, start, end = quote["revision"], int(quote["start"]), int(quote["end"])
        if not isinstance(text, str) or not text or min(start, end) < 0:
            raise ValueError("an empty quote, or no place")
    except LookupError as error:
        raise UsageError(f"not a citation: it has no {error}") from error
    except (TypeError, ValueError) as error:
        raise UsageError(f"not a citation: {error}") from error
    try:
        article = library.article(source)
    except NotFoundError:
        return Checked(marker, source, Standing.GONE, None)
    if article.revision == revision:
        if article.text[start:end] == text:
            return Checked(marker, source, Standing.OK, start)
        return Checked(marker, source, Standing.WRONG, None)
    found = article.text.find(text)
    if found < 0:
        return Checked(marker, source, Standing.LOST, None)
    # It may stand there more than once: say the place nearest to the old one.
    while (further := article.text.find(text, found + 1)) >= 0 and abs(further - start) <= abs(
        found - start
    ):
        found = further
    return Checked(marker, source, Standing.MOVED, found)
