"""Chat models behind one Protocol, and the one that speaks OpenAI's protocol to any endpoint.

A stream can be left at any time: the request is then cancelled. What goes wrong is one of the
errors below `rag.errors.ModelError`, translated where it happens and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rag.errors import (
    ContextLengthError,
    ModelAnswerError,
    ModelBusyError,
    ModelError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnreachableError,
)

if TYPE_CHECKING:
    from llama_index.llms.openai_like import OpenAILike

    from rag.settings import Settings

OPENAI = "https://api.openai.com/v1"
# What OpenAI's own endpoint is asked for where no model is named; others say what they have.
_OPENAI_DEFAULT = "gpt-4o-mini"
# A silent stream says so this often, so that whoever reads it can leave.
_POLL = 0.2
# No language takes this many characters for a token: the model ignores its limit.
_CHARACTERS_A_TOKEN = 16
_TOO_LONG = ("context_length", "context size", "context length", "context window", "too long")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a model; `role` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(slots=True)
class Usage:
    """Tokens that a model's calls took, as it reported them; `reported` tells whether it did."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reported: bool = False


class ChatModel(Protocol):
    """A model that continues a conversation."""

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    def stream(
        self, messages: Sequence[Message], max_tokens: int, deadline: float, usage: Usage
    ) -> Iterator[str]:
        """The reply in pieces as they come, "" now and then while none does.

        Args:
            messages: the conversation.
            max_tokens: longest reply.
            deadline: seconds until it must be complete, retries and all.
            usage: is added to when the model reports what it used.

        Raises:
            ModelError: what went wrong, by what can be done about it.
        """
        ...


def complete(
    model: ChatModel, messages: Sequence[Message], max_tokens: int, deadline: float, usage: Usage
) -> str:
    """The whole reply of `model`; arguments and errors as for `ChatModel.stream`."""
    return "".join(model.stream(messages, max_tokens, deadline, usage))


def open_model(settings: Settings) -> ChatModel | None:
    """The model that the settings choose, its client being imported; None for quotes mode."""
    if not settings.model_chosen:
        return None
    model = OpenAIChat(settings)
    model.prepare()
    return model


