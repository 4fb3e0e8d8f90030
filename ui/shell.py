"""The still parts of the chat page as HTML; the scripts in `static` fill them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_STYLES = ("base.css", "answer.css", "panel.css", "page.css")

# Other pages of the application, as addresses below this one and names.
PAGES: tuple[tuple[str, str], ...] = ()


def head_html(script: str) -> str:
    """What a page's head needs: the style sheets and one script, with what that imports.

    Args:
        script: the file of `static` to start with.

    Returns:
        Addresses are relative, so that the page works under any path.
    """
    digest = version()
    styles = "".join(f'<link rel="stylesheet" href="page-files/{digest}/{s}">' for s in _STYLES)
    modules = "".join(
        f'<link rel="modulepreload" href="page-files/{digest}/{file.name}">'
        for file in sorted(STATIC.glob("*.js"))
        if file.name not in ("chat.js", "shared.js") or file.name == script
    )
    return f'{styles}{modules}<script type="module" src="page-files/{digest}/{script}"></script>'


@cache
def version() -> str:
    """Changes with any of the files, so that browsers may keep them for ever."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(STATIC.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def top_html() -> str:
    """The page's heading, its status line and what can be opened from it."""
    pages = "".join(f'<a href="{address}">{name}</a>' for address, name in PAGES)
    return (
        '<header class="pq-top"><h1>Pullquote</h1><p class="pq-status" id="pq-status"></p>'
        f'<nav class="pq-nav" aria-label="Pages">{pages}'
        '<button type="button" class="pq-plain" id="pq-new">New chat</button>'
        '<button type="button" class="pq-plain" id="pq-past" aria-haspopup="dialog">Past chats</button>'
        '<button type="button" class="pq-plain" id="pq-keys" aria-haspopup="dialog" '
        'aria-label="Keyboard shortcuts">?</button></nav></header>'
    )


LOG = (
    '<div class="pq-log" id="pq-log" role="log" aria-label="Conversation" aria-live="polite">'
    '<p class="pq-welcome" id="pq-welcome">Ask a question. The answer is quoted word for word '
    'from your articles.</p></div><div id="pq-examples" role="group" '
    'aria-label="Questions to start with" hidden></div>'
)

# Announcements and the card over a marker lie outside of what is redrawn.
PANEL = (
    '<p id="pq-announce" class="pq-unseen" role="status"></p>'
    '<div id="pq-walk" class="pq-side-bar" role="group" aria-label="Quotes of this answer" hidden>'
    '<button type="button" class="pq-plain" id="pq-prev" aria-label="Previous quote">‹</button>'
    '<span id="pq-place"></span>'
    '<button type="button" class="pq-plain" id="pq-next" aria-label="Next quote">›</button>'
    '<button type="button" class="pq-plain" id="pq-back">Back to the answer</button></div>'
    '<section id="pq-panel" class="pq-panel" tabindex="0" role="region" aria-label="Source article">'
    '<p class="pq-hint">The article behind a quote opens here.</p></section>'
)

FILTERS = (
    '<details id="pq-filters"><summary><span id="pq-filter-words">Filter: all articles</span></summary>'
    '<form id="pq-filter-form" class="pq-form" autocomplete="off">'
    '<label>Source <input name="source" placeholder="reports/* or *.md" '
    'spellcheck="false"></label>'
    '<label>Since <input name="since" placeholder="2025-06 or 3 June 2025"></label>'
    '<label>Until <input name="until" placeholder="2025"></label>'
    '<label class="pq-check"><input type="checkbox" name="undated"> Undated ones too</label>'
    '<fieldset id="pq-publishers" hidden><legend>Publishers</legend><div></div></fieldset>'
    '<p id="pq-filter-says" role="status"></p>'
    '<button type="reset" class="pq-plain" id="pq-filter-clear">Clear filter</button></form></details>'
)

DIALOGS = (
    '<dialog class="pq-dialog" id="pq-past-dialog" aria-labelledby="pq-past-title"><form method="dialog">'
    '<h2 id="pq-past-title">Past chats</h2><ul id="pq-past-list"></ul>'
    '<p class="pq-fine">Kept in this browser.</p>'
    '<button class="pq-plain" value="close">Close</button></form></dialog>'
    '<dialog class="pq-dialog" id="pq-keys-dialog" aria-labelledby="pq-keys-title"><form method="dialog">'
    '<h2 id="pq-keys-title">Keyboard</h2><dl class="pq-keys">'
    "<dt><kbd>Enter</kbd></dt><dd>send the question (<kbd>Shift</kbd>+<kbd>Enter</kbd>: "
    "new line)</dd>"
    "<dt><kbd>j</kbd> or <kbd>Alt</kbd>+<kbd>↓</kbd></dt><dd>next quote</dd>"
    "<dt><kbd>k</kbd> or <kbd>Alt</kbd>+<kbd>↑</kbd></dt><dd>previous quote</dd>"
    "<dt><kbd>c</kbd></dt><dd>copy the quote that is open</dd>"
    "<dt><kbd>/</kbd></dt><dd>to the question</dd>"
    "<dt><kbd>Esc</kbd></dt><dd>close a card, stop an answer, leave editing</dd>"
    "<dt><kbd>?</kbd></dt><dd>this list</dd></dl>"
    '<p class="pq-fine">Single letters work while no field is being typed in.</p>'
    '<button class="pq-plain" value="close">Close</button></form></dialog>'
    '<dialog class="pq-dialog" id="pq-copy-dialog" aria-labelledby="pq-copy-title"><form method="dialog">'
    '<h2 id="pq-copy-title">Copy from here</h2><p class="pq-fine">The browser keeps the '
    "clipboard closed. The text is selected: copy it with your keyboard or menu.</p>"
    '<textarea id="pq-copy-text" readonly rows="8" aria-label="Text to copy"></textarea>'
    '<button class="pq-plain" value="close">Close</button></form></dialog>'
)
