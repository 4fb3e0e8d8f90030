"""Security headers on every response."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.web.identity import route

# Gradio's page carries inline scripts and styles, and compiles its HTML templates at run time.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Only scripts that say so themselves are for other sites to include.
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Nobody else frames the page where a password is typed.
_UNFRAMED = ("/login",)


class SecurityHeaders:
    """Adds the security headers to every response; plain ASGI, so that streams stay streams."""

    def __init__(self, app: ASGIApp, ancestors: Sequence[str] = ()) -> None:
        """Let pages of the origins `ancestors` frame what is served, and of no other."""
        self._app = app
        self._ancestors = tuple(ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Args:
            scope: what is asked for.
            receive: where the request comes from.
            send: where the response goes.
        """
        path = route(scope) if scope["type"] == "http" else ""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), path)
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        for name, value in _HEADERS.items():
            # A page of its own may say more strictly what it does.
            headers.setdefault(name, value)
        framing = () if path in _UNFRAMED else self._ancestors
        policy = headers["content-security-policy"]
        if "frame-ancestors" not in policy:
            allowed = " ".join(("'self'", *framing))
            headers["content-security-policy"] = f"{policy}; frame-ancestors {allowed}"
        if not framing:
            # For browsers that know no frame-ancestors; it cannot name other origins.
            headers["x-frame-options"] = "SAMEORIGIN"
        if path.startswith(("/api/", "/v1/", "/login")):
            headers.setdefault("cache-control", "no-store")
