"""``pullquote eval bench``: speed and retrieval quality, on the sets' own documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import UsageError
from rag.settings import cache_folder, load
from ui.options import errors

if TYPE_CHECKING:
    from eval.cases import QuestionSet

_FOLDER = Path(__file__).resolve().parent.parent / "examples"
_EXAMPLES = f"{_FOLDER}/questions/articles.jsonl:{_FOLDER}/articles"


def _sizes(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        sizes = sorted({int(size) for size in value.split(",") if size.strip()})
    except ValueError:
        raise click.BadParameter("numbers with commas between them, such as 1000,10000") from None
    if sizes and sizes[0] < 1:
        raise click.BadParameter("a library has one passage or more")
    return tuple(sizes)


@click.command()
@click.option("--sets", "names", multiple=True, metavar="SET",
              help="A set's folder, or QUESTIONS.jsonl:DOCS_FOLDER; give it once for each set. "
                   "Default: the examples.")  # fmt: skip
@click.option("--sizes", default="1000,10000,100000", show_default=True, callback=_sizes,
              metavar="N,N…",
              help="Passages of the libraries that questions are timed in.")  # fmt: skip
@click.option("--peers", is_flag=True, help="Measure llama-index and txtai too (bench extra).")
@click.option("--part", "parts", multiple=True,
              type=click.Choice(["ingest", "sizes", "startup", "retrieval"]),
              help="Measure only this; give it once for each.  [default: all]")  # fmt: skip
@click.option("--runs", metavar="N", type=click.IntRange(1, 99), default=3, show_default=True,
              help="Runs of each measurement; medians are reported.")  # fmt: skip
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Write all figures there.")  # fmt: skip
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the tables there.")  # fmt: skip
@click.pass_obj
def bench(
    environ: Mapping[str, str], names: tuple[str, ...], sizes: tuple[int, ...], peers: bool,
    parts: tuple[str, ...], runs: int, json_file: Path | None, markdown_file: Path | None,
) -> None:  # fmt: skip
    """Measure ingest, questions, start-up and retrieval, and print the tables.

    Ratios are the result: everything is measured in one run, with one encoder. The whole takes
    some minutes, most of them for the largest library; the live library is not touched.

    \b
    Examples:
      pullquote eval bench --sizes 1000
      pullquote eval bench --sets evalsets/clapnq --sets evalsets/mtrag --peers
      pullquote eval bench --part retrieval --json figures.json
    """
    with errors():
        from eval.bench.process import Setup
        from eval.bench.run import PARTS, Plan, run
        from eval.bench.table import markdown

        sets = tuple(_load(name) for name in names or (_EXAMPLES,))
        if len({s.name for s in sets}) < len(sets):
            raise UsageError("two of the sets have one name: rename a folder")
        plan = Plan(sets, sizes, peers, parts or PARTS, runs)
        setup = Setup(load(environ), cache_folder(environ))
        report = run(plan, setup, lambda said: click.echo(f"measuring {said}", err=True))
        tables = markdown(report)
        if json_file:
            json_file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        if markdown_file:
            markdown_file.write_text(tables, encoding="utf-8")
        click.echo(tables, nl=False)


def _load(name: str) -> QuestionSet:
    from eval.cases import load_set

    questions, _, docs = name.partition(":")
    found = load_set(Path(questions).resolve(), Path(docs).resolve() if docs else None)
    if not found.cases:
        raise UsageError(f"{questions}: no questions in it")
    return found
