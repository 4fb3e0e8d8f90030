"""The page that a reader is on: what it says comes first among what is about as good.

Somebody who asks on a page is likelier to ask about it. That is a prior, as in Bayes' rule: units
of that page's article gain a constant log-odds in the ranking. It is no reason to believe that
the articles answer at all, so the decision to answer is made without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from rag.domain import Article

# In log-odds. docs/evaluation.md has what it does where the page is the right one and where not.
PRIOR = 1.0

Favoured = Callable[[Article], bool]


def favoured(page: str) -> Favoured | None:
    """Whether an article is the one that is read at an address; None where that is no address."""
    key = _key(page)
    if key is None:
        return None
    return lambda article: article.metadata.url is not None and _key(article.metadata.url) == key


@lru_cache(maxsize=4096)
def _key(url: str) -> tuple[str, ...] | None:
    """An address without what does not tell pages apart: scheme, fragment, case, a last slash.

    A wiki often has several spellings of a page's address, with spaces or underscores, in any case.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    path = unquote(parts.path).replace("_", " ").rstrip("/").casefold()
    own_port = "" if port in (None, 80, 443) else str(port)
    return host, own_port, path, unquote(parts.query).casefold()
