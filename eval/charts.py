"""Small charts as inline SVG. Colours come from the page's style sheet, by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.markup import escaped
from eval.stats import Column

_ROW, _LABEL, _WIDTH, _VALUE = 22, 150, 300, 60


def _svg(width: float, height: float, title: str, parts: Sequence[str], kind: str = "") -> str:
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    label = f'role="img" aria-label="{escaped(title)}"'
    return f'<svg class="{kind}" {size} {label}>{"".join(parts)}</svg>'


def _text(x: float, y: float, said: str, anchor: str = "start", kind: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">'
        f"{escaped(said)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _bar(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="bar"/>'


def share_bars(rows: Sequence[tuple[str, float, float, float, float | None]]) -> str:
    """Horizontal bars from 0 to 1 with intervals.

    Args:
        rows: name, value, low and high end of the interval, and the earlier run's value if any.
    """
    parts = []
    height = len(rows) * _ROW + 20
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = _LABEL + tick * _WIDTH
        parts += [
            _line(x, 0, x, height - 18, "grid"),
            _text(x, height - 5, f"{tick:g}", "middle", "axis"),
        ]
    for i, (name, value, low, high, old) in enumerate(rows):
        y = i * _ROW + _ROW / 2
        parts += [
            _text(_LABEL - 8, y + 4, name, "end"),
            _bar(_LABEL, y - 6, value * _WIDTH, 12),
            _line(_LABEL + low * _WIDTH, y, _LABEL + high * _WIDTH, y, "whisker"),
            *(_line(_LABEL + end * _WIDTH, y - 4, _LABEL + end * _WIDTH, y + 4, "whisker")
              for end in (low, high)),
            _text(_LABEL + _WIDTH + _VALUE - 2, y + 4, f"{value:.3f}", "end", "value"),
        ]  # fmt: skip
        if old is not None and old != value:
            x = _LABEL + old * _WIDTH
            parts.append(_line(x, y - 9, x, y + 9, "before"))
    title = "Bars: " + ", ".join(f"{name} {value:.3f}" for name, value, *_ in rows)
    return _svg(_LABEL + _WIDTH + _VALUE, height, title, parts, "wide")


def mini_interval(value: float, low: float, high: float) -> str:
    """A value from 0 to 1 and its interval on one thin line."""
    return _svg(120, 10, f"{value:.3f}, from {low:.3f} to {high:.3f}", [
        _line(5, 5, 115, 5, "grid"),
        _line(5 + low * 110, 5, 5 + high * 110, 5, "range"),
        f'<circle cx="{5 + value * 110:.1f}" cy="5" r="3.5" class="dot"/>',
    ])  # fmt: skip


def reliability_plot(points: Sequence[tuple[float, float, int]]) -> str:
    """Stated probability against the share that was answerable; the diagonal is honest.

    Args:
        points: mean probability, share answerable and number of questions of each bin.
    """
    size, left, top = 220, 44, 10
    most = max((count for *_, count in points), default=1)

    def at(p: float, share: float) -> tuple[float, float]:
        return left + p * size, top + (1 - share) * size

    parts = [_line(*at(0, 0), *at(1, 1), "diagonal")]
    for tick in (0, 0.5, 1):
        parts += [
            _line(*at(0, tick), *at(1, tick), "grid"),
            _line(*at(tick, 0), *at(tick, 1), "grid"),
            _text(left - 6, at(0, tick)[1] + 4, f"{tick:g}", "end", "axis"),
            _text(at(tick, 0)[0], top + size + 15, f"{tick:g}", "middle", "axis"),
        ]
    for p, share, count in points:
        x, y = at(p, share)
        radius = 4 + 8 * (count / most) ** 0.5
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="bubble">'
            f"<title>{count} questions: stated {p:.2f}, answerable {share:.2f}</title></circle>"
        )
    parts += [
        _text(left + size / 2, top + size + 32, "stated probability", "middle", "axis"),
        f'<g transform="translate(12 {top + size / 2}) rotate(-90)">'
        + _text(0, 0, "share answerable", "middle", "axis") + "</g>",
    ]  # fmt: skip
    title = "Reliability: " + ", ".join(f"{p:.2f} stated, {s:.2f} true" for p, s, _ in points)
    return _svg(left + size + 14, top + size + 40, title, parts)


def histogram(values: Column, unit: str, marks: Sequence[tuple[str, float]]) -> str:
    """How often each value occurs; the largest hundredth, and far ones, are left out of it.

    Args:
        values: what is counted, (n,) with n > 0.
        unit: of the values.
        marks: names and values shown as lines.
    """
    width, height, left, top = 300, 200, 34, 30
    most, nearly = (float(np.percentile(values, q)) for q in (99, 95))
    # One very slow answer among few must not squeeze all others into one bar.
    end = max(min(most, 2 * nearly), *(value for _, value in marks), 1e-9) * 1.05
    counts, _ = np.histogram(values, bins=24, range=(0, end))
    tallest, step = max(int(counts.max()), 1), width / len(counts)
    parts = [
        _line(left, top + height, left + width, top + height, "grid"),
        _text(left - 6, top + 8, str(tallest), "end", "axis"),
        _text(left - 6, top + height, "0", "end", "axis"),
        _text(left, top + height + 15, "0", "middle", "axis"),
        _text(left + width, top + height + 15, f"{end:.0f} {unit}", "end", "axis"),
    ]
    for i, count in enumerate(counts):
        tall = height * count / tallest
        parts.append(_bar(left + i * step + 1, top + height - tall, step - 2, tall))
    for i, (name, value) in enumerate(marks):
        x = left + width * value / end
        low = top - 4 - 13 * (i % 2)
        anchor = "end" if value > end * 0.6 else "start"
        parts += [
            _line(x, low, x, top + height, "mark"),
            _text(x + (-4 if anchor == "end" else 4), low + 8, f"{name} {value:.0f} {unit}",
                  anchor, "axis"),
        ]  # fmt: skip
    title = ", ".join(f"{name} {value:.0f} {unit}" for name, value in marks)
    return _svg(left + width + 10, top + height + 24, f"Histogram: {title}", parts)
