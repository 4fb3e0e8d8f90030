"""What an article's text says of itself: title, publisher, author, date; nothing where in doubt.

Only the head of a text, a dateline and labelled lines count: a date inside the story is the
story's, and a file's own date says when it was saved, not when it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.block import Block, ends_sentence, unlinked
from ingest.dates import DATE, parse_date
from ingest.frontmatter import front_metadata
from rag.domain import Kind, Metadata

_PUBLISHED = re.compile(
    r"\W*(?:published|posted|date|first\s+published|issued|created)\b", re.IGNORECASE
)
_UPDATED = re.compile(
    r"\W*(?:(?:this\s+)?(?:page|article|document)\s+(?:was\s+|is\s+)?)?"
    r"(?:last\s+|recently\s+)?(?:updated|modified|edited|reviewed|revised|changed|saved)\b",
    re.IGNORECASE,
)
# "Created by … on …, last modified on …": when it was made, and when it was last gone over.
_LAST = re.compile(r"\b(?:last\s+(?:updated|modified|edited|changed)|updated)\b", re.IGNORECASE)
_EDITED = re.compile(r"\b(?:edited|modified|changed|saved)\b", re.IGNORECASE)
_CREATED = re.compile(r"\W*created\b", re.IGNORECASE)
_BYLINE = re.compile(r"\b(?:[Bb]y|BY)\s+((?:[A-Z][\w.'’-]+)(?:\s+[A-Z][\w.'’-]+){1,3})\b")
_DATELINE = re.compile(
    r"\W{0,2}(?:[A-Z][\w .,'’-]{1,40}\s)?\((?P<name>[A-Z][\w .&'’-]{1,40})\)\s*[-–—:]"
)
_PUBLISHER = re.compile(
    r"\W*(?:source|publisher|published\s+by|originally\s+published\s+(?:by|in|on))\s*:?\s+"
    r"(?P<name>[A-Z][\w .&'’-]{1,50}?)\s*(?:$|[|,.;]|\bon\b)", re.IGNORECASE,
)  # fmt: skip
_COPYRIGHT = re.compile(
    r"\W*(?:©|\(c\)|copyright)\W*(?:\d{4}(?:[-–]\d{4})?)?\W*"
    r"(?P<name>[A-Z][\w &'’-]{2,50}?)\s*(?:$|[|.,]|all\s+rights)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"\b(?:comments?|reply|admin|staff|file|image)\b", re.IGNORECASE)
# Emphasis marks and comment counts stand in the way of a byline.
_NOISE = re.compile(r"[*_]{1,3}|\b(?:no|\d+) comments?\b", re.IGNORECASE)
_TIME = re.compile(
    r"\bat\b|\d{1,2}:\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?|\b(?:GMT|UTC|CES?T|E[SD]T|BST)\b"
)
_CLOCK = re.compile(r"\d:\d")
_ROLE = re.compile(
    r"\b(?:no\s+comments?|by|on|in|staff|reporter|correspondent|editor|writer)\b", re.IGNORECASE
)
# "Owner: …" says more than who wrote a page and when.
_FACT = re.compile(
    r"\b(?!(?:by|from|source|author|publisher|editor|writer|on)\b)[a-z]{3,}\s*:\s+\w", re.I
)
_HEAD_LINES = 8
_TELLING = 2


def is_byline(line: str) -> bool:
    """Whether a line is only a date, a byline or both: metadata, not the article's words."""
    undated = DATE.sub(" ", line)
    rest = _TIME.sub(" ", undated)
    dated, timed = undated != line, _CLOCK.search(undated)
    named = _BYLINE.search(rest)
    if not (dated or named or timed):
        return False
    if _FACT.search(_UPDATED.sub(" ", _PUBLISHED.sub(" ", rest))):
        return False
    rest = _BYLINE.sub(" ", rest) if named else rest
    rest = _UPDATED.sub(" ", _PUBLISHED.sub(" ", rest))
    left = re.findall(r"[A-Za-z]{2,}", _ROLE.sub(" ", rest))
    # "The ferry sank in Oslo on 3 May 2024." tells something; a byline has names.
    if ends_sentence(line) and sum(word.islower() for word in left) >= _TELLING:
        return False
    return bool(
        (dated or named or (timed and len(left) <= 1))
        and len(left) <= (4 if dated else 2)
        and not ends_sentence(line.rstrip("0123456789. "))
    )


