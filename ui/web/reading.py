"""An article on a page of its own, with a place of it marked; long ones in parts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from rag.compose import written_date
from rag.domain import Article, Span
from rag.errors import NotFoundError
from ui import escape
from ui.records import Records
from ui.web.pages import address, notice, page, turning

# Beyond this many characters a browser lays a text out slowly.
PART = 100_000


def reading_router(library: Any, records: Records | None = None) -> APIRouter:
    """The article page.

    Args:
        library: a `rag.library.Library`.
        records: the kept answers, which have what they quote as it was.
    """
    router = APIRouter()

    @router.get("/read", include_in_schema=False)
    def read(
        source: str, start: int | None = None, end: int | None = None, part: int | None = None,
        revision: str | None = None,
    ) -> Response:  # fmt: skip
        try:
            article, changed = _found(library, records, source, revision)
        except NotFoundError as error:
            return notice("Article", "Library", str(error), 404)
        try:
            mark = _mark(article, start, end)
        except ValueError:
            return notice("Article", "Library", "There is no such place in this article.", 422)
        parts = cut(article.text)
        shown = part_with(parts, mark.start if mark else 0) if part is None else part
        if not 1 <= shown <= len(parts):
            return notice("Article", "Library", "This article has no such part.", 404)
        marked = [(mark, '<mark id="quote" tabindex="-1">', "</mark>")] if mark else []
        turns = turning(
            "Parts of the article", "part", shown, len(parts), "read",
            source=source, revision=revision,
        )  # fmt: skip
        body = (
            f'<article class="reading"><header><h1 dir="auto">{escape.text(article.name)}</h1>'
            f"{byline(article)}{_changed(source) if changed else ''}</header>{turns}"
            f'<div class="text" dir="auto">{tagged(article.text, parts[shown - 1], marked)}</div>'
            f"{turns}</article>"
        )
        return page(article.name, "Library", body, ["read.js"])

    return router


def _found(
    library: Any, records: Records | None, source: str, revision: str | None
) -> tuple[Article, bool]:
    """The article at `revision`, or as it is; and whether it is no longer so in the library.

    Raises:
        NotFoundError: it is not there, or not as it was then; the words are for a reader.
    """
    current: Article | None = None
    with suppress(NotFoundError):
        current = library.article(source)
    if current is not None and revision in (None, "", current.revision):
        return current, False
    if revision and records is not None:
        with suppress(NotFoundError):
            return records.article(source, revision), True
    if current is None:
        raise NotFoundError("This article is not in the library.")
    # A place in a text that is gone would mark other words.
    raise NotFoundError("This article has changed, and how it was then is not kept.")


def _mark(article: Article, start: int | None, end: int | None) -> Span | None:
    """The place to mark, if there is one; ValueError where the article has none such."""
    if start is None and end is None:
        return None
    mark = Span(-1 if start is None else start, -1 if end is None else end)
    if mark.end > len(article.text):
        raise ValueError(f"the article ends at {len(article.text)}")
    return mark


def _changed(source: str) -> str:
    return (
        '<p class="notice" role="note">This is the article as it was when it was quoted. It has '
        "changed since, or left the library. "
        f'<a href="{address("read", source=source)}">Read it as it is now</a></p>'
    )


def cut(text: str) -> list[Span]:
    """`text` in parts of about `PART` characters, at ends of lines where there are some."""
    parts, at = [], 0
    while len(text) - at > PART * 3 // 2:
        end = text.rfind("\n", at + PART // 2, at + PART) + 1 or at + PART
        parts.append(Span(at, end))
        at = end
    return [*parts, Span(at, len(text))]


def part_with(parts: list[Span], place: int) -> int:
    """The number, from 1, of the part that `place` is in."""
    return next((n for n, p in enumerate(parts, 1) if place < p.end), len(parts))


def tagged(text: str, window: Span, tags: Iterable[tuple[Span, str, str]]) -> str:
    """The characters of `text` in `window`, spans of it between tags; no character is moved.

    Args:
        text: an article's.
        window: what is shown of it.
        tags: spans in order, none of which overlap, with the HTML before and after each.
    """
    pieces, at = [], window.start
    for span, before, after in tags:
        start, end = max(at, span.start), min(window.end, span.end)
        if start < end:
            pieces += [escape.text(text[at:start]), before, escape.text(text[start:end]), after]
            at = end
    return "".join([*pieces, escape.text(text[at : window.end])])


def byline(article: Article) -> str:
    """Who says it and when, under which source it is kept, and where it is on the web."""
    meta = article.metadata
    said = [x for x in (meta.publisher, meta.author) if x]
    said.append(written_date(meta.published) if meta.published else "undated")
    if meta.updated and meta.updated != meta.published:
        said.append(f"updated {written_date(meta.updated)}")
    if meta.language:
        said.append(meta.language)
    said.append(f"{len(article.text):,} characters")
    parts = [f"<bdi>{escape.text(part)}</bdi>" for part in said]
    link = escape.link(meta.url, "Original page")
    return (
        f'<p class="soft">{" · ".join(parts)}</p>'
        f'<p class="soft"><code>{escape.text(article.source)}</code>{link}</p>'
    )
