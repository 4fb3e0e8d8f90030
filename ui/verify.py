"""`pullquote verify`: are the quotes of an answer still in the library?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from rag.errors import UsageError
from rag.settings import load
from ui.options import FAILED, errors, library_option
from ui.report import print_json


@click.command()
@click.argument("answer", type=click.File("r", encoding="utf-8"), metavar="ANSWER.json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each answer.")
@click.pass_context
@library_option
def verify(ctx: click.Context, answer: TextIO, as_json: bool, library: Path | None) -> None:
    """Check the quotes of ANSWER.json, as `ask --json` printed it, against the library.

    A quote is ok where its article, unchanged, has these words at this place. One answer, or one
    a line as `ask --batch` prints them; - for stdin. The exit code is 1 unless all are ok.

    \b
    Examples:
      pullquote ask "Who signed the contract?" --json > answer.json
      pullquote verify answer.json
      pullquote ask --batch questions.jsonl | pullquote verify -
    """
    with errors():
        from rag.library import Library
        from rag.verify import Standing, verify_answer

        answers = _answers(answer.read())
        opened = Library(load(ctx.obj, library=library).library)
        good = True
        for number, given in enumerate(answers, 1):
            quotes = verify_answer(given, opened)
            good = good and all(q.standing is Standing.OK for q in quotes)
            if as_json:
                print_json(
                    {
                        "id": given.get("id"),
                        "ok": all(q.standing is Standing.OK for q in quotes),
                        "quotes": [
                            {
                                "marker": q.marker,
                                "source": q.source,
                                "standing": q.standing.name.lower(),
                                "start": q.start,
                            }
                            for q in quotes
                        ],
                    }
                )
                continue
            prefix = f"answer {number} " if len(answers) > 1 else ""
            for q in quotes:
                now = "" if q.start is None or q.standing is Standing.OK else f" (at {q.start})"
                click.echo(f"{prefix}[{q.marker}] {q.source}: {q.standing}{now}")
        opened.close()
        if not good:
            sys.exit(FAILED)


def _answers(text: str) -> list[Any]:
    """The answers in `text`: one JSON object, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    try:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise UsageError(f"not JSON: {error}") from error
    if not found:
        raise UsageError("there is no answer in it")
    return found
