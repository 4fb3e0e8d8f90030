"""MediaWiki's wikitext to Markdown, with mwparserfromhell.

What the wiki would compute (templates, modules) cannot be known from one page and is left out,
but for a few templates that only wrap words. Notes and pictures are left out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from typing import Any

from ingest.readers.document import Document
from ingest.readers.outline import Outline, plain
from rag.errors import ArticleError

_CODE = {"pre", "syntaxhighlight", "source"}
_GONE = {"ref", "references", "gallery", "math", "score", "timeline", "imagemap", "noinclude"}
_LISTS = {"li", "dd", "dt"}
# Templates whose words stand in one parameter: its number.
_WRAPS = {"lang": "2", "nowrap": "1", "nobr": "1", "small": "1", "abbr": "1", "big": "1"}
_REDIRECT = re.compile(r"\s*#\s*[^\W\d_]+\s*:?\s*\[\[", re.UNICODE)
# Marks of bold and italics, and switches such as __NOTOC__ with the line they stand on.
_SIGNS = re.compile(r"'{2,5}|^__[A-Z]+__\n+|__[A-Z]+__", re.MULTILINE)
# The namespaces of pictures and of categories, by the names that every wiki knows.
_HIDDEN = frozenset({"file", "image", "category"})
# A link to the same page in another language, which a wiki shows beside the page.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*$")


def is_redirect(text: str) -> bool:
    """Whether a page only points at another one, in any language of MediaWiki."""
    return bool(_REDIRECT.match(text))


def read_wikitext(text: str, title: str, name: str, hidden: Iterable[str] = ()) -> Document:
    """A wiki page as Markdown under its title.

    Args:
        text: the page's wikitext.
        title: its title.
        name: what to call it in errors.
        hidden: the wiki's own names of the namespaces of pictures and of categories.

    Raises:
        ArticleError: there are no words in it but templates and notes.
    """
    import mwparserfromhell

    try:
        parsed = mwparserfromhell.parse(text, skip_style_tags=True)
    except mwparserfromhell.parser.ParserError as error:
        raise ArticleError(f"{name}: not wikitext ({error})") from error
    spaces = _HIDDEN | {space.strip().lower() for space in hidden}
    for link in parsed.filter_wikilinks(recursive=True):
        if _is_hidden(link, spaces):
            # In place, so that no list of nodes has to be searched for it.
            link.title, link.text = "", None
    out = Outline()
    out.heading(title, 1)
    _Walk(out).nodes(parsed.nodes)
    if not any(c.isalnum() for c in out.text.partition("\n")[2]):
        raise ArticleError(f"{name}: nothing in it but templates and notes")
    return Document(_SIGNS.sub("", out.text), True)


def _is_hidden(link: Any, spaces: Set[str]) -> bool:
    """Whether a link shows nothing where it stands: a picture, a category, another language."""
    prefix, colon, _ = str(link.title).strip().partition(":")
    if not colon or not prefix:
        return False
    named = prefix.replace("_", " ").strip().lower() in spaces
    return named or (link.text is None and bool(_LANGUAGE.match(prefix)))


class _Walk:
    """Goes through the nodes of a page in order and writes its blocks."""

    def __init__(self, out: Outline) -> None:
        self._out = out
        self._words: list[str] = []
        self._marks: list[str] = []
        self._counts: dict[int, int] = {}

    def _close(self) -> None:
        """Write the paragraph or item collected so far."""
        words = plain("".join(self._words))
        self._words.clear()
        marks, self._marks = self._marks, []
        if not words:
            return
        if not marks:
            self._counts.clear()
            self._out.paragraph(words)
        elif all(m in ":;" for m in marks):
            self._out.paragraph(words)
        else:
            depth = len(marks) - 1
            self._counts = {d: n for d, n in self._counts.items() if d <= depth}
            number = None
            if marks[-1] == "#":
                number = self._counts[depth] = self._counts.get(depth, 0) + 1
            self._out.item(words, depth, number)

    def nodes(self, nodes: list[Any]) -> None:
        """Write the blocks of `nodes`."""
        for node in nodes:
            self._node(node)
        self._close()

    def _node(self, node: Any) -> None:
        from mwparserfromhell.nodes import Heading, Tag, Text

        tag = str(node.tag).strip().lower() if isinstance(node, Tag) else ""
        if isinstance(node, Heading):
            self._close()
            self._out.heading(flat(node.title), node.level)
        elif isinstance(node, Text):
            self._text(str(node.value))
        elif tag in _LISTS and self._marks == [";"] and plain("".join(self._words)):
            # "; term : what it is" on one line
            self._words = [plain("".join(self._words)), ": "]
        elif tag in _LISTS and node.wiki_markup:
            if plain("".join(self._words)):
                self._close()
            self._marks.append(str(node.wiki_markup))
        elif tag in _CODE:
            self._close()
            self._out.code(str(node.contents))
        elif tag == "table":
            self._close()
            _table(node, self._out)
        elif tag in ("div", "center", "blockquote", "p", "poem", "section", "onlyinclude"):
            self._close()
            _Walk(self._out).nodes(node.contents.nodes)
        else:
            self._words.append(_flat_node(node))

    def _text(self, text: str) -> None:
        for number, line in enumerate(text.split("\n")):
            # A line's end closes an item; an empty line closes a paragraph.
            if number and (self._marks or not line.strip()):
                self._close()
            elif number:
                self._words.append(" ")
            self._words.append(line)


def flat(code: Any) -> str:
    """The words of some wikitext, on one line."""
    return plain("".join(_flat_node(n) for n in code.nodes))


def _flat_node(node: Any) -> str:
    from mwparserfromhell.nodes import (
        Argument,
        Comment,
        ExternalLink,
        HTMLEntity,
        Tag,
        Template,
        Text,
        Wikilink,
    )

    match node:
        case Text():
            return str(node.value)
        case HTMLEntity():
            return str(node.normalize())
        case Comment() | Argument():
            return ""
        case Wikilink():
            return flat(node.text) if node.text else str(node.title).strip().lstrip(":")
        case ExternalLink():
            return flat(node.title) if node.title else str(node.url)
        case Template():
            return _template(node)
        case Tag():
            tag = str(node.tag).strip().lower()
            if tag == "br":
                return " "
            return "" if tag in _GONE or not node.contents else flat_tag(node)
    return ""


def flat_tag(node: Any) -> str:
    """The words inside a tag, with the white space at its edges."""
    return "".join(_flat_node(n) for n in node.contents.nodes)


def _template(node: Any) -> str:
    name = str(node.name).strip().lower()
    if name in ("convert", "cvt") and node.has("1") and node.has("2"):
        return f"{flat(node.get('1').value)} {flat(node.get('2').value)}"
    if name in _WRAPS and node.has(_WRAPS[name]):
        return flat(node.get(_WRAPS[name]).value)
    return ""


def _table(node: Any, out: Outline) -> None:
    """A table's rows; the cells of its first row head it where they are marked so."""
    from mwparserfromhell.nodes import Tag

    rows: list[list[str]] = []
    headed = False
    for row in node.contents.ifilter_tags(recursive=False, matches=lambda t: str(t.tag) == "tr"):
        cells = [c for c in row.contents.nodes if isinstance(c, Tag) and str(c.tag) in ("td", "th")]
        if cells and not rows:
            headed = all(str(c.tag) == "th" for c in cells)
        if cells:
            rows.append([flat(c.contents) for c in cells])
    loose = [c for c in node.contents.nodes if isinstance(c, Tag) and str(c.tag) in ("td", "th")]
    if loose and str(loose[0].contents).lstrip().startswith("+"):
        out.paragraph(flat(loose.pop(0).contents).lstrip("+ "))
    if loose:
        headed = all(str(c.tag) == "th" for c in loose) or headed
        rows.insert(0, [flat(c.contents) for c in loose])
    out.table(rows, header=headed)