def read_metadata(text: str, blocks: Sequence[Block], markdown: bool) -> tuple[Metadata, list[int]]:
    """What the text says of itself, and the indices of the blocks that say nothing else.

    Args:
        text: the article as stored.
        blocks: its blocks, boilerplate marked.
        markdown: whether headings are marked up, so that the first is the title.
    """
    front = front_metadata(text) if markdown else Metadata()
    title, publisher, author = front.title, front.publisher, front.author
    published, updated, created = front.published, None, None
    said: list[int] = []
    body_seen = False
    head = 0
    for index, block in enumerate(blocks):
        line = _quiet(unlinked(block.span.of(text))).strip()
        if name := (_PUBLISHER.match(line) if len(line) < 120 else None) or _COPYRIGHT.match(line):
            publisher = publisher or _clean_name(name.group("name"))
        if block.kind is Kind.BOILERPLATE:
            continue
        head += 1
        if block.kind in (Kind.TABLE_ROW, Kind.CODE):
            # A row may date the page and is evidence all the same.
            if _UPDATED.match(line) and len(line) < 120:
                updated = updated or parse_date(line)
            continue
        labelled = len(line) < 120 and (_PUBLISHED.match(line) or _UPDATED.match(line))
        if (
            ((head <= _HEAD_LINES and not body_seen) or labelled)
            and len(line) < 160
            and is_byline(line)
        ):
            said_before = line
            edited = _LAST.search(line)
            if edited or _UPDATED.match(line):
                updated = updated or parse_date(line[edited.start() :] if edited else line)
                said_before = line[: edited.start()] if edited else ""
            if when := parse_date(said_before):
                if _CREATED.match(line):
                    created = created or when
                else:
                    published = published or when
            publisher = publisher or _segment_name(line)
            # Who edited a page last did not write it.
            by = _BYLINE.search(said_before if _EDITED.search(line) else line)
            if by and not _NO_NAME.search(by.group(1)):
                author = author or by.group(1)
            said.append(index)
            continue
        if head <= _HEAD_LINES and not body_seen and len(line) < 160:
            # "Owner: Data team · Updated: 3 May 2025" dates the page and is still to be read.
            for part in re.split(r"\s*[|·•]\s*", line):
                if _UPDATED.match(part):
                    updated = updated or parse_date(part)
        if title is None and not body_seen and _is_title(block, line, index, blocks, markdown):
            title = line
            continue
        if (
            not body_seen
            and block.kind is Kind.SENTENCE
            and (len(line.split()) > 12 or ends_sentence(line))
        ):
            body_seen = True
            if dateline := _DATELINE.match(line):
                publisher = publisher or _clean_name(dateline.group("name"))
            # "LONDON, June 3, 2025 -": a date before the dash is the report's own.
            opening = re.match(r".{0,80}?\s[-–—]{1,2}\s", line)
            if opening and published is None:
                published = parse_date(opening.group())
    written = published or updated or created
    return Metadata(title, publisher, author, written, front.url, updated), said


def _quiet(line: str) -> str:
    """`line` without emphasis marks and counts of comments."""
    noisy = "*" in line or "_" in line or "comment" in line.lower()
    return _NOISE.sub("", line) if noisy else line


def _is_title(block: Block, line: str, index: int, blocks: Sequence[Block], markdown: bool) -> bool:
    if markdown:
        return block.kind is Kind.HEADING and block.level <= 2
    return (
        block.kind in (Kind.HEADING, Kind.SENTENCE)
        and len(line) <= 200
        and not re.search(r"[.!…:,;]['\"”’]?$", line)
        and index + 1 < len(blocks)
    )


def _segment_name(line: str) -> str | None:
    """The one part of "date | name | by author" that is neither date nor byline, if it is one."""
    parts = [p.strip(" *_") for p in re.split(r"\s*[|·•]\s*", line)]
    names = [p for p in parts if p and not DATE.search(p) and not _BYLINE.search(p)]
    return _clean_name(names[0]) if len(parts) > 1 and len(names) == 1 else None


def _clean_name(name: str) -> str | None:
    name = name.strip(" .,-–—")
    return None if _NO_NAME.search(name) or DATE.search(name) or len(name) < 2 else name
