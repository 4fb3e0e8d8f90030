"""The library page: what there is, what could not be read, and files brought and taken away."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from ingest.changed import pending
from ingest.files import KINDS
from ingest.readers.forms import BY_SUFFIX
from ingest.uploads import upload_name
from rag.compose import written_date
from rag.errors import ArticleError, LibraryBusyError, NotFoundError, UsageError
from rag.library.listing import SORTS, STATES, Listing, Row, listing
from ui import escape
from ui.keeper import Keeper, TakenError
from ui.web.pages import address, check_same_site, choice, go, notice, page, turning
from ui.web.syncing import SyncState, sync_html

_ROWS = 50
_SORTED = {"title": "Article", "publisher": "Publisher", "published": "Date", "characters": "Size"}
_STATES = {"": "All", "failed": "Not read", "reprint": "Reprints"}
_ACCEPTED = ",".join((*BY_SUFFIX, ".gz", ".bz2"))
May = Callable[[Request], bool]


def library_router(
    library: Any, keeper: Keeper | None, may_change: May, sync: SyncState | None = None
) -> APIRouter:
    """The library page and what it sends.

    Args:
        library: a `rag.library.Library`, asked from several threads.
        keeper: takes files in and articles out; without it the page only shows.
        may_change: whether who asks may do that.
        sync: how the sources stand that are kept in step, where some are.
    """
    router = APIRouter()

    def keeper_for(request: Request) -> Keeper:
        check_same_site(request)
        if keeper is None or not may_change(request):
            raise HTTPException(403, "Adding and removing articles is off here.")
        return keeper

    @router.get("/library", include_in_schema=False)
    def library_page(
        request: Request, q: str = "", state: str = "", sort: str = "title", down: str = "",
        at: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1, removed: str = "",
    ) -> Response:  # fmt: skip
        asked = {
            "q": q[:200], "state": state if state in STATES else "",
            "sort": sort if sort in SORTS else "title", "down": "1" if down else "",
        }  # fmt: skip
        found = listing(
            library.catalogue, asked["q"], asked["state"], asked["sort"], bool(down),
            (at - 1) * _ROWS, _ROWS,
        )  # fmt: skip
        may = keeper is not None and may_change(request)
        said = '<p class="notice" role="status">The article was removed.</p>' if removed else ""
        table = _articles(asked, found, at, may)
        body = (
            f"<h1>Library</h1>{said}{_upload(keeper) if may and keeper else ''}{sync_html(sync)}"
            f'{_search(asked, found)}<div id="articles">{table}</div>'
        )
        return page("Library", "Library", body, ["library.js"])

    @router.post("/library/uploads", include_in_schema=False)
    async def upload(request: Request, name: str, replace: bool = False) -> Response:
        kept = keeper_for(request)
        try:
            aside = kept.begin(upload_name(name), replace)
        except TakenError as error:
            return JSONResponse({"error": str(error), "taken": True}, 409)
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 422)
        most = int(kept.limit_mb(aside.name) * 1_000_000)
        size = 0
        try:
            with aside.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > most:
                        raise kept.too_large(aside.name)
                    await run_in_threadpool(file.write, chunk)
        except BaseException as error:
            kept.uploads.drop(aside)
            if isinstance(error, ArticleError):
                return JSONResponse({"error": str(error)}, 413)
            if isinstance(error, OSError):
                words = f"{aside.name}: it could not be kept ({error.strerror})"
                return JSONResponse({"error": words}, 507)
            raise
        return JSONResponse(kept.add(aside, replace).as_dict(), 202)

    @router.get("/library/uploads/{number}", include_in_schema=False)
    def progress(request: Request, number: str) -> Response:
        try:
            return JSONResponse(keeper_for(request).job(number).as_dict())
        except NotFoundError as error:
            return JSONResponse({"error": str(error)}, 404)

    @router.get("/remove", include_in_schema=False)
    def ask(request: Request, source: str) -> Response:
        keeper_for(request)
        return page("Remove an article", "Library", _confirm(source))

    @router.post("/remove", include_in_schema=False)
    def remove(request: Request, source: Annotated[str, Form()]) -> Response:
        try:
            keeper_for(request).remove(source)
        except NotFoundError as error:
            return notice("Remove an article", "Library", str(error), 404)
        except LibraryBusyError as error:
            return notice("Remove an article", "Library", str(error), 409)
        return go("library", removed=1)

    return router


def _upload(keeper: Keeper) -> str:
    """Where files are brought; the script makes it work, and says what becomes of each."""
    one = keeper.settings.max_article_mb
    many = keeper.settings.max_upload_mb
    return (
        '<section class="upload" aria-labelledby="upload-title">'
        '<h2 id="upload-title">Add articles</h2>'
        f'<div id="drop" data-one="{min(one, many):g}" data-many="{many:g}" hidden>'
        '<p><label for="files">Drop files here, or choose them:</label> '
        f'<input id="files" type="file" multiple accept="{_ACCEPTED}" '
        'aria-describedby="upload-kinds"></p>'
        f'<p id="upload-kinds" class="soft">Read are {escape.text(KINDS)}, to {one:g} MB an '
        f"article.</p></div>"
        '<noscript><p class="soft">Adding files here needs JavaScript; '
        "<code>pullquote ingest</code> does not.</p></noscript>"
        '<ul id="uploads" aria-label="Files on their way"></ul>'
        '<p id="upload-said" class="unseen" role="status"></p></section>'
    )


def _search(asked: Mapping[str, str], found: Listing) -> str:
    order = "".join(
        f'<input type="hidden" name="{key}" value="{escape.attribute(asked[key])}">'
        for key in ("sort", "down")
    )
    some = found.found != found.total
    count = f"{found.found:,} of {found.total:,}" if some else f"{found.total:,}"
    noun = "article" if found.total == 1 else "articles"
    failed = f", {found.failed:,} of them not read" if found.failed and not some else ""
    return (
        '<form class="search" role="search" action="library">'
        '<span class="field grows"><label for="q">Search</label>'
        '<input id="q" name="q" type="search" '
        f'value="{escape.attribute(asked["q"])}" placeholder="Title, source or publisher"></span>'
        f"{choice('state', 'Show', _STATES, asked['state'])}{order}"
        '<button type="submit">Search</button>'
        f'<p class="soft" id="count">{count} {noun}{failed}</p></form>'
    )


def _articles(asked: Mapping[str, str], found: Listing, at: int, may: bool) -> str:
    """The table of one page of the list, or words where it has no rows."""
    if not found.total:
        hint = "Add files above, or run" if may else "Run"
        return f'<p class="empty">No articles yet. {hint} <code>pullquote ingest FOLDER</code>.</p>'
    if not found.rows:
        return '<p class="empty">No article matches. <a href="library">Show all</a></p>'
    heads = "".join(_head(key, name, asked) for key, name in _SORTED.items())
    change = '<th scope="col"><span class="unseen">Change</span></th>' if may else ""
    rows = "".join(_row(row, may) for row in found.rows)
    last = math.ceil(found.found / _ROWS)
    turns = turning("Pages of the list", "page", at, last, "library", **asked)
    return (
        '<div class="wide"><table class="list"><caption class="unseen">Articles</caption>'
        f'<thead><tr>{heads}<th scope="col">State</th>{change}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{turns}"
    )


def _head(key: str, name: str, asked: Mapping[str, str]) -> str:
    """A column's head, which sorts by it; a second time the other way round."""
    now = key == asked["sort"]
    down = bool(asked["down"])
    way = f' aria-sort="{"descending" if down else "ascending"}"' if now else ""
    turned = "" if now and down else "1" if now or key in ("published", "characters") else ""
    to = address("library", **{**asked, "sort": key, "down": turned})
    mark = f'<span aria-hidden="true">{" ↓" if down else " ↑"}</span>' if now else ""
    side = ' class="number"' if key == "characters" else ""
    return f'<th scope="col"{side}{way}><a href="{to}">{name}{mark}</a></th>'


