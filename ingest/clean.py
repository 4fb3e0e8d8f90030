"""Which blocks of an article are not its own words: menus, adverts, captions, comment forms.

Boilerplate is marked, never cut: the stored text keeps every character, and what is marked is
neither embedded nor quoted. The rules go by the form that web furniture has on any site.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.structure import Block, ends_sentence
from rag.domain import Kind

# Lines that are furniture wherever they stand. Each must match from the line's start.
_FURNITURE = re.compile(
    r"""
    see\s+also\b(?!\s+(?:the|that|this|how|why)\b.*[.]$) | also\s+read\b | read\s+(?:also|more|next|the\s+full)\b |
    (?:related|recommended|popular|latest|trending|more)\s+(?:articles?|stor(?:y|ies)|posts?|news|topics?|content|reading)\b |
    related\s*:| more\s+(?:from|on|in)\b.{0,60}$ | (?:you\s+)?(?:may|might)\s+also\s+(?:like|be\s+interested)\b |
    most\s+(?:popular|read|viewed|commented)\b | recent\s+(?:comments|posts|articles)\b | don[’']t\s+miss\b |
    \W*\s*(?:advert(?:isement|ising)?|sponsored(?:\s+content)?|promoted|ads?\s+by\b.*)\s*\W*$ |
    (?:article|story)\s+continues\s+(?:below|after)\b | continue\s+reading\b |
    leave\s+a\s+(?:reply|comment)\b | please\s+enter\s+your\b | post\s+(?:a\s+)?comment\b | your\s+email\s+address\b |
    save\s+my\s+name\b | (?:\d+|no)\s+comments?\b\s*$ | comments?\s*(?:\(\d+\)|are\s+closed.*)?$ | cancel\s+reply\b | log\s*in\s+to\s+(?:reply|comment)\b |
    share\s+(?:this|on|via|with)\b.{0,80}$ | share\s*$ | (?:facebook|twitter|tweet|whatsapp|linkedin|telegram|reddit|pinterest|email|print|copy\s+link)(?:\W+(?:facebook|twitter|tweet|whatsapp|linkedin|telegram|reddit|pinterest|email|print|share|pin|copy\s+link)\b)*\W*$ |
    follow\s+us\b | like\s+us\s+on\b | join\s+our\b.{0,80}$ | click\s+here\b | tap\s+here\b |
    (?:sign\s+up|subscribe)\b.{0,160}$ | get\s+(?:our|the)\b.{0,80}\b(?:newsletter|inbox|app|alerts?)\b | newsletter\b |
    (?:we|this\s+(?:web)?site)\s+uses?\s+cookies\b | .{0,80}\baccept\s+(?:all\s+)?cookies\b | cookie\s+(?:policy|settings|notice|preferences)\b |
    (?:captions?|photo(?:graph)?s?|image|picture|video|source\s+image|file\s+photo|credit|illustration)\s*(?:credit|courtesy|source|caption)?\s*(?:[:|©]|by\s+[A-Z])|
    \((?:photo|image|picture)\b.{0,200}\)$ | .{0,200}\((?:photo|image|picture|file)\s*(?:by|:|credit).{0,120}\)$ | .{0,160}/\s*getty\s+images\b |
    (?:©|\(c\)|copyright\b)\s*.{0,160}$ | .{0,80}\ball\s+rights\s+reserved\b | terms\s+(?:of\s+(?:use|service)|and\s+conditions)\b.{0,100}$ | privacy\s+policy\b.{0,100}$ |
    skip\s+to\s+(?:main\s+)?content\b | back\s+to\s+top\b | (?:previous|next)\s+(?:article|post|story|page)\b.{0,120}$ | (?:main\s+)?menu\s*$ | toggle\s+navigation\b | search\s*(?:for\s*)?:?\s*$ |
    (?:tags?|topics?|categor(?:y|ies)|filed\s+under|posted\s+in|tagged(?:\s+with)?|labels?)\s*:.{0,200}$ |
    (?:estimated\s+)?(?:reading\s+time|\d+\s*-?\s*min(?:ute)?s?\s+read)\b.{0,40}$ | \d+\s+(?:shares?|views?|likes?)\s*$ | listen\s+to\s+this\s+article\b |
    home\s*(?:[>»/|›]|\s[-–]\s).{0,200}$ | (?:[\w&’' ]{2,30}\s*[>»›]\s*){2,}[\w&’' ]{2,60}$ | (?:[\w&’' ]{2,24}\s*[|•·]\s*){2,}[\w&’' ]{2,24}\s*$ |
    (?:edit|view|history)\s+(?:this\s+)?(?:page|source|history)\b.{0,40}$ | was\s+this\s+(?:page|article)\s+helpful\b
    """,
    re.VERBOSE | re.IGNORECASE,
)  # fmt: skip
# From such a heading on, short lines are the page's end matter, not the article's.
_END_MATTER = re.compile(
    r"\W*(?:related|recommended|leave\s+a\s+(?:reply|comment)|most\s+(?:popular|read)|recent\s+comments|"
    r"more\s+(?:stories|news|from)|you\s+(?:may|might)\s+also|comments?\b|share\s+this)",
    re.IGNORECASE,
)
_GLUED = re.compile(r"[a-z](?=[A-Z][a-z])")
_HOME = re.compile(r"(?:Home|Menu|News|Skip to content)(?=[A-Z])")
_PROSE_WORDS = 25


def _is_glued_menu(line: str) -> bool:
    """Menu entries that lost the space between them: "HomeTop StoriesThe headline"."""
    joints = len(_GLUED.findall(line))
    if not joints or ends_sentence(line) or re.search(r"[@=/_(){}<>]", line):
        return False
    return bool(_HOME.match(line)) or (joints >= 2 and joints >= 0.3 * len(line.split()))


def is_furniture(line: str) -> bool:
    """Whether one line, by its form alone, is a page's furniture."""
    line = line.strip()
    if not any(c.isalnum() for c in line):
        return True
    if len(line.split()) > 60:
        return False
    return bool(_FURNITURE.match(line.lstrip("*_#>- \t"))) or _is_glued_menu(line)


def mark(text: str, blocks: Sequence[Block]) -> list[Block]:
    """`blocks` with those that are boilerplate given that kind; spans stay as they are."""
    marked: list[Block] = []
    end_matter = False
    for block in blocks:
        line = block.span.of(text)
        furniture = block.kind is not Kind.CODE and is_furniture(line)
        prose = len(line.split()) >= _PROSE_WORDS and ends_sentence(line)
        if furniture and _END_MATTER.match(line) and len(line.split()) <= 6:
            end_matter = True
        elif prose and not furniture:
            end_matter = False
        if furniture or end_matter:
            block = replace(block, kind=Kind.BOILERPLATE)
        marked.append(block)
    return marked
