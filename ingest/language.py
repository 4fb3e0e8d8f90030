"""The language that a text is written in, where its words leave no doubt (py3langid).

The packaged model takes half a second to unpack and 100 MB in memory, for 142 languages. So it is
unpacked once, cut down to ours and kept in the per-user cache under its digest; from there only
the parts that are looked at are read.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.prepared import workshop

# Languages in which articles are commonly written; among more, names and figures are mistaken
# for a rare one.
_LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
_LONGEST = 400
_SHORTEST = 80
_PART = 60
_CERTAIN = 0.99
# Changing how the kept files are made, or the languages, must change this.
_PREPARATION = "languages-1"
_PARTS = ("table", "prior", "labels", "moves", "rows", "features")


class _Kept:
    """Where the unpacked model is kept from one process to the next; None: nowhere."""

    folder: Path | None = None


def keep_in(cache: Path) -> None:
    """Have the unpacked model kept below the folder `cache`, and taken from there."""
    if _Kept.folder != cache:
        _Kept.folder = cache
        _identifier.cache_clear()


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_DIR, MODEL_FILE

    if _Kept.folder is None:
        return _unpacked()
    with (MODEL_DIR / MODEL_FILE).open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    kept = _Kept.folder / "models" / f"{key}-{_PREPARATION}"
    if not kept.is_dir():
        # Where nothing can be written, every process unpacks it anew: slower, and the same.
        with contextlib.suppress(OSError):
            _keep(_unpacked(), kept)
    return _opened(kept) if kept.is_dir() else _unpacked()


def _unpacked() -> Any:
    """The model as it is packaged, for our languages alone."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages([code for code in _LANGUAGES if code in set(made.labels)])
    return made


def _keep(made: Any, target: Path) -> None:
    """Write the parts of a model to the folder `target`; atomically.

    Raises:
        OSError: it cannot be written, or is there already.
    """
    arrays = (
        np.ascontiguousarray(made.nb_ptc), made.nb_pc, np.asarray(made.nb_classes),
        np.asarray(made.tk_nextmove, dtype=np.uint32), np.asarray(made.tk_row, dtype=np.uint32),
        np.asarray(made.tk_output, dtype=np.int32),
    )  # fmt: skip
    with workshop(target.parent) as folder:
        done = folder / target.name
        done.mkdir()
        for name, array in zip(_PARTS, arrays, strict=True):
            np.save(done / f"{name}.npy", array)
        # Where another process was quicker this fails: its files are the same.
        done.rename(target)


def _opened(kept: Path) -> Any:
    """The model in the folder `kept`, the large parts left in their files."""
    from py3langid.langid import LanguageIdentifier

    table, prior, labels, moves, rows, features = (
        np.asarray(np.load(kept / f"{name}.npy", mmap_mode="r")) for name in _PARTS
    )
    return LanguageIdentifier(
        table, prior, labels.tolist(), moves.data, features.tolist(),
        norm_probs=True, tk_row=rows.tolist(),
    )  # fmt: skip


def language_of(sentences: str) -> str | None:
    """The code of the language of some sentences; None where they are too few, or it is in doubt.

    Lists of names and tables have no language: give it running text.
    """
    text = sentences[:_LONGEST]
    if len(text) < _SHORTEST:
        return None
    for sample in (_parts(text), text):
        code, probability = _identifier().classify(sample)
        if probability >= _CERTAIN:
            return str(code)
    return None


def _parts(text: str) -> str:
    """Three parts of a text: mostly they leave no doubt, and where the text changes, they do."""
    if len(text) <= 3 * _PART:
        return text
    middle = len(text) // 2
    return text[:_PART] + text[middle : middle + _PART] + text[-_PART:]
