"""A small model in the packed form that the reader comes in, with weights by lot."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

WIDTH, LAYERS, HEADS, POSITIONS = 32, 2, 4, 40
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), ("a", -3.0),
          ("b", -3.0), ("▁ab", -1.0)]  # fmt: skip


def packed_file(path: Path, rng: np.random.Generator) -> Path:
    """Write such a model to `path`, and return it."""
    tensors: list[tuple[str, int, int, bytes]] = []

    def matrix(name: str, rows: int, columns: int) -> None:
        blocks = np.empty((rows * columns // 32, 18), np.uint8)
        blocks[:, :2] = np.float16(0.05).reshape(1).view(np.uint8)
        blocks[:, 2:] = rng.integers(0, 256, (len(blocks), 16))
        tensors.append((name, 1, rows * columns, blocks.tobytes()))

    def vector(name: str, count: int) -> None:
        values = rng.normal(0.5, 0.3, count).astype(np.float32)
        tensors.append((name, 0, count, values.tobytes()))

    def norm(name: str) -> None:
        vector(f"{name}.w", WIDTH)
        vector(f"{name}.b", WIDTH)

    matrix("emb.word", len(PIECES), WIDTH)
    vector("emb.pos", POSITIONS * WIDTH)
    vector("emb.type", 2 * WIDTH)
    norm("emb.ln")
    for layer in range(LAYERS):
        for name, into, out in (("q", WIDTH, WIDTH), ("k", WIDTH, WIDTH), ("v", WIDTH, WIDTH),
                                ("ao", WIDTH, WIDTH), ("fi", WIDTH, 4 * WIDTH),
                                ("fo", 4 * WIDTH, WIDTH)):  # fmt: skip
            matrix(f"l{layer}.{name}.w", out, into)
            vector(f"l{layer}.{name}.b", out)
        norm(f"l{layer}.aln")
        norm(f"l{layer}.oln")

    texts = [text.encode() for text, _ in PIECES]
    places = np.cumsum([0, *map(len, texts)]).astype("<u4")
    head = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, LAYERS, HEADS, 4 * WIDTH, len(PIECES),
                       POSITIONS, 2, 1e-12, 32)  # fmt: skip
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(places[-1])) + places.tobytes()
    head += np.array([score for _, score in PIECES], "<f4").tobytes() + b"".join(texts)
    # One character that is turned into another: read over.
    head += struct.pack("<iIIBI", 1, 9, 0xFB01, 1, 0x66) + struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 21 for name, *_ in tensors)
    for name, kind, count, raw in tensors:
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kind, count, at, len(raw))
        at += len(raw)
    path.write_bytes(head + b"".join(raw for *_, raw in tensors))
    return path
