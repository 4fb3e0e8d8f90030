"""Which blocks of an article are not its own words: menus, adverts, captions, comment forms.

Boilerplate is marked, never cut: the stored text keeps every character, and what is marked is
neither embedded nor quoted. The rules go by the form that web furniture has on any site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.block import Block, before_on_line, ends_sentence, is_linked, unlinked
from rag.domain import Kind, Span
from rag.text import trim

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
    r"(?:sign up|subscribe)\b\W*(?:$|[|·•]|(?:sign|log) ?in\b)",
    r"(?:sign up|subscribe)\b.{0,120}"
    r"\b(?:newsletters?|inbox|email|free|now|today|our|us|premium|here)\b.{0,60}$",
    r"get (?:our|the (?:latest|best|day[’']s|morning|free))\b.{0,80}"
    r"\b(?:newsletter|inbox|app|alerts?)\b",
    r"newsletters?(?: (?:sign ?-?up|subscription|archive))?\b\W*$",
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
    r"home ?(?:[>»/|›→]|[-–] ).{0,200}$",
    r"(?:[\w&’' ]{2,24}[|•·] ?)+[\w&’' ]{2,24}$",
)
# Paths to a page from the wiki's start. In a list such a line is a step: "Settings > Proxy > On".
_PATHS = (
    r"(?:[\w&’' -]{2,30}[>»›→] ?){2,}[\w&’' -]{2,60}$",
    r"(?-i:(?:[A-Z][\w&’' -]{1,29} / ){2,}[A-Z][\w&’' -]{1,60}$)",
    r"you are here\b.{0,200}$",
)
# What a wiki puts around a page; such a line may be glued to a paragraph that it is no part of.
_TOOLS = (
    r"(?:edit|view|history|improve|print|watch) (?:this |the )?(?:page|source|history|document)\b"
    r".{0,40}$",
    r"(?:was|did you find) this (?:(?:page|article|document) )?(?:helpful|useful)\b.{0,60}$",
    r"(?:suggest (?:an? )?(?:edit|change)s?|export (?:as|to) (?:pdf|word))\W*$",
    r"(?:report an? (?:issue|problem) with this page|thank you for your feedback|yes\W+no)\W*$",
    r"(?:found|spotted|see|notice) (?:a typo|an? (?:error|mistake)|something wrong)\b.{0,120}$",
    r"powered by [A-Z]\S+.{0,40}$",
    r"(?:(?:table of )?contents|on this page|in this (?:article|section|page)|\[?\[?_*toc_*\]?\]?"
    r"|\{:? ?toc ?\}|no headers)\W*$",
    r"(?:this )?(?:page )?(?:was )?last (?:updated|edited|modified|changed)\b.{0,60}\bago\W*$",
    r":{3,}.*$",
    r"(?:prev(?:ious)?|next)\s*(?:[|→»]|$).{0,80}$",
    r"(?:(?:like\W+)?be the first to like this|(?:\d+|no) (?:child pages|attachments|labels?))\W*$",
)
_TOOL = re.compile("|".join(f"(?:{form})" for form in _TOOLS), re.IGNORECASE)
_PATH = re.compile("|".join(f"(?:{form})" for form in _PATHS), re.IGNORECASE)
# A line at a page's foot that says when it was last changed, and by whom.
_FOOTER = re.compile(
    r"\W*(?:this )?(?:page )?(?:was )?(?:created (?:by|on)\b.{0,60})?"
    r"last (?:updated|edited|modified|changed)\b.{0,100}$", re.IGNORECASE,
)  # fmt: skip
_FURNITURE = re.compile("|".join(f"(?:{form})" for form in _FORMS), re.IGNORECASE)
# From such a heading on, short lines are the page's end matter, not the article's.
_END_MATTER = re.compile(
    r"\W*(?:related|recommended|leave\s+a\s+(?:reply|comment)|most\s+(?:popular|read)|recent\s+comments|"
    r"more\s+(?:stories|news|from)|you\s+(?:may|might)\s+also|comments?\b)",
    re.IGNORECASE,
)
# Below such a heading, items that are nothing but links lead to other pages.
_RELATED = re.compile(r"\W*(?:(?:related|further|more)\b.{0,40}|see also)\W*$", re.IGNORECASE)
_GLUED = re.compile(r"[a-z](?=[A-Z][a-z])")
_HOME = re.compile(r"(?:Home|Menu|News|Skip to content)(?=[A-Z])")
_PROSE_WORDS = 25
_TO_HEADING = re.compile(r"\[[^\[\]]*\]\(#[^()\s]*\)\W*$")
# A page's path stands among its first lines.
_HEAD = 6


def _is_glued_menu(line: str) -> bool:
    """Menu entries that lost the space between them: "HomeTop StoriesThe headline"."""
    joints = len(_GLUED.findall(line))
    if not joints or ends_sentence(line) or re.search(r"[@=/_(){}<>]", line):
        return False
    return bool(_HOME.match(line)) or (joints >= 2 and joints >= 0.3 * len(line.split()))


def is_furniture(line: str) -> bool:
    """Whether one line, by its form alone, is a page's furniture."""
    folded = _fold(line)
    return _is_furniture(folded) or bool(len(folded.split()) <= 60 and _PATH.match(folded))


