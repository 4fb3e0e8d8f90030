"""What is to be said of a run, its figures in words, and the contract's JSON of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eval.compare import Comparison
from eval.diagnose import causes, conditions
from eval.gate import Floor, failures
from eval.judging import JudgeFigures, judge_figures
from eval.metrics import METRICS
from eval.run import Row, Run
from eval.stats import Column, Estimate, estimate

# The figures of each type of question.
TYPE_METRICS = (
    "hit@1", "evidence_any", "evidence_first", "citation_precision", "citation_recall",
    "answered", "refused",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A run with what is to be said of it. `failures` keep it from passing the gate."""

    run: Run
    against: Comparison | None
    causes: tuple[str, ...]
    conditions: tuple[str, ...]
    failures: tuple[str, ...]
    gated: bool

    @property
    def verdict(self) -> str:
        """One line: gate, and how many questions moved."""
        said = ""
        if self.gated:
            said = "Gate failed. " if self.failures else "Gate passed. "
        if self.against:
            better = sum(c.better for c in self.against.changes)
            worse = len(self.against.changes) - better
            said += f"{better} questions better, {worse} worse, of {self.against.shared} compared. "
        if not self.causes and not self.failures:
            said += "No fault stands out."
        return said.strip()


def make_report(
    run: Run, against: Comparison | None = None, floors: Sequence[Floor] = (),
    before: Comparison | None = None,
) -> Report:  # fmt: skip
    """Judge a run.

    Args:
        run: what was measured.
        against: the comparison to show; `before` where there is none.
        floors: least values.
        before: the comparison with a run that this one may not be worse than.
    """
    shown = against or before
    return Report(
        run, shown, tuple(causes(run, shown)),
        tuple(conditions(shown)) if shown else (),
        tuple(failures(run, floors, before)), bool(floors or before),
    )  # fmt: skip


def by_type(run: Run) -> dict[str, tuple[int, dict[str, Estimate]]]:
    """Number of questions and figures of each type, in the order of their first question."""
    kinds = [row.case.type for row in run.rows]
    result = {}
    for kind in dict.fromkeys(kinds):
        keep = [i for i, k in enumerate(kinds) if k == kind]
        columns: dict[str, Column] = {name: c[keep] for name, c in run.columns.items()}
        result[kind] = (
            len(keep), {n: estimate(columns, METRICS[n].statistic) for n in TYPE_METRICS}
        )  # fmt: skip
    return result


def number(name: str, value: float | None) -> str:
    """A figure of the metric `name` for people; a dash where there is none."""
    if value is None:
        return "–"
    unit = METRICS[name].unit
    return f"{value:.1f} {unit}" if unit else f"{value:.3f}"


def interval(name: str, low: float | None, high: float | None, signed: bool = False) -> str:
    """A 95 % interval for people; nothing where there is none."""
    if low is None or high is None:
        return ""
    digits = 1 if METRICS[name].unit else 3
    sign = "+" if signed else ""
    return f"{low:{sign}.{digits}f} to {high:{sign}.{digits}f}"


def direction(comparison: Comparison, name: str) -> str:
    """``better`` or ``worse`` where the interval of the difference leaves zero out."""
    found, wanted = comparison.differences.get(name), METRICS[name].better
    if found is None or not wanted or found.low <= 0 <= found.high:
        return ""
    return "better" if (found.value > 0) == (wanted > 0) else "worse"


def delta(comparison: Comparison | None, name: str) -> str:
    """How a figure moved: difference, its interval, and a word where that leaves zero out."""
    found = comparison.differences.get(name) if comparison else None
    if comparison is None or found is None:
        return ""
    if found.low == found.value == found.high == 0:
        return "unchanged"
    digits = 1 if METRICS[name].unit else 3
    moved = f"{found.value:+.{digits}f} ({interval(name, found.low, found.high, signed=True)})"
    return f"{moved} {direction(comparison, name)}".strip()


def outcome(row: Row) -> str:
    """What became of a question, in a word or two."""
    if row.answer["refused"]:
        return "wrongly refused" if row.case.answerable else "rightly refused"
    if any(row.faults):
        return next(f for f in row.faults if f)
    if not row.case.answerable:
        return "answered, unanswerable"
    if row.scores.get("evidence_any") == 0:
        return "no gold quote"
    if row.scores.get("source_precision") == 0:
        return "no gold document"
    if row.scores.get("evidence_any") is None and row.scores.get("answer_contains") == 0:
        return "not the expected answer"
    if row.scores.get("evidence_first") == 0:
        return "gold quote not first"
    return (
        "part of the gold missing" if (row.scores.get("citation_recall") or 1) < 1 else "answered"
    )


def report_dict(report: Report) -> dict[str, Any]:
    """A report in the form that `pullquote eval --json` prints."""
    run = report.run
    data: dict[str, Any] = {
        "set": run.name,
        "questions": len(run.rows),
        "metrics": {name: _estimate_dict(e) for name, e in run.metrics.items()},
        "types": {
            kind: {"questions": count, "metrics": {n: _estimate_dict(e) for n, e in es.items()}}
            for kind, (count, es) in by_type(run).items()
        },
        "causes": list(report.causes),
        "failures": list(report.failures),
        "environment": dict(run.environment),
        "seconds": round(run.seconds, 2),
    }
    if figures := judge_figures(run):
        data["judge"] = _judge_dict(figures)
    if report.against:
        data["against"] = {
            "date": report.against.old.environment.get("date"),
            "questions": report.against.shared,
            "conditions": list(report.conditions),
            "differences": {
                name: {
                    key: round(value, 6)
                    for key, value in (("old", d.old), ("new", d.new), ("value", d.value),
                                       ("low", d.low), ("high", d.high), ("p", d.p))
                } | {"n": d.n}
                for name, d in report.against.differences.items()
            },
            "changes": [
                {"id": c.new.case.id, "better": c.better, "why": c.why}
                for c in report.against.changes
            ],
        }  # fmt: skip
    return data


def _estimate_dict(e: Estimate) -> dict[str, float | int | None]:
    value, low, high = (None if x is None else round(x, 6) for x in (e.value, e.low, e.high))
    return {"value": value, "low": low, "high": high, "n": e.n}


def _judge_dict(figures: JudgeFigures) -> dict[str, Any]:
    return {
        "model": figures.model,
        "host": figures.host,
        "unscored": {name: dict(reasons) for name, reasons in figures.unscored.items()},
        "agreement": [
            {"judge": judge, "metric": metric, "n": a.n}
            | {k: None if v is None else round(v, 6)
               for k, v in (("kappa", a.kappa), ("spearman", a.spearman))}
            for (judge, metric), a in figures.agreements.items()
        ],
    }  # fmt: skip
