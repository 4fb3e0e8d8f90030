"""The commands that fill a library: ingest and reindex."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import UsageError
from rag.settings import Settings, cache_folder, load
from ui.options import FAILED, errors, library_option
from ui.report import ProgressLine, one_line, print_json, summary_dict, summary_line

if TYPE_CHECKING:
    from ingest.items import Event
    from ingest.job import Summary
    from rag.library import Library


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--urls", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="Fetch the pages that FILE lists, one a line.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--watch", is_flag=True, help="Keep the folders in step until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@library_option
@click.pass_context
def ingest(
    ctx: click.Context, paths: tuple[str, ...], urls: Path | None, dry_run: bool, watch: bool,
    as_json: bool, library: Path | None,
) -> None:  # fmt: skip
    """Add or update the articles at PATHS: files, folders, and addresses of the web.

    Read are .txt, .md, .html, .mhtml, .pdf and .docx files, one article each, and .jsonl files
    and MediaWiki dumps (.xml), packed with gzip or bzip2 or not, with many. An address may be a
    page, a feed (RSS, Atom), a sitemap, or a MediaWiki's api.php.

    Unchanged articles are skipped, changed ones replaced; articles of a folder or list that are
    gone from it are removed. Whatever cannot be read is listed with its reason and tried again
    the next time, and the exit code is 1.

    \b
    Examples:
      pullquote ingest reports/ notes/today.md
      pullquote ingest wiki-dump.xml.bz2 --dry-run
      pullquote ingest https://news.example/feed.xml
      pullquote ingest notes/ --watch
    """
    with errors():
        if not paths and not urls:
            raise UsageError("give PATHS, or --urls FILE; for example: pullquote ingest articles/")
        _check(paths)
        settings = load(ctx.obj, library=library)
        if watch:
            _watch(paths, settings, ctx.obj, urls)
            return
        summary = bring_in(paths, settings, ctx.obj, urls, dry_run)
        if as_json:
            print_json(summary_dict(summary))
        else:
            click.echo(("would be: " if dry_run else "") + summary_line(summary))
        if summary.failed:
            sys.exit(FAILED)


def bring_in(
    paths: Sequence[str], settings: Settings, environ: Mapping[str, str],
    urls: Path | None = None, dry_run: bool = False,
) -> Summary:  # fmt: skip
    """Ingest files, folders and addresses, telling on stderr what failed.

    Args:
        paths: as given on the command line.
        settings: where to, and within which limits.
        environ: the environment, for the folder of the prepared model.
        urls: a file that lists addresses.
        dry_run: only say what would be done.
    """
    import tempfile

    from ingest.job import ingest as run
    from ingest.language import keep_in
    from rag.embed_openai import choose_embedder
    from rag.library import Library

    files = [Path(p) for p in paths if not _is_address(p)]
    addresses = [p for p in paths if _is_address(p)]
    with tempfile.TemporaryDirectory() as nowhere:
        # A trial must not leave a library behind where there was none.
        new = dry_run and not (settings.library / "catalogue.sqlite3").is_file()
        library = Library(Path(nowhere) if new else settings.library, create=True)
        embedder = choose_embedder(settings, cache_folder(environ))
        keep_in(cache_folder(environ))
        line = ProgressLine()
        try:
            summary = run(
                files, library, embedder, settings, line, dry_run=dry_run,
                events=_pages(addresses, urls, settings, library), waiting=_waiting,
            )  # fmt: skip
        finally:
            line.end()
            library.close()
    for _, reason in summary.failed:
        click.echo(one_line(f"failed: {reason}"), err=True)
    return summary


def _is_address(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def _check(paths: Sequence[str]) -> None:
    """Raise UsageError for what can be neither a path nor an address."""
    for path in paths:
        if not path.strip():
            # Of an unset variable in a script, say; Path("") would be the folder one is in.
            raise UsageError("an empty PATH; for the folder you are in, write .")
        if "://" in path and not _is_address(path):
            raise UsageError(f"{path}: an address must begin with http:// or https://")


def _waiting() -> None:
    click.echo("pullquote: another ingest is at work on this library; waiting", err=True)


def _pages(
    addresses: Sequence[str], urls: Path | None, settings: Settings, library: Library
) -> Iterator[Event]:
    """What there is to fetch; nothing of the network is loaded where nothing is."""
    if not addresses and not urls:
        return
    from ingest.fetch import Fetcher
    from ingest.mediawiki import MediaWiki, is_interface
    from ingest.online import Online
    from rag.library import Writer

    with closing(
        Fetcher(settings.fetch_seconds, settings.fetch_delay, settings.allow_hosts)
    ) as fetcher:
        for api in filter(is_interface, addresses):
            yield from MediaWiki(api, fetcher).events(Writer(library.catalogue).mark)
        online = Online(fetcher, settings.max_article_mb)
        others = [a for a in addresses if not is_interface(a)]
        yield from online.events(others, [urls] if urls else [])


def _watch(
    paths: Sequence[str], settings: Settings, environ: Mapping[str, str], urls: Path | None
) -> None:
    """Ingest, and again at each change, until Ctrl-C; what is on the web every quarter of an hour.

    A change is told on stdout, a line each; that nothing changed is not.
    """
    from ingest.watch import rounds

    folders = [Path(p) for p in paths if not _is_address(p)]
    online = urls is not None or len(folders) < len(paths)
    first = True
    for _ in rounds([*folders, *([urls] if urls else [])], settings.library, online):
        summary = bring_in(paths, settings, environ, urls)
        if first or any((summary.added, summary.updated, summary.removed, summary.renamed)):
            click.echo(summary_line(summary))
        first = False


@click.command()
@click.option("--passage-tokens", type=int, metavar="N", help="Size of a passage, in tokens.")
@click.option("--embedding-model", metavar="DIR", help="Folder of another embedding model.")
@library_option
@click.pass_context
def reindex(
    ctx: click.Context, passage_tokens: int | None, embedding_model: str | None,
    library: Path | None,
) -> None:  # fmt: skip
    """Make all passages anew: for another embedding model, or another size of passages.

    The new index is built beside the old one, from the stored articles, and takes its place when
    it is complete; until then, and if it fails, questions are answered from the old one. A
    reindex that was interrupted goes on where it was.

    \b
    Examples:
      pullquote reindex --passage-tokens 120
      pullquote reindex --embedding-model models/e5-small
    """
    with errors():
        from ingest.language import keep_in
        from ingest.reindex import reindex as run
        from rag.embed_openai import choose_embedder
        from rag.library import Library

        settings = load(
            ctx.obj, library=library, passage_tokens=passage_tokens,
            embedding_model=embedding_model,
        )  # fmt: skip
        opened = Library(settings.library)
        embedder = choose_embedder(settings, cache_folder(ctx.obj))
        keep_in(cache_folder(ctx.obj))
        line = ProgressLine()
        try:
            articles, passages = run(opened, embedder, settings.passage_tokens, line, _waiting)
        finally:
            line.end()
            opened.close()
        click.echo(f"{articles} articles, {passages} passages of at most "
                   f"{settings.passage_tokens} tokens, by {embedder.name}")  # fmt: skip
