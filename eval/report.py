"""The report: one HTML file that needs nothing else. Whatever an article says is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files

import numpy as np

from eval.charts import histogram, mini_interval, reliability_plot, share_bars
from eval.judging import JUDGED, agreement_text, judge_figures
from eval.markup import escaped
from eval.metrics import HEADLINE, METRICS
from eval.run import Run
from eval.stats import Estimate, reliability
from eval.summary import (
    TYPE_METRICS,
    Report,
    by_type,
    delta,
    direction,
    interval,
    number,
    outcome,
)
from eval.worst import said, worst

_OPEN_ROWS = 12
# The browser itself then keeps the page from fetching anything, whatever stands in it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(reports: Sequence[Report]) -> str:
    """The whole page, a section for each report."""
    style = files("eval").joinpath("report.css").read_text(encoding="utf-8")
    names = ", ".join(report.run.name for report in reports)
    overview = _overview(reports) if len(reports) > 1 else ""
    sections = "".join(f"<section>{_section(r, i)}</section>" for i, r in enumerate(reports))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Pullquote on {escaped(names)}</title><style>{style}</style></head>"
        f"<body>{overview}{sections}</body></html>\n"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], numbers: Iterable[int] = ()) -> str:
    """A table of ready-made cells; `numbers` are the columns set to the right."""
    right = set(numbers)

    def line(tag: str, cells: Iterable[str]) -> str:
        return "".join(
            f"<{tag}{' class=number' if i in right else ''}>{cell}</{tag}>"
            for i, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{line('td', cells)}</tr>" for cells in rows)
    return f'<div class="scroll"><table><tr>{line("th", head)}</tr>{body}</table></div>'


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escaped(line)}</li>" for line in lines) + "</ul>"


def _overview(reports: Sequence[Report]) -> str:
    """All sets at a glance: what is wrong with any of them, and the headline figures."""
    wrong = [f"{r.run.name}: {line}" for r in reports for line in (*r.causes, *r.failures)]
    finding = f'<div class="finding bad">{_list(wrong)}</div>' if wrong else ""
    links = [f'<a href="#set-{i}">{escaped(r.run.name)}</a>' for i, r in enumerate(reports)]
    rows = [["questions", *(str(len(r.run.rows)) for r in reports)]]
    rows += [[name, *(number(name, r.run.metrics[name].value) for r in reports)]
             for name in HEADLINE]  # fmt: skip
    table = _table(["", *links], rows, range(1, len(reports) + 1))
    return f"<section><h1>Pullquote on {len(reports)} sets</h1>{finding}{table}</section>"


def _section(report: Report, index: int) -> str:
    run = report.run
    return "".join((
        f'<h1 id="set-{index}">Pullquote on {escaped(run.name)} {_gate_chip(report)}</h1>',
        f'<p class="soft">{escaped(_about(run))}</p>',
        _findings(report),
        '<div class="tiles">', *(_tile(report, name) for name in _shown(run)), "</div>",
        _charts(report),
        _judge(run),
        _types(run),
        _changes(report),
        worst(run),
        _metrics(report),
        _environment(run),
    ))  # fmt: skip


def _shown(run: Run) -> list[str]:
    """The figures of the first look; a judge's too, where there was one."""
    return [*HEADLINE, "latency_p50", *(n for n in JUDGED if run.metrics[n].value is not None)]


def _about(run: Run) -> str:
    environment = run.environment
    return (
        f"{len(run.rows)} questions, {environment.get('articles', '?')} articles, "
        f"{_date(run)}, {run.seconds:.1f} s"
    )


def _date(run: Run) -> str:
    """When the run was made, to the minute."""
    return str(run.environment.get("date", "?"))[:16].replace("T", " ") + " UTC"


def _gate_chip(report: Report) -> str:
    if not report.gated:
        return ""
    good = not report.failures
    return _chip(good, f"gate {'passed' if good else 'failed'}")


def _chip(good: bool, word: str) -> str:
    return f'<span class="chip {"good" if good else "bad"}">{word}</span>'


def _findings(report: Report) -> str:
    """What a reader must know first: causes, the gate, what differs from the earlier run."""
    parts = []
    if report.causes:
        title = "Likely cause" if len(report.causes) == 1 else "Likely causes"
        parts.append(
            f'<div class="finding bad"><strong>{title}</strong>{_list(report.causes)}</div>'
        )
    if report.verdict:
        tone = "bad" if report.failures else "" if report.causes else "good"
        below = [_list(lines) for lines in (report.failures, report.conditions) if lines]
        parts.append(
            f'<div class="finding {tone}"><strong>{escaped(report.verdict)}</strong>'
            f"{''.join(below)}</div>"
        )
    return "".join(parts)


def _moved(report: Report, name: str) -> str:
    moved = delta(report.against, name)
    if not report.against or not moved:
        return ""
    tone = {"better": "good", "worse": "bad"}.get(direction(report.against, name), "soft")
    return f'<span class="{tone}">{escaped(moved).replace(" (", "<br>(", 1)}</span>'


