"""The web application: every way in, on one server."""

from __future__ import annotations

import secrets
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ingest.sync import sync_state
from rag.settings import Settings
from ui.keeper import Keeper
from ui.page import build_page, import_gradio, page_options
from ui.service import Service
from ui.web.answers import answer_routes
from ui.web.api import api_router
from ui.web.api_docs import docs_router
from ui.web.asking import Asker
from ui.web.failures import install
from ui.web.gate import Arrival, Gate
from ui.web.headers import SecurityHeaders
from ui.web.limits import Bodies
from ui.web.login import login_router
from ui.web.logs import Watched, log_answer
from ui.web.mcp import mount_tools
from ui.web.metrics import Metrics, metrics_router
from ui.web.openai_form import openai_router
from ui.web.policy import Policy, read_policy
from ui.web.site import site_router
from ui.web.state import state_router
from ui.web.tokens import Tokens, session_key
from ui.web.widget import widget_router

# Uploads read their own bodies, in pieces.
_STREAMED = ("/library/uploads",)


def create_app(
    service: Service, settings: Settings | None = None, keeper: Keeper | None = None
) -> FastAPI:
    """The web application.

    Args:
        service: who answers; called from several threads.
        settings: who may come in, and how much they may ask; by default everybody on this machine.
        keeper: changes the library from its page; without it that only shows.

    Returns:
        An application with the chat page at "/", the plain pages, the API under "/api" and "/v1",
        "/health", "/ready" and "/metrics".

    Raises:
        SettingsError: one of the settings cannot be what it is.
        UsageError: others could reach it, and nothing says who may come in.
    """
    settings = settings or Settings()
    policy = read_policy(settings)
    key = session_key(settings.library, policy.password) if policy.guarded else _random_key()
    tokens = Tokens(policy.token_secret, key)
    asker = Asker(service, settings.answers_at_once, settings.answers_waiting)
    metrics = Metrics(service, lambda: asker.waiting, lambda: sync_state(service.library))
    service.watchers.append(lambda reply: log_answer(reply, settings.log_questions))
    app = FastAPI(
        title="Pullquote",
        description="Answers from your own articles, every sentence a word-for-word quote.",
        version=version("pullquote"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.include_router(answer_routes(service), include_in_schema=False)
    app.include_router(
        site_router(service, keeper, sync=lambda: sync_state(service.library)),
        include_in_schema=False,
    )
    app.include_router(api_router(service, asker))
    app.include_router(openai_router(service, asker))
    app.include_router(docs_router(app))
    app.include_router(widget_router())
    app.include_router(state_router(service, policy.guarded))
    app.include_router(metrics_router(metrics))
    if policy.guarded:
        app.include_router(login_router(policy, tokens))
    mount_tools(app, service, asker)
    _add_middleware(app, policy, tokens, metrics)
    install(app)

    gradio = import_gradio()
    gradio.mount_gradio_app(
        app,
        build_page(service),
        "/",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        root_path=policy.root_path or None,
        max_file_size=1,  # the page takes no files, and neither should its upload route
        **page_options(),
    )
    return app


def _add_middleware(app: FastAPI, policy: Policy, tokens: Tokens, metrics: Metrics) -> None:
    """What every request passes, written from the inside outwards."""
    app.add_middleware(
        Bodies, most=policy.body_bytes, seconds=policy.body_seconds, streamed=_STREAMED
    )
    app.add_middleware(Gate, policy=policy, tokens=tokens)
    # Also where no origin is let in: without one of these, Gradio's page lets every origin read it.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=policy.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After", "X-Pullquote-Revision"],
    )
    app.add_middleware(Watched, metrics=metrics)
    app.add_middleware(SecurityHeaders, ancestors=policy.ancestors)
    if policy.proxies:
        trusted = [str(network) for network in policy.proxies]
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=trusted)
    app.add_middleware(Arrival, root_path=policy.root_path)


def _random_key() -> bytes:
    return secrets.token_bytes(32)
