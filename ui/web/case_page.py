"""The HTML of the page on which a case is made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rag.compose import written_date
from rag.domain import Article, Citation, Span
from rag.errors import NotFoundError
from rag.library.listing import listing
from ui import escape
from ui.records import Record
from ui.web.reading import byline, cut, part_with, tagged


def case_html(
    record: Record,
    history: Sequence[Mapping[str, str]],
    case: Mapping[str, Any] | None,
    library: Any,
) -> str:
    """The question, the quotes chosen so far, and where to look for more."""
    answer = record.answer
    how = "It was not answered." if answer.refused else "It was answered."
    said = (
        "<details><summary>The answer then</summary>"
        f'<p class="said" dir="auto">{escape.text(answer.text)}</p></details>'
    )
    short = (list(case["answers"]) or [""])[0] if case else ""
    turns = "".join(
        f'<li><span class="soft">{"Asked" if m["role"] == "user" else "Answered"}:</span> '
        f'<span dir="auto">{escape.text(m["content"])}</span></li>'
        for m in history
    )
    before = (
        f"<details><summary>The conversation before it ({len(history) // 2:,})</summary>"
        f'<ol class="turns">{turns}</ol></details>' if turns else ""
    )  # fmt: skip
    near = answer.near_misses if answer.refused else answer.citations
    return (
        "<h1>Make a case</h1>"
        f'<p class="soft">Asked on {escape.text(written_date(record.created[:10]))}. {how} A case '
        "keeps the question with the words that answer it, so that <code>pullquote eval</code> can "
        "tell whether answers get better.</p>"
        f"{before}{said}"
        '<div class="columns"><div class="stays">'
        f'<form id="case" data-answer="{escape.attribute(record.id)}" '
        f'data-kept="{escape.attribute(json.dumps(_kept(case, library)))}">'
        '<p><label for="question">Question</label><textarea id="question" rows="2" dir="auto">'
        f"{escape.text(case['question'] if case else answer.question)}</textarea></p>"
        "<fieldset><legend>Do the articles answer it?</legend>"
        '<label><input type="radio" name="answerable" value="yes"> Yes, in the quotes below</label>'
        '<label><input type="radio" name="answerable" value="no"> No, they don’t</label></fieldset>'
        '<section id="chosen" aria-labelledby="chosen-title"><h2 id="chosen-title">The right quotes'
        '</h2><p id="none" class="soft">None yet: take one of the nearest, or choose words in an '
        'article.</p><ol id="groups"></ol><p id="into" hidden><label for="target">The next quote '
        'is</label> <select id="target"><option value="">a further part of the answer</option>'
        "</select></p>"
        '<p><label for="short">Short answer, if there is one</label><input id="short" dir="auto" '
        f'value="{escape.attribute(short)}"></p></section>'
        '<div class="row"><button type="submit" class="primary">Save the case</button>'
        f'<button type="button" id="drop"{"" if case else " hidden"}>Delete the case</button>'
        '<label><input type="checkbox" id="done" checked> Mark the gap as done</label></div>'
        '<p id="said" role="status"></p></form>'
        f"{_nearest(near, library)}</div>"
        '<section aria-labelledby="find-title"><h2 id="find-title">Choose words in an article</h2>'
        '<form id="find" role="search" class="search"><span class="field grows">'
        '<label for="q">Find an article</label>'
        '<input id="q" type="search" placeholder="Title, source or publisher"></span>'
        '<button type="submit">Find</button></form><div id="found"></div>'
        '<div id="pick" class="row" hidden><button type="button" id="add" class="primary">Add the '
        'chosen words</button><span id="picked" class="soft" dir="auto"></span></div>'
        '<div id="article"></div></section></div>'
    )


def _kept(case: Mapping[str, Any] | None, library: Any) -> dict[str, Any]:
    """What the case has already: its quotes with their places, where they still stand."""
    if case is None:
        return {}
    by_name: dict[str, str] = {}
    names = {e["source"] for group in case["evidence"] for e in group}
    for name in names:
        for row in listing(library.catalogue, name).rows:
            if row.article is not None and (row.source == name or row.source.endswith(f"/{name}")):
                by_name[name] = row.source
    groups = []
    for group in case["evidence"]:
        found = []
        for e in group:
            if e["source"] not in by_name:
                continue
            article = library.article(by_name[e["source"]])
            start = article.text.find(e["quote"])
            if start >= 0:
                found.append(_place(article, Span(start, start + len(e["quote"]))))
        if found:
            groups.append(found)
    return {"answerable": case["answerable"], "groups": groups}


def _place(article: Article, span: Span) -> dict[str, Any]:
    return {
        "source": article.source, "revision": article.revision, "name": article.name,
        "start": span.start, "end": span.end, "quote": span.of(article.text),
    }  # fmt: skip


def _nearest(near: Sequence[Citation], library: Any) -> str:
    """The quotes that the answer had or came near to, to be taken with one click."""
    items = []
    for citation in near:
        quote = citation.quote
        try:
            current = library.article(quote.article.source).revision == quote.revision
        except NotFoundError:
            current = False
        place = escape.attribute(json.dumps(_place(quote.article, quote.span)))
        words, source = escape.text(quote.text), escape.attribute(quote.article.source)
        take = (
            f'<button type="button" class="take" data-place="{place}">This answers it'
            f'<span class="unseen">: {words}</span></button> '
            f'<button type="button" class="link" data-source="{source}"'
            f' data-start="{quote.span.start}">Open the article</button>' if current
            else '<span class="warn">The article has changed since.</span>'
        )  # fmt: skip
        items.append(
            f'<li><p><span dir="auto">“{words}”</span> <span class="soft"><bdi>'
            f'{escape.text(quote.article.name)}</bdi></span></p><p class="row">{take}</p></li>'
        )
    if not items:
        return ""
    return (
        '<section aria-labelledby="near-title"><h2 id="near-title">Nearest quotes</h2>'
        f'<ul class="near">{"".join(items)}</ul></section>'
    )


def article_choice(
    article: Article, units: Sequence[tuple[int, int]], start: int, part: int | None
) -> str:
    """A part of an article in which each unit that can be quoted can be chosen."""
    parts = cut(article.text)
    number = min(max(1, part or part_with(parts, start)), len(parts))
    window = parts[number - 1]
    tags = [
        (
            Span(*unit),
            f'<span role="option" aria-selected="false" id="u{unit[0]}" data-start="{unit[0]}" '
            f'data-end="{unit[1]}">',
            "</span>",
        )
        for unit in units
        if window.start < unit[1] and unit[0] < window.end
    ]
    turns = "".join(
        f'<button type="button" data-part="{n}">{words}</button>'
        for n, words in ((number - 1, "Previous part"), (number + 1, "Next part"))
        if 1 <= n <= len(parts)
    )
    turning = (
        f'<p class="row"><span class="soft">Part {number:,} of {len(parts):,}</span> {turns}</p>'
    )
    return (
        f'<h3 id="article-title" dir="auto" tabindex="-1">{escape.text(article.name)}</h3>'
        f'{byline(article)}<p class="soft" id="how">Choose with the mouse, or with the arrow keys; '
        "hold Shift for several. Enter adds what is chosen.</p>"
        f"{turning if len(parts) > 1 else ''}"
        '<div class="text choose" id="text" role="listbox" aria-multiselectable="true" '
        'tabindex="0" aria-labelledby="article-title" aria-describedby="how" dir="auto" '
        f'data-source="{escape.attribute(article.source)}" '
        f'data-revision="{escape.attribute(article.revision)}" '
        f'data-name="{escape.attribute(article.name)}">{tagged(article.text, window, tags)}</div>'
    )
