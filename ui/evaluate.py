"""`pullquote eval`: its first word is a subcommand, or else a question set to run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.errors import UsageError
from rag.settings import Settings, cache_folder, load
from ui.evaluate_bench import bench
from ui.evaluate_new import import_set, new
from ui.options import FAILED, errors
from ui.report import print_json

if TYPE_CHECKING:
    from eval.cases import QuestionSet
    from eval.run import Run
    from eval.summary import Report

_RUN = "SET"
_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False)


class _Evaluate(click.Group):
    """A group whose default command runs the question sets named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


class _Run(click.Command):
    """The default command; its help speaks for the group."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        above = ctx.parent.command_path if ctx.parent else ""
        formatter.write_usage(above, "[OPTIONS] SET…")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        group = ctx.parent.command if ctx.parent else None
        if isinstance(group, click.Group) and len(group.commands) > 1:
            with formatter.section("Commands"):
                formatter.write_dl([
                    (name, command.get_short_help_str())
                    for name, command in group.commands.items()
                    if command is not self
                ])  # fmt: skip


@click.group("eval", cls=_Evaluate)
def evaluate() -> None:
    """Score the answers to question sets; compare, report, gate."""


@evaluate.command(_RUN, cls=_Run, hidden=True)
@click.argument("sets", nargs=-1, required=True, type=_PATH)
@click.option(
    "--docs",
    type=_PATH,
    metavar="DIR",
    help="The documents of the sets. Default: docs/ beside a set's questions.jsonl.",
)
@click.option(
    "--library",
    type=_PATH,
    metavar="DIR",
    help="Answer from this library as it stands. Default: a temporary one, made of the "
    "set's documents.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Ask the first N questions.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="N",
    help="Ask N questions of each set, drawn by lot.",
)
@click.option("--judge", metavar="MODEL", help="Have a model judge the answers too.")
@click.option(
    "--judge-url",
    metavar="URL",
    help="The judge's OpenAI-compatible endpoint. Default: OPENAI_BASE_URL, or OpenAI's own with "
    "OPENAI_API_KEY.",
)
@click.option(
    "--model", metavar="NAME", help="Answer with this chat model. Default: in quotes mode."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a set.")
@click.option("--html", type=_FILE, metavar="FILE", help="Write a report with charts.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write a pull request's summary.")
@click.option("--save", type=_FILE, metavar="RUN.json", help="Keep the run, to compare with later.")
@click.option("--against", type=_FILE, metavar="RUN.json", help="Show what changed since a run.")
@click.option(
    "--fail-under",
    "floors",
    multiple=True,
    metavar="NAME=VALUE",
    help="Exit 1 where a metric is below this, or has no score. May be repeated.",
)
@click.option(
    "--no-worse-than",
    "before",
    type=_FILE,
    metavar="RUN.json",
    help="Exit 1 where a headline metric is significantly below that run's.",
)
@click.pass_obj
def run_sets(
    environ: Mapping[str, str], sets: tuple[Path, ...], docs: Path | None, library: Path | None,
    limit: int | None, sample: int | None, judge: str | None, judge_url: str | None,
    model: str | None, as_json: bool, html: Path | None, markdown: Path | None, save: Path | None,
    against: Path | None, floors: tuple[str, ...], before: Path | None,
) -> None:  # fmt: skip
    """Answer the questions of each SET and score the answers.

    A SET is a folder with docs/ and questions.jsonl, or a questions file given with --docs. It is
    measured on its own documents in a temporary library, or on a live one with --library. The
    cases that readers made on the page, in LIBRARY/cases, are asked of the library they are in.
    A SET that is called like a command is written ./NAME. Exit code 1 says that a gate failed.

    \b
    Examples:
      pullquote eval evalsets/xquad
      pullquote eval questions.jsonl --docs articles/ --html report.html
      pullquote eval questions.jsonl --docs articles/ --save monday.json
      pullquote eval questions.jsonl --docs articles/ --no-worse-than monday.json
      pullquote eval questions.jsonl --library ~/library --fail-under verbatim_rate=1
      pullquote eval ~/library/cases
      pullquote eval evalsets/xquad --judge MODEL --judge-url http://127.0.0.1:8080/v1
    """
    with errors():
        from eval.casebook import library_of
        from eval.gate import parse_floor
        from eval.run import load_runs, save_runs
        from eval.short import markdown as summarise
        from eval.short import text
        from eval.summary import report_dict

        # Whatever is wrong with the request is said before minutes are spent on answers.
        least = [parse_floor(floor) for floor in floors]
        if docs is None and library is None:
            library = library_of(sets)
        for file in filter(None, (html, markdown, save)):
            if not file.parent.is_dir():
                raise UsageError(f"{file}: there is no folder {file.parent}")
        question_sets = _load(sets, docs or library, limit, sample)
        earlier = {path: load_runs(path) for path in (against, before) if path}
        settings = load(environ, library=library, model=model)
        judging = _judging(judge, judge_url, settings)
        runs, reports = [], []
        answered = _runs(question_sets, settings, environ, library is not None, model is not None)
        for run in map(judging, answered):
            report = _report(run, earlier, against, before, least)
            runs.append(run)
            reports.append(report)
            if as_json:
                print_json(report_dict(report))
            else:
                click.echo(text(report))
        if save:
            save_runs(save, runs)
        if markdown:
            markdown.write_text(summarise(reports), encoding="utf-8")
        if html:
            from eval.report import page

            html.write_text(page(reports), encoding="utf-8")
        for report in reports:
            for failure in report.failures:
                click.echo(f"pullquote: {report.run.name}: {failure}", err=True)
        silent = _judge_troubles(runs) if judge else False
        if silent or any(report.failures for report in reports):
            sys.exit(FAILED)


def _judging(model: str | None, url: str | None, settings: Settings) -> Callable[[Run], Run]:
    """What adds a model's judgement to a run; nothing where none is wanted."""
    if not model:
        if url is not None:
            raise UsageError("--judge-url goes with --judge MODEL")
        return lambda run: run
    from eval.judge import open_judge
    from eval.judging import choose_judge, judge_run

    judge = choose_judge(model, settings, url or "")
    llm = open_judge(
        judge.model, judge.url, judge.api_key, settings.model_deadline, settings.model_retries
    )

    def judged(run: Run) -> Run:
        if sys.stderr.isatty():
            click.echo(f"{model} judges the answers to {run.name} …", err=True)
        return judge_run(run, judge, llm)

    return judged