def _tile(report: Report, name: str) -> str:
    e = report.run.metrics[name]
    if e.value is None or e.low is None or e.high is None:
        mini = '<div class="soft">does not apply here</div>'
    elif METRICS[name].unit:
        mini = f'<div class="soft">{interval(name, e.low, e.high)}</div>'
    else:
        mini = mini_interval(e.value, e.low, e.high)
    return (
        f'<div class="tile"><div class="name">{name}</div>'
        f'<div class="value">{number(name, e.value)}</div>{mini}'
        f'<div class="moved">{_moved(report, name)}</div>'
        f'<div class="soft">{escaped(METRICS[name].says)}</div></div>'
    )


def _figure(caption: str, chart: str, note: str = "") -> str:
    under = f'<p class="soft">{note}</p>' if note else ""
    return f"<figure><figcaption>{caption}</figcaption>{chart}{under}</figure>"


def _charts(report: Report) -> str:
    run, before = report.run, report.against.old.metrics if report.against else {}
    rows = [
        (name, e.value, e.low, e.high, before.get(name, Estimate()).value)
        for name, e in run.metrics.items()
        if METRICS[name].better > 0
        and e.value is not None and e.low is not None and e.high is not None
    ]  # fmt: skip
    note = "Lines: 95 % intervals." + (" Red: the earlier run, where it differs." if before else "")
    side = []
    chances, truth = run.columns["probability"], run.columns["answerable"]
    known = ~np.isnan(chances)
    if known.any():
        plot = reliability_plot(reliability(chances[known], truth[known]))
        brier, gap = (number(n, run.metrics[n].value) for n in ("brier", "calibration_error"))
        under = (
            "On the diagonal the stated probability is honest; a larger dot stands for more "
            f"questions. Brier {brier}, gap {gap}."
        )
        side.append(_figure("Does it know what it can answer?", plot, under))
    times = run.columns["latency"][~np.isnan(run.columns["latency"])]
    if times.size:
        marks = [
            ("p50", run.metrics["latency_p50"].value),
            ("p95", run.metrics["latency_p95"].value),
        ]
        shown = [(name, value) for name, value in marks if value is not None]
        side.append(_figure("Time to answer", histogram(times, "ms", shown)))
    return (
        f'<h2>Figures</h2><div class="charts">{_figure("Shares", share_bars(rows), note)}'
        f'<div class="stack">{"".join(side)}</div></div>'
    )


def _judge(run: Run) -> str:
    figures = judge_figures(run)
    if figures is None:
        return ""
    lines = [agreement_text(pair, found) for pair, found in figures.agreements.items()]
    lines += [
        f"{name}: no score {count} times: {reason}"
        for name, reasons in figures.unscored.items()
        for reason, count in reasons.items()
    ]
    about = f"{figures.model} at {figures.host}, beside the figures that need no model."
    return f'<h2>Model judge</h2><p class="soft">{escaped(about)}</p>{_list(lines)}'


def _types(run: Run) -> str:
    rows = [
        [escaped(kind), str(count), *(number(name, es[name].value) for name in TYPE_METRICS)]
        for kind, (count, es) in by_type(run).items()
    ]
    width = range(1, len(TYPE_METRICS) + 2)
    return "<h2>By type of question</h2>" + _table(["type", "n", *TYPE_METRICS], rows, width)


def _changes(report: Report) -> str:
    if not report.against:
        return ""
    date = _date(report.against.old)
    parts = [f"<h2>Questions that changed since {escaped(date)}</h2>"]
    for better in (False, True):
        rows = [
            [said(c.new.case.question), escaped(c.why),
             escaped(outcome(c.old)), escaped(outcome(c.new))]
            for c in report.against.changes if c.better == better
        ]  # fmt: skip
        # A long list is closed, so that it does not hide what comes below it.
        opened = " open" if 0 < len(rows) <= _OPEN_ROWS else ""
        chip = _chip(better, "better" if better else "worse")
        table = _table(["question", "why", "before", "now"], rows) if rows else "<p>None.</p>"
        parts.append(f"<details{opened}><summary>{chip}{len(rows)}</summary>{table}</details>")
    return "".join(parts)


def _metrics(report: Report) -> str:
    found = {name: e for name, e in report.run.metrics.items() if e.value is not None}
    rows = [
        [name, number(name, e.value), interval(name, e.low, e.high), str(e.n),
         *([_moved(report, name)] if report.against else []), escaped(METRICS[name].says)]
        for name, e in found.items()
    ]  # fmt: skip
    silent = ", ".join(name for name in report.run.metrics if name not in found)
    note = f'<p class="soft">These apply to no question here: {silent}.</p>' if silent else ""
    change = ["change"] if report.against else []
    head = ["metric", "value", "95 % interval", "n", *change, "what it counts"]
    return "<h2>All metrics</h2>" + _table(head, rows, (1, 3)) + note


def _environment(run: Run) -> str:
    values = {k: v for k, v in run.environment.items() if k != "settings"}
    values |= {f"setting {k}": v for k, v in run.environment.get("settings", {}).items() if v}
    rows = [[escaped(k.replace("_", " ")), escaped(str(v))] for k, v in values.items()]
    return "<h2>Made with</h2>" + _table(["what", "value"], rows)
