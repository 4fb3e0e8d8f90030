"""Lists, tables, code and headings: each a unit at its exact place, with what it is read with."""

from __future__ import annotations

from itertools import pairwise
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.job import parse
from ingest.split import Piece, embedding_text, lead_spans, unit_vectors
from rag.domain import Kind, Metadata, Unit
from rag.library.packing import pack_units, unpack_units


class Words:
    """Counts white-space separated words as tokens: the splitter only needs a measure."""

    def count(self, text: str) -> int:
        return len(text.split())


def pieces(text: str, markdown: bool = True, budget: int = 60) -> tuple[Piece, ...]:
    return parse(text, markdown, Words(), budget).pieces  # type: ignore[arg-type]


def said(text: str, markdown: bool = True) -> list[tuple[Kind, str, list[str]]]:
    """Kind, words and context of each unit that can be quoted."""
    return [
        (u.kind, u.span.of(text), [s.of(text) for s in u.context])
        for p in pieces(text, markdown)
        for u in p.units
        if u.kind is not Kind.HEADING
    ]


# The first example loads the parsers, which takes longer than an example may.
patient = settings(deadline=None)


# --- What must hold of any page ------------------------------------------------------------

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


# --- Cases that wikis have -----------------------------------------------------------------

WIKI = dedent("""\
    # Running the ferry desk

    ## Opening up

    To open the desk:

    1. Collect the keys.
       - From the harbour office, before seven:

         ```sh
         # who has them
         keys list \\
           --desk ferry
         keys take 4
         ```
       - Or from the night guard
    2. Switch on the boards.

       They take two minutes.
    3. Call the captain
       on channel nine.

    - [ ] Count the float
    - [x] Sign the book

    ## Tickets

    What each ticket costs:

    | Ticket | Price |
    |:-------|------:|
    | Adult  | 12.50 |
    | Child  | 4     |

    **Refunds**

    Window: two hours before sailing.
    Fee: none.
    """)


def context_of(words: str, text: str = WIKI, markdown: bool = True) -> list[str]:
    [context] = [c for _, w, c in said(text, markdown) if w == words]
    return context


@pytest.mark.parametrize(("words", "context"), [
    ("Collect the keys.", ["Opening up", "To open the desk:"]),
    ("From the harbour office, before seven:",
     ["Opening up", "To open the desk:", "Collect the keys."]),
    ("keys take 4", ["Opening up", "To open the desk:", "Collect the keys.",
                     "From the harbour office, before seven:"]),
    ("Or from the night guard", ["Opening up", "To open the desk:", "Collect the keys."]),
    ("They take two minutes.", ["Opening up", "To open the desk:", "Switch on the boards."]),
    ("Call the captain\n   on channel nine.", ["Opening up", "To open the desk:"]),
    ("Sign the book", ["Opening up", "To open the desk:"]),
    ("| Adult  | 12.50 |", ["Tickets", "What each ticket costs:", "| Ticket | Price |"]),
    ("Window: two hours before sailing.", ["Tickets", "Refunds"]),
    ("Fee: none.", ["Tickets", "Refunds"]),
])  # fmt: skip
def test_a_unit_has_what_it_is_read_with(words: str, context: list[str]) -> None:
    assert context_of(words) == context


def test_a_command_is_one_unit_with_its_comment_and_continuation() -> None:
    codes = [w for kind, w, _ in said(WIKI) if kind is Kind.CODE]
    assert [" ".join(c.split()) for c in codes] == [
        "# who has them keys list \\ --desk ferry", "keys take 4",
    ]  # fmt: skip


def test_long_nested_code_is_quoted_by_its_parts_under_their_keys() -> None:
    text = "```yaml\n" + dedent("""\
        desk:
          float: 200
          boards:
            north: on
            south: off
          crew:
            captain: Roe
            mate: Lund
            cook: Hall
        harbour:
          gates: 3
        """) + "```\n"  # fmt: skip
    assert [(w, c) for _, w, c in said(text)] == [
        ("desk:\n  float: 200", []),
        ("boards:\n    north: on\n    south: off", ["desk:"]),
        ("crew:\n    captain: Roe\n    mate: Lund\n    cook: Hall", ["desk:"]),
        ("harbour:\n  gates: 3", []),
    ]


def test_what_a_command_prints_is_read_with_the_command() -> None:
    text = "The count is kept:\n\n```\n$ desk count\n212 tickets\n$ desk close\n```\n"
    assert [(w, c[1:]) for kind, w, c in said(text) if kind is Kind.CODE] == [
        ("$ desk count", []), ("212 tickets", ["$ desk count"]), ("$ desk close", []),
    ]  # fmt: skip


def test_code_that_is_not_moved_in_under_its_step_still_has_it() -> None:
    text = "To close:\n\n1. Lock the drawer:\n\n```\nlock drawer\n```\n\n2. Go home\n"
    assert context_of("lock drawer", text) == ["To close:", "Lock the drawer:"]
    assert context_of("Go home", text) == ["To close:"]


