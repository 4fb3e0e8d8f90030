"""Which blocks of an article are not its own words: menus, adverts, captions, comment forms.

Boilerplate is marked, never cut: the stored text keeps every character, and what is marked is
neither embedded nor quoted. The rules go by the form that web furniture has on any site.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.block import Block, ends_sentence
from rag.domain import Kind

_SHARES = "facebook|twitter|tweet|whatsapp|linkedin|telegram|reddit|pinterest|email|print|copy link"
# Lines that are furniture wherever they stand, by what they start with; with "$", end with.
_FORMS = (
    # other articles
    r"see also\b(?! (?:the|that|this|how|why)\b.*[.]$)",
    r"(?:also read|read (?:also|more|next|the full))\b",
    r"(?:related|recommended|popular|latest|more) (?:articles?|stor(?:y|ies)|posts?|news)\b",
    r"(?:related|recommended|more) (?:topics?|content|reading)\b",
    r"related ?:",
    r"more (?:from|on|in)\b.{0,60}(?<![.!?])$",
    r"(?:you )?(?:may|might) also (?:like|be interested)\b",
    r"most (?:popular|read|viewed|commented)\b",
    r"recent (?:comments|posts|articles)\b",
    r"don[’']t miss\b",
    r"(?:previous|next) (?:article|post|story|page)\b.{0,120}$",
    # adverts and paywalls
    r"\W*(?:advert(?:isement|ising)?|sponsored(?: content)?|promoted)\W*$",
    r"ads? by\b.{0,60}$",
    r"(?:article|story) continues (?:below|after)\b",
    r"continue reading\b",
    r"(?:click|tap) here\b",
    # comment forms
    r"leave a (?:reply|comment)\b",
    r"please enter your\b",
    r"post (?:a )?comment\b",
    r"your email address\b",
    r"save my name\b",
    r"(?:\d+|no) comments?$",
    r"comments?(?: ?\(\d+\)| are closed.*)?$",
    r"cancel reply\b",
    r"log ?in to (?:reply|comment)\b",
    # sharing and following
    r"share (?:this|on|via|with)\b.{0,80}$",
    r"share$",
    rf"(?:{_SHARES})(?:\W+(?:{_SHARES}|share|pin|it)\b)*\W*$",
    r"follow us\b",
    r"like us on\b",
    r"join our\b.{0,80}$",
    r"(?:sign up|subscribe)\b.{0,160}$",
    r"get (?:our|the)\b.{0,80}\b(?:newsletter|inbox|app|alerts?)\b",
    r"newsletter\b",
    r"\d+ (?:shares?|views?|likes?)$",
    # cookies and rights
    r"(?:we|this (?:web)?site) uses? cookies\b",
    r".{0,80}\baccept (?:all )?cookies\b",
    r"cookie (?:policy|settings|notice|preferences)\b",
    r"(?:©|\(c\)|copyright\b) ?.{0,160}$",
    r".{0,80}\ball rights reserved\b",
    r"(?:terms (?:of (?:use|service)|and conditions)|privacy policy)\b.{0,100}$",
    # captions
    r"(?:captions?|photo(?:graph)?s?|image|picture|video|source image|file photo|credit)"
    r" ?(?:credit|courtesy|source|caption)? ?(?:[:|©]|by (?-i:[A-Z]))",
    r"\((?:photo|image|picture)\b.{0,200}\)$",
    r".{0,200}\((?:photo|image|picture|file) ?(?:by|:|credit).{0,120}\)$",
    r".{0,160}/ ?getty images\b",
    # menus, breadcrumbs, page tools
    r"skip to (?:main )?content\b",
    r"back to top\b",
    r"(?:main )?menu$",
    r"toggle navigation\b",
    r"search ?(?:for ?)?:?$",
    r"(?:tags?|topics?|categor(?:y|ies)|filed under|posted in|tagged|labels?) ?:.{0,200}$",
    r"(?:estimated )?(?:reading time|\d+ ?-?min(?:ute)?s? read)\b.{0,40}$",
    r"listen to this article\b",
    r"home ?(?:[>»/|›]|[-–] ).{0,200}$",
    r"(?:[\w&’' ]{2,30}[>»›] ?){2,}[\w&’' ]{2,60}$",
    r"(?:[\w&’' ]{2,24}[|•·] ?)+[\w&’' ]{2,24}$",
    r"(?:edit|view|history) (?:this )?(?:page|source|history)\b.{0,40}$",
    r"was this (?:page|article) helpful\b",
)
_FURNITURE = re.compile("|".join(f"(?:{form})" for form in _FORMS), re.IGNORECASE)
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
    folded = re.sub(r"\s+", " ", line.lstrip("*_#>- \t"))
    return bool(_FURNITURE.match(folded)) or _is_glued_menu(line)


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
