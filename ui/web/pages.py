"""What the plain pages share: their frame, their files, and what is asked of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from ui import escape

_STATIC = Path(__file__).parent / "static"
_FILES = {file.name: file for file in _STATIC.iterdir() if file.suffix in (".css", ".js")}
# Stricter than the chat page's, which has a framework's needs: nothing inline, nothing evaluated.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
# Every page is at the same depth, so that the links of each hold behind any path.
_LINKS = (("./", "Chat"), ("library", "Library"), ("gaps", "Gaps"))


def page(
    title: str, current: str, body: str, scripts: Sequence[str] = (), status: int = 200
) -> HTMLResponse:
    """A whole page.

    Args:
        title: as text.
        current: which of the header's links it belongs to.
        body: HTML.
        scripts: names of files in ``static``.
        status: of the response.
    """
    links = "".join(
        f'<a href="{to}"{" aria-current=page" if name == current else ""}>{name}</a>'
        for to, name in _LINKS
    )
    loaded = "".join(f'<script src="pages/{name}" defer></script>' for name in scripts)
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        # Browsers ask for an icon at the root of the host, which may be another's.
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="pages/pages.css">'
        f"<title>{escape.text(title)} · Pullquote</title>{loaded}</head><body>"
        '<a class="skip" href="#main">Skip to the content</a>'
        f'<header class="top"><p class="name">Pullquote</p><nav aria-label="Pages">{links}</nav>'
        f'</header><main id="main" tabindex="-1">{body}</main></body></html>',
        status,
        {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )


def notice(title: str, current: str, words: str, status: int) -> HTMLResponse:
    """A page that says what is wrong, and where to go from there."""
    body = f'<h1>{escape.text(title)}</h1><p class="notice" role="alert">{escape.text(words)}</p>'
    return page(title, current, body, status=status)


def address(path: str, **query: object) -> str:
    """A relative address, for use in an attribute; what is None or empty is left out."""
    given = {k: v for k, v in query.items() if v is not None and v != ""}
    return escape.attribute(f"{path}?{urlencode(given, doseq=True)}" if given else path)


def go(path: str, **query: object) -> Response:
    """A redirect after a form, to a page at the same depth."""
    given = urlencode({k: str(v) for k, v in query.items()})
    return RedirectResponse(f"{path}?{given}" if given else path, 303)


def turning(label: str, what: str, at: int, last: int, path: str, **query: object) -> str:
    """The way from one part of something long to the next; nothing where it has only one.

    Args:
        label: what it is the way through.
        what: what a part is called, which is also the name of its number in the address.
        at: the part that is shown, from 1.
        last: how many there are.
        path: of the page.
        query: what else is asked of the page.
    """
    if last <= 1:
        return ""
    links = [f'<span class="soft">{what.capitalize()} {at:,} of {last:,}</span>']
    if at > 1:
        to = address(path, **query, **{what: at - 1})
        links.insert(0, f'<a rel="prev" href="{to}">Previous</a>')
    if at < last:
        to = address(path, **query, **{what: at + 1})
        links.append(f'<a rel="next" href="{to}">Next</a>')
    return f'<nav class="turning" aria-label="{label}">{" ".join(links)}</nav>'


def choice(name: str, label: str, choices: Mapping[str, str], now: str) -> str:
    """A labelled choice in a form; `choices` maps values to what is shown."""
    options = "".join(
        f'<option value="{key}"{" selected" if key == now else ""}>{shown}</option>'
        for key, shown in choices.items()
    )
    return (
        f'<span class="field"><label for="{name}">{label}</label>'
        f'<select id="{name}" name="{name}">{options}</select></span>'
    )


def check_same_site(request: Request) -> None:
    """Refuse what another site's page made the browser send.

    Browsers say where a request comes from (Fetch Metadata, W3C), older ones its origin; programs
    that are no browser say neither, and carry nobody's rights along.

    Raises:
        HTTPException: 403.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        fine = site in ("same-origin", "none")
    elif origin is not None:
        hosts = (request.headers.get("host"), request.headers.get("x-forwarded-host"))
        fine = urlsplit(origin).netloc in hosts
    else:
        fine = True
    if not fine:
        raise HTTPException(403, "This came from another site's page.")


def files_router() -> APIRouter:
    """The pages' own style sheet and scripts."""
    router = APIRouter()

    @router.get("/pages/{name}", include_in_schema=False)
    def file(name: str) -> Response:
        if name not in _FILES:
            raise HTTPException(404)
        # Asked about each time; the answer is a short "not modified".
        return FileResponse(_FILES[name], headers={"Cache-Control": "no-cache"})

    return router