def test_a_list_ends_with_its_section() -> None:
    text = (
        "## One\n\nThese:\n\n- a first\n\n## Two\n\nA sentence here.\n\nOther ones:\n\n- b second\n"
    )
    assert context_of("b second", text) == ["Two", "Other ones:"]
    assert context_of("A sentence here.", text) == ["Two"]


PLAIN = dedent("""\
    The ferry desk

    To open the desk:
    1. Collect the keys
       from the harbour office.
       a) Sign for them.
    2. Switch on the boards.

    What each ticket costs:

    Ticket | Price
    -------+------
    Adult  | 12.50
    Child  | 4

    Then run this once:

        desk count --all
        desk report > today.txt

    The boards stay on all night, said the harbour master.
    """)


@pytest.mark.parametrize(("words", "context"), [
    ("Collect the keys\n   from the harbour office.", ["To open the desk:"]),
    ("Sign for them.", ["To open the desk:", "Collect the keys\n   from the harbour office."]),
    ("Switch on the boards.", ["To open the desk:"]),
    ("Adult  | 12.50", ["What each ticket costs:", "Ticket | Price"]),
    ("desk count --all", ["Then run this once:"]),
    ("The boards stay on all night, said the harbour master.", []),
])  # fmt: skip
def test_plain_text_has_them_too(words: str, context: list[str]) -> None:
    assert context_of(words, PLAIN, markdown=False) == context


def test_a_drawn_table_keeps_its_rows_and_not_its_lines() -> None:
    text = "+------+------+\n| Gate | Crew |\n+======+======+\n| 1    | four |\n+------+------+\n"
    assert said(text, markdown=False) == [(Kind.TABLE_ROW, "| 1    | four |", ["| Gate | Crew |"])]


def test_a_wide_row_stays_whole() -> None:
    row = "| " + " | ".join(["a long cell with many words in it"] * 40) + " |"
    text = "|" + " h |" * 40 + "\n|" + "---|" * 40 + f"\n{row}\n"
    assert [w for kind, w, _ in said(text) if kind is Kind.TABLE_ROW] == [row]


def test_a_short_list_is_not_cut_in_two_and_brings_its_lead_in() -> None:
    text = "# Desk\n\n## Opening\n\n" + "The desk opens at seven in the morning. " * 6
    text += "\n\nBring these:\n\n" + "".join(f"- thing number {n}\n" for n in range(8))
    first, second = pieces(text, budget=60)
    assert first.units[-1].span.of(text) == "The desk opens at seven in the morning."
    assert second.units[0].span.of(text) == "Bring these:"
    assert [s.of(text) for s in second.lead] == ["Opening"]


def test_a_table_goes_on_under_its_header() -> None:
    rows = [f"| gate {n} | the crew of gate {n} |" for n in range(30)]
    text = "# Desk\n\n## Gates\n\n| Gate | Crew |\n|---|---|\n" + "\n".join(rows) + "\n"
    first, *others = pieces(text, budget=60)
    assert len(others) > 1 and not first.lead
    for piece in others:
        embedded, _ = embedding_text(text, piece, "Harbour", Words())  # type: ignore[arg-type]
        assert embedded.startswith("Harbour\nGates\n| Gate | Crew |\n| gate ")
    assert [u.span.of(text) for p in (first, *others) for u in p.units if u.kind is Kind.TABLE_ROW
            ] == rows  # fmt: skip


def test_the_title_is_no_part_of_a_path() -> None:
    assert all("Running the ferry desk" not in c for _, _, c in said(WIKI))


def test_a_unit_keeps_a_context_of_its_own() -> None:
    with_context = [Unit(u.span, u.kind, u.context) for p in pieces(WIKI) for u in p.units]
    assert len({u.context for u in with_context}) > 5
    assert unpack_units(pack_units(with_context)) == tuple(with_context)


# --- What a wiki puts around its pages -----------------------------------------------------

FURNISHED = dedent("""\
    ---
    title: "The ferry desk: a guide"
    authors: [Ada Lund, Per Roe]
    # who looks after it
    tags:
      - ferry
    created: 2019-02-01
    updated: 2025-02-17T08:00:00Z
    url: https://wiki.example/desk
    ---
    [Home](/) > [Harbour](/harbour) > Ferry desk

    # Ferry desk

    **On this page**

    - [Opening](#opening)
    - Closing

    ## Opening

    1. Share the float with the night guard
    2. Subscribe to the gate alerts

    - Settings > Boards > North
    - Get the keys app from the office

    ## Related pages

    - [The bus desk](/bus)

    ## Closing

    Lock up at nine.
    [Edit this page](https://wiki.example/edit)

    Was this page helpful? Yes | No

    Last edited by Nils Hall on 3 March 2025
    """)


def test_what_surrounds_a_page_is_neither_quoted_nor_lost() -> None:
    parsed = parse(FURNISHED, True, Words(), 60)  # type: ignore[arg-type]
    assert parsed.metadata == Metadata(
        "The ferry desk: a guide", None, "Ada Lund, Per Roe", "2025-02-17",
        "https://wiki.example/desk", updated="2025-03-03",
    )  # fmt: skip
    assert [w for _, w, _ in said(FURNISHED)] == [
        "Share the float with the night guard", "Subscribe to the gate alerts",
        "Settings > Boards > North", "Get the keys app from the office", "Lock up at nine.",
    ]  # fmt: skip
    assert parsed.text == FURNISHED


