"""Rows of tables: their cells make them up again, and are read with what heads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Article, Kind, Span, Unit
from rag.signals import as_read
from rag.tables import cells, spelled_out

rows = st.lists(
    st.one_of(st.text(max_size=4), st.sampled_from(["|", "\\", " ", "`|`", "\\|"]))
).map("".join)


@given(rows)
def test_the_cells_of_a_row_make_up_the_row(row: str) -> None:
    found = cells(row)
    assert "".join(c.before + c.words + c.after for c in found) == row
    assert all(c.words == c.words.strip() for c in found)


@pytest.mark.parametrize(("row", "words"), [
    ("| a | b |", ["a", "b"]), ("a | b", ["a", "b"]), ("|a|b", ["a", "b"]), ("| a |", ["a"]),
    ("| a \\| b | c |", ["a \\| b", "c"]), ("| a | |", ["a", ""]), ("a", ["a"]),
])  # fmt: skip
def test_a_row_is_cut_at_its_pipes(row: str, words: list[str]) -> None:
    assert [c.words for c in cells(row)] == words


@pytest.mark.parametrize(("row", "header", "read"), [
    ("| Acme | 6 |", "| Supplier | Lead time (weeks) |", "Supplier: Acme; Lead time: 6 weeks"),
    ("| Sick child | 8 | by noon |", "| Kind | Days | Tell us |",
     "Kind: Sick child; Days: 8 Days; Tell us: by noon"),
    ("a | 3", "x | Mast height", "x: a; Mast height: 3"),
    ("| 2024 | 7 |", "| Year | Floods |", "Year: 2024; Floods: 7 Floods"),
    ("| a | b | c |", "| x |", "x: a; b; c"),
    ("| a | |", "| x | y (kg) |", "x: a; y: "),
])  # fmt: skip
def test_cells_are_read_after_what_heads_them(row: str, header: str, read: str) -> None:
    assert spelled_out(row, header) == read


@given(rows, rows)
def test_no_cell_is_lost_in_reading(row: str, header: str) -> None:
    read = spelled_out(row, header)
    assert all(cell.words in read for cell in cells(row))


def test_only_a_row_below_a_header_is_read_with_it() -> None:
    text = "| Part | Weight (kg) |\n| mast | 7 |\nIt weighs 7."
    header, row, sentence = Span(0, 22), Span(23, 35), Span(36, len(text))
    article = Article(1, "a.md", text, "r")
    read = as_read(Unit(row, Kind.TABLE_ROW, (header,)), article)
    assert read == "Part: mast; Weight: 7 kg"
    assert as_read(Unit(row, Kind.TABLE_ROW), article) == "| mast | 7 |"
    assert as_read(Unit(sentence, Kind.SENTENCE, (header,)), article) == "It weighs 7."
