"""Words, names and sentences: what must hold for any text, and the cases that people meet."""

import textwrap
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import mark
from ingest.dates import parse_date
from ingest.metadata import is_byline, read_metadata
from ingest.split import passages, units
from ingest.structure import blocks
from rag.domain import Kind, Span
from rag.text import replaced, same_name, sentences, terms, words
from tests.conftest import is_furniture
from tests.pieces import Words, texts


@given(texts)
def test_sentences_hold_every_visible_character_once_and_in_order(text):
    spans = list(sentences(text, Span(0, len(text))))
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(s.of(text) and s.of(text) == s.of(text).strip() for s in spans)
    covered = {i for s in spans for i in range(s.start, s.end)}
    assert all(c.isspace() for i, c in enumerate(text) if i not in covered)


@given(texts, st.booleans())
def test_blocks_units_and_passages_are_spans_of_the_text_in_order(text, markdown):
    found = mark(text, blocks(text, markdown))
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))
    cut = units(text, found)
    assert all(a.span.end <= b.span.start for a, b in pairwise(cut))
    for unit in cut:
        assert unit.span.of(text).strip() == unit.span.of(text) != ""
    pieces = passages(text, cut, Words(), budget=20)
    inside = [u for p in pieces for u in p.units]
    assert inside == sorted(inside, key=lambda u: u.span)
    assert not any(u.kind is Kind.BOILERPLATE for u in inside)
    quotable = [u for u in cut if u.kind not in (Kind.HEADING, Kind.BOILERPLATE)]
    assert [u for u in inside if u.kind is not Kind.HEADING] == quotable
    for piece in pieces:
        assert piece.span == Span(piece.units[0].span.start, piece.units[-1].span.end)


@pytest.mark.parametrize("text", [
    pytest.param("Dr. Roe met Gen. J. R. Smith on Jan. 5. He left.", id="abbreviations"),
    pytest.param("“Stop! Now,” she said. He left.", id="quotation"),
    pytest.param("President Guðni Th. Jóhannesson spoke. He left.", id="initials in a name"),
    pytest.param("It cost 3.5 million. They paid.", id="decimal point"),
])  # fmt: skip
def test_two_sentences_are_two(text):
    assert len(list(sentences(text, Span(0, len(text))))) == 2


@pytest.mark.parametrize(("one", "other", "same"), [
    ("Zelensky", "Zelenskyy", True), ("Kiev", "Kyiv", True), ("Chasiv", "Khasiv", True),
    ("Kharkov", "Kharkiv", True), ("Erdogan", "Erdoğan", True), ("Odessa", "Odesa", True),
    ("Grindavik", "Grindavík", True), ("Kurú", "Kourou", True), ("Mohammed", "Muhammad", True),
    ("Iran", "Iraq", False), ("Austria", "Australia", False), ("Kursk", "Kherson", False),
    ("Lavrov", "Lvov", False), ("Korea", "Kourou", False), ("Paris", "Parma", False),
])  # fmt: skip
def test_spellings_of_one_name_meet_and_other_names_do_not(one, other, same):
    assert same_name(one, other) is same is same_name(other, one)


def test_terms_are_stems_without_stop_words_possessives_and_digit_commas():
    assert terms("The minister’s 190,000 volunteers weren’t paid.") == [
        "minist",
        "190000",
        "volunt",
        "paid",
    ]


def test_words_know_their_place():
    text = "Čas’s 4.5 °C"
    assert [w.span.of(text) for w in words(text)] == ["Čas’s", "4.5", "C"]


@pytest.mark.parametrize("line", [
    "See also  Library extends its hours", "- Advertisement -", "LEAVE A REPLY", "RELATED ARTICLES",
    "Please enter your comment!", "Share on Facebook Tweet", "HomeTop StoriesBridge falls in storm",
    "Caption: Divers at the pier. Source: File image", "Photo: A crane", "No Comments", "“`",
    "We use cookies to improve this site.", "© 2024 Harbour Post. All rights reserved.",
    "Home > News > World", "Subscribe | Log in", "Sign up for our newsletter", "5 min read",
])  # fmt: skip
def test_furniture_is_known_by_its_form(line):
    assert is_furniture(line)


@pytest.mark.parametrize("line", [
    "[Home](/)", "[Getting started](start.md)", "[[Pilotage|The rules]]", "**[[Ferry]]**",
    "[Fares](../Ferry/Fares.md#adults)", '[Crew](crew.html "Who sails")',
    "[[Home]] · [Crew](/crew)",
])  # fmt: skip
def test_a_line_of_links_to_other_pages_is_a_menu(line):
    assert is_furniture(line) and is_furniture(line, "- ")


@pytest.mark.parametrize("line", [
    "[The timetable](https://ferry.example/times)", "[[Pilotage]] is for long ships.",
    "See [the fares](fares.md).", "![](boat.png) She sails at nine.",
    "[Write to us](mailto:crew@ferry.example)",
])  # fmt: skip
def test_words_with_a_link_in_them_and_links_to_elsewhere_are_no_menu(line):
    assert not is_furniture(line, "* ")


