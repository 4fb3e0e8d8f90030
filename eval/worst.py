"""The report's worst cases: question, answer, quotes, gold, and what was retrieved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eval.compare import grade
from eval.markup import escaped
from eval.metrics import is_gold, ranking
from eval.run import Row, Run
from eval.summary import outcome

# Cases shown of each way to go wrong, so that a frequent one does not hide the others.
_WORST = 12
_RETRIEVED = 10
# Characters shown of each message of a conversation.
_TURN = 600


def said(text: str) -> str:
    """Text of an article, a question or an answer, harmless and in its own lines."""
    return f'<span class="said">{escaped(text)}</span>'


def worst(run: Run) -> str:
    """The questions that went wrong, the gravest first, each with what there is to know."""
    graded = [(g, row) for row in run.rows if (g := grade(row)) < 4]
    graded.sort(key=lambda pair: (pair[0], -(pair[1].scores.get("brier") or 0)))
    kinds: dict[str, list[Row]] = defaultdict(list)
    for _, row in graded:
        kinds[outcome(row)].append(row)
    shown = [row for rows in kinds.values() for row in rows[:_WORST]]
    counts = ", ".join(f"{len(rows)} {kind}" for kind, rows in kinds.items()) or "none"
    about = f"{counts}. At most {_WORST} of each are shown, the surest mistakes first."
    return f'<h2>Worst cases</h2><p class="soft">{about}</p>{"".join(map(_case, shown))}'


def _case(row: Row) -> str:
    case, answer = row.case, row.answer
    about = case.type
    if (chance := answer.get("probability")) is not None:
        about += f", stated probability {chance:.2f}"
    return "".join((
        f'<details><summary><span class="chip bad">{escaped(outcome(row))}</span>'
        f'{said(case.question)} <span class="soft">{escaped(about)}</span></summary>',
        '<div class="columns"><div>', *_history(case.history),
        f"<h3>Answer</h3>{said(answer['answer'])}" if _own_words(answer) else "",
        *_quotes("Quotes", row, answer["citations"], row.faults),
        *_quotes("Near misses", row, answer["near_misses"], ()), *_verdicts(row),
        "</div><div>", *_gold(row),
        f"<h3>Retrieved</h3><ol>{''.join(_retrieved(row))}</ol>",
        f'<p class="soft">{escaped(case.id)}</p></div></div></details>',
    ))  # fmt: skip


def _own_words(answer: Mapping[str, Any]) -> bool:
    """Whether an answer says anything that its quotes do not."""
    return bool(answer["refused"]) or answer.get("mode") != "quotes"


def _history(history: Sequence[Any]) -> Iterator[str]:
    if history:
        yield "<h3>Before it</h3>"
    for turn in history:
        text = turn if isinstance(turn, str) else f"{turn.get('role')}: {turn.get('content')}"
        yield f"<p>{said(text[:_TURN])}</p>"


def _quotes(
    title: str, row: Row, citations: Sequence[Mapping[str, Any]], faults: Sequence[str]
) -> Iterator[str]:
    if citations:
        yield f"<h3>{title}</h3>"
    for i, citation in enumerate(citations):
        fault = faults[i] if faults else ""
        gold = is_gold(row.case, citation)
        place = f"{citation['source']}:{citation['start']}-{citation['end']}"
        mark = f', <span class="bad">{escaped(fault)}</span>' if fault else ""
        mark += ', <span class="good">gold</span>' if gold else ""
        tone = "wrong" if fault else "gold" if gold else ""
        yield (
            f'<blockquote class="{tone}">{said(citation["quote"])}'
            f'<div class="soft">{escaped(place)}{mark}</div></blockquote>'
        )


def _verdicts(row: Row) -> Iterator[str]:
    """A model judge's scores with its own words."""
    for name, reason in row.judged.items():
        score = row.scores.get(name)
        yield f"<h3>{escaped(name)} {'–' if score is None else f'{score:.2f}'}</h3>"
        yield f"<p>{said(reason[:_TURN])}</p>"


def _gold(row: Row) -> Iterator[str]:
    if not row.case.answerable:
        yield "<h3>Gold</h3><p>The documents do not answer this.</p>"
        return
    yield "<h3>Gold</h3>"
    for answer in row.case.answers:
        yield f"<p>{said(answer)}</p>"
    for i, group in enumerate(row.case.evidence):
        for j, gold in enumerate(group):
            link = "or" if j else "and" if i else ""
            yield (
                f'<blockquote class="gold"><span class="soft">{link}</span> {said(gold.quote)}'
                f'<div class="soft">{escaped(gold.source)}</div></blockquote>'
            )
    if not row.case.evidence:
        yield f"<p>{escaped(', '.join(sorted(row.case.gold_sources)))}</p>"


def _retrieved(row: Row) -> Iterator[str]:
    for source in ranking(row.answer)[:_RETRIEVED]:
        gold = source in row.case.gold_sources
        mark = ' <span class="good">gold</span>' if gold else ""
        yield f"<li>{escaped(source)}{mark}</li>"