def _row(row: Row, may: bool) -> str:
    name = row.title or row.source
    shown = f"<bdi>{escape.text(name)}</bdi>"
    if row.article is not None:
        shown = f'<a href="{address("read", source=row.source)}">{shown}</a>'
    source = (
        f'<span class="source"><bdi>{escape.text(row.source)}</bdi></span>' if row.title else ""
    )
    tongue = f' <span class="soft">{escape.text(row.language)}</span>' if row.language else ""
    undated = "undated" if row.article is not None else "–"
    date = written_date(row.published) if row.published else undated
    updated = (
        f'<span class="source">updated {escape.text(written_date(row.updated))}</span>'
        if row.updated and row.updated != row.published else ""
    )  # fmt: skip
    size = f"{row.characters:,}" if row.article is not None else "–"
    change = (
        f'<td class="act"><a href="{address("remove", source=row.source)}">Remove'
        f'<span class="unseen"> {escape.text(name)}</span></a></td>' if may else ""
    )  # fmt: skip
    return (
        f'<tr><th scope="row">{shown}{tongue}<span class="source">{source}</span></th>'
        f'<td data-label="Publisher"{"" if row.publisher else " class=none"}>'
        f"<bdi>{escape.text(row.publisher or '–')}</bdi></td>"
        f'<td class="date" data-label="Date">{escape.text(date)}{updated}</td>'
        f'<td class="number" data-label="Size">{size}</td>'
        f'<td data-label="State">{_state(row)}</td>{change}</tr>'
    )


def _state(row: Row) -> str:
    """What there is to know of an article: read or not, again elsewhere, about to change."""
    said = []
    if row.reason is not None:
        reason = row.reason.removeprefix(f"{row.place.path}: ").removeprefix(f"{row.source}: ")
        older = " Its earlier text is still answered from." if row.article is not None else ""
        said.append(f'<span class="bad">Not read:</span> {escape.text(reason)}{older}')
    if row.same_as:
        said.append(f"Same text as <bdi>{escape.text(row.same_as)}</bdi>")
    if row.reprint_of:
        said.append(f"Reprint of <bdi>{escape.text(row.reprint_of)}</bdi>")
    coming = pending(row.place, row.url) if row.article is not None else ""
    if coming == "changed":
        said.append('<span class="warn">Changed</span> since it was read: ingest it again')
    elif coming == "gone":
        said.append('<span class="warn">Its file is gone</span>; the stored text is answered from')
    return "<br>".join(said) or '<span class="good">OK</span>'


def _confirm(source: str) -> str:
    return (
        "<h1>Remove an article</h1><p>Remove <strong><bdi>"
        f"{escape.text(source)}</bdi></strong> from the library? No question will be answered from "
        'it any more.</p><p class="soft">A file that was added on the library page is deleted. Any '
        "other file stays where it is; to ingest its folder again brings the article back.</p>"
        '<form method="post" action="remove" class="row">'
        f'<input type="hidden" name="source" value="{escape.attribute(source)}">'
        '<button type="submit" class="danger">Remove</button> '
        '<a class="button" href="library">Keep it</a></form>'
    )