def test_a_step_that_is_a_link_is_a_step_and_a_page_of_links_has_no_other_words():
    assert not is_furniture("[Install the engine](install.md)", "1. ")
    licence = "# Ferry\n\nShe sails at nine.\n\n## Licence\n\n[MIT](LICENSE)\n\n## Crew\n\nNine.\n"
    assert Kind.BOILERPLATE not in [b.kind for b in mark(licence, blocks(licence, True))]
    index = "# Pages\n\n- [Fares](fares.md)\n- [[Pilotage]]\n\nSee also\n"
    kinds = [b.kind for b in mark(index, blocks(index, True))]
    assert kinds == [Kind.HEADING, Kind.LIST_ITEM, Kind.LIST_ITEM, Kind.BOILERPLATE]


@pytest.mark.parametrize("line", [
    "See also the report that the panel published in May.",
    "Comments by the minister angered the unions.",
    "Share prices fell by a third.",
    "The photo: a bridge in two halves, and a ship between them, went around the world.",
    "Related costs rose to 3 million euros, the ministry said.",
    "He said that advertising was to blame.",
    "mysqlsh -- util checkForServerUpgrade user@localhost:3306",
    "McDonald and MacArthur met in private.",
    "Home to 4,000 people, the town was emptied overnight.",
    "More from fear than from reason, the council voted no.",
])  # fmt: skip
def test_an_articles_own_words_are_not_furniture(line):
    assert not is_furniture(line)


def test_end_matter_runs_to_the_end_but_not_over_prose():
    text = (
        "The bridge fell at noon.\n\nRELATED ARTICLES\n\nTen soups for a rainy week\n\n"
        + "The inquiry will take " + "a very long time " * 6 + "to end, he said.\n\nA short end."
    )  # fmt: skip
    kinds = [b.kind for b in mark(text, blocks(text, False))]
    assert kinds[1:3] == [Kind.BOILERPLATE, Kind.BOILERPLATE]
    assert Kind.BOILERPLATE not in (kinds[0], *kinds[3:])


@pytest.mark.parametrize(("text", "expected"), [
    ("June 3, 2025 by No Comments", "2025-06-03"), ("Published 3rd June 2025", "2025-06-03"),
    ("2025-06-03T10:00", "2025-06-03"), ("Sept. 9, 2024", "2024-09-09"),
    ("03/06/2025", None), ("on June 4", None), ("31 February 2024", None), ("Monday", None),
])  # fmt: skip
def test_only_full_and_unambiguous_dates_count(text, expected):
    assert parse_date(text) == expected


HEAD = "HomeNewsWorld\n\nBridge falls\n\nJune 3, 2025 by Jane Roe No Comments\n\n"
BODY = "OSLO (Fjord Post) - The bridge fell on 1 May 2020, officials said.\n\nMore text here.\n"


def test_metadata_comes_from_the_head_and_the_dateline_not_from_the_story():
    text = HEAD + BODY
    metadata, said = read_metadata(text, mark(text, blocks(text, False)), False)
    assert (metadata.title, metadata.publisher) == ("Bridge falls", "Fjord Post")
    assert (metadata.author, metadata.published) == ("Jane Roe", "2025-06-03")
    assert len(said) == 1


def test_what_the_text_does_not_say_stays_empty():
    metadata, _ = read_metadata(BODY[20:], mark(BODY[20:], blocks(BODY[20:], False)), False)
    assert (metadata.title, metadata.author, metadata.published) == (None, None, None)


@pytest.mark.parametrize(("line", "said"), [
    ("The ferry sank in Oslo on 3 May 2024.", False),
    ("Oslo harbour opened on 3 May 2024.", False),
    ("Published by Jane Roe on 3 May 2024.", True),
    ("Fjord Post, 3 May 2024.", True),
    ("By Jane Roe, staff writer", True),
])  # fmt: skip
def test_a_short_sentence_with_a_date_is_no_byline(line, said):
    assert is_byline(line) is said


def test_markdown_parts_keep_their_kind():
    table, code = "| a | b |\n|---|---|\n| 1 | 2 |", "```\nx = 1\n```"
    text = f"# Title\n\nProse here.\n\n- one\n- two\n\n{table}\n\n{code}\n"
    found = [(b.kind, b.span.of(text)) for b in blocks(text, True)]
    assert found == [
        (Kind.HEADING, "Title"), (Kind.SENTENCE, "Prose here."), (Kind.LIST_ITEM, "one"),
        (Kind.LIST_ITEM, "two"), (Kind.HEADING, "| a | b |"), (Kind.TABLE_ROW, "| 1 | 2 |"),
        (Kind.CODE, "x = 1"),
    ]  # fmt: skip


def test_wrapped_lines_are_one_paragraph_and_scraped_lines_are_many():
    wrapped = textwrap.fill("The ship lost its power twice, off the port, before it hit " * 8, 64)
    scraped = "The ship left at night.\nIt lost its power twice.\nThe bridge fell.\n"
    assert len(blocks(wrapped, False)) == 1
    assert len(blocks(scraped, False)) == 3


@given(texts, st.sampled_from(["", "…", "other words"]))
def test_what_is_replaced_goes_and_all_else_stays(text, other):
    spans = [word.span for word in words(text)]
    ends = [0, *(span.end for span in spans)]
    starts = [*(span.start for span in spans), len(text)]
    between = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    assert replaced(text, ((span, other) for span in spans)) == other.join(between)
    assert replaced(text, ((span, span.of(text)) for span in spans)) == text
