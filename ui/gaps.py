"""The command `gaps`: what was asked and not answered, or not well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.settings import cache_folder, load
from ui.options import errors, library_option
from ui.report import plain

if TYPE_CHECKING:
    from ui.records.gaps import Group

_DATE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a row for each answer.")
@click.option("--kind", type=click.Choice(["unanswered", "reported", "disliked"]),
              help="Only these: refused, reported by a reader, or disliked.")  # fmt: skip
@click.option("--since", type=_DATE, metavar="DATE", help="Only what was asked on or after DATE.")
@click.option("--until", type=_DATE, metavar="DATE", help="Only what was asked on or before DATE.")
@click.option("--all", "everything", is_flag=True, help="Those marked as done too.")
@library_option
@click.pass_obj
def gaps(
    environ: Mapping[str, str], as_csv: bool, kind: str | None, since: object, until: object,
    everything: bool, library: Path | None,
) -> None:  # fmt: skip
    """List questions that `pullquote serve` was asked and that the articles fell short of.

    Questions that ask much the same are one group; what was asked most often comes first.

    \b
    Examples:
      pullquote gaps
      pullquote gaps --kind unanswered --since 2025-06-01
      pullquote gaps --csv > gaps.csv
    """
    with errors():
        from rag.embed_openai import choose_embedder
        from rag.library import Library
        from ui.records import Records
        from ui.records import gaps as kept
        from ui.records.grouping import Similar

        settings = load(environ, library=library)
        Library(settings.library).close()
        found = kept.find_gaps(
            Records(settings.library), [kept.Lack(kind)] if kind else list(kept.Lack),
            _day(since), _day(until), None if everything else False,
        )  # fmt: skip
        groups = kept.grouped(found, Similar(choose_embedder(settings, cache_folder(environ))))
        if as_csv:
            click.echo(kept.as_csv(groups), nl=False)
        else:
            click.echo(plain("\n".join(_line(group) for group in groups) or "no gaps"))


def _day(given: object) -> str:
    return "" if given is None else str(given)[:10]


def _line(group: Group) -> str:
    """One group for people: how often, when last, and the question."""
    kinds = ", ".join(f"{count} {lack.value}" for lack, count in sorted(group.lacks.items()))
    return f"{len(group.gaps):>5} ×  {group.last[:10]}  {group.question}  ({kinds})"
