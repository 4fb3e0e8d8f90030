"""The command line. Heavy imports happen inside the commands, so that help is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from rag.errors import NotFoundError, UsageError
from rag.settings import Settings, cache_folder, load
from ui.batch import answer_lines
from ui.evaluate import evaluate
from ui.gaps import gaps
from ui.ingest import bring_in, ingest, reindex
from ui.options import FAILED, errors, filter_options, library_option, model_options
from ui.report import (
    print_answer,
    print_json,
    status_dict,
    status_text,
    summary_line,
)
from ui.sync import start_schedule, sync
from ui.verify import verify

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.library import Library

# Telemetry is off before any library that has some is imported.
for _name, _value in {
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_name, _value)


class _Group(click.Group):
    """Commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pullquote")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Answer questions from your own articles, every sentence a word-for-word quote.

    \b
    Examples:
      pullquote ingest ~/articles
      pullquote ask "When does the new bridge open?"
      pullquote serve ~/articles
    """
    # Commands in other files take the environment from here: only this one may hand it on.
    ctx.obj = dict(os.environ)


main.add_command(ingest)
main.add_command(sync)


@main.command()
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.option("--batch", type=click.File("r", encoding="utf-8", errors="surrogateescape"),
              metavar="FILE",
              help='Answer JSON lines {"id", "question", "history"?, "filter"?} from FILE, or - '
                   "for stdin; one JSON object a line comes back, in the same order.")  # fmt: skip
@model_options
@filter_options
@library_option
def ask(
    question: str | None, as_json: bool, batch: TextIO | None, mode: str | None, model: str | None,
    library: Path | None, **filters: Any,
) -> None:  # fmt: skip
    """Answer QUESTION with quotes from the library, or say that the articles don't.

    With a chat model (--model, OPENAI_API_KEY or OPENAI_BASE_URL) the answer is in its words, each
    sentence checked against the quotes that it stands on; --mode quotes asks none.

    \b
    Examples:
      pullquote ask "Who signed the contract?"
      pullquote ask "Who signed the contract?" --json
      pullquote ask "Who signed the contract?" --source "reports/*" --since 2025-03
      pullquote ask --batch questions.jsonl > answers.jsonl
      pullquote ask "Who signed the contract?" --model gpt-4o-mini
    """
    with errors():
        if (question is None) == (batch is None):
            raise UsageError(
                'give one question, or --batch FILE; for example: pullquote ask "Who won?"'
            )
        from rag.filters import make_filter

        where = make_filter(**filters)
        settings = load(os.environ, library=library, model=model)
        assistant = _open(settings, mode)
        if batch is not None:
            sys.exit(FAILED if answer_lines(assistant, batch, where) else 0)
        if as_json:
            from rag.contract import answer_dict

            print_json(answer_dict(assistant.answer(question or "", where=where)))
        else:
            print_answer(assistant.stream(question or "", where=where))


def _open(settings: Settings, mode: str | None) -> Assistant:
    from rag.assistant import open_assistant

    return open_assistant(settings, cache_folder(os.environ), ask_model=mode != "quotes")


@main.command()
@click.argument("paths", nargs=-1)
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=int, metavar="N", help="Port to listen on; 0 for any free one.  [default: 7860]"
)
@click.option("--insecure", is_flag=True, default=None,
              help="Listen where others can reach it, though anybody may then ask.")  # fmt: skip
@click.option("--root-path", metavar="PATH", help="The path that a proxy serves it under.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open the page in a browser.")
@model_options
@library_option
def serve(
    paths: tuple[str, ...], host: str | None, port: int | None, insecure: bool | None,
    root_path: str | None, open_browser: bool, mode: str | None, model: str | None,
    library: Path | None,
) -> None:  # fmt: skip
    """Ingest PATHS, if any, then serve the chat page and the API until Ctrl-C.

    Where others can reach it, something must say who may come in: a password, access keys, a
    token secret or a proxy's user header, as docs/deploy.md says.

    Registered sources (`pullquote sync`) are synced meanwhile, each at its own pace.

    \b
    Examples:
      pullquote serve
      pullquote serve reports/ --port 8000 --no-open
    """
    with errors():
        settings = load(
            os.environ, library=library, host=host, port=port, model=model, insecure=insecure,
            root_path=root_path,
        )  # fmt: skip
        from ui.web.policy import read_policy

        read_policy(settings)  # before anything is read, so that nobody waits to hear of it
        if paths:
            click.echo(summary_line(bring_in(paths, settings, os.environ)), err=True)
        from rag.library import Library

        Library(settings.library, create=True).close()
        assistant = _open(settings, mode)
        from ui.keeper import Keeper
        from ui.records import Records
        from ui.records.retention import Retention
        from ui.server import serve as run
        from ui.service import Service

        records = Records(settings.library) if settings.keep_days else None
        if records is not None:
            Retention(records, settings.keep_days).start()
        keeper = Keeper(settings, assistant.embedder)
        service = Service(assistant, records)
        schedule = start_schedule(assistant, settings)
        try:
            run(service, settings, open_browser, keeper)
        finally:
            schedule.stop()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--check", is_flag=True, help="Check that all that is stored holds together.")
@library_option
def status(as_json: bool, check: bool, library: Path | None) -> None:
    """Say what is in the library: its articles with dates and sizes.

    With --check, look through all of it, list what is wrong, and exit with 1 if anything is.

    \b
    Examples:
      pullquote status
      pullquote status --check
      pullquote status --json
    """
    with errors():
        from rag.library import Library

        settings = load(os.environ, library=library)
        opened = Library(settings.library)
        if check:
            sys.exit(_check(opened))
        report = status_dict(opened)
        opened.close()
        if as_json:
            print_json(report)
        else:
            click.echo(status_text(report))


def _check(library: Library) -> int:
    from rag.library.check import problems

    found = list(problems(library))
    for problem in found:
        click.echo(problem)
    articles, passages = library.count()
    library.close()
    wrong = f"{len(found)} problems" if found else "all well"
    click.echo(f"{articles} articles, {passages} passages: {wrong}")
    return FAILED if found else 0


@main.command()
@click.argument("source")
@library_option
def show(source: str, library: Path | None) -> None:
    """Print the stored text of the article SOURCE, every character of it and no other.

    \b
    Examples:
      pullquote show reports/may.txt
      pullquote show reports/may.pdf > may.txt
    """
    with errors():
        from rag.library import Library

        text = Library(load(os.environ, library=library).library).article(source).text
        # Bytes, since a text stream would rewrite line ends on some systems.
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()


@main.command()
@click.argument("sources", nargs=-1, required=True)
@library_option
def remove(sources: tuple[str, ...], library: Path | None) -> None:
    """Remove the articles SOURCES from the library. Their files stay where they are.

    \b
    Examples:
      pullquote remove reports/may.txt
      pullquote remove reports/may.txt notes/today.md
    """
    with errors():
        from rag.library import Library

        opened = Library(load(os.environ, library=library).library)
        missing = [s for s in sources if not opened.remove(s)]
        opened.refresh()
        opened.close()
        click.echo(f"{len(sources) - len(missing)} removed")
        if missing:
            raise NotFoundError(
                f"not in the library: {', '.join(missing)}; pullquote status lists them"
            )


main.add_command(reindex)
main.add_command(verify)
main.add_command(gaps)
main.add_command(evaluate)
