"""The gate that every request passes: whom it names, who sent it, how much they send, from where.

Plain ASGI, so that streams stay streams and a client that leaves is noticed.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.web.failures import failed
from ui.web.identity import LONGEST_NAME, Identity, Way, identify, identity_of, route
from ui.web.limits import Buckets, neighbourhood, retry_after
from ui.web.policy import Policy
from ui.web.tokens import TokenError, Tokens

COOKIE = "pullquote_session"
PEER = "pullquote.peer"
# What needs no access holds nothing of the library: the widget's files, signs of life, the way in.
_PUBLIC = ("/health", "/ready", "/login", "/logout", "/api/session", "/embed.js", "/favicon.ico")
_WIDGET = "/widget"
_ASKING = ("/api/ask", "/v1/chat/completions", "/gradio_api/", "/mcp")
_SAFE = ("GET", "HEAD", "OPTIONS")
_NO_ENTRY = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Pullquote</title>"
    "<p>You need a link from your wiki, or your team's sign-in, to come in here.</p>"
)


class Arrival:
    """Notes who is at the other end of the connection, before a proxy's word for it is taken, and
    under which path a proxy serves all this, whether it has taken that off or not."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as every ASGI application."""
        if scope["type"] == "http":
            scope[PEER] = (scope.get("client") or ("", 0))[0]
            if self._root:
                scope["root_path"] = self._root
                if not scope["path"].startswith(f"{self._root}/"):
                    scope["path"] = self._root + scope["path"]
        await self._app(scope, receive, send)


class Gate:
    """Lets in who may come in, no more often than they may, and not on behalf of another page."""

    def __init__(self, app: ASGIApp, policy: Policy, tokens: Tokens) -> None:
        self._app = app
        self._policy = policy
        self._tokens = tokens
        self._requests = Buckets(policy.requests if policy.limited else 0)
        self._questions = Buckets(policy.questions if policy.limited else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as every ASGI application."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why the request is turned away, as a response; None where it may pass."""
        headers = Headers(scope=scope)
        if (stranger := self._stranger(headers)) is not None:
            return stranger
        named = self._named_by_proxy(scope, headers)
        reason = ""
        try:
            identity, ambient = self._identity(headers, named)
        except TokenError as error:
            identity, ambient, reason = None, False, str(error)
        identify(scope, identity)
        if (wait := self._wait(scope)) > 0:
            return failed(429, "too many at once: slow down", headers=retry_after(wait))
        path = route(scope)
        if identity is None and not self._is_public(path):
            return self._no_entry(scope, headers, reason)
        if scope["method"] in _SAFE:
            return None
        # Where a browser shows who it is without being asked, other pages could make it ask.
        if (ambient or identity is None) and self._from_elsewhere(headers):
            return failed(403, "another site may not do this on a reader's behalf (cors_origins)")
        if path.startswith(("/api/", "/v1/", "/mcp")) and not _is_json(headers):
            return failed(415, "send JSON, with Content-Type: application/json")
        return None

    def _stranger(self, headers: Headers) -> Response | None:
        """A refusal where the request names a host that is not ours: a name may be anybody's."""
        host = headers.get("host", "").lower()
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        names = self._policy.names
        if not names or name.strip("[]") in names or name.endswith(".localhost"):
            return None
        return failed(421, f"this server is not called {name!r} (server_names)")

    def _named_by_proxy(self, scope: Scope, headers: Headers) -> str:
        """Who a trusted proxy says it is; whatever others say there is dropped."""
        wanted = self._policy.user_header
        if not wanted:
            return ""
        if self._policy.is_proxy(str(scope.get(PEER, ""))):
            raw = headers.get(wanted, "").encode("latin-1")
            return raw.decode("utf-8", "replace").strip()[:LONGEST_NAME]
        scope["headers"] = [h for h in scope["headers"] if h[0].lower() != wanted.encode()]
        return ""

    def _identity(self, headers: Headers, named: str) -> tuple[Identity | None, bool]:
        """Who sent it, and whether a browser shows that unasked.

        Raises:
            TokenError: what it shows is no good.
        """
        policy = self._policy
        if named:
            return Identity(Way.PROXY, named), True
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if policy.guarded and kind.lower() == "bearer":
            if (name := policy.key_name(shown.strip())) is not None:
                return Identity(Way.KEY, name), False
            return self._tokens.check(shown.strip()), False
        if not policy.guarded:
            return Identity(Way.OPEN), True
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE)
        if cookie is not None:
            try:
                return self._tokens.check(cookie), True
            except TokenError:
                return None, True  # as good as no cookie: the reader signs in again
        return None, True

    def _wait(self, scope: Scope) -> float:
        identity = identity_of(scope)
        who = f"{identity.way}:{identity.who}" if identity and identity.who else ""
        key = who or neighbourhood((scope.get("client") or ("", 0))[0])
        wait = self._requests.take(key)
        if not wait and scope["method"] == "POST" and route(scope).startswith(_ASKING):
            wait = self._questions.take(key)
        return wait

    def _no_entry(self, scope: Scope, headers: Headers, reason: str) -> Response:
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            if not self._policy.password:
                return HTMLResponse(_NO_ENTRY, 401)
            query = scope["query_string"].decode("latin-1")
            there = route(scope) + (f"?{query}" if query else "")
            target = f"{scope.get('root_path', '')}/login?next={quote(there, safe='/')}"
            return RedirectResponse(target, 303)
        words = reason or "show who you are: Authorization: Bearer with a key or a token"
        return failed(401, words, headers={"WWW-Authenticate": 'Bearer realm="Pullquote"'})

    @staticmethod
    def _is_public(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return path in _PUBLIC or path == _WIDGET or (folder == _WIDGET and bool(name))

    def _from_elsewhere(self, headers: Headers) -> bool:
        """Whether a page of another origin sent it, as far as the browser tells."""
        origin = headers.get("origin")
        if origin and origin.lower() in self._policy.origins:
            return False
        if (site := headers.get("sec-fetch-site")) is not None:
            return site not in ("same-origin", "none")
        return origin is not None and origin.partition("://")[2].lower() != headers.get("host")


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and "+json" in kind)
