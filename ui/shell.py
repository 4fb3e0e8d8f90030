"""The still parts of the chat page as HTML; the scripts in `static` fill them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^(?:import|\} from) (?:.* from )?"\./([\w-]+\.js)";$', re.MULTILINE)
# In this order: a later one may change what an earlier one says.
_STYLES = (
    "base.css", "answer.css", "actions.css", "panel.css", "page.css", "filters.css", "dialogs.css",
    "narrow.css",
)  # fmt: skip

# Other pages of the application, as addresses below this one and names.
PAGES = (("library", "Library"), ("gaps", "Gaps"))


def head_html(script: str) -> str:
    """What a page's head needs: the style sheets and one script, with what that imports.

    Args:
        script: the file of `static` to start with.

    Returns:
        Addresses are relative, so that the page works under any path.
    """
    digest = version()
    styles = "".join(f'<link rel="stylesheet" href="page-files/{digest}/{s}">' for s in _STYLES)
    # All at once, where each would be asked for by the one before.
    modules = "".join(
        f'<link rel="modulepreload" href="page-files/{digest}/{name}">' for name in _imports(script)
    )
    icon = f'<link rel="icon" type="image/svg+xml" href="page-files/{digest}/icon.svg">'
    return (
        f'{icon}{styles}{modules}<script type="module" src="page-files/{digest}/{script}"></script>'
    )


@cache
def _imports(script: str) -> tuple[str, ...]:
    """The files of `static` that `script` imports, and those that these import, without itself."""
    found: dict[str, None] = {script: None}
    _follow(script, found)
    return tuple(name for name in found if name != script)


def _follow(name: str, found: dict[str, None]) -> None:
    for imported in _IMPORT.findall((STATIC / name).read_text(encoding="utf-8")):
        if imported not in found:
            found[imported] = None
            _follow(imported, found)


@cache
def version() -> str:
    """Changes with any of the files, so that browsers may keep them for ever."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(STATIC.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def top_html() -> str:
    """The page's heading, its status line and what can be opened from it."""
    pages = "".join(f'<a href="{address}">{name}</a>' for address, name in PAGES)
    return (
        '<header class="pq-top"><h1>Pullquote</h1><p class="pq-status" id="pq-status"></p>'
        f'<nav class="pq-nav" aria-label="Pages">{pages}'
        '<button type="button" class="pq-plain" id="pq-new">New chat</button>'
        '<button type="button" class="pq-plain" id="pq-past" aria-haspopup="dialog">Past chats'
        "</button>"
        '<button type="button" class="pq-plain" id="pq-keys" aria-haspopup="dialog" '
        'aria-label="Keyboard shortcuts">?</button></nav></header>'
    )


def part_html(name: str) -> str:
    """The still part of the page in the file of that name: "log", "panel", "filters", "dialogs"."""
    return (STATIC / f"{name}.html").read_text(encoding="utf-8")
