"""Answers from pages of a team's wiki: rows, steps, items and code, quoted as they are."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from rag.domain import Citation, Kind

PAGES = {
    "ports.md": """\
        # Network ports

        [Home](/) > [Operations](/ops) > Network ports

        Every service listens on the inner network only.

        ## Staging

        | Service     | Port | Owner        |
        |-------------|-----:|--------------|
        | mailroom    | 2525 | Messaging    |
        | ledger-api  | 8443 | Payments     |
        | search-box  | 9200 | Discovery    |

        ## Production

        | Service     | Port | Owner        |
        |-------------|-----:|--------------|
        | mailroom    | 25   | Messaging    |
        | ledger-api  | 443  | Payments     |
        | search-box  | 9300 | Discovery    |

        Last edited by Ida Brandt on 4 March 2025
        """,
    "release.md": """\
        ---
        title: Releasing the shop
        date: 2025-01-20
        ---
        # Releasing the shop

        Releases go out on Tuesdays and Thursdays.

        ## Rolling back

        To undo a bad release:

        1. Freeze the pipeline so that nothing else ships.
        2. Redeploy the last good tag:

           ```sh
           # takes about four minutes
           shipctl deploy --tag last-good \\
             --wait
           ```
        3. Tell the duty engineer in the incident channel.
           - Name the tag that was withdrawn
           - Say whether customers saw errors

        ## Freezes

        No release goes out in these weeks:

        - The week of the spring sale
        - The last two weeks of December
        """,
    "settings.md": """\
        # Settings of the queue worker

        ```yaml
        worker:
          concurrency: 12
          retries: 5
          timeouts:
            connect: 3s
            read: 45s
          backoff:
            first: 2s
            most: 10m
        cache:
          size: 512MiB
          evict: least-recent
        ```

        ## Turning debug logging on

        Set the level and restart the worker:

            export WORKER_LOG_LEVEL=debug
            systemctl restart queue-worker

        Remember to turn it off again: a busy worker writes two gigabytes an hour.
        """,
    "leave.md": """\
        # Time off

        **Annual leave**: 27 days a year, of which 5 may be carried over.
        **Parental leave**: 16 weeks on full pay.
        **Study leave**: 3 days a year, agreed with your lead.

        ## Sick days

        Tell your lead before ten in the morning. From the fourth day on, send a doctor's note.
        """,
}


@pytest.fixture(scope="module")
def wiki(make_assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("wiki")
    for name, page in PAGES.items():
        (folder / name).write_text(dedent(page), encoding="utf-8")
    return make_assistant(folder)


def quoted(assistant: Any, question: str) -> tuple[Citation, ...]:
    answer = assistant.answer(question)
    return tuple(answer.citations or answer.near_misses)


@pytest.mark.parametrize(("question", "kind", "words", "context"), [
    ("Which port does the ledger-api use in production?", Kind.TABLE_ROW,
     "| ledger-api  | 443  | Payments     |", "Production"),
    ("Which port does the ledger-api use in staging?", Kind.TABLE_ROW,
     "| ledger-api  | 8443 | Payments     |", "Staging"),
    ("What is the first step to undo a bad release?", Kind.LIST_ITEM,
     "Freeze the pipeline so that nothing else ships.", "To undo a bad release:"),
    ("Which command redeploys the last good tag?", Kind.CODE,
     "shipctl deploy --tag last-good", "Rolling back"),
    ("Is there a release in the last two weeks of December?", Kind.LIST_ITEM,
     "The last two weeks of December", "No release goes out in these weeks:"),
    ("What is the read timeout of the worker?", Kind.CODE, "read: 45s", "worker:"),
    ("How do I set the worker's log level to debug?", Kind.CODE,
     "export WORKER_LOG_LEVEL=debug", "Turning debug logging on"),
    ("How many weeks of parental leave are there on full pay?", Kind.LIST_ITEM,
     "16 weeks on full pay", ""),
    ("When must I send a doctor's note?", Kind.SENTENCE,
     "From the fourth day on, send a doctor's note.", "Sick days"),
])  # fmt: skip
def test_each_kind_of_part_is_quoted_with_what_it_is_read_with(
    wiki: Any, question: str, kind: Kind, words: str, context: str
) -> None:
    found = [c for c in quoted(wiki, question) if words in c.quote.text]
    assert found, [c.quote.text for c in quoted(wiki, question)]
    [citation] = found
    assert citation.kind is kind
    assert context in citation.context_texts or (not context and not citation.context)
    article = citation.quote.article
    assert article.text[citation.quote.span.start : citation.quote.span.end] == citation.quote.text
    assert all(span.of(article.text) == text
               for span, text in zip(citation.context, citation.context_texts, strict=True)
               )  # fmt: skip


def test_the_same_row_of_two_tables_is_told_apart_by_its_section(wiki: Any) -> None:
    for place, row in (
        ("staging", "| mailroom    | 2525 |"),
        ("production", "| mailroom    | 25 "),
    ):
        first = quoted(wiki, f"Which port does the mailroom use in {place}?")[0]
        assert first.quote.text.startswith(row), first.quote.text


def test_pages_are_dated_by_their_head_or_their_foot(wiki: Any) -> None:
    dates = {e.source: e.metadata.published for e in wiki.library.catalogue.entries()}
    assert dates == {
        "ports.md": "2025-03-04", "release.md": "2025-01-20", "settings.md": None, "leave.md": None,
    }  # fmt: skip


def test_a_citation_says_its_kind_and_context_to_programs(wiki: Any) -> None:
    from rag.contract import answer_dict

    answer = answer_dict(wiki.answer("Which port does the ledger-api use in production?"))
    cited = (answer["citations"] or answer["near_misses"])[0]
    assert (cited["kind"], cited["context"]) == (
        "table_row", ["Production", "| Service     | Port | Owner        |"],
    )  # fmt: skip
    assert json.loads(json.dumps(answer)) == answer


def test_a_section_that_goes_on_in_a_later_passage_is_found_by_its_heading(
    make_assistant: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    steps = "\n".join(
        f"{n}. Turn valve {n} a quarter to the left and wait until its lamp is green again."
        for n in range(1, 41)
    )
    (folder / "boiler.md").write_text(f"# The plant\n\n## Flushing the boiler\n\n{steps}\n")
    (folder / "pump.md").write_text(f"# The hall\n\n## Priming the pump\n\n{steps}\n")
    assistant = make_assistant(folder)
    first = quoted(assistant, "What is done with valve 38 when flushing the boiler?")[0]
    assert first.quote.article.source == "boiler.md"
    assert first.quote.text.startswith("Turn valve 38 ")
