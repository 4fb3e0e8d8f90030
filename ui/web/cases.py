"""From an answer to a case of a question set: a reader shows which words are the right answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field

from eval.casebook import Casebook, NewCase
from rag.errors import NotFoundError, UsageError
from rag.library.listing import article_units, listing
from ui import escape
from ui.records import Records
from ui.records.gaps import mark
from ui.records.turns import history_before
from ui.web.case_page import article_choice, case_html
from ui.web.pages import check_same_site, notice, page

_MOST_FOUND = 20
_LONGEST_QUOTE = 5000
May = Callable[[Request], bool]


class _Place(BaseModel):
    """A quote by its place; `revision` says in which text it counts."""

    source: str
    revision: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class _Made(BaseModel):
    """A case as the page sends it."""

    answer: str
    question: str = Field(max_length=10_000)
    answerable: bool
    evidence: list[list[_Place]] = Field(max_length=20)
    answers: list[str] = Field(default=[], max_length=20)
    done: bool = False


def cases_router(
    library: Any, records: Records | None, casebook: Casebook | None, may_change: May
) -> APIRouter:
    """The page on which a case is made, what it asks for, and the set to download.

    Args:
        library: a `rag.library.Library`, where the quotes are chosen.
        records: the kept answers that cases are made of.
        casebook: where cases are kept.
        may_change: whether who asks may make cases.
    """
    router = APIRouter()

    def kept(request: Request) -> tuple[Records, Casebook]:
        if records is None or casebook is None:
            raise HTTPException(404, "Answers are not kept here.")
        if not may_change(request):
            raise HTTPException(403, "Making cases is off here.")
        return records, casebook

    @router.get("/case", include_in_schema=False)
    def case_page(request: Request, answer: str) -> Response:
        found, book = kept(request)
        try:
            record = found.find(answer)
        except NotFoundError as error:
            return notice("Make a case", "Gaps", str(error).capitalize() + ".", 404)
        history = history_before(found, record)
        return page(
            "Make a case", "Gaps", case_html(record, history, book.cases().get(answer), library),
            ["case.js"],
        )  # fmt: skip

    @router.post("/case", include_in_schema=False)
    def save(request: Request, made: _Made) -> Response:
        check_same_site(request)
        found, book = kept(request)
        try:
            record = found.find(made.answer)
            evidence = [[_quote(library, p) for p in group] for group in made.evidence]
            history = history_before(found, record)
            book.put(
                NewCase(record.id, made.question, history, made.answerable, evidence, made.answers)
            )
        except (NotFoundError, UsageError) as error:
            return JSONResponse({"error": str(error)}, 422)
        if made.done:
            mark(found, [record.id], True)
        return JSONResponse({"saved": record.id, "cases": len(book.cases())})

    @router.delete("/case", include_in_schema=False)
    def drop(request: Request, answer: str) -> Response:
        check_same_site(request)
        kept(request)[1].drop(answer)
        return JSONResponse({"dropped": answer})

    @router.get("/cases.jsonl", include_in_schema=False)
    def download(request: Request) -> Response:
        book = kept(request)[1]
        lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in book.cases().values()]
        headers = {"Content-Disposition": 'attachment; filename="questions.jsonl"'}
        return Response("".join(lines), media_type="application/jsonl", headers=headers)

    @router.get("/case/articles", include_in_schema=False)
    def articles(request: Request, q: str = "") -> Response:
        kept(request)
        found = listing(library.catalogue, q[:200], limit=_MOST_FOUND)
        rows = [row for row in found.rows if row.article is not None]
        items = "".join(
            f'<li><button type="button" class="link" data-source="{escape.attribute(row.source)}">'
            f"<bdi>{escape.text(row.title or row.source)}</bdi></button> "
            f'<span class="soft"><bdi>{escape.text(row.publisher or row.source)}</bdi></span></li>'
            for row in rows
        )
        more = found.found - len(found.rows)
        note = (
            f'<p class="soft">and {more:,} more: add a word to the search</p>' if more > 0 else ""
        )
        return HTMLResponse(
            f"<ul>{items}</ul>{note}" if items else '<p class="soft">No article matches.</p>'
        )

    @router.get("/case/article", include_in_schema=False)
    def article(request: Request, source: str, start: int = 0, part: int | None = None) -> Response:
        kept(request)
        try:
            found = library.article(source)
        except NotFoundError:
            return HTMLResponse('<p class="notice">This article is not in the library.</p>', 404)
        return HTMLResponse(
            article_choice(found, article_units(library.catalogue, found.id), start, part)
        )

    return router


def _quote(library: Any, place: _Place) -> tuple[str, str]:
    """The source and the words of a chosen quote.

    Raises:
        UsageError: the article has changed, or has no such place.
        NotFoundError: it is gone.
    """
    article = library.article(place.source)
    if article.revision != place.revision:
        raise UsageError(f"{article.name} has changed meanwhile: open it again and choose anew.")
    words = article.text[place.start : place.end]
    if place.end > len(article.text) or not words.strip() or len(words) > _LONGEST_QUOTE:
        raise UsageError(f"{article.name} has no quote at that place.")
    return article.source, words
