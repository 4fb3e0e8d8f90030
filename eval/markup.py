"""Text that others wrote, made harmless for a page or for Markdown."""

from __future__ import annotations

import html
import re

# Control characters, which a page may not hold; tab and line ends are fine.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~!])")


def escaped(text: str) -> str:
    """Text for a page; the control pictures stand for control characters."""
    return html.escape(_CONTROL.sub(lambda m: chr(0x2400 + ord(m.group())), text))


def plain(text: str) -> str:
    """Text for one line of a terminal, which control characters could otherwise steer."""
    return "".join(c if c.isprintable() else "\ufffd" for c in re.sub(r"\s+", " ", text))


def markdown_escaped(text: str) -> str:
    """Text for one line of Markdown: no markup, and no mention of a person or an issue."""
    flat = html.escape(_CONTROL.sub(" ", re.sub(r"\s+", " ", text)), quote=False)
    # A backslash does not keep GitHub from linking @name and #1; a space without width does.
    return re.sub(r"([@#])", "\\1\u200b", _MARKDOWN.sub(r"\\\1", flat))
