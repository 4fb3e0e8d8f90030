"""Lines of code to statements: what belongs to one command stays together, the rest is apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.block import before_on_line
from rag.domain import Span

# A statement longer than this is quoted by its parts, each under the lines that enclose it.
_MOST_LINES = 5
_MOST_CHARACTERS = 300
_COMMENT = re.compile(r"(?:#(?!!)|//|--\s|;|REM\b|<!--|/\*)", re.IGNORECASE)
_CONTINUES = re.compile(r"(?:\\|&&|\|\|?|,|\b(?:and|or))$")
_CLOSES = re.compile(r"[)\]}]+[;,]?|end|fi|done|esac|</", re.IGNORECASE)
_PROMPT = re.compile(r"(?:\$|>>>|\w+@[\w.-]+[^ ]*[$#]) ")
# "[workers]": everything below it, up to the next such line, is of that section.
_SECTION = re.compile(r"\[{1,2}[\w.:/ -]+\]{1,2}$")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of code: its place without the space around it, how far in it stands, its words."""

    span: Span
    indent: int
    words: str

    @property
    def is_section(self) -> bool:
        return bool(_SECTION.match(self.words))

    @property
    def comment(self) -> bool:
        return bool(_COMMENT.match(self.words))


def statements(text: str, spans: Sequence[Span]) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    """The statements of one piece of code, in order, and the lines that enclose each.

    Lines that continue a command, that stand deeper than the line above them (a function's body,
    a key's values) or that open brackets wait for, are of one statement, and so is a comment with
    the line below it. A long statement is given by its parts.

    Args:
        text: the article as stored.
        spans: the lines that are not blank, without the white space around them.
    """
    rows = [_Line(s, len(before_on_line(text, s.start).expandtabs(4)), s.of(text)) for s in spans]
    section: tuple[Span, ...] = ()
    for run in _runs(text, rows):
        opening: Span | None = None
        for span, inside in _parts(run, ()):
            named = next((r.span for r in run if r.span.end == span.end and r.is_section), None)
            if opening:
                # The name of a section is quoted with the first line in it: alone it says nothing.
                span, opening = Span(opening.start, span.end), None
                yield span, inside
            elif named:
                section, opening = (named,), span
            else:
                yield span, (*section, *inside)
        if opening:
            yield opening, ()


def _runs(text: str, rows: Sequence[_Line]) -> Iterator[list[_Line]]:
    """The lines between blank lines."""
    run: list[_Line] = []
    for row in rows:
        if run and len(re.findall(r"\r\n|\r|\n", text[run[-1].span.end : row.span.start])) > 1:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _parts(
    rows: Sequence[_Line], inside: tuple[Span, ...]
) -> Iterator[tuple[Span, tuple[Span, ...]]]:
    prompt: tuple[Span, ...] = ()
    for group in _groups(rows):
        if _PROMPT.match(group[0].words):
            prompt = ()
        span = Span(group[0].span.start, group[-1].span.end)
        head = next((i for i, row in enumerate(group) if not row.comment), len(group) - 1)
        rest = group[head + 1 :]
        short = len(group) <= _MOST_LINES and len(span) <= _MOST_CHARACTERS
        if short or not rest or not any(row.indent > group[head].indent for row in rest):
            yield span, (*inside, *prompt)
            if _PROMPT.match(group[0].words):
                # What a command prints is read with the command.
                prompt = (span,)
            continue
        # The line that opens it is quoted with its first part: alone it says nothing.
        inner = list(_parts(rest, (*inside, group[head].span)))
        (first, _), *others = inner
        yield Span(span.start, first.end), inside
        yield from others


def _groups(rows: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Neighbouring lines that form one statement each."""
    group: list[_Line] = []
    depth = 0
    for row in rows:
        if group and not _belongs(group, row, depth):
            yield group
            group, depth = [], 0
        group.append(row)
        bare = _QUOTED.sub("", row.words)
        depth = max(0, depth + sum(map(bare.count, "([{")) - sum(map(bare.count, ")]}")))
    if group:
        yield group


def _belongs(group: Sequence[_Line], row: _Line, depth: int) -> bool:
    last = group[-1]
    if last.comment:
        # A comment explains what stands right below it; comments alone stay together.
        return row.indent == last.indent or (len(group) > 1 and row.indent > group[0].indent)
    first = next((r for r in group if not r.comment), group[0])
    if _CONTINUES.search(last.words) or row.indent > first.indent:
        return True
    if depth > 0 and len(group) < 40:
        return True
    return row.indent == first.indent and len(group) > 1 and bool(_CLOSES.match(row.words))
