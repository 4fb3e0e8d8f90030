"""What every command shares: the library option, exit codes, and errors in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from rag.errors import PullquoteError, SettingsError, UsageError
from ui.report import plain

FAILED, USAGE = 1, 2


def _stop(error: Exception, code: int) -> NoReturn:
    click.echo(plain(f"pullquote: {error}"), err=True)
    sys.exit(code)


@contextmanager
def errors() -> Iterator[None]:
    """Errors a person can mend become one line and the contract's exit code."""
    try:
        yield
    except (UsageError, SettingsError) as error:
        _stop(error, USAGE)
    except PullquoteError as error:
        _stop(error, FAILED)
    except BrokenPipeError:
        # The reader has gone (`pullquote show X | head`): nothing is left to say, nor to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def library_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option by which every command is told its library."""
    return click.option(
        "--library", type=click.Path(path_type=Path), metavar="DIR",
        help="The library's folder. Default: PULLQUOTE_LIBRARY, else a per-user data folder.",
    )(command)  # fmt: skip


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which articles to answer from; `rag.filters.make_filter` takes them."""
    for option in (
        click.option("--undated", is_flag=True,
                     help="Let in articles without a date where a date is given."),
        click.option("--until", metavar="DATE",
                     help="Only articles published until DATE, that day or month included."),
        click.option("--since", metavar="DATE",
                     help="Only articles published since DATE: 2025-06-03, 2025-06, June 2025."),
        click.option("--publisher", "publishers", multiple=True, metavar="NAME",
                     help="Only articles of this publisher. May be repeated."),
        click.option("--source", "sources", multiple=True, metavar="GLOB",
                     help='Only articles whose source matches, as "reports/*". May be repeated.'),
    ):  # fmt: skip
        command = option(command)
    return command


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options by which a command is told who words its answers."""
    chosen = click.option(
        "--model", metavar="NAME",
        help="A chat model. Default: PULLQUOTE_MODEL; without model, key or base URL, quotes mode.",
    )(command)  # fmt: skip
    return click.option(
        "--mode", type=click.Choice(["quotes"]), help="How to answer: in quotes alone."
    )(chosen)
