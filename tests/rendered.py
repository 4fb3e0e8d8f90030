"""What the tests of what is shown share: hostile text, and a page read back as a browser would."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import strategies as st

from rag.domain import Article, Citation, Metadata, Span
from rag.quotes import make_quote

HOSTILE = [
    "<script>window.hacked=1</script>",
    '<img src=x onerror="window.hacked=1">',
    "![x](http://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "</mark></div></article>",
    "&lt;b&gt; &amp; &#13;",
    "\u202eesrever\u202c",
    "{{value}} ${value} `tick`",
    "\r\n",
    "\r",
    "\"'<>&",
]
VOID = {"img", "br", "input", "meta", "link", "hr"}


class Page(HTMLParser):
    """Every element's tag and attributes, and the text content of those asked for."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, set[str]]] = []
        self._texts: dict[str, list[str]] = {}
        self.feed(markup)
        self.close()
        assert not self._open, "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in VOID
        values = dict(attrs)
        names = {tag, *(values.get("class") or "").split()}
        self.tags.append((tag, values))
        self._open.append((tag, names))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for name in {name for _, names in self._open for name in names}:
            self._texts.setdefault(name, []).append(data)

    def text(self, name: str) -> str:
        """The text in the elements of this tag or class, joined."""
        return "".join(self._texts.get(name, []))

    def all(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of the elements of this tag or class."""
        return [
            values
            for tag, values in self.tags
            if name == tag or name in (values.get("class") or "").split()
        ]


def article(text: str, metadata: Metadata | None = None, source: str = "a/b.txt") -> Article:
    return Article(1, source, text, "rev", metadata or Metadata())


def cited(source: Article, quote: str, marker: int = 1) -> Citation:
    start = source.text.index(quote)
    return Citation(marker, make_quote(source, Span(start, start + len(quote))))


characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.lists(st.one_of(st.text(characters), st.sampled_from(HOSTILE))).map("".join)