@pytest.mark.parametrize(("foot", "published", "author"), [
    ("Last edited by Nils Hall on 3 March 2025", "2025-03-03", None),
    ("This page was last edited on 3 March 2025, at 10:22.", "2025-03-03", None),
    ("Created by Ada Lund, last modified by Per Roe on Mar 03, 2025", "2025-03-03", "Ada Lund"),
    ("Created by Ada Lund on 2 May 2020, last modified on Mar 03, 2025", "2025-03-03", "Ada Lund"),
    ("Created: 2 May 2020", "2020-05-02", None),
    ("Page last updated 3 months ago", None, None),
])  # fmt: skip
def test_a_footer_dates_a_page_that_has_no_other_date(
    foot: str, published: str | None, author: str | None
) -> None:
    text = f"# Ferry desk\n\nLock up at nine, and leave the boards on.\n\n{foot}\n"
    metadata = parse(text, True, Words(), 60).metadata  # type: ignore[arg-type]
    assert (metadata.published, metadata.author) == (published, author)
    assert [w for _, w, _ in said(text)] == ["Lock up at nine, and leave the boards on."]


def test_a_line_of_facts_dates_the_page_and_stays_to_be_read() -> None:
    line = "Owner: Harbour team · Updated: 3 May 2025"
    text = f"# Ferry desk\n\n{line}\n\nLock up at nine.\n"
    assert parse(text, True, Words(), 60).metadata.published == "2025-05-03"  # type: ignore[arg-type]
    assert line in [w for _, w, _ in said(text)]


@pytest.mark.parametrize("head", [
    "---\n\n---\n", "---\n- a: b\n---\n", "+++\n", "---\ntitle: never closed\n",
])  # fmt: skip
def test_a_rule_at_the_top_is_no_front_matter(head: str) -> None:
    parsed = parse(f"{head}\nThe desk opens at seven.\n", True, Words(), 60)  # type: ignore[arg-type]
    assert parsed.metadata.title != "never closed"
    assert "The desk opens at seven." in [w for _, w, _ in said(parsed.text)]


def test_the_section_of_a_settings_file_is_read_with_its_lines() -> None:
    text = "```toml\n# who works\n[crew]\nmates = 4\ncook = true\n\n[gates]\nopen = 3\n```\n"
    assert [(w, c) for _, w, c in said(text)] == [
        ("# who works\n[crew]\nmates = 4", []), ("cook = true", ["[crew]"]),
        ("[gates]\nopen = 3", []),
    ]  # fmt: skip


def test_a_bold_question_heads_its_answer() -> None:
    text = "**Q: May I bring a dog?**\nA: Yes, on a lead.\n\n**Where is the deck?**\n\nUpstairs.\n"
    assert [(w, c) for _, w, c in said(text)] == [
        ("A: Yes, on a lead.", ["Q: May I bring a dog?"]), ("Upstairs.", ["Where is the deck?"]),
    ]  # fmt: skip


def test_a_fold_out_is_read_under_what_it_shows_while_closed() -> None:
    text = "<details>\n<summary>What if it rains?</summary>\n\nBring a coat.\n\n</details>\n"
    assert said(text) == [(Kind.SENTENCE, "Bring a coat.", ["What if it rains?"])]


@pytest.mark.parametrize("label", ["[!NOTE]", "**Warning**"])
def test_the_label_of_a_note_is_no_part_of_it(label: str) -> None:
    assert [w for _, w, _ in said(f"> {label}\n> Never open both gates.\n")] == [
        "Never open both gates."
    ]


def test_short_paragraphs_that_were_wrapped_are_whole_under_their_numbered_headings() -> None:
    text = dedent("""\
        Minutes of the boat club

        1. The night boat

        The captain said that the night boat had been full on eleven of the last
        twelve Fridays. She wants a second one.

        Agreed: a second boat from May.

        2. The gates

        Nobody knows who left the north gate open on Monday, and the guard said that
        the lamp had been on all the same.

        3. Other business

        - The clock is slow by a minute and will be set when the tide is low and the
          ladder can stand.
        - Next meeting in June
        """)
    assert [(w, c) for _, w, c in said(text, markdown=False)] == [
        ("The captain said that the night boat had been full on eleven of the last\n"
         "twelve Fridays.", ["The night boat"]),
        ("She wants a second one.", ["The night boat"]),
        ("Agreed: a second boat from May.", ["The night boat"]),
        ("Nobody knows who left the north gate open on Monday, and the guard said that\n"
         "the lamp had been on all the same.", ["The gates"]),
        ("The clock is slow by a minute and will be set when the tide is low and the\n"
         "  ladder can stand.", ["Other business"]),
        ("Next meeting in June", ["Other business"]),
    ]  # fmt: skip
