"""The command `sync`: registered sources, and the library brought in step with them."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.errors import UsageError
from rag.settings import Settings, cache_folder, load
from ui.options import FAILED, errors, library_option
from ui.report import ProgressLine, plain, print_json, summary_dict, summary_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.sync import Schedule, Synced
    from rag.assistant import Assistant
    from rag.library import Library

_RUN = "run"


class _NamesOrCommand(click.Group):
    """A group that takes what is none of its commands for names of sources."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the hidden command before names, before options alone, and where nothing is given."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_NamesOrCommand, subcommand_metavar="[NAME]... | COMMAND")
def sync() -> None:
    """Bring the library in step with registered sources: those called NAME, else what is due.

    Sources are folders, files, files of addresses, pages, feeds, sitemaps and MediaWikis. While
    `pullquote serve` runs, it does this by itself. A source that cannot be reached is tried again
    after a minute, then after twice as long each time, six hours at most.

    \b
    Examples:
      pullquote sync add notes/ --every 5m
      pullquote sync add https://wiki.example/api.php
      pullquote sync
      pullquote sync notes --json
      pullquote sync list
    """


@sync.command(_RUN, hidden=True)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each source.")
@library_option
@click.pass_context
def run(ctx: click.Context, names: tuple[str, ...], as_json: bool, library: Path | None) -> None:
    """Sync the sources called NAME, or those that are due."""
    with errors():
        settings = load(ctx.obj, library=library)
        failed = False
        with _opened(settings) as opened:
            from ingest.sources import Registry
            from ingest.sync import Syncer, due
            from rag.embed_openai import choose_embedder

            registry = Registry(opened)
            for name in names:
                registry.get(name)
            if not names and not due(registry.all(), time.time()):
                click.echo(_nothing(registry.all()), err=True)
                return
            embedder = choose_embedder(settings, cache_folder(ctx.obj))
            line = ProgressLine()
            for synced in Syncer(opened, embedder, settings, line, _waiting).run(names):
                line.end()
                _tell(synced, as_json)
                failed = failed or bool(synced.error or synced.summary.failed)
        if failed:
            sys.exit(FAILED)


@sync.command()
@click.argument("where", required=False)
@click.option("--urls", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="A file that lists addresses, one a line.")  # fmt: skip
@click.option("--every", default="", metavar="TIME", help="How often: 30s, 15m, 2h, 1d.  [15m]")
@click.option("--name", default="", metavar="NAME", help="What to call it.")
@click.option("--base-url", default="", metavar="URL",
              help="Where a folder's files are read: URL/path, or URL with {path} in it.",
              )  # fmt: skip
@library_option
@click.pass_context
def add(
    ctx: click.Context, where: str | None, urls: Path | None, every: str, name: str, base_url: str,
    library: Path | None,
) -> None:  # fmt: skip
    """Register WHERE: a folder, a file, or an address of a page, feed, sitemap or MediaWiki.

    An address that ends in /api.php is a MediaWiki's; of another, write mediawiki: before it. With
    --base-url, quotes from a folder link to the pages that its files are shown as: the path in
    the folder without its ending follows the URL, or stands in it for {path}.

    Nothing is read yet: `pullquote sync` does that, and `pullquote serve` while it runs.

    \b
    Examples:
      pullquote sync add notes/ --every 5m
      pullquote sync add /srv/otterwiki/repository --base-url https://wiki.example/
      pullquote sync add site/docs --base-url "https://docs.example/{path}.html"
      pullquote sync add https://wiki.example/api.php --name wiki
      pullquote sync add https://news.example/feed.xml --every 1h
      pullquote sync add --urls pages.txt
    """
    with errors():
        if (where is None) == (urls is None):
            raise UsageError("give one source, or --urls FILE; such as: pullquote sync add notes/")
        from ingest.sources import Registry, make_source

        source = make_source(
            str(urls) if urls else where or "", name, every, base_url, urls is not None
        )
        if source.name in sync.commands:
            raise UsageError(f"{source.name} is a command of sync; give another --name")
        settings = load(ctx.obj, library=library)
        with _opened(settings) as opened:
            Registry(opened).add(source)
        click.echo(plain(f"{source.name}: {source.where}, every {_span(source.every)}"))


