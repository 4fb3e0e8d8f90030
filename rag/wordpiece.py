"""How many tokens a text has, for deciding how it is split: the same as the tokenizer says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What BERT's tokenizers cut plain Latin text into: at white space, and each mark by itself.
_LETTERS, _MARKS = "A-Za-z0-9À-ÖØ-öø-ſ", r"!-/:-@\[-`{-~–—‘’“”…"
_PLAIN = re.compile(rf"[\t\n\r \xa0{_LETTERS}{_MARKS}]*")
_WORDS = re.compile(rf"[{_LETTERS}]+|[{_MARKS}]")
_KEPT_WORDS = 50_000
_KEPT_TEXTS = 4096


class PieceCounter:
    """Counts the tokens of texts, special ones aside.

    BERT's tokenizers (Devlin et al., "BERT", 2019) cut a text into words, and each word by
    itself. Most words have been met before, so plain text is counted by its words, which takes a
    seventh of the time. All else, and the texts of other tokenizers, are cut for the count.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._special = _special_tokens(tokenizer)
        self._texts: dict[str, int] = {}
        self._words = _Words(tokenizer)

    def count(self, text: str) -> int:
        """Tokens of `text`."""
        # Splitting weighs the same unit several times, once for each way to pack it.
        if (known := self._texts.get(text)) is None:
            known = self._by_words(text) if self._is_plain(text) else self._cut(text)
            if len(self._texts) >= _KEPT_TEXTS:
                self._texts.clear()
            self._texts[text] = known
        return known

    def _is_plain(self, text: str) -> bool:
        if self._special is None or not _PLAIN.fullmatch(text):
            return False
        return "[" not in text or not any(token in text for token in self._special)

    def _cut(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def _by_words(self, text: str) -> int:
        return sum(map(self._words.__getitem__, _WORDS.findall(text)))


class _Words(dict[str, int]):
    """The tokens of single words, counted when they are first asked for."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer, self._model = tokenizer, tokenizer.model

    def __missing__(self, word: str) -> int:
        if len(self) >= _KEPT_WORDS:
            self.clear()
        if word.isascii():
            # All that is done to such a word before it is cut is to make its letters small; and it
            # is not cut where it is a piece itself.
            small = word.lower()
            known = self._model.token_to_id(small) is not None
            count = 1 if known else len(self._model.tokenize(small))
        else:
            count = len(self._tokenizer.encode(word, add_special_tokens=False))
        self[word] = count
        return count


def _special_tokens(tokenizer: Tokenizer) -> list[str] | None:
    """The words that `tokenizer` takes as they stand.

    None where it is not of BERT's kind, which makes all letters small.
    """
    parts = (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.model)
    kinds = tuple(type(part).__name__ for part in parts)
    if kinds != ("BertNormalizer", "BertPreTokenizer", "WordPiece"):
        return None
    if not tokenizer.normalizer.lowercase:
        return None
    return [token.content for token in tokenizer.get_added_tokens_decoder().values()]
