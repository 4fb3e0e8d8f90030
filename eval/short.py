"""A report in short: a table for the terminal, Markdown for pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eval.compare import Change
from eval.judging import JUDGED, agreement_text, judge_figures
from eval.markup import markdown_escaped, plain
from eval.metrics import HEADLINE
from eval.run import Run
from eval.summary import TYPE_METRICS, Report, by_type, delta, interval, number

_CHANGES_SHOWN = 20


def _judge_lines(run: Run) -> list[str]:
    """Who judged, and how far that agrees with the other figures."""
    figures = judge_figures(run)
    if figures is None:
        return []
    lines = [f"Judged by {figures.model} at {figures.host}."]
    return lines + [agreement_text(pair, a) for pair, a in figures.agreements.items()]


def text(report: Report) -> str:
    """A report for the terminal: a line a metric, then what is wrong."""
    run = report.run
    about = f"{len(run.rows)} questions, {run.environment.get('articles', '?')} articles"
    lines = [plain(f"{run.name}: {about}, {run.seconds:.1f} s")]
    lines += [
        f"  {name:20} {number(name, e.value):>8}  {interval(name, e.low, e.high):17} n={e.n:<5}"
        f"{delta(report.against, name)}".rstrip()
        for name, e in run.metrics.items()
        if e.value is not None
    ]
    lines += _type_lines(run)
    lines += [
        f"  {plain(line)}" for line in (*_judge_lines(run), *report.causes, *report.conditions)
    ]
    if report.verdict:
        lines.append(f"  {report.verdict}")
    changes = report.against.changes if report.against else ()
    lines += [
        f"    {'better' if c.better else 'worse':6} {plain(c.new.case.question)} ({c.why})"
        for c in changes[:_CHANGES_SHOWN]
    ]
    if (more := len(changes) - _CHANGES_SHOWN) > 0:
        lines.append(f"    and {more} more, which --html lists")
    return "\n".join(lines)


def _type_lines(run: Run) -> list[str]:
    """The figures of each type of question, where there are several."""
    types = by_type(run)
    if len(types) < 2:
        return []
    rows = [("type", "n", *TYPE_METRICS)] + [
        (plain(kind)[:20], str(n), *(number(m, es[m].value) for m in TYPE_METRICS))
        for kind, (n, es) in types.items()
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        f"  {row[0]:{widths[0]}}  " + "  ".join(
            f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        for row in rows
    ]  # fmt: skip


def markdown(reports: Sequence[Report]) -> str:
    """Reports as a comment on a pull request."""
    return "\n".join(line for report in reports for line in _markdown(report))


def _markdown(report: Report) -> Iterator[str]:
    run, against = report.run, report.against
    yield f"## Pullquote on {markdown_escaped(run.name)}\n"
    yield f"{report.verdict}\n"
    yield from (f"- **Gate:** {markdown_escaped(line)}" for line in report.failures)
    yield from (f"- {markdown_escaped(line)}" for line in (*report.causes, *report.conditions))
    yield "\n| metric | value | 95 % interval | n |" + (" change |" if against else "")
    yield "|---|--:|---|--:|" + ("---|" if against else "")
    judged = [n for n in JUDGED if run.metrics[n].value is not None]
    for name in (*HEADLINE, *judged):
        e = run.metrics[name]
        row = f"| {name} | {number(name, e.value)} | {interval(name, e.low, e.high)} | {e.n} |"
        yield row + (f" {delta(against, name)} |" if against else "")
    if judge := _judge_lines(run):
        yield ""
        yield from (f"- {markdown_escaped(line)}" for line in judge)
    types = by_type(run)
    if len(types) > 1:
        yield "\n<details><summary>By type of question</summary>\n"
        yield f"| type | n | {' | '.join(TYPE_METRICS)} |"
        yield "|---|--:|" + "--:|" * len(TYPE_METRICS)
        for kind, (count, es) in types.items():
            cells = [number(name, es[name].value) for name in TYPE_METRICS]
            yield f"| {markdown_escaped(kind)} | {count} | {' | '.join(cells)} |"
        yield "\n</details>"
    if against and against.changes:
        yield "\n| question | | why |\n|---|---|---|"
        yield from (_change_row(change) for change in against.changes[:_CHANGES_SHOWN])
        if (more := len(against.changes) - _CHANGES_SHOWN) > 0:
            yield f"| and {more} more | | |"
    made_with = ", ".join(
        f"{key} {run.environment[key]}"
        for key in ("pullquote", "embedding_model", "articles", "passages", "date")
        if key in run.environment
    )
    about = f"{made_with}; {len(run.rows)} questions in {run.seconds:.1f} s"
    yield f"\n<sub>{markdown_escaped(about)}</sub>\n"


def _change_row(change: Change) -> str:
    word = "better" if change.better else "worse"
    cells = (change.new.case.question, word, change.why)
    return f"| {' | '.join(markdown_escaped(cell) for cell in cells)} |"
