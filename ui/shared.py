"""The page behind a shared link: one answer with its quotes as they were. No Gradio here."""

from __future__ import annotations

from ui import escape, shell
from ui.service import Recalled
from ui.turns import recalled_html


def shared_html(recalled: Recalled | None) -> str:
    """A page of its own for an answer.

    Args:
        recalled: the kept answer; None where it is not kept, or no longer.

    Returns:
        A whole HTML document, whose addresses are relative to the chat page.
    """
    if recalled is None:
        title = "No such answer"
        body = '<p class="pq-message">This answer is not kept here, or no longer.</p>'
    else:
        title = recalled.record.answer.question.strip()
        number = escape.attribute(recalled.record.id)
        body = (
            f'<section class="pq-turn" data-id="{number}" data-turn="1" aria-label="Answer">'
            f'<h2 class="pq-question" dir="auto">{escape.text(title)}</h2>'
            f'<div class="pq-reply">{recalled_html(recalled)}</div></section>'
        )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><base href="../">'
        f"<title>{escape.text(title[:120])} · Pullquote</title>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex">{shell.head_html("shared.js")}</head>'
        f'<body class="pq-shared"><header class="pq-top" id="pq-head"><h1>Pullquote</h1>'
        f'<nav class="pq-nav" aria-label="Pages"><a href="./">Ask a question</a></nav></header>'
        f'<main id="pq-main"><div id="pq-left"><div id="pq-conversation"><div class="pq-log">'
        f"{body}</div></div></div>"
        f'<div id="pq-right"><div id="pq-source">{shell.part_html("panel")}</div></div></main>'
        f"{shell.part_html('dialogs')}</body></html>"
    )
