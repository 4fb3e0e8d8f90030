"""What the command line prints: summaries and answers, for people and for programs."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ingest.job import Summary
    from rag.domain import Answer, Citation, Point, Quote
    from rag.library import Library


# An article could steer the terminal with these; the control pictures show them instead.
# So could the second set of controls, and what turns the order of the characters around.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def print_json(value: object) -> None:
    """Print `value` as one line of JSON."""
    line = json.dumps(value, ensure_ascii=False)
    # What was asked, or a file's name, may hold half a character, which no UTF-8 can.
    click.echo(line.encode("utf-8", "replace").decode())


def summary_dict(summary: Summary) -> dict[str, Any]:
    """An ingest's summary for programs."""
    return {
        "added": summary.added,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
        "failed": [{"source": s, "reason": r} for s, r in summary.failed],
        "renamed": [{"from": old, "to": new} for old, new in summary.renamed],
        "duplicates": [{"source": s, "of": first} for s, first in summary.duplicates],
        "passages": summary.passages,
    }


def summary_line(summary: Summary) -> str:
    """An ingest's summary for people."""
    counts = {k: len(v) for k, v in summary_dict(summary).items() if isinstance(v, list)}
    always = ("added", "updated", "unchanged", "removed", "failed")
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n or name in always)


class ProgressLine:
    """One line on the terminal that says how far an ingest is; nothing elsewhere."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = 0.0

    def __call__(self, done: int, name: str) -> None:
        """Show that `done` articles were looked at, the last one called `name`."""
        now = time.monotonic()
        if self._shown and now - self._last > 0.1:
            self._last = now
            line = _CONTROL.sub("?", f"{done:,} articles  {name}")
            click.echo(f"\r\x1b[K{line[:100]}", err=True, nl=False)

    def end(self) -> None:
        """Clear the line."""
        if self._last:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._last = 0.0


def terminal_text(answer: Answer) -> str:
    """An answer for a terminal: each quote with who said it, when, and where it stands."""
    parts = [worded(answer), quoted(answer), answer.notice]
    return "\n\n".join(part for part in parts if part)


def worded(answer: Answer) -> str:
    """A model's sentences, or that there is no answer; "" in quotes mode, which only quotes."""
    if answer.mode == "quotes" and not answer.refused:
        return ""
    from rag.compose import unescape

    return plain(unescape(answer.text))


def quoted(answer: Answer) -> str:
    """The quotes of an answer for a terminal, or the nearest there are where there is none."""
    from rag.domain import Point, Relation

    if answer.refused:
        blocks = ["The nearest they come:"] if answer.near_misses else []
        blocks += [_cited_block(c, None) for c in answer.near_misses]
    else:
        blocks = []
        cited = {c.marker: c for c in answer.citations}
        for point in answer.points or [Point((marker,), Relation.ONE) for marker in cited]:
            blocks += _point_blocks(point, [cited[marker] for marker in point.markers])
        if answer.uncovered:
            blocks.append(f"The articles don't say: {' '.join(answer.uncovered)}")
    return plain("\n\n".join(blocks))


def print_answer(stream: Iterator[Answer]) -> None:
    """Print an answer; on a terminal, a model's sentences as they come."""
    live = sys.stdout.isatty()
    printed = ""
    for answer in stream:
        text = worded(answer) if live and not answer.refused else ""
        if answer.mode != "quotes" and text != printed and text.startswith(printed):
            click.echo(text[len(printed) :], nl=False)
            printed = text
    if not printed:
        click.echo(terminal_text(answer))
    else:
        click.echo("\n\n" + "\n\n".join(filter(None, [quoted(answer), answer.notice])))
    if answer.withheld:
        count = len(answer.withheld)
        click.echo(f"pullquote: {count} drafted withheld; --json says why", err=True)


def plain(text: str) -> str:
    """`text` with the characters that could steer a terminal shown instead of sent."""
    return _CONTROL.sub(lambda m: _picture(ord(m.group())), text)


