"""Lists, tables, code and headings as wikis have them: their units, and what each is read with."""

from __future__ import annotations

from textwrap import dedent

import pytest

from ingest.split import embedding_text
from rag.domain import Kind, Unit
from rag.library.packing import pack_units, unpack_units
from tests.pieces import Words, pieces, said

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
