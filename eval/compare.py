"""Two runs of one set side by side: which figures moved, which questions, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eval.metrics import METRICS
from eval.run import Row, Run
from eval.stats import Column, Difference, difference
from rag.errors import UsageError


@dataclass(frozen=True, slots=True)
class Change:
    """A question that got better or worse, with the reasons in plain words."""

    old: Row
    new: Row
    better: bool
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """An older run against a newer one, on the questions that both have."""

    old: Run
    new: Run
    differences: dict[str, Difference]
    changes: tuple[Change, ...]
    shared: int

    def worse(self, name: str) -> bool:
        """Whether the whole interval of the difference lies on the wrong side of zero."""
        found, better = self.differences.get(name), METRICS[name].better
        return found is not None and (found.high < 0 if better > 0 else found.low > 0 > better)


def compare(old: Run, new: Run) -> Comparison:
    """Pair two runs by question.

    Raises:
        UsageError: they have no question in common.
    """
    before = {row.case.id: i for i, row in enumerate(old.rows)}
    pairs = [(before[r.case.id], i) for i, r in enumerate(new.rows) if r.case.id in before]
    if not pairs:
        raise UsageError(f"the earlier run of {old.name} has none of these questions")
    olds, news = ([pair[side] for pair in pairs] for side in (0, 1))
    a: dict[str, Column] = {name: column[olds] for name, column in old.columns.items()}
    b: dict[str, Column] = {name: column[news] for name, column in new.columns.items()}
    found = {name: difference(a, b, metric.statistic) for name, metric in METRICS.items()}
    changes = [
        change for i, j in pairs for change in _changes(old.rows[i], new.rows[j])
    ]  # fmt: skip
    return Comparison(
        old, new, {name: d for name, d in found.items() if d is not None},
        tuple(sorted(changes, key=lambda c: c.better)), len(pairs),
    )  # fmt: skip


def grade(row: Row) -> int:
    """How well a question went.

    0 a quote is not verbatim; 1 wrongly answered, or wrongly refused; 2 answered without what the
    set knows as gold, be it quote, document or text; 3 the gold quote is not first, or a side is
    missing; 4 nothing to wish for.
    """
    scores = row.scores
    if (scores["verbatim_rate"] or 0) < 1 and row.answer["citations"]:
        return 0
    if not row.case.answerable:
        return 4 if row.answer["refused"] else 1
    if row.answer["refused"]:
        return 1
    if scores.get("evidence_any") is None:
        return 2 if 0 in (scores.get("source_precision"), scores.get("answer_contains")) else 4
    if not scores["evidence_any"]:
        return 2
    return 4 if scores["evidence_first"] and scores["citation_recall"] == 1 else 3


def _changes(old: Row, new: Row) -> Iterator[Change]:
    before, after = grade(old), grade(new)
    if before != after:
        yield Change(old, new, after > before, "; ".join(_reasons(old, new)))


def _reasons(old: Row, new: Row) -> Iterator[str]:
    """What differs between two answers to one question."""
    was, now = old.answer["refused"], new.answer["refused"]
    if was != now:
        yield "was answered, now refused" if now else "was refused, now answered"
    for faults, word in ((old.faults, "was"), (new.faults, "now")):
        if bad := sorted({f for f in faults if f}):
            yield f"{word} {', '.join(bad)}"
    quoted = [[c["quote"] for c in row.answer["citations"]] for row in (old, new)]
    if not was and not now and quoted[0] != quoted[1]:
        same = set(quoted[0]) == set(quoted[1])
        yield "quotes in another order" if same else "other quotes"
    for name, thing in (("evidence_any", "the gold quote"), ("hit@5", "the gold document")):
        a, b = old.scores.get(name), new.scores.get(name)
        if a is not None and b is not None and a != b:
            yield f"{thing} {'found' if b > a else 'lost'}"
