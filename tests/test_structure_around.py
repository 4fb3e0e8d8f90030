"""What a wiki puts around its pages: front matter, lists of contents, footers."""

from __future__ import annotations

from textwrap import dedent

import pytest

from ingest.job import parse
from rag.domain import Metadata
from tests.pieces import Words, said

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
