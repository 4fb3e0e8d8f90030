"""The HTTP API: ask, recall an answer, say what it is worth, list and read articles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from rag.filters import read_filter
from rag.library.listing import Row, listing
from rag.verify import Checked
from ui.records import Verdict
from ui.service import Service
from ui.web.answer_form import AnswerForm
from ui.web.asking import EVENT_HEADERS, LEFT, Asked, Asker, complete, events, reply_dict
from ui.web.identity import who_asks

MOST_HISTORY = 100
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer, or with `stream` server-sent events: `partial` whenever it has "
        "grown, then `answer` or `error`.",
        "model": AnswerForm,
        "content": {"text/event-stream": {}},
    }
}


class Message(BaseModel):
    """A message before the question."""

    role: str = Field(examples=["user"])
    content: str | None = None


class Question(BaseModel):
    """A question, and what to answer it from."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(examples=["When does the new bridge open?"])
    history: list[Message] = Field(
        default=[], max_length=MOST_HISTORY, description="the conversation so far, oldest first"
    )
    filter: dict[str, Any] | None = Field(
        default=None,
        description="articles to answer from: source, publisher, since, until, undated",
        examples=[{"source": ["reports/*"], "since": "2025-03"}],
    )
    page: str | None = Field(
        default=None, max_length=2000, description="address of the page that the reader is on"
    )
    conversation: str = Field(
        default="", max_length=100, description="an id that the turns of a conversation share"
    )
    mode: str | None = Field(
        default=None, pattern="^quotes$", description='"quotes": ask no model, though there is one'
    )
    stream: bool = Field(default=False, description="whether to answer in server-sent events")
    links: bool = Field(
        default=False, description="whether each quote has a `link` to its page at the words"
    )

    def asked(self) -> Asked:
        """What the service is asked.

        Raises:
            UsageError: the filter is none.
        """
        history = [{"role": m.role, "content": m.content or ""} for m in self.history]
        where = read_filter(self.filter)
        return Asked(
            self.question, history, where, self.conversation, self.page or "", bool(self.mode)
        )


class Opinion(BaseModel):
    """What a reader says of an answer."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict = Field(description="gap: the articles should have had an answer")
    comment: str = Field(default="", max_length=4000)


def api_router(service: Service, asker: Asker) -> APIRouter:
    """The routes under ``/api``.

    Args:
        service: what answers, and keeps answers.
        asker: the door to it for questions.

    Returns:
        A router to include in the application.
    """
    router = APIRouter(prefix="/api")

    @router.post("/ask", responses=_STREAMED)
    async def ask(body: Question, request: Request) -> Response:
        """Answer a question with quotes, or say that the articles don't."""
        asker.check_room()
        replies = asker.stream(body.asked(), who_asks(request.scope))
        if body.stream:
            return StreamingResponse(
                events(replies, body.links), media_type="text/event-stream", headers=EVENT_HEADERS
            )
        reply = await complete(replies, request)
        return JSONResponse(reply_dict(reply, body.links)) if reply else Response(status_code=LEFT)

    @router.get("/answers/{id}")
    def recall(number: Annotated[str, Path(alias="id")]) -> dict[str, Any]:
        """An answer that was given, and whether each of its quotes still stands."""
        found = service.recall(number)
        record = found.record
        feedback = record.feedback
        return {
            **record.contract,
            "created": record.created,
            "conversation": record.conversation or None,
            "standing": [_standing(checked) for checked in found.checked],
            "feedback": feedback and {"verdict": feedback.verdict, "comment": feedback.comment},
        }

    @router.post("/answers/{id}/feedback", status_code=204)
    def say(number: Annotated[str, Path(alias="id")], body: Opinion) -> Response:
        """Say what an answer is worth; the last word on it counts."""
        service.say(number, body.verdict, body.comment)
        return Response(status_code=204)

    @router.get("/sources")
    def sources(
        q: Annotated[
            str,
            Query(
                max_length=200, description="words that must stand in title, source or publisher"
            ),
        ] = "",
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, Any]:
        """The articles, a page at a time.

        `state` is "ready", or "failed" where it could not be read when last looked at, or "old"
        where an earlier text of such a one is kept; `reason` then says why.
        """
        found = listing(service.library.catalogue, q, sort="source", offset=offset, limit=limit)
        rows = [_source(row) for row in found.rows]
        return {"total": found.found, "offset": offset, "sources": rows}

    @router.get("/sources/{source:path}", response_class=PlainTextResponse)
    def text(source: str) -> Response:
        """An article's stored text, every character of it: quotes' places count in it."""
        article = service.library.article(source)
        # Bytes as they are: a text response would be free to guess at an encoding.
        return Response(
            article.text.encode(), media_type="text/plain; charset=utf-8",
            headers={"X-Pullquote-Revision": article.revision},
        )  # fmt: skip

    return router


def _standing(checked: Checked) -> dict[str, Any]:
    return {
        "marker": checked.marker,
        "source": checked.source,
        "standing": checked.standing.name.lower(),
        "says": checked.standing.value,
        "start": checked.start,
    }


def _source(row: Row) -> dict[str, Any]:
    return {
        "source": row.source,
        "title": row.title,
        "publisher": row.publisher,
        "published": row.published,
        "url": row.url,
        "characters": row.characters,
        "state": "ready" if row.reason is None else "failed" if row.article is None else "old",
        "reason": row.reason,
    }
