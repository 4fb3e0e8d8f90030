"""Signing in: with the team's password on a page, or with a token from the wiki's side."""

from __future__ import annotations

import hmac
from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from ui.web.failures import failed
from ui.web.gate import COOKIE
from ui.web.identity import Way
from ui.web.limits import Slowdown, retry_after
from ui.web.policy import Policy
from ui.web.tokens import LONGEST_LIFE, SESSION_LIFE, TokenError, Tokens

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh;
  margin: 0; color: #1c1917; background: #fafaf9; }
main { width: min(20rem, 90vw); }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem .75rem;
  border: 1px solid #a8a29e; border-radius: 6px; }
input { background: #fff; color: inherit; }
button { margin-top: .75rem; background: #0f766e; color: #fff; border-color: #0f766e; }
:focus-visible { outline: 3px solid #5eead4; outline-offset: 2px; }
.wrong { color: #b91c1c; }
@media (prefers-color-scheme: dark) {
  body { color: #e7e5e4; background: #1c1917; }
  input { background: #292524; border-color: #57534e; }
  .wrong { color: #fca5a5; }
}
"""
# A wiki's link may carry a token behind the #, which no server and no log gets to see.
_SCRIPT = """
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", location.pathname);
  fetch("api/session", {method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({token})}).then(async (got) => {
      if (got.ok) location.replace("./");
      else document.querySelector("#said").textContent = (await got.json()).error.message;
    });
}
"""


class Shown(BaseModel):
    """A token that the wiki's side has minted."""

    token: str = Field(max_length=4000)


def login_router(policy: Policy, tokens: Tokens) -> APIRouter:
    """The routes ``/login``, ``/logout`` and ``/api/session``.

    Args:
        policy: the server's rules.
        tokens: what checks tokens and makes sessions.

    Returns:
        A router to include in the application.
    """
    router = APIRouter()
    slowdown = Slowdown()

    @router.get("/login", include_in_schema=False)
    def login_page(back: Annotated[str, Query(alias="next")] = "/") -> Response:
        return HTMLResponse(_page(policy, back))

    @router.post("/login", include_in_schema=False)
    def login(
        request: Request,
        password: Annotated[str, Form(max_length=1000)] = "",
        back: Annotated[str, Form(alias="next", max_length=2000)] = "/",
    ) -> Response:
        address = request.client.host if request.client else ""
        if (wait := slowdown.wait(address)) > 0:
            words = f"Too many wrong passwords. Try again in {wait:.0f} seconds."
            return HTMLResponse(_page(policy, back, words), 429, headers=retry_after(wait))
        right = hmac.compare_digest(password.encode(), policy.password.encode())
        if not policy.password or not right:
            slowdown.failed(address)
            return HTMLResponse(_page(policy, back, "That is not the password."), 403)
        slowdown.succeeded(address)
        response = RedirectResponse(policy.root_path + _local(back), 303)
        _set_cookie(request, response, policy, tokens.session(""), SESSION_LIFE)
        return response

    @router.post("/logout", include_in_schema=False)
    def logout() -> Response:
        response = RedirectResponse(f"{policy.root_path}/login", 303)
        response.delete_cookie(COOKIE, path=policy.root_path or "/")
        return response

    @router.post("/api/session")
    def session(request: Request, shown: Shown) -> Response:
        """Give a token, get a session of an hour: as a cookie, and to send as a bearer's."""
        try:
            identity = tokens.check(shown.token)
        except TokenError as error:
            return failed(401, str(error))
        if identity.way is not Way.TOKEN:
            return failed(401, "a session is not renewed: get a new token")
        made = tokens.session(identity.who, LONGEST_LIFE)
        response = JSONResponse({"session": made, "seconds": LONGEST_LIFE})
        _set_cookie(request, response, policy, made, LONGEST_LIFE)
        return response

    return router


def _set_cookie(
    request: Request, response: Response, policy: Policy, session: str, life: int
) -> None:
    response.set_cookie(
        COOKIE, session, max_age=life, path=policy.root_path or "/", httponly=True,
        samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip


def _local(there: str) -> str:
    """`there` where it is a path of this server, else its top: nobody is sent elsewhere."""
    plain = there.isprintable() and "\\" not in there
    return there if plain and there.startswith("/") and not there.startswith("//") else "/"


def _page(policy: Policy, back: str, wrong: str = "") -> str:
    form = (
        '<form method="post" action="login"><p><label for="password">Password</label>'
        '<input id="password" name="password" type="password" required autofocus'
        ' autocomplete="current-password">'
        f'<input type="hidden" name="next" value="{escape(_local(back))}">'
        "<button>Sign in</button></form>"
        if policy.password
        else "<p>Follow the link in your wiki to come in.</p>"
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>Pullquote: sign in</title><style>{_STYLE}</style><main><h1>Pullquote</h1>"
        f'<p id="said" class="wrong" role="alert">{escape(wrong)}</p>{form}</main>'
        f"<script>{_SCRIPT}</script></html>"
    )