def one_line(text: str) -> str:
    """`text` as `plain` has it, line ends shown too: a file's name may hold them."""
    return plain(text).replace("\n", _picture(ord("\n")))


def _picture(control: int) -> str:
    """How a control character is shown: by its picture, or else by its number."""
    return chr(0x2400 + control) if control < 0x20 else f"[U+{control:04X}]"


def _point_blocks(point: Point, cited: Sequence[Citation]) -> list[str]:
    from rag.compose import leading_words, order_words

    lead = [f"{leading_words(point, cited)}:"] if len(cited) > 1 else []
    orders = order_words(point, cited)
    return lead + [_cited_block(c, point, o) for c, o in zip(cited, orders, strict=True)]


def _cited_block(citation: Citation, point: Point | None, when: str = "") -> str:
    """A quote under its marker, with its place and the places that say the same."""
    lines = [
        f"[{citation.marker}] {f'{when}: ' if when else ''}{_who(citation.quote)}"
        f"{', quoting a speaker' if point and citation.marker in point.spoken else ''}",
        *(f"    {line}" for line in _quote_lines(citation)),
        f"    {_place(citation.quote)}",
    ]
    for also in point.also if point else ():
        if also.marker == citation.marker:
            reprint = ", a reprint" if also.reprint else ""
            lines.append(f"    also in {_who(also.quote)}{reprint}: {_place(also.quote)}")
    return "\n".join(lines)


def _who(quote: Quote) -> str:
    from rag.compose import written_date

    meta = quote.article.metadata
    who = ", ".join(filter(None, (meta.publisher, meta.title))) or quote.article.source
    return f"{who} ({written_date(meta.published)})"


def _place(quote: Quote) -> str:
    return f"{quote.article.source}:{quote.span.start}-{quote.span.end}"


def _quote_lines(citation: Citation) -> list[str]:
    """What a quote is read with and its words, in their own form."""
    from rag.domain import Kind
    from ui import form

    lines = [" › ".join(" ".join(part.split()) for part in x) for x in form.context_lines(citation)]
    if head := form.header(citation):
        lines.append(head)
    words = citation.quote.text
    if citation.kind is Kind.CODE:
        # The first line's own indentation stands before the quote.
        rows = words.splitlines()
        return lines + ([" " * form.indent(citation) + rows[0], *rows[1:]] if rows[1:] else rows)
    return [*lines, words if citation.kind is Kind.TABLE_ROW else f"“{words}”"]


def status_dict(library: Library) -> dict[str, Any]:
    """What a library holds, for programs."""
    from rag.library import Writer

    return {
        "library": str(library.folder),
        "embedding_model": library.catalogue.get("embedding_model"),
        "passages": library.count()[1],
        "articles": [
            {
                "source": e.source,
                "title": e.metadata.title,
                "publisher": e.metadata.publisher,
                "published": e.metadata.published,
                "characters": e.characters,
                "passages": e.passages,
                "revision": e.revision,
                "path": e.path,
                "url": e.metadata.url,
                "updated": e.metadata.updated,
                "language": e.metadata.language,
                "sources": list(e.sources),
                "story": e.story,
            }
            for e in library.catalogue.entries()
        ],
        "failed": [{"source": s, "reason": r} for s, r in Writer(library.catalogue).failures()],
    }


def status_text(report: dict[str, Any]) -> str:
    """What a library holds, for people: one line an article."""
    lines = [
        f"Library   {report['library']}",
        f"Model     {report['embedding_model']}",
        f"Articles  {len(report['articles'])}",
        f"Passages  {report['passages']}",
    ]
    for row in report["articles"]:
        size = f"{row['characters']:>9,} characters"
        date = row["published"] or "undated"
        lines.append(f"  {date:10} {size}  {row['source']}  {row['title'] or ''}".rstrip())
        lines += [f"{'also':>12} {'':21}  {name}" for name in row["sources"][1:]]
    if report["failed"]:
        lines.append("Not read when last looked at; the next ingest tries them again:")
    lines += [f"  {one_line(row['reason'])}" for row in report["failed"]]
    return plain("\n".join(lines))
