"""The form that the furniture of web pages has on any site: a line at a time, by patterns."""

from __future__ import annotations

import re

from ingest.block import ends_sentence, unlinked

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
    r".{0,80}\b(?:accept (?:all )?cookies|all rights reserved)\b",
    r"cookie (?:policy|settings|notice|preferences)\b",
    r"(?:©|\(c\)|copyright\b) ?.{0,160}$",
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
_GLUED = re.compile(r"[a-z](?=[A-Z][a-z])")
_HOME = re.compile(r"(?:Home|Menu|News|Skip to content)(?=[A-Z])")
# A line of more words than this is no furniture.
_LONGEST = 60


def _is_glued_menu(line: str) -> bool:
    """Menu entries that lost the space between them: "HomeTop StoriesThe headline"."""
    joints = len(_GLUED.findall(line))
    if not joints or ends_sentence(line) or re.search(r"[@=/_(){}<>]", line):
        return False
    return bool(_HOME.match(line)) or (joints >= 2 and joints >= 0.3 * len(line.split()))


def fold_line(line: str) -> str:
    """`line` with links as their words, and without the marks that emphasis and lists leave."""
    words = unlinked(line.strip()).lstrip("*_#>←→«»- \t")
    before = " " if words[:1].isspace() else ""
    return (before + " ".join(words.split())).rstrip("*_ ")


def _is_long(folded: str) -> bool:
    # Between its words a folded line has one space each.
    return len(folded) > 2 * _LONGEST and folded.strip().count(" ") >= _LONGEST


def is_path(folded: str) -> bool:
    """Whether a folded line is the path to a page from the start of its site."""
    return len(folded.split()) <= 30 and bool(_PATH.match(folded))


def is_furniture(folded: str) -> bool:
    """Whether a folded line, by its form alone, is a page's furniture."""
    if not any(c.isalnum() for c in folded):
        return True
    if _is_long(folded):
        return False
    return bool(_FURNITURE.match(folded) or _TOOL.match(folded)) or _is_glued_menu(folded)


def stands_apart(line: str) -> bool:
    """Whether a line is no part of the paragraph that it is glued to: page tools, its date."""
    folded = fold_line(line)
    return bool(_TOOL.match(folded) or _FOOTER.match(folded))
