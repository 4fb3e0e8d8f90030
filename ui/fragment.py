"""Addresses that open a page at a quote: text fragments, as browsers read them.

https://wicg.github.io/scroll-to-text-fragment/ has the form: ``#:~:text=start,end``, or the whole
text alone. A browser looks for the words that it shows, so Markdown's signs are taken off first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent
from urllib.parse import urldefrag

from ui.escape import is_web

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# The longest text that the draft's own generator gives whole.
_WHOLE = 300
# A range is found by so many words at each end; a shorter text has no middle to leave out.
_ENDS = 6
_MARK = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-+*]\s+(?:\[[ xX]\]\s+)?|\d{1,9}[.)]\s+)")
# A wiki's links show one of their parts, or a page's title: which, the wiki decides.
_WIKI_LINK = re.compile(r"!?\[\[[^\[\]\n]*\]\]")
_CELLS = re.compile(r"(?<!\\)\|")
# A line's end may be shown as one, as in code, and so may several spaces.
_GAP = re.compile(r"[\n\r\t]+|[ ]{2,}")


def text_fragment(url: str, quote: str) -> str:
    """The address of a page at the words of a quote, which browsers scroll to and mark.

    Args:
        url: the page's address, with or without a fragment of its own.
        quote: the words, as an article has them: plain text, or Markdown.

    Returns:
        `url` with a text fragment; `url` as it is where it is no page of the web, or where the
        quote has no words. A browser that does not find the words opens the page at its own
        fragment, or its top.
    """
    directives = [f"text={term}" for term in _terms(_runs(quote))] if is_web(url) else []
    if not directives:
        return url
    page, own = urldefrag(url)
    return f"{page}#{own.partition(':~:')[0]}:~:{'&'.join(directives)}"


def linked(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer in the contract's form, each of its quotes with the ``link`` to its words."""

    def link(quote: dict[str, Any]) -> dict[str, Any]:
        url = quote["url"]
        return {**quote, "link": text_fragment(url, quote["quote"]) if url else None}

    points = [{**p, "also": [link(a) for a in p["also"]]} for p in answer["points"]]
    quotes = {name: [link(c) for c in answer[name]] for name in ("citations", "near_misses")}
    return {**answer, **quotes, "points": points}


def _terms(runs: list[str]) -> list[str]:
    """What to look for, the best first; a browser takes the first that it finds."""
    if not runs:
        return []
    words = " ".join(runs).split()
    first, last = runs[0].split(), runs[-1].split()
    terms = []
    if len(runs) == 1 and (len(runs[0]) <= _WHOLE or len(words) <= 2 * _ENDS):
        terms.append(_encoded(words))
    if len(runs) > 1 or len(words) > 2 * _ENDS:
        # Between its ends the page may have what the article has not, such as a note's number.
        terms.append(f"{_encoded(first[:_ENDS])},{_encoded(last[-_ENDS:])}")
    return terms


def _encoded(words: list[str]) -> str:
    # A comma, an ampersand and a hyphen have a meaning in the directive.
    return percent(" ".join(words), safe="", errors="replace").replace("-", "%2D")


def _runs(quote: str) -> list[str]:
    """The quote's words as a page shows them, in pieces that are each shown without a break."""
    pieces: list[str] = []
    for line in quote.splitlines():
        bare = line.strip()
        row = bare.startswith("|") and bare.endswith("|") and len(bare) > 1
        for cell in _CELLS.split(bare) if row else [_MARK.sub("", line)]:
            for words in _WIKI_LINK.split(cell):
                pieces.extend(_shown(words))
    runs = (" ".join(run.split()) for piece in pieces for run in _GAP.split(piece))
    return [run for run in runs if any(c.isalnum() for c in run)]


def _shown(markdown: str) -> Iterator[str]:
    """The text of one line of Markdown, broken where something stands that may not be text."""
    run = ""
    for token in _parser().parseInline(markdown.strip())[0].children or ():
        if token.type in ("text", "code_inline", "text_special"):
            run += token.content
        elif token.type in ("image", "html_inline", "softbreak", "hardbreak"):
            yield run
            run = ""
    yield run


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("strikethrough")
