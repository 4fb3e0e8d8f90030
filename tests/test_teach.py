"""Teaching the reader; needs torch, which comes with no part of Pullquote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval.teach import __main__ as teach
from rag import reader
from rag.e5_file import adapted, graph_of, input_rows, read_packed, tokenizer_of
from rag.prepared import open_session
from rag.reader import Head, Told, together
from tests.packed import packed_file

torch = pytest.importorskip("torch")
PAIRS = [("a b?", Told("", "ab")), ("ab?", Told("a", "b a b")), ("b", Told("b b", "a"))]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = packed_file(tmp_path / "small.bin", np.random.default_rng(3))
    monkeypatch.setattr(teach, "packaged_file", lambda *_: path)
    monkeypatch.setattr(reader, "LAYERS", (0, 1))
    return path


def lessons(folder: Path) -> Path:
    questions = [{"q": "a?", "a": [0], "near": 1}, {"q": "b?", "a": [], "near": 0}]
    passage = {"title": "", "heading": "", "units": ["ab", "b", "a b"], "questions": questions}
    path = folder / "lessons.jsonl"
    path.write_text((json.dumps(passage) + "\n") * 4)
    return path


def taught(small: Path, *options: str) -> dict[str, np.ndarray]:
    out = small.parent / "out.npz"
    teach.main([str(lessons(small.parent)), "--out", str(out), *options])
    with np.load(out) as file:
        return {name: file[name].astype(np.float32) for name in file.files}


def test_what_was_learned_is_what_the_reader_computes(small: Path) -> None:
    import onnx

    kept = small.parent / "kept.npz"
    changes = taught(small, "--rounds", "2", "--rate", "0.01", "--keep", str(kept))
    packed = adapted(read_packed(small), changes)
    onnx.save(graph_of(packed), str(small.parent / "small.onnx"))
    session, rows = open_session(small.parent / "small.onnx"), input_rows(packed)
    head, tokenizer = Head(changes), tokenizer_of(packed)
    network = teach.Network(read_packed(small), changes)
    for (question, told), odds in zip(PAIRS, network.odds(PAIRS).tolist(), strict=True):
        ids, kinds = together(tokenizer, question, told)
        given = rows[ids] + rows[len(packed.pieces) :][: len(ids)] + head.kinds[kinds]
        (hidden,) = session.run(None, {"rows": given[None]})[0]
        assert head(hidden) == pytest.approx(odds, abs=1e-3)
        assert odds != 0
    # All of a matrix as small as this is in its part of rank 32.
    again = taught(small, "--rounds", "0", "--start", str(kept))
    assert all(np.abs(again[name] - changes[name]).max() < 1e-6 for name in changes)


def test_the_loss_falls(small: Path) -> None:
    options = ["--rounds", "30", "--rate", "0.003", "--batch", "2"]
    found = teach.read_lessons([lessons(small.parent)])
    some = [teach.choice(one, 3, teach.Random(1)) for one in found]
    packed = read_packed(small)
    before = float(teach.loss_of(teach.Network(packed), some))
    assert float(teach.loss_of(teach.Network(packed, taught(small, *options)), some)) < before / 2


def test_of_several_the_mean_is_taken(small: Path) -> None:
    kept = [small.parent / f"{number}.npz" for number in (1, 2)]
    for seed, path in enumerate(kept, 1):
        taught(small, "--rounds", "3", "--seed", str(seed), "--rate", "0.01",
               "--batch", "2", "--keep", str(path))  # fmt: skip
    found = taught(small, "--rounds", "0", "--start", *map(str, kept))
    one, two = (np.load(path)["last.w"] for path in kept)
    assert np.abs(found["last.w"] - (one + two) / 2).max() < 1e-3
    assert np.abs(one - two).max() > 2e-3
