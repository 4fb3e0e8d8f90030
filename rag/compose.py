"""Quotes to the words around them, in Markdown. The only words not quoted say who and when."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date

from rag.domain import Also, Article, Citation, Point, Relation

REFUSAL = "The articles don't say."
# What Markdown would take for markup, links or HTML. Quoted text must be shown, not obeyed.
_MARKUP = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w))")
_BLOCK_START = re.compile(r"^(\s*)([#>+-]|\d+[.)])(?=\s)")


def written_date(published: str | None) -> str:
    """An ISO date, or a prefix of one, as people write it; "undated" for None."""
    if not published:
        return "undated"
    month_only = len(published) == len("2025-06")
    try:
        day = date.fromisoformat(f"{published}-01" if month_only else published)
    except ValueError:
        return published
    words = f"{calendar.month_name[day.month]} {day.year}"
    return words if month_only else f"{day.day} {words}"


def attribution(article: Article) -> str:
    """Who says it and when: publisher, else title, else source, with the article's date."""
    return (
        f"{article.metadata.publisher or article.name}, {written_date(article.metadata.published)}"
    )


def escape(text: str) -> str:
    """`text` on one line of Markdown, each character shown as it is."""
    line = re.sub(r"\s+", " ", text)
    return _BLOCK_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line))


def unescape(text: str) -> str:
    """The characters that `escape` made Markdown show."""
    return re.sub(r"\\([\\`*\[\]<>|~_#+.)-])", r"\1", text)


def spoken_by(article: Article, spoken: bool) -> str:
    """`attribution`, and that it quotes somebody where the words are not the article's own."""
    return f"{attribution(article)}, quoting a speaker" if spoken else attribution(article)


def also_in(also: Sequence[Also]) -> str:
    """Where else it stands, "" for nowhere; a reprint is called one."""
    places = [f"{attribution(a.quote.article)}{', a reprint' if a.reprint else ''}" for a in also]
    return f" (also in {'; '.join(places)})" if places else ""


def leading_words(point: Point, citations: Sequence[Citation]) -> str:
    """What is said before the quotes of `citations` that differ: only that they do."""
    if len({c.quote.article.source for c in citations}) == 1:
        return "The statements differ"
    if point.relation is Relation.LATER:
        return "The articles differ, in order of date"
    undated = sum(c.quote.article.metadata.published is None for c in citations)
    return "The articles differ" + (", and not all are dated" if undated else "")


def order_words(point: Point, citations: Sequence[Citation]) -> list[str]:
    """For each of `citations`, where it comes in time; "" where that is not what sets it apart."""
    if point.relation is not Relation.LATER:
        return [""] * len(citations)
    dates = [c.quote.article.metadata.published or "" for c in citations]
    first, last = min(dates), max(dates)
    return ["Earlier" if d == first else "Latest" if d == last and len(dates) > 2 else "Later"
            for d in dates]  # fmt: skip


def quoted_answer(
    citations: Sequence[Citation], points: Sequence[Point], uncovered: Sequence[str] = ()
) -> str:
    """Attributed, dated quotes, each ending in its marker, those that differ as a list.

    Args:
        citations: the quotes.
        points: what belongs together; every citation is in one.
        uncovered: parts of the question that the articles don't answer.

    Returns:
        Markdown.
    """
    by_marker = {c.marker: c for c in citations}
    blocks: list[str] = []
    before = ""
    for point in points:
        cited = [by_marker[marker] for marker in point.markers]
        if len(cited) > 1:
            blocks.append(_side_by_side(point, cited))
            before = ""
            continue
        who, quote = _who(cited[0], point), _quoted(cited[0])
        if who == before:
            # Two quotes of one article are attributed once.
            blocks[-1] += f" {quote}"
        else:
            blocks.append(f"{who}: {quote}")
        before = who
    if uncovered:
        blocks.append(not_covered(uncovered))
    return "\n\n".join(blocks)


def _side_by_side(point: Point, cited: Sequence[Citation]) -> str:
    markers = " ".join(f"[{c.marker}]" for c in cited)
    lines = [
        f"- {f'{when}: ' if when else ''}{_who(c, point)}: {_quoted(c)}"
        for c, when in zip(cited, order_words(point, cited), strict=True)
    ]
    return f"{leading_words(point, cited)}: {markers}\n\n" + "\n".join(lines)


def _who(citation: Citation, point: Point) -> str:
    also = also_in([a for a in point.also if a.marker == citation.marker])
    return escape(spoken_by(citation.quote.article, citation.marker in point.spoken) + also)


def _quoted(citation: Citation) -> str:
    return f"“{escape(citation.quote.text)}” [{citation.marker}]"


def not_covered(parts: Sequence[str]) -> str:
    """That the articles leave parts of the question open, in the question's own words."""
    return f"The articles don't say: {' '.join(escape(part) for part in parts)}"


def refusal(missing: Sequence[str], lacking: Sequence[str] = (), other_time: bool = False) -> str:
    """That the articles don't say, and what of the question is not there.

    Args:
        missing: its words that stand nowhere in the articles.
        lacking: its names that stand nowhere in those that come nearest.
        other_time: whether what comes nearest is of another time than it names.
    """
    said = [REFUSAL]
    if missing:
        said.append(f"They nowhere mention {_listed(missing)}.")
    if elsewhere := [name for name in lacking if name not in missing]:
        said.append(f"What comes nearest does not mention {_listed(elsewhere)}.")
    if other_time:
        said.append("What comes nearest is of another time.")
    return " ".join(said)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"“{escape(word)}”" for word in words)
