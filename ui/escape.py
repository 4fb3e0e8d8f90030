"""The only place that escapes: whatever comes from others becomes inert HTML text here."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

# Embeddings, overrides and isolates can make a quote read as something it does not say.
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")


def text(words: str) -> str:
    """`words` as element content with the same text content, inert and in its own order."""
    # A parser turns a bare CR into LF and drops NUL; a reference keeps the one, not the other.
    escaped = html.escape(words).replace("\r", "&#13;").replace("\0", "\ufffd")
    # Alone in an isolate (see the stylesheet) a control moves no other character.
    return _BIDI_CONTROL.sub(
        lambda m: f'<span class="pq-control" data-name="U+{ord(m[0]):04X}">{m[0]}</span>', escaped
    )


def attribute(words: str) -> str:
    """`words` for use inside a double-quoted attribute."""
    return html.escape(words, quote=True).replace("\r", "&#13;").replace("\0", "\ufffd")


def is_web(url: str) -> bool:
    """Whether `url` is a page of the web, and so may be a link: no script, no data, no file."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def link(url: str | None, words: str, address: str | None = None, tab: bool = False) -> str:
    """Where an article is on the web, to stand behind its source.

    Args:
        url: the article's own, as others wrote it.
        words: what the link says.
        address: where it leads; `url` by default.
        tab: open it in a tab of its own.

    Returns:
        `url` as a link where it is one to the web, else as text, behind a dot; "" for none.
    """
    if not url:
        return ""
    if not is_web(url):
        return f" · {text(url)}"
    target = ' target="_blank"' if tab else ""
    return (
        f' · <a href="{attribute(address or url)}"{target} rel="noopener noreferrer nofollow">'
        f"{words}</a>"
    )
