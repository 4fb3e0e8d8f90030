"""What must hold of the units and pieces of any page, Markdown or plain."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.split import embedding_text, lead_spans, unit_vectors
from rag.domain import Kind
from rag.library.packing import pack_units, unpack_units
from tests.pieces import Words, pieces, said

# The first example loads the parsers, which takes longer than an example may.
patient = settings(deadline=None)

plain = st.text(st.sampled_from("abcdeé gh🦉’.,:!?-"), min_size=1, max_size=30).map(
    lambda s: f"w{s.strip()}x"
)
words = st.lists(plain, min_size=1, max_size=6).map(" ".join)


@st.composite
def lists(draw: st.DrawFn, indent: str = "") -> str:
    marker = draw(st.sampled_from(["- ", "* ", "1. ", "- [ ] "]))
    inside = indent + " " * len(marker.replace("[ ] ", ""))
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        lines.append(f"{indent}{marker}{draw(words)}")
        if len(indent) < 6 and draw(st.integers(0, 3)) == 0:
            lines.append(draw(lists(inside)))
        elif draw(st.integers(0, 4)) == 0:
            lines += ["", f"{inside}```", f"{inside}run --it {draw(plain)}", f"{inside}```"]
    return "\n".join(lines)


@st.composite
def tables(draw: st.DrawFn) -> str:
    width = draw(st.integers(1, 4))
    cells = st.lists(plain, min_size=width, max_size=width).map(lambda c: f"| {' | '.join(c)} |")
    rows = draw(st.lists(cells, min_size=1, max_size=4))
    return "\n".join([draw(cells), "|" + "---|" * width, *rows])


code = st.lists(
    st.tuples(
        st.sampled_from(["", "  ", "    ", "# "]), plain, st.sampled_from(["", " \\", ":", " {"])
    ),
    min_size=1, max_size=9,
).map(lambda rows: "\n".join(["```sh", *("".join(r) for r in rows), "```"]))  # fmt: skip
headings = st.tuples(st.integers(1, 4), words).map(lambda h: "#" * h[0] + " " + h[1])
quotations = words.map(lambda w: f"> {w}\n> {w}")
pages = st.tuples(
    st.lists(st.one_of(headings, words, lists(), tables(), code, quotations), max_size=9),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
).map(lambda p: ("\n\n".join(p[0]).replace("\n", p[1]), p[2]))


@patient
@given(pages)
def test_units_and_their_contexts_are_exact_places_in_order(page: tuple[str, bool]) -> None:
    text, markdown = page
    found = [u for p in pieces(text, markdown) for u in p.units]
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))
    for unit in found:
        for span in (unit.span, *unit.context):
            assert span.of(text) and span.of(text) == span.of(text).strip()
        assert all(a.start < b.start and a.end <= b.end for a, b in pairwise(unit.context))
        assert all(span.end <= unit.span.start for span in unit.context)
        assert not unit.span.of(text).lstrip("|").startswith("---|")
    assert unpack_units(pack_units(found)) == tuple(found)


@patient
@given(pages)
def test_what_is_embedded_holds_each_unit_at_its_place(page: tuple[str, bool]) -> None:
    text, markdown = page
    for piece in pieces(text, markdown, budget=20):
        embedded, places = embedding_text(text, piece, "A title", Words())  # type: ignore[arg-type]
        said = [p.of(embedded) for p in places]
        assert said[: len(piece.units)] == [u.span.of(text) for u in piece.units]
        lead = said[len(piece.units) :]
        assert lead == [s.of(text) for s in piece.lead[len(piece.lead) - len(lead) :]]
        assert embedded == "\n".join(["A title", *lead, *said[: len(piece.units)]])
        assert all(span.end <= piece.span.start for span in piece.lead)


@patient
@given(pages)
def test_vectors_of_parts_lean_to_what_they_are_read_with(page: tuple[str, bool]) -> None:
    text, markdown = page
    for piece in pieces(text, markdown, budget=20):
        _, places = embedding_text(text, piece, None, Words())  # type: ignore[arg-type]
        # Each place has a direction of its own, so that a vector tells what it was mixed from.
        own = np.eye(len(places), dtype=np.float32)
        mixed = unit_vectors(piece, own, lead_spans(text, piece, Words()))  # type: ignore[arg-type]
        assert np.allclose(np.linalg.norm(mixed, axis=1), 1, atol=1e-5)
        for number, (unit, row) in enumerate(zip(piece.units, mixed, strict=True)):
            assert row.argmax() == number or row[number] == row.max()
            if unit.kind is Kind.SENTENCE:
                assert row[number] == 1
            elif unit.kind is not Kind.HEADING and {u.span for u in piece.units} & {*unit.context}:
                assert row[number] < 1


@patient
@given(tables(), words)
def test_each_row_of_a_table_is_one_unit_under_its_header(table: str, lead: str) -> None:
    header, _, *rows = table.split("\n")
    for markdown in (True, False):
        text = f"# Desk\n\n## Section one\n\nIt says: {lead}:\n\n{table}\n"
        found = [f for f in said(text, markdown) if f[0] is Kind.TABLE_ROW]
        assert [row for _, row, _ in found] == rows
        assert {context[-1] for _, _, context in found} == {header}
        assert {context[0] for _, _, context in found} == {"Section one"}