class OpenAIChat:
    """Any endpoint of OpenAI's protocol, through llama-index's client for such endpoints.

    Calls run on an event loop of their own in the background, so that one deadline holds over
    all retries, and so that leaving a stream closes its connection at once.
    """

    def __init__(self, settings: Settings) -> None:
        """Use the endpoint of `settings`. Nothing is sent before the first call."""
        self._settings = settings
        self._base = settings.base_url or OPENAI
        self._name = settings.model or ("" if settings.base_url else _OPENAI_DEFAULT)
        self._client: OpenAILike | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="model", daemon=True).start()

    @property
    def name(self) -> str:
        """The model's name; the endpoint's address until an unnamed one is asked for its name."""
        return self._name or self._base

    def prepare(self) -> None:
        """Import the client in the background, which takes seconds, ahead of the first call."""
        threading.Thread(target=_import_client, daemon=True).start()

    def _run(
        self, call: Callable[[OpenAILike], Coroutine[Any, Any, None]], deadline: float
    ) -> Future[None]:
        """Run `call` with the client, on the model's own loop, for `deadline` seconds at most.

        What goes wrong becomes the future's exception, a ModelError.
        """

        async def guarded() -> None:
            try:
                # In another thread and ahead of the deadline: it takes seconds, once, and says
                # nothing of the model.
                await asyncio.to_thread(_import_client)
                async with asyncio.timeout(deadline):
                    await call(await self._ready())
            except ModelError:
                raise
            # The border: clients and the libraries below them raise errors of many families,
            # on a broken stream or on half a JSON object whatever the parser ran into.
            except Exception as error:
                raise self._translated(error, deadline) from error

        return asyncio.run_coroutine_threadsafe(guarded(), self._loop)

    def stream(
        self, messages: Sequence[Message], max_tokens: int, deadline: float, usage: Usage
    ) -> Iterator[str]:
        """As `ChatModel.stream` says."""
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()

        async def pump(client: OpenAILike) -> None:
            await self._pump(client, messages, max_tokens, usage, pieces)

        future = self._run(pump, deadline)
        future.add_done_callback(lambda _: pieces.put(None))
        try:
            piece: str | None = ""
            while piece is not None:
                yield piece
                try:
                    piece = pieces.get(timeout=_POLL)
                except queue.Empty:
                    piece = ""
            future.result()
        finally:
            future.cancel()

    async def _pump(
        self, client: OpenAILike, messages: Sequence[Message], max_tokens: int, usage: Usage,
        pieces: queue.SimpleQueue[str | None],
    ) -> None:  # fmt: skip
        from llama_index.core.llms import ChatMessage

        asked = [ChatMessage(role=m.role, content=m.content) for m in messages]
        room = max_tokens * _CHARACTERS_A_TOKEN
        counts: dict[str, Any] = {}
        async for reply in await client.astream_chat(asked, max_tokens=max_tokens):
            if reply.delta:
                room -= len(reply.delta)
                pieces.put(reply.delta)
            if room < 0:
                raise ModelAnswerError("the model went on past its limit of tokens")
            counts = reply.additional_kwargs or counts
        if counts.get("prompt_tokens"):
            usage.prompt_tokens += int(counts["prompt_tokens"])
            usage.completion_tokens += int(counts.get("completion_tokens") or 0)
            usage.reported = True

    async def _ready(self) -> OpenAILike:
        """The client, made at the first call, for a model that by then has a name."""
        if not self._settings.base_url and not self._settings.api_key:
            raise ModelRefusedError("there is no key: set OPENAI_API_KEY, or OPENAI_BASE_URL")
        if self._client is None:
            from llama_index.llms.openai_like import OpenAILike

            self._client = OpenAILike(
                model=self._name or "unnamed",
                api_base=self._base,
                api_key=self._settings.api_key.value or "none",
                is_chat_model=True,
                temperature=self._settings.temperature,
                max_retries=self._settings.model_retries,
                timeout=self._settings.model_deadline,
                context_window=self._settings.context_tokens,
                additional_kwargs={"stream_options": {"include_usage": True}},
            )
        if not self._name:
            offered = await self._client._get_aclient().models.list()
            if not offered.data:
                raise ModelRefusedError("the endpoint offers no model: name one with --model")
            self._name = self._client.model = offered.data[0].id
        return self._client

    def _translated(self, error: Exception, deadline: float) -> ModelError:
        import openai

        where, what = f"the model at {self._base}", _first_line(error)
        if isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError) or (
            type(error) is openai.APIError
        ):
            if any(sign in str(error).lower() for sign in _TOO_LONG):
                return ContextLengthError(f"{where} takes no prompt of this length: {what}")
            return ModelAnswerError(f"{where} could not answer: {what}")
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return ModelTimeoutError(f"{where} took longer than {deadline:g} s (model_deadline)")
        if isinstance(error, openai.RateLimitError):
            return ModelBusyError(f"{where} takes no more requests for now: {what}")
        if isinstance(error, openai.InternalServerError):
            return ModelBusyError(f"{where} is out of order for now: {what}")
        if isinstance(error, openai.APIStatusError):
            return ModelRefusedError(f"{where} refuses the request: {what}")
        if isinstance(error, openai.APIConnectionError):
            return ModelUnreachableError(f"{where} cannot be reached: is it running?")
        if isinstance(error, json.JSONDecodeError):
            return ModelAnswerError(f"{where} sent what is no answer ({what})")
        return ModelAnswerError(f"{where} broke off ({type(error).__name__}: {what})")


def _import_client() -> None:
    import llama_index.llms.openai_like  # noqa: F401


def _first_line(error: Exception) -> str:
    """What an error says, short enough to show."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
