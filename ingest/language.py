"""The language that a text is written in, where its words leave no doubt (py3langid)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# Languages in which articles are commonly written; among more, names and figures are mistaken
# for a rare one.
_LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
_LONGEST = 400
_SHORTEST = 80
_CERTAIN = 0.99


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages([code for code in _LANGUAGES if code in set(made.labels)])
    return made


def language_of(sentences: str) -> str | None:
    """The code of the language of some sentences; None where they are too few, or it is in doubt.

    Lists of names and tables have no language: give it running text.
    """
    text = sentences[:_LONGEST]
    if len(text) < _SHORTEST:
        return None
    code, probability = _identifier().classify(text)
    return str(code) if probability >= _CERTAIN else None
