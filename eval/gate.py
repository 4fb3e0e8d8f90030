"""The gate of a pipeline: floors for figures, and no significant loss against an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from eval.compare import Comparison
from eval.metrics import HEADLINE, METRICS
from eval.run import Run
from rag.errors import UsageError


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that a metric must reach."""

    name: str
    least: float


def parse_floor(text: str) -> Floor:
    """A floor from ``NAME=VALUE``.

    Raises:
        UsageError: no metric has this name, less of it is better, or the value cannot be reached.
    """
    name, _, value = text.partition("=")
    known = [m.name for m in METRICS.values() if m.better > 0]
    if name not in known:
        raise UsageError(f"--fail-under {text}: {name!r} is none of {', '.join(known)}")
    try:
        least = float(value)
    except ValueError:
        least = float("nan")
    # All metrics of which more is better are shares.
    if not (isfinite(least) and 0 <= least <= 1):
        raise UsageError(f"--fail-under {text}: write a share from 0 to 1, as in {name}=0.8")
    return Floor(name, least)


def failures(run: Run, floors: Sequence[Floor], before: Comparison | None) -> list[str]:
    """What keeps a run from passing, one sentence each; none where it passes.

    Args:
        run: what was measured.
        floors: the least values; a metric without a score does not reach its floor.
        before: the comparison with a run that this one may not be worse than.
    """
    said = []
    for floor in floors:
        value = run.metrics[floor.name].value
        if value is None:
            said.append(
                f"{floor.name} has no score: it applies to no question, so the floor "
                f"{floor.least:g} is not reached"
            )
        elif value < floor.least:
            said.append(f"{floor.name} is {value:.4f}, below {floor.least:g}")
    if before is not None:
        said += _losses(run, before)
    return said


def _losses(run: Run, before: Comparison) -> list[str]:
    said = []
    verbatim = run.metrics["verbatim_rate"].value
    if verbatim is not None and verbatim < 1:
        said.append(f"verbatim_rate is {verbatim:.4f}: every quote must be word for word")
    for name in HEADLINE:
        if name != "verbatim_rate" and before.worse(name):
            change = before.differences[name]
            said.append(
                f"{name} fell from {change.old:.4f} to {change.new:.4f} "
                f"(difference {change.low:+.4f} to {change.high:+.4f}, p = {change.p:.3f})"
            )
    return said
