"""The widget: the script that a wiki adds, and the page that it shows in a frame.

Neither needs access: they hold nothing of the library. What is asked goes through the API, by the
page in the frame, with the token that the script got from the wiki's own side, if any.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, Response

_STATIC = Path(__file__).parent / "static"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
_PARTS = frozenset({"widget.js", "widget.css", "answer.js", "ask.js", "words.js"})
# No inline script or style, nothing from elsewhere, and no text that becomes markup. Who may frame
# the page is for the server to add: see `ui.web.headers`.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    )
)


def widget_router() -> APIRouter:
    """The routes ``/embed.js``, ``/widget`` and the files of that page.

    Returns:
        A router to include in the application.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/embed.js")
    def embed() -> Response:
        return _file("embed.js", {"Cross-Origin-Resource-Policy": "cross-origin"})

    @router.get("/widget")
    def widget() -> Response:
        return _file("widget.html", {"Content-Security-Policy": POLICY})

    @router.get("/widget/{name}")
    def part(name: str) -> Response:
        if name not in _PARTS:
            raise HTTPException(404, f"no {name} here")
        return _file(name, {})

    return router


def _file(name: str, headers: dict[str, str]) -> Response:
    path = _STATIC / name
    fresh = {"Cache-Control": "max-age=300"}
    return FileResponse(path, headers=fresh | headers, media_type=_KINDS[path.suffix])
