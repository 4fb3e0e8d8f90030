"""`pullquote verify`: are the quotes of an answer still in the library?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from rag.errors import UsageError
from rag.settings import load
from ui.options import FAILED, errors, library_option
from ui.report import print_json

if TYPE_CHECKING:
    from rag.library import Library
    from rag.verify import Checked


@click.command()
@click.argument("answer", type=click.File("rb"), metavar="ANSWER.json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each answer.")
@click.pass_context
@library_option
def verify(ctx: click.Context, answer: BinaryIO, as_json: bool, library: Path | None) -> None:
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
        from rag.verify import Standing

        name = getattr(answer, "name", "stdin")
        answers = _answers(answer.read(), name)
        opened = Library(load(ctx.obj, library=library).library)
        good = True
        for number, given in enumerate(answers, 1):
            quotes = _quotes(given, opened, name)
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


def _quotes(answer: Any, library: Library, name: str) -> list[Checked]:
    from rag.verify import verify_answer

    try:
        return verify_answer(answer, library)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error


def _answers(data: bytes, name: str) -> list[Any]:
    """The answers in the file `name`: one JSON object, or one a line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: not UTF-8 ({error})") from error
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    try:
        # Not splitlines: a quote may hold a separator that JSON leaves as it is.
        found = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise UsageError(f"{name}: not JSON: {error}") from error
    if not found:
        raise UsageError(f"{name}: there is no answer in it")
    return found
