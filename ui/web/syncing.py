"""How the sources of the library stand that are brought in step by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ui import escape

# Gives the registered sources as `ingest.sync.sync_state` does.
SyncState = Callable[[], Sequence[Mapping[str, Any]]]


def sync_html(state: SyncState | None) -> str:
    """The registered sources, each with when it was looked at last and what went wrong."""
    sources = state() if state else ()
    if not sources:
        return ""
    items = "".join(_source(source) for source in sources)
    trouble = sum(1 for source in sources if source["error"])
    noun = "source" if len(sources) == 1 else "sources"
    said = f'<span class="bad">{trouble:,} in trouble</span>' if trouble else "all well"
    return (
        f'<details class="sync"{" open" if trouble else ""}><summary>Kept in step with '
        f"{len(sources):,} {noun}, {said}</summary><ul>{items}</ul></details>"
    )


def _source(source: Mapping[str, Any]) -> str:
    if source["running"]:
        when = "being looked at now"
    elif source["last_success"]:
        when = f"in step since {_time(source['last_success'])}"
    else:
        when = "not looked at yet"
    if source["next_run"] and not source["running"]:
        when += f", next look {_time(source['next_run'])}"
    counts = ", ".join(f"{n:,} {name}" for name, n in source["counts"].items() if n)
    error = source["error"]
    wrong = f'<br><span class="bad">Not reached:</span> {escape.text(error)}' if error else ""
    problems = "".join(f"<li>{escape.text(str(p))}</li>" for p in source["problems"])
    return (
        f"<li><strong><bdi>{escape.text(source['name'])}</bdi></strong> "
        f'<span class="soft"><bdi>{escape.text(str(source["where"]))}</bdi> · {when}'
        f"{f' · {counts}' if counts else ''}</span>{wrong}"
        f"{f'<ul>{problems}</ul>' if problems else ''}</li>"
    )


def _time(seconds: float) -> str:
    """A time as a person reads it, and a machine."""
    at = datetime.fromtimestamp(seconds, UTC)
    shown = f"{at.day} {at:%B %Y %H:%M} UTC"
    return f'<time datetime="{at.isoformat(timespec="seconds")}">{shown}</time>'