def _judge_troubles(runs: Sequence[Run]) -> bool:
    """Say what went wrong with the judge; whether it gave no score at all to some run."""
    from eval.judging import scored, trouble

    said = [(run, found) for run in runs if (found := trouble(run))]
    for run, found in said:
        click.echo(f"pullquote: {run.name}: {found}", err=True)
    return any(not scored(run) for run, _ in said)


def _load(
    sets: Sequence[Path], docs: Path | None, limit: int | None, sample: int | None
) -> list[QuestionSet]:
    """The sets named, cut to the first questions, or to some of these drawn by lot."""
    import dataclasses

    from eval.cases import drawn, load_set

    loaded: list[QuestionSet] = []
    for path in sets:
        question_set = load_set(path, docs)
        if not question_set.cases:
            raise UsageError(f"{path}: no question in it")
        if question_set.name in {other.name for other in loaded}:
            raise UsageError(f"{path}: two sets are called {question_set.name}; rename one")
        cases = question_set.cases[:limit]
        loaded.append(
            dataclasses.replace(question_set, cases=drawn(cases, sample) if sample else cases)
        )
    return loaded


def _runs(
    sets: Sequence[QuestionSet], settings: Settings, environ: Mapping[str, str], live: bool,
    ask_model: bool,
) -> Any:  # fmt: skip
    """Run each set in turn, with a progress bar on a terminal."""
    from eval.run import run_set

    for question_set in sets:
        with ExitStack() as stack:
            progress = None
            if sys.stderr.isatty():
                bar = stack.enter_context(click.progressbar(
                    length=len(question_set.cases), label=question_set.name, file=sys.stderr
                ))  # fmt: skip

                def progress(done: int, _total: int, _question: str, bar: Any = bar) -> None:
                    bar.update(done - bar.pos)

            run = run_set(question_set, settings, cache_folder(environ), live, progress, ask_model)
        yield run


def _report(
    run: Run, earlier: Mapping[Path, Mapping[str, Run]], against: Path | None,
    before: Path | None, floors: Sequence[Any],
) -> Report:  # fmt: skip
    from eval.compare import compare
    from eval.summary import make_report

    def comparison(path: Path | None) -> Any:
        if path is None:
            return None
        if run.name not in earlier[path]:
            raise UsageError(f"{path}: no run of {run.name} in it")
        return compare(earlier[path][run.name], run)

    return make_report(run, comparison(against), floors, comparison(before))


evaluate.add_command(import_set)
evaluate.add_command(new)
evaluate.add_command(bench)
