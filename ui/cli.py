"""The command line. Heavy imports happen inside the commands that need them, so that help is quick."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from rag.errors import NotFoundError, PullquoteError, SettingsError, UsageError
from rag.settings import Settings, cache_folder, load

if TYPE_CHECKING:
    from ingest.job import Summary
    from rag.assistant import Assistant
    from rag.domain import Answer

# Telemetry is off before any library that has some is imported.
for _name, _value in {
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_name, _value)

_FAILED, _USAGE = 1, 2


def _stop(error: Exception, code: int) -> NoReturn:
    click.echo(f"pullquote: {error}", err=True)
    sys.exit(code)


@contextmanager
def _errors() -> Iterator[None]:
    """Errors a person can mend become one line and the contract's exit code."""
    try:
        yield
    except (UsageError, SettingsError) as error:
        _stop(error, _USAGE)
    except PullquoteError as error:
        _stop(error, _FAILED)
    except BrokenPipeError:
        # The reader has gone (`pullquote show X | head`): nothing is left to say, nor to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_FAILED)


def _library_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--library", type=click.Path(path_type=Path), metavar="DIR",
        help="The library's folder. Default: PULLQUOTE_LIBRARY, else a per-user data folder.",
    )(command)  # fmt: skip


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


class _Group(click.Group):
    """Commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pullquote")
def main() -> None:
    """Answer questions from your own articles, every sentence a word-for-word quote.

    \b
    Examples:
      pullquote ingest ~/articles
      pullquote ask "When does the new bridge open?"
      pullquote serve ~/articles
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@_library_option
def ingest(paths: tuple[Path, ...], as_json: bool, library: Path | None) -> None:
    """Add or update the articles at PATHS: .txt and .md files, or folders of them.

    Unchanged articles are skipped, changed ones replaced; articles of a folder whose files are
    gone are removed. Whatever cannot be read is listed with its reason, and the exit code is 1.

    \b
    Examples:
      pullquote ingest reports/ notes/today.md
      pullquote ingest reports/ --json
    """
    with _errors():
        settings = load(os.environ, library=library)
        summary = _ingest(paths, settings)
        if as_json:
            _print_json(_summary_dict(summary))
        else:
            click.echo(_summary_line(summary))
        if summary.failed:
            sys.exit(_FAILED)


def _ingest(paths: tuple[Path, ...], settings: Settings) -> Summary:
    from ingest.job import ingest as run
    from rag.embed import open_embedder
    from rag.library import Library

    library = Library(settings.library, create=True)
    embedder = open_embedder(settings.embedding_model, cache_folder(os.environ))
    bar: Any = None

    def progress(done: int, total: int, source: str) -> None:
        nonlocal bar
        if bar is None:
            bar = click.progressbar(
                length=total, label="Ingesting", file=sys.stderr,
                item_show_func=lambda s: s or "",
            )  # fmt: skip
            bar.__enter__()
        bar.update(done - bar.pos, source)

    try:
        summary = run(paths, library, embedder, settings, progress if sys.stderr.isatty() else None)
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
        library.close()
    for _, reason in summary.failed:
        click.echo(f"failed: {reason}", err=True)
    return summary


def _summary_dict(summary: Summary) -> dict[str, Any]:
    return {
        "added": summary.added,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "removed": summary.removed,
        "failed": [{"source": s, "reason": r} for s, r in summary.failed],
        "passages": summary.passages,
    }


def _summary_line(summary: Summary) -> str:
    counts = {k: len(v) for k, v in _summary_dict(summary).items() if isinstance(v, list)}
    return ", ".join(f"{count} {name}" for name, count in counts.items())


@main.command()
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.option("--batch", type=click.File("r", encoding="utf-8"), metavar="FILE",
              help='Answer JSON lines {"id", "question", "history"?} from FILE, or - for stdin; '
                   "one JSON object a line comes back, in the same order.")  # fmt: skip
@click.option("--mode", type=click.Choice(["quotes"]), help="How to answer: in quotes alone.")
@click.option("--model", metavar="NAME", help="A chat model (not used by this version).")
@_library_option
def ask(
    question: str | None, as_json: bool, batch: TextIO | None, mode: str | None, model: str | None,
    library: Path | None,
) -> None:  # fmt: skip
    """Answer QUESTION with quotes from the library, or say that the articles don't.

    \b
    Examples:
      pullquote ask "Who signed the contract?"
      pullquote ask "Who signed the contract?" --json
      pullquote ask --batch questions.jsonl > answers.jsonl
    """
    with _errors():
        if (question is None) == (batch is None):
            raise UsageError('give one question, or --batch FILE; for example: pullquote ask "Who won?"')
        settings = load(os.environ, library=library, model=model)
        if settings.model and mode is None:
            click.echo("pullquote: this version answers in quotes mode; no model is asked", err=True)
        assistant = _open(settings)
        if batch is not None:
            sys.exit(_FAILED if _answer_lines(assistant, batch) else 0)
        answer = assistant.answer(question or "")
        if as_json:
            from rag.domain import answer_dict

            _print_json(answer_dict(answer))
        else:
            click.echo(_terminal_text(answer))