@sync.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@library_option
@click.pass_context
def list_sources(ctx: click.Context, as_json: bool, library: Path | None) -> None:
    """List the registered sources: when each was last synced, when it will be, what went wrong."""
    with errors():
        from ingest.sync import sync_state

        with _opened(load(ctx.obj, library=library)) as opened:
            found = sync_state(opened)
        if as_json:
            print_json({"sources": found})
        elif not found:
            click.echo("no source is registered; for example: pullquote sync add notes/", err=True)
        for row in () if as_json else found:
            click.echo(plain(_row(row, time.time())))


@sync.command()
@click.argument("name")
@click.option("--articles", is_flag=True, help="Take its articles out of the library too.")
@library_option
@click.pass_context
def remove(ctx: click.Context, name: str, articles: bool, library: Path | None) -> None:
    """Forget the source NAME. Its articles stay in the library, unless --articles is given."""
    with errors():
        from ingest.sources import Registry
        from ingest.sync import articles_of

        with _opened(load(ctx.obj, library=library)) as opened:
            source = Registry(opened).remove(name)
            paths = articles_of(source, opened)
            if articles:
                with opened.writing(_waiting) as writer:
                    # The source itself may be among what could not be read.
                    writer.detach([source.where, *paths])
                opened.refresh()
        what = "removed" if articles else "left in the library"
        click.echo(plain(f"{name}: no longer synced, {_many(len(paths), 'article')} {what}"))


def start_schedule(assistant: Assistant, settings: Settings) -> Schedule:
    """Sync in a thread of its own what is due, telling on stderr what changed and what failed."""
    from ingest.sync import Schedule

    def told(synced: Synced) -> None:
        summary = synced.summary
        if synced.error or summary.added or summary.updated or summary.removed or summary.renamed:
            _tell(synced, False, err=True)

    def failed(error: Exception) -> None:
        click.echo(plain(f"pullquote: sync: {error}"), err=True)

    schedule = Schedule(assistant.library, assistant.embedder, settings, told, failed)
    schedule.start()
    return schedule


@contextmanager
def _opened(settings: Settings) -> Iterator[Library]:
    from rag.library import Library

    opened = Library(settings.library, create=True)
    try:
        yield opened
    finally:
        opened.close()


def _waiting() -> None:
    click.echo("pullquote: another sync or ingest is at work on this library; waiting", err=True)


def _tell(synced: Synced, as_json: bool, err: bool = False) -> None:
    name, reasons = synced.source.name, [reason for _, reason in synced.summary.failed]
    if synced.error and synced.error not in reasons:
        reasons.insert(0, synced.error)
    for reason in reasons:
        click.echo(plain(f"failed: {name}: {reason}"), err=True)
    if as_json:
        print_json({"name": name, "error": synced.error, **summary_dict(synced.summary)})
    else:
        click.echo(plain(f"{name}: {summary_line(synced.summary)}"), err=err)


def _nothing(registered: list[Any]) -> str:
    if not registered:
        return "no source is registered; for example: pullquote sync add notes/"
    soonest = min(registered, key=lambda r: r.state.next_run)
    left = soonest.state.next_run - time.time()
    return f"nothing is due; next: {soonest.source.name} in {_span(max(left, 1))}"


def _row(row: dict[str, Any], now: float) -> str:
    """A source for people, and what is wrong with it, if anything is."""
    counts = row["counts"]
    words = ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "nothing yet"
    last = "never synced"
    if row["running"]:
        last = "syncing now"
    elif row["last_run"]:
        last = f"synced {_span(max(now - row['last_run'], 1))} ago"
    ahead = (row["next_run"] or 0) - now
    due = "due now" if ahead <= 0 else f"next in {_span(max(ahead, 1))}"
    lines = [f"{row['name']}  {row['where']}", f"    {last}, {due}; {words}"]
    if row["error"]:
        lines.append(f"    failed {_many(row['failures'], 'time')}: {row['error']}")
    lines += [f"    {problem}" for problem in row["problems"]]
    return "\n".join(lines)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _span(seconds: float) -> str:
    """A time in its largest unit that it is one of: "90 s", "15 min", "2 h", "3 d"."""
    for unit, size, least in (("d", 86400, 2), ("h", 3600, 1), ("min", 60, 2)):
        if seconds >= least * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} s"
