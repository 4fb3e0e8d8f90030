"""Answers that were given, the articles behind their quotes, and what the chat page asks beside."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field

from rag.domain import Article, Span
from rag.errors import NotFoundError, PullquoteError, UsageError
from rag.filters import make_filter, read_filter
from rag.quotes import make_quote
from ui import render
from ui.chat import history_of, recalled_turns
from ui.choices import Choices
from ui.records import Verdict
from ui.service import Service
from ui.shared import shared_html
from ui.shell import STATIC, version
from ui.standing import check_quote, notice_html
from ui.turns import recalled_html

_GONE = "This article is no longer in the library."
_CHANGED = "This article has changed since it was quoted. Ask again to see it as it is."
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_MOST_AT_ONCE = 200


class Said(BaseModel):
    """What a reader says of an answer."""

    id: str = Field(max_length=64)
    verdict: Verdict
    comment: str = Field("", max_length=4000)


class After(BaseModel):
    """An answer and the conversation it closes, as the page's script sends them with a question."""

    id: str = Field(max_length=64)
    turns: list[Any] = Field([], max_length=12)
    filter: dict[str, Any] | None = None


def answer_routes(service: Service) -> APIRouter:
    """The routes of the chat page beside Gradio's own.

    Args:
        service: who answers, and whose records hold the answers.

    Returns:
        Routes with addresses below the page's own.
    """
    routes = APIRouter()
    choices = Choices(service)

    @routes.get("/article")
    def article(
        source: str,
        start: int | None = None,
        end: int | None = None,
        revision: str | None = None,
        also: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        try:
            span = None if start is None and end is None else _span(f"{start}-{end}")
            others = [_span(other) for other in also or ()]
            found, notice = _shown(service, source, revision, span)
            return HTMLResponse(render.article_html(found, span, others, notice))
        except NotFoundError as error:
            return PlainTextResponse(str(error), 404 if str(error) == _GONE else 409)
        except ValueError:
            return PlainTextResponse("There is no such place in this article.", 422)

    @routes.get("/turns")
    def turns(id: Annotated[list[str] | None, Query()] = None) -> list[dict[str, Any]]:
        return [_turn(service, number) for number in (id or [])[:_MOST_AT_ONCE]]

    @routes.post("/say")
    def say(said: Said) -> Response:
        try:
            service.say(said.id, said.verdict, said.comment.strip())
        except NotFoundError as error:
            return PlainTextResponse(f"{str(error)[:1].upper()}{str(error)[1:]}.", 404)
        return PlainTextResponse("Thank you.")

    @routes.get("/about")
    def about() -> dict[str, Any]:
        articles = service.library.count()[0]
        publishers = [[name, n] for name, n in choices.publishers()]
        return {"articles": articles, "model": service.assistant.model, "publishers": publishers}

    @routes.get("/matching")
    def matching(
        source: Annotated[list[str] | None, Query()] = None,
        publisher: Annotated[list[str] | None, Query()] = None,
        since: str | None = None,
        until: str | None = None,
        undated: bool = False,
    ) -> Response:
        try:
            where = make_filter(tuple(source or ()), tuple(publisher or ()), since, until, undated)
        except UsageError as error:
            return PlainTextResponse(f"{str(error)[:1].upper()}{str(error)[1:]}", 422)
        count = choices.matching(where)
        noun = "article matches" if count == 1 else "articles match"
        return PlainTextResponse(f"{count:,} {noun}")

    @routes.get("/examples")
    def examples() -> list[str]:
        return choices.examples()

    @routes.post("/follow-ups")
    def follow_ups(after: After) -> list[str]:
        turns = recalled_turns(service, [*after.turns, after.id])
        if service.records is None:
            return []
        try:
            answer = service.records.find(after.id).answer
            return choices.follow_ups(answer, history_of(turns), read_filter(after.filter))
        except (NotFoundError, UsageError):
            return []

    @routes.get("/a/{number}")
    def shared(number: str) -> Response:
        try:
            return HTMLResponse(shared_html(service.recall(number)))
        except NotFoundError:
            return HTMLResponse(shared_html(None), 404)

    files = {file.name: file for file in STATIC.iterdir() if file.suffix in _KINDS}

    @routes.get("/page-files/{digest}/{name}")
    def static(digest: str, name: str) -> Response:
        if name not in files:
            return PlainTextResponse("There is no such file.", 404)
        # Said here, since what a system makes of a file's name differs.
        response = FileResponse(files[name], media_type=_KINDS[files[name].suffix])
        if digest == version():
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return routes


def _shown(
    service: Service, source: str, revision: str | None, span: Span | None
) -> tuple[Article, str]:
    """The article to show, at the revision that was quoted, and what to say above it."""
    try:
        present = service.library.article(source)
    except NotFoundError:
        present = None
    if present is not None and revision in (None, present.revision):
        return present, ""
    missing = _GONE if present is None else _CHANGED
    if service.records is None or revision is None:
        raise NotFoundError(missing)
    try:
        # Its offsets count in the text of then: in the present one they would mark other words.
        kept = service.records.article(source, revision)
    except NotFoundError as error:
        raise NotFoundError(missing) from error
    quote = make_quote(kept, span or Span(0, len(kept.text)))
    return kept, notice_html(quote, check_quote(quote, service.library))


def _turn(service: Service, number: str) -> dict[str, Any]:
    try:
        recalled = service.recall(number)
    except PullquoteError:
        # One that is gone, or damaged, takes no other with it.
        return {"id": number, "question": None, "html": None}
    answer = recalled.record.answer
    return {"id": number, "question": answer.question, "html": recalled_html(recalled)}


def _span(text: str) -> Span:
    """The span that `text`, such as "120-231", writes; ValueError where it is none."""
    start, end = text.split("-")
    return Span(int(start), int(end))
