"""`pullquote eval import` and `pullquote eval new`: bringing question sets, and making them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import UsageError
from rag.settings import cache_folder, load
from ui.options import FAILED, errors, library_option

if TYPE_CHECKING:
    from eval.importers.writing import Written

_PATH = click.Path(path_type=Path)
_HOW = """
Now read every line of it, as one JSON object a line:
  to keep a question    set "status" to "accepted"; change its words as you like
  to drop it            delete the line
  evidence              quotes must stay word for word as they are in their article
  "left_out"            the set will lack that article, so that nothing answers the question
Then check the file, and make a set of what you kept:
  pullquote eval new {library}--check {file}
  pullquote eval new {library}--check {file} --out SET_DIR
"""


@click.command("import")
@click.argument("form", metavar="FORMAT",
                type=click.Choice(["squad", "clapnq", "mtrag", "beir", "csv"]))  # fmt: skip
@click.argument("inputs", nargs=-1, required=True, type=_PATH, metavar="INPUT…")
@click.option("--out", required=True, type=_PATH, metavar="DIR", help="A new folder for the set.")
@click.option("--docs", type=_PATH, metavar="DIR", help="The articles that a csv asks about.")
def import_set(form: str, inputs: tuple[Path, ...], out: Path, docs: Path | None) -> None:
    """Bring a question set to Pullquote's form: a folder with docs/ and questions.jsonl.

    \b
    FORMAT is one of
      squad   SQuAD 1.1 or 2.0, a JSON file
      clapnq  CLAPNQ's annotated files, JSON lines
      mtrag   MTRAG's tasks, JSON lines, or its conversations, a JSON file
      beir    a folder with corpus.jsonl, queries.jsonl and qrels/, or one file in qrels/
      csv     a table with question and answer, and if you like source, quote, id, answerable

    \b
    Examples:
      pullquote eval import squad dev-v2.0.json --out sets/squad
      pullquote eval import csv team.csv --docs articles/ --out sets/team
    """
    with errors():
        from eval.importers import import_set as run

        _report(run(form, inputs, out, docs))


def _report(written: Written) -> None:
    for reason, count in written.skipped.items():
        click.echo(f"left out: {count} {reason}", err=True)
    click.echo(f"{written.folder}: {written.questions} questions, {written.documents} documents")


@click.command("new")
@click.option(
    "--out",
    type=_PATH,
    metavar="PATH",
    help="The file of drafts to write; with --check, the folder for the set.",
)
@click.option(
    "--count", type=click.IntRange(1), metavar="N", help="Draft at most N questions.  [default: 40]"
)
@click.option(
    "--seed",
    type=int,
    metavar="S",
    help="Choose other sentences with another number.  [default: 0]",
)
@click.option("--check", "checked", type=_PATH, metavar="FILE",
              help="Check an edited file instead of drafting one.")  # fmt: skip
@library_option
@click.pass_obj
def new(
    environ: Mapping[str, str], out: Path | None, count: int | None, seed: int | None,
    checked: Path | None, library: Path | None,
) -> None:  # fmt: skip
    """Draft questions from the library, for a person to accept; or check an edited file.

    No model is asked: plain templates turn sentences of the articles into questions, and the
    sentence is the gold quote. With --check, every quote is held against its article, and with
    --out the accepted questions become a set. Exit code 1 says that something is wrong with them.

    \b
    Examples:
      pullquote eval new --out questions.draft.jsonl --count 60
      pullquote eval new --check questions.draft.jsonl
      pullquote eval new --check questions.draft.jsonl --out sets/ours
    """
    with errors():
        if checked is not None and (count is not None or seed is not None):
            raise UsageError("--count and --seed are for drafting; leave them out with --check")
        folder = load(environ, library=library).library
        if checked is not None:
            _check(checked, folder, out)
        elif out is None:
            raise UsageError("name the file of drafts with --out questions.draft.jsonl")
        else:
            _draft(environ, library, out, count or 40, seed or 0)


def _draft(
    environ: Mapping[str, str], library: Path | None, out: Path, count: int, seed: int
) -> None:
    # A person's work may be in it.
    if out.exists():
        raise UsageError(f"{out}: is there already; name another file with --out, or delete it")
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent}: no such folder; make it, or name another with --out")
    from eval.draft import Drafting
    from rag.embed_openai import choose_embedder
    from rag.library import Library

    settings = load(environ, library=library)
    with closing(Library(settings.library)) as opened:
        embedder = choose_embedder(settings, cache_folder(environ))
        lines = Drafting(opened, embedder, settings.candidates).run(count, seed)
    if not lines:
        raise UsageError(
            "no sentence of the library makes a question by the templates; write some by hand"
        )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    out.write_text(text, encoding="utf-8", newline="\n")
    without = sum(not line["answerable"] for line in lines)
    click.echo(f"{out}: {len(lines)} questions drafted, {without} of them unanswerable")
    if len(lines) < count:
        click.echo(f"{count} were asked for: no further sentence makes a good question")
    named = f"--library {library} " if library else ""
    click.echo(_HOW.format(file=out, library=named).rstrip())


def _check(path: Path, library: Path, out: Path | None) -> None:
    from eval.draft.check import ACCEPTED, DRAFT, check, write_set
    from rag.library import Library

    with closing(Library(library)) as opened:
        found = check(path, opened)
        for problem in found.problems:
            click.echo(problem)
        click.echo(
            f"{found.count(ACCEPTED)} accepted, {found.count(DRAFT)} still drafts, "
            f"{len(found.problems)} problem{'s' * (len(found.problems) != 1)}"
        )
        if found.problems:
            sys.exit(FAILED)
        if out is not None:
            _report(write_set(found, opened, out))
