"""The thin Gradio page around the chat. Gradio takes seconds to import: functions do it.

Gradio carries the question there and the answer back, as it grows; the scripts in `static` show it.
The page holds no state on the server, so that reloads, restarts and several servers harm nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ui import shell
from ui.chat import chat
from ui.service import Service
from ui.web.identity import who_asks

if TYPE_CHECKING:
    import gradio as gr

_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "Consolas", "Liberation Mono", "monospace")
# What the page's script adds to a question on its way; without the script nothing is asked.
_ASKING = "(question) => window.pullquote?.asking(question) ?? ['', '']"
_AGAIN = "() => window.pullquote?.again() ?? ['', '']"
_MAIL = (
    "watch('value', () => document.dispatchEvent("
    "new CustomEvent('pq-turn', {detail: props.value})))"
)
_SETTLED = "() => { document.dispatchEvent(new Event('pq-settled')); }"
_STOPPED = "() => { document.dispatchEvent(new Event('pq-stop')); }"


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
        Its theme, style sheets and script. Fonts are the system's: nothing is fetched from others.
    """
    theme = import_gradio().themes.Base(
        primary_hue="teal", neutral_hue="stone", font=list(_FONTS), font_mono=list(_MONO)
    )
    # Not by Gradio's own css option: it rewrites selectors and gets several of them wrong.
    return {"theme": theme, "head": shell.head_html("chat.js")}


def build_page(service: Service) -> gr.Blocks:
    """The chat page.

    Args:
        service: who answers; called from several threads.

    Returns:
        Gradio blocks, to be mounted with `page_options`.
    """
    gr = import_gradio()

    def still(html: str, name: str) -> Any:
        return gr.HTML(html, elem_id=name, apply_default_css=False, js_on_load=None)

    def ask(message: str, context: str, request: Any) -> Iterator[Any]:
        if not message.strip():
            yield gr.skip()
            return
        for turn in chat(service, message, context, who_asks(request.request.scope)):
            # Nothing new is a chance for Gradio to close this where the reader has left.
            # Gradio passes on only what differs from before, and two answers may be equal.
            yield gr.skip() if turn is None else {**turn.as_dict(), "at": time.monotonic_ns()}

    # What tells Gradio to hand the request over; the name above is not one that it could look up.
    ask.__annotations__["request"] = gr.Request

    with gr.Blocks(title="Pullquote", analytics_enabled=False, fill_width=True) as page:
        still(shell.top_html(), "pq-head")
        with gr.Row(elem_id="pq-main"):
            with gr.Column(elem_id="pq-left"):
                still(shell.part_html("log"), "pq-conversation")
                still(shell.part_html("filters"), "pq-filter-bar")
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
                    stop = gr.Button("Stop", variant="secondary", elem_id="pq-stop")
            with gr.Column(elem_id="pq-right"):
                still(shell.part_html("panel"), "pq-source")
        still(shell.part_html("dialogs"), "pq-dialogs")
        context = gr.Textbox(visible=False)
        again = gr.Button("Ask again", visible="hidden", elem_id="pq-ask")
        mail = gr.HTML({}, html_template="<i></i>", js_on_load=_MAIL, visible="hidden")
        # The script asks one question at a time; Gradio would hold the next back until it has heard
        # that one that was stopped has ended.
        quiet = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "trigger_mode": "multiple",
        }
        asked = [
            gr.on([box.submit, send.click], ask, [box, context], mail, js=_ASKING, **quiet),
            again.click(ask, [box, context], mail, js=_AGAIN, **quiet),
        ]
        for event in asked:
            event.then(None, None, None, js=_SETTLED, **quiet)
        stop.click(None, None, None, js=_STOPPED, cancels=asked, **quiet)
    page.queue(default_concurrency_limit=8)
    return page
