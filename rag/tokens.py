"""Counting tokens, so that a prompt fits its model. Nothing is fetched, at any time.

tiktoken's encodings are read from the files that llama-index-core carries. Where a model's own
encoding is not known, a near one counts with a margin; where there is no file, bytes do.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

# What the carried files are named (tiktoken: SHA-1 of the address they once came from), and their
# digests: tiktoken would fetch a file anew that is damaged.
_FILES = {
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
}
_NEAREST = "cl100k_base"
# Encodings of other families cut the same English into up to about a third more tokens.
_OTHER_ENCODING = 1.35
# English has about four bytes a token; two and a half leave room for other scripts.
_BYTES_A_TOKEN = 2.5
# Roles and separators of one chat message.
MESSAGE_TOKENS = 8


class TokenCounter:
    """Counts the tokens of texts as one model would, or a little more."""

    def __init__(self, model: str) -> None:
        """Count for the chat model named `model`."""
        name = _encoding_name(model)
        self._encoding = _encoding(name or _NEAREST)
        self.exact = self._encoding is not None and name is not None

    def count(self, text: str) -> int:
        """Tokens of `text`; an upper estimate where the model's encoding is not known."""
        if self._encoding is None:
            return math.ceil(len(text.encode()) / _BYTES_A_TOKEN)
        tokens = len(self._encoding.encode_ordinary(text))
        return tokens if self.exact else math.ceil(tokens * _OTHER_ENCODING)

    def trim(self, text: str, budget: int) -> str:
        """`text`, or as many whole words from its start as `budget` tokens hold."""
        if self.count(text) <= budget:
            return text
        ends = [i for i, c in enumerate(text) if c.isspace()]
        low, high = 0, len(ends)
        while low < high:
            middle = (low + high) // 2
            if self.count(text[: ends[middle]]) <= budget:
                low = middle + 1
            else:
                high = middle
        return text[: ends[low - 1]].rstrip() if low else ""


def _encoding_name(model: str) -> str | None:
    """The encoding that tiktoken knows `model` by, if its file is carried."""
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model)
    except KeyError:
        return None
    # The harmony encoding is o200k_base with other special tokens.
    name = "o200k_base" if name == "o200k_harmony" else name
    return name if name in _FILES else None


@lru_cache(maxsize=4)
def _encoding(name: str) -> tiktoken.Encoding | None:
    """The encoding, if its file is there whole; tiktoken is not asked for any other."""
    spec = importlib.util.find_spec("llama_index")
    file, digest = _FILES[name]
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "core" / "_static" / "tiktoken_cache" / file
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            # Whatever was set before may lack the file, and tiktoken would then fetch it.
            os.environ["TIKTOKEN_CACHE_DIR"] = str(path.parent)
            import tiktoken

            return tiktoken.get_encoding(name)
    return None