def _fold(line: str) -> str:
    """`line` with links as their words, and without the marks that emphasis and lists leave."""
    words = unlinked(line.strip()).lstrip("*_#>←→«»- \t")
    return re.sub(r"\s+", " ", words).rstrip("*_ ")


def _is_furniture(folded: str) -> bool:
    if not any(c.isalnum() for c in folded):
        return True
    if len(folded.split()) > 60:
        return False
    return bool(_FURNITURE.match(folded) or _TOOL.match(folded)) or _is_glued_menu(folded)


def mark(text: str, blocks: Sequence[Block]) -> list[Block]:
    """`blocks` with those that are boilerplate given that kind; their places stay as they are.

    A line of the page's furniture at either end of a paragraph becomes a block of its own.
    """
    marked: list[Block] = []
    end_matter: Block | None = None
    whole = list(_apart(text, blocks))
    contents = _contents(text, whole) | _leads_away(text, whole)
    for index, block in enumerate(whole):
        line = block.span.of(text)
        furniture = _furnishes(text, block, index, contents)
        prose = len(line.split()) >= _PROSE_WORDS and ends_sentence(line)
        if end_matter and _is_explicit(text, block) and block.level <= max(1, end_matter.level):
            # Headings that are marked up say where a section ends.
            end_matter = None
        if furniture and _END_MATTER.match(line) and len(line.split()) <= 6:
            end_matter = block
        elif prose and not furniture:
            end_matter = None
        if furniture or end_matter:
            block = replace(block, kind=Kind.BOILERPLATE)
        marked.append(block)
    return marked


def _contents(text: str, blocks: Sequence[Block]) -> set[int]:
    """The numbers of the items that are a table of contents: the words of headings below them."""
    folded = [_fold(b.span.of(text)).lower() for b in blocks]
    headings = {f: i for i, (f, b) in enumerate(zip(folded, blocks, strict=True)) if _heads(b)}
    found = {
        i
        for i, (f, b) in enumerate(zip(folded, blocks, strict=True))
        if b.kind is Kind.LIST_ITEM and headings.get(f, -1) > i
    }
    # Where headings are only guessed, one item that looks like another line is not enough.
    return {
        i
        for i in found
        if i - 1 in found or i + 1 in found or _is_explicit(text, blocks[headings[folded[i]]])
    }


def _leads_away(text: str, blocks: Sequence[Block]) -> set[int]:
    """The numbers of the items that are only links, in a section of related pages."""
    found: set[int] = set()
    related = False
    for number, block in enumerate(blocks):
        line = block.span.of(text)
        if _heads(block):
            related = _is_explicit(text, block) and bool(_RELATED.match(line))
        elif related and block.kind is Kind.LIST_ITEM:
            found.update([number] if is_linked(line) else [])
    return found


def _heads(block: Block) -> bool:
    return block.kind is Kind.HEADING and not block.group


def _is_explicit(text: str, block: Block) -> bool:
    return _heads(block) and "#" in before_on_line(text, block.span.start)


def _furnishes(text: str, block: Block, index: int, contents: set[int]) -> bool:
    """Whether a block is furniture, by its form and its place."""
    line = block.span.of(text)
    if block.kind is Kind.CODE:
        return False
    if block.group:
        return not any(c.isalnum() for c in line)
    if block.kind is Kind.BOILERPLATE:
        return True
    folded = _fold(line)
    if block.kind is Kind.LIST_ITEM:
        if _TO_HEADING.match(line) or index in contents:
            return True
        # A numbered item is a step of something: "2. Share the link with your team".
        if re.search(r"\d", before_on_line(text, block.span.start)):
            return not any(c.isalnum() for c in line)
    elif index < _HEAD and len(folded.split()) <= 30 and _PATH.match(folded):
        return True
    return _is_furniture(folded)


def _apart(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """`blocks`, with lines of furniture and of dates taken off either end of a paragraph."""
    for block in blocks:
        rows = list(re.finditer(r"[^\r\n]+", block.span.of(text)))
        if block.kind is not Kind.SENTENCE or len(rows) < 2:
            yield block
            continue
        own = [bool(_TOOL.match(f) or _FOOTER.match(f)) for f in (_fold(r.group()) for r in rows)]
        first = next((i for i, tool in enumerate(own) if not tool), len(own))
        last = next((i for i in range(len(own), first, -1) if not own[i - 1]), first)
        groups = [*((i, i + 1) for i in range(first)), (first, last)]
        groups += [(i, i + 1) for i in range(last, len(own))]
        for start, end in groups:
            if start < end:
                place = Span(
                    block.span.start + rows[start].start(), block.span.start + rows[end - 1].end()
                )
                yield replace(block, span=trim(text, place))
