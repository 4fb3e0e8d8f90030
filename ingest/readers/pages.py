"""Web pages: the article's own blocks as Markdown, what the page's markup says of it beside.

trafilatura finds the article in the page. Before it looks, what it would lose is made plain:
lines of code, which it takes apart, and tables that lay out a page, which hide the article.
"""

from __future__ import annotations

import email
import email.policy
import re
from typing import Any

from ingest.readers.document import Document
from ingest.readers.outline import Outline
from ingest.readers.page_metadata import read_page_metadata
from ingest.readers.tree import is_layout, markdown, wrap_loose
from rag.errors import ArticleError

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w-]+)")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
# An article has a line of so many words; a menu has none.
_FEWEST_WORDS = 5
_PLACE = "⟦code block {}⟧"
_PLACED = re.compile(r"[^\S\n]*(?:> )?⟦code block (\d+)⟧")
# Page tools that sit inside articles: a wiki's edit links and note numbers, heading anchors, tocs.
_TOOLS = (
    ".//*[contains(concat(' ', @class, ' '), ' mw-editsection ')]",
    ".//*[contains(concat(' ', @class, ' '), ' mw-jump-link ')]",
    ".//sup[contains(concat(' ', @class, ' '), ' reference ')]",
    ".//a[contains(concat(' ', @class, ' '), ' hash-link ')]",
    ".//a[contains(concat(' ', @class, ' '), ' headerlink ')]",
    ".//*[@id='toc' or contains(concat(' ', @class, ' '), ' toc ')]",
    ".//*[@id='siteSub' or @id='catlinks']",
    ".//*[contains(concat(' ', @class, ' '), ' printfooter ')]",
    ".//button",
    # What a page made by a script says where there is none to make it.
    ".//noscript[contains(translate(., 'JAVSCRIPT', 'javscript'), 'javascript')]",
)


def read_html(data: bytes, name: str, charset: str = "", url: str | None = None) -> Document:
    """The article in a page.

    Args:
        data: the page as saved or fetched.
        name: what to call it in errors.
        charset: the encoding that the server named, if it did.
        url: where it was fetched from, if it was.

    Raises:
        ArticleError: there is no article in it.
    """
    import lxml.etree
    import lxml.html
    import trafilatura

    if b"\0" in data[:65536] and not data.startswith(_WIDE):
        raise ArticleError(f"{name}: binary content, not a page")
    if not data.strip():
        raise ArticleError(f"{name}: the file is empty")
    html = _decode(data, charset)
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root = lxml.html.document_fromstring(html.encode(), parser=parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise ArticleError(f"{name}: not a page: {error}") from error
    metadata = read_page_metadata(root, html, url)
    code = _prepare(root)
    found = trafilatura.extract(
        root, output_format="html", include_comments=False, include_formatting=True,
        include_tables=True, include_images=False, favor_recall=False, with_metadata=False,
    )  # fmt: skip
    text = _with_code(markdown(lxml.html.document_fromstring(found)), code) if found else ""
    if not any(len(line.split()) >= _FEWEST_WORDS for line in text.splitlines()):
        raise ArticleError(f"{name}: no article in this page; is it made by a script, or a menu?")
    title = metadata.title
    if title and not re.search(rf"^# {re.escape(title)}$", text, re.MULTILINE):
        # Where the headline stands as a plain line, that line is the heading.
        line = re.compile(rf"^(?:#+ )?{re.escape(title)}\n+", re.MULTILINE)
        text = f"# {title}\n\n{line.sub('', text[:800], count=1)}{text[800:]}"
    return Document(text, True, metadata)


def read_fragment(html: str, name: str, title: str) -> Document:
    """An article that is HTML without a page around it, as feeds have them.

    Raises:
        ArticleError: there are no words in it.
    """
    import lxml.html

    if not html.strip():
        raise ArticleError(f"{name}: no text in this entry")
    root = lxml.html.document_fromstring(f"<html><body>{html}</body></html>")
    code = _prepare(root)
    text = _with_code(markdown(root), code)
    if not any(c.isalnum() for c in text):
        raise ArticleError(f"{name}: no words in this entry")
    return Document(f"# {title}\n\n{text}" if title else text, True)


def _decode(data: bytes, charset: str) -> str:
    """The markup's characters; what no encoding explains is replaced, as browsers do."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"),
                           (b"\xfe\xff", "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    named = _CHARSET.search(data[:8192]) or _XML_ENCODING.match(data[:200])
    for encoding in (charset, named.group(1).decode() if named else "", "utf-8"):
        # A page that says latin-1 means its superset, by the HTML standard.
        encoding = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252",
                    "ascii": "cp1252"}.get(encoding.lower(), encoding)  # fmt: skip
        try:
            if encoding:
                return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def _prepare(root: Any) -> list[str]:
    """Make plain what the search for the article would lose or mistake; returns code blocks.

    A block of code is taken out, and a paragraph with its number stands in its place.
    """
    for path in _TOOLS:
        for element in root.xpath(path):
            element.drop_tree()
    code = []
    for block in list(root.iter("pre")):
        if block.getparent() is None:
            continue
        for line in block.iter("br"):
            line.tail = "\n" + (line.tail or "")
        code.append("".join(block.itertext()))
        for child in list(block):
            block.remove(child)
        block.tag, block.text = "p", _PLACE.format(len(code) - 1)
    for inline in list(root.iter("code", "kbd", "samp", "tt", "font", "center")):
        inline.drop_tag()
    for table in reversed(list(root.iter("table"))):
        rows = [r for r in table.iter("tr") if next(r.iterancestors("table")) is table]
        if is_layout(table, [[c for c in row if c.tag in ("td", "th")] for row in rows]):
            for part in [table, *rows, *(c for row in rows for c in row)]:
                if part.tag in ("td", "th"):
                    wrap_loose(part)
                if isinstance(part.tag, str):
                    part.tag = "div"
    return code


def _with_code(text: str, code: list[str]) -> str:
    """`text` with the blocks of code back in their places."""

    def block(match: re.Match[str]) -> str:
        out = Outline()
        out.code(code[int(match.group(1))])
        return f"\n\n{out.text.strip()}\n\n"

    return re.sub(r"\n{3,}", "\n\n", _PLACED.sub(block, text)).strip() + "\n"


def read_mhtml(data: bytes, name: str) -> Document:
    """The article in a page that a browser saved as one file (MHTML).

    Raises:
        ArticleError: there is no page in it, or no article in the page.
    """
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                where = part.get("Content-Location") or message.get("Snapshot-Content-Location")
                return read_html(body, name, part.get_content_charset() or "", str(where or ""))
    raise ArticleError(f"{name}: no page in this file")
