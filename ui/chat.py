"""The chat page: what a turn is, without Gradio, and the thin Gradio page around it.

Gradio takes seconds to import, so only the functions that need it do.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.domain import Answer
from rag.errors import PullquoteError
from ui import render
from ui.service import Service

if TYPE_CHECKING:
    import gradio as gr

_FOLDER = Path(__file__).parent
_LOG = logging.getLogger(__name__)
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "Consolas", "Liberation Mono", "monospace")
# The panel's inside is filled by chat.js from the `article` route.
_PANEL = (
    '<p id="pq-announce" class="pq-unseen" role="status"></p>'
    '<section id="pq-panel" tabindex="0" role="region" aria-label="Source article">'
    '<p class="pq-hint">The article behind a quote opens here.</p></section>'
)


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """A question and its reply: as text for the assistant's history, as HTML for the page.

    `reply` is empty for a turn that failed; such a turn is shown but not remembered.
    """

    question: str
    reply: str
    html: str
    model: str | None = None


def history_of(turns: Sequence[ChatTurn]) -> list[dict[str, str]]:
    """A conversation as the assistant takes it.

    Args:
        turns: oldest first.

    Returns:
        OpenAI-style messages, oldest first, without turns that failed.
    """
    return [
        {"role": role, "content": content}
        for turn in turns
        if turn.reply
        for role, content in (("user", turn.question), ("assistant", turn.reply))
    ]


def respond(
    service: Service, message: str, history: Sequence[Mapping[str, str]] = ()
) -> Iterator[ChatTurn | None]:
    """Answer one message as the answer comes.

    Args:
        service: who answers.
        message: what was typed.
        history: OpenAI-style messages before it, oldest first.

    Yields:
        The turn so far whenever it has grown, None while it has not; the last is complete. Errors
        become a readable reply, so that a conversation survives them.
    """
    answer: Answer | None = None
    try:
        for reply in service.stream(message, history):
            grown = reply.answer
            if grown.mode != "quotes" and grown.text and grown is not answer:
                yield ChatTurn(message, "", render.partial_html(grown))
            else:
                yield None
            answer = grown
    except PullquoteError as error:
        yield ChatTurn(message, "", render.message_html(str(error)))
        return
    except Exception:
        # The page is the last to hear of it: a reader gets words, the log gets the traceback.
        _LOG.exception("no answer to %r", message)
        words = "Something went wrong while answering. The server's log says what."
        yield ChatTurn(message, "", render.message_html(words))
        return
    if answer is not None:
        model = None if answer.mode == "quotes" else answer.model
        yield ChatTurn(message, answer.text, render.answer_html(answer), model)


def import_gradio() -> Any:
    """Gradio, imported with everything off that would call home.

    Returns:
        The module.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    import gradio

    return gradio


def page_options() -> dict[str, Any]:
    """How the page looks and behaves, for `gradio.mount_gradio_app`.

    Returns:
        Its theme, style sheet and script. Fonts are the system's: nothing is fetched.
    """
    theme = import_gradio().themes.Base(
        primary_hue="teal", neutral_hue="stone", font=list(_FONTS), font_mono=list(_MONO)
    )
    # Not by Gradio's own css option: it rewrites selectors and gets several of them wrong.
    style = (_FOLDER / "chat.css").read_text(encoding="utf-8")
    script = (_FOLDER / "chat.js").read_text(encoding="utf-8")
    return {"theme": theme, "head": f"<style>{style}</style><script>{script}</script>"}


def build_page(service: Service, examples: Sequence[str] = ()) -> gr.Blocks:
    """The chat page.

    Args:
        service: who answers; called from several threads.
        examples: questions to offer as buttons while the conversation is empty.

    Returns:
        Gradio blocks, to be mounted with `page_options`.
    """
    gr = import_gradio()

    def status(turns: Sequence[ChatTurn]) -> str:
        articles = service.library.count()[0]
        return render.status_html(articles, turns[-1].model if turns else service.assistant.model)

    def conversation(turns: Sequence[ChatTurn]) -> str:
        articles = service.library.count()[0]
        welcome = (
            "Ask a question. The answer is quoted word for word from your articles."
            if articles
            else "No articles yet: run pullquote ingest FOLDER"
        )
        return render.conversation_html([(t.question, t.html) for t in turns], welcome)

    def ask(message: str, turns: list[ChatTurn]) -> Iterator[tuple[Any, ...]]:
        if not message.strip():
            yield tuple(gr.skip() for _ in outputs)
            return
        waiting = [*turns, ChatTurn(message, "", render.pending_html())]
        yield turns, conversation(waiting), "", gr.skip(), gr.update(visible=False)
        before = turns
        for turn in respond(service, message, history_of(before)):
            if turn is None:
                # Nothing new, but a chance for Gradio to close this where the reader has left.
                yield tuple(gr.skip() for _ in outputs)
                continue
            turns = [*before, turn]
            yield turns, conversation(turns), gr.skip(), status(turns), gr.skip()

    def restart() -> tuple[Any, ...]:
        return [], conversation([]), "", status([]), gr.update(visible=bool(examples))

    with gr.Blocks(title="Pullquote", analytics_enabled=False, fill_width=True) as page:
        turns = gr.State([])
        top = gr.HTML(status([]), elem_id="pq-head", apply_default_css=False)
        with gr.Row(elem_id="pq-main"):
            with gr.Column(elem_id="pq-left"):
                log = gr.HTML(conversation([]), elem_id="pq-conversation", apply_default_css=False)
                with gr.Row(visible=bool(examples), elem_id="pq-examples") as offers:
                    offered = [gr.Button(text, size="sm") for text in examples]
                with gr.Row(elem_id="pq-composer"):
                    box = gr.Textbox(
                        label="Your question",
                        placeholder="Ask your articles…",
                        lines=1,
                        max_lines=6,
                        elem_id="pq-question-box",
                        autofocus=True,
                    )
                    send = gr.Button("Send", variant="primary", elem_id="pq-send")
                    clear = gr.Button("Clear", variant="secondary", elem_id="pq-clear")
            with gr.Column(elem_id="pq-right"):
                gr.HTML(_PANEL, elem_id="pq-source", apply_default_css=False)
        outputs = [turns, log, box, top, offers]
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        asked = [
            gr.on(
                [box.submit, send.click], ask, [box, turns], outputs, trigger_mode="once", **quiet
            ),
            *(button.click(ask, [button, turns], outputs, **quiet) for button in offered),
        ]
        clear.click(restart, None, outputs, cancels=asked, **quiet)
        # Articles may have come since the server started.
        page.load(lambda: (status([]), conversation([])), None, [top, log], **quiet)
    page.queue(default_concurrency_limit=8)
    return page