def _open(settings: Settings) -> Assistant:
    from rag.assistant import open_assistant

    return open_assistant(settings, cache_folder(os.environ))


def _answer_lines(assistant: Assistant, lines: TextIO) -> int:
    """Answer each line as it is read. A line that cannot be answered says so in its place.

    Returns:
        How many lines could not be answered.
    """
    from rag.domain import Answer, answer_dict

    failed = 0
    for number, line in enumerate(iter(lines.readline, ""), 1):
        if not line.strip():
            continue
        request: Any = {}
        try:
            request = json.loads(line)
            question, history = request["question"], request.get("history") or []
            if not isinstance(question, str) or not all(isinstance(m, dict) for m in history):
                raise TypeError("question must be text, history a list of messages")
            result = answer_dict(assistant.answer(question, history))
        except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
            failed += 1
            reason = str(error) if isinstance(error, UsageError) else f"not a request: {error!r}"
            click.echo(f"pullquote: line {number}: {reason}", err=True)
            asked = str(request.get("question", "")) if isinstance(request, dict) else ""
            shown = asked[:200]
            empty = Answer(shown, f"Not answered: {reason}", shown, refused=True)
            result = {**answer_dict(empty), "error": reason}
        identity = request.get("id") if isinstance(request, dict) else None
        _print_json({"id": identity, **result})
        sys.stdout.flush()
    return failed


def _terminal_text(answer: Answer) -> str:
    from rag.compose import written_date

    cited = answer.near_misses if answer.refused else answer.citations
    blocks = []
    if answer.refused:
        head = answer.text.split(".", 1)[0] + "."
        blocks.append(answer.text if answer.missing else head)
        blocks += ["The nearest they come:"] if cited else []
    for c in cited:
        article, span = c.quote.article, c.quote.span
        who = ", ".join(filter(None, (article.metadata.publisher, article.metadata.title)))
        place = f"{article.source}:{span.start}-{span.end}"
        date = written_date(article.metadata.published)
        blocks.append(f"[{c.marker}] {who or article.source} ({date})\n    “{c.quote.text}”\n    {place}")
    return "\n\n".join(blocks)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 for any free one.  [default: 7860]")
@click.option("--open/--no-open", "open_browser", default=True, help="Open the page in a browser.")
@_library_option
def serve(
    paths: tuple[Path, ...], host: str | None, port: int | None, open_browser: bool,
    library: Path | None,
) -> None:  # fmt: skip
    """Ingest PATHS, if any, then serve the chat page until Ctrl-C.

    \b
    Examples:
      pullquote serve
      pullquote serve reports/ --port 8000 --no-open
    """
    with _errors():
        settings = load(os.environ, library=library, host=host, port=port)
        if paths:
            click.echo(_summary_line(_ingest(paths, settings)), err=True)
        from rag.library import Library

        Library(settings.library, create=True).close()
        assistant = _open(settings)
        from ui.server import serve as run

        run(assistant, settings.host, settings.port, open_browser)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@_library_option
def status(as_json: bool, library: Path | None) -> None:
    """Say what is in the library: its articles with dates and sizes."""
    with _errors():
        from rag.library import Library

        settings = load(os.environ, library=library)
        opened = Library(settings.library)
        articles, passages = opened.count()
        rows = [
            {"source": e.source, "title": e.metadata.title, "publisher": e.metadata.publisher,
             "published": e.metadata.published, "characters": e.characters, "passages": e.passages,
             "revision": e.revision, "path": e.path}
            for e in opened.catalogue.entries()
        ]  # fmt: skip
        model = opened.catalogue.get("embedding_model")
        opened.close()
        if as_json:
            _print_json({"library": str(settings.library), "embedding_model": model,
                         "articles": rows, "passages": passages})  # fmt: skip
            return
        click.echo(f"Library   {settings.library}\nModel     {model}\nArticles  {articles}\nPassages  {passages}")
        for row in rows:
            date = row["published"] or "undated"
            click.echo(f"  {date:10}  {row['characters']:>8,} characters  {row['source']}  {row['title'] or ''}")


@main.command()
@click.argument("source")
@_library_option
def show(source: str, library: Path | None) -> None:
    """Print the stored text of the article SOURCE, every character of it and no other."""
    with _errors():
        from rag.library import Library

        text = Library(load(os.environ, library=library).library).article(source).text
        # Bytes, since a text stream would rewrite line ends on some systems.
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()


@main.command()
@click.argument("sources", nargs=-1, required=True)
@_library_option
def remove(sources: tuple[str, ...], library: Path | None) -> None:
    """Remove the articles SOURCES from the library. Their files stay where they are."""
    with _errors():
        from rag.library import Library

        opened = Library(load(os.environ, library=library).library)
        missing = [s for s in sources if not opened.remove(s)]
        opened.refresh()
        opened.close()
        click.echo(f"{len(sources) - len(missing)} removed")
        if missing:
            raise NotFoundError(f"not in the library: {', '.join(missing)}; pullquote status lists them")
