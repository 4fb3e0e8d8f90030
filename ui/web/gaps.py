"""The gaps page: what was asked and not answered, or not well, and what to do about it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import Response

from eval.casebook import FOLDER, Casebook
from rag.compose import written_date
from ui import escape
from ui.records import Records
from ui.records.gaps import Gap, Group, Grouping, Lack, as_csv, find_gaps, grouped, mark
from ui.web.pages import address, check_same_site, choice, go, notice, page, turning

_GROUPS = 50
_NEAR = 3
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_KINDS = {"": "All kinds", **{lack.value: lack.value.capitalize() for lack in Lack}}
_DONE = {"": "Open", "done": "Done", "all": "Open and done"}
May = Callable[[Request], bool]


@dataclass(frozen=True)
class _Asked:
    """What the page's form asks for."""

    kind: str
    since: str
    until: str
    done: str

    @classmethod
    def of(cls, kind: str, since: str, until: str, done: str) -> _Asked:
        dates = [day if _DAY.fullmatch(day) else "" for day in (since, until)]
        return cls(
            kind if kind in _KINDS else "", dates[0], dates[1], done if done in _DONE else ""
        )

    def groups(self, records: Records, grouping: Grouping) -> list[Group]:
        lacks = [Lack(self.kind)] if self.kind else list(Lack)
        wanted = {"": False, "done": True, "all": None}[self.done]
        return grouped(find_gaps(records, lacks, self.since, self.until, wanted), grouping)

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "since": self.since, "until": self.until, "done": self.done}


def gaps_router(
    records: Records | None, grouping: Grouping, casebook: Casebook | None, may_change: May
) -> APIRouter:
    """The gaps page and what its buttons do.

    Args:
        records: the kept answers, if any are.
        grouping: says which questions belong together.
        casebook: where cases are kept, if they are.
        may_change: whether who asks may mark a gap as done and make cases.
    """
    router = APIRouter()

    @router.get("/gaps", include_in_schema=False)
    def gaps_page(
        request: Request, kind: str = "", since: str = "", until: str = "", done: str = "",
        at: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
    ) -> Response:  # fmt: skip
        if records is None:
            return notice("Gaps", "Gaps", "Answers are not kept here, so no gaps are known.", 200)
        asked = _Asked.of(kind, since, until, done)
        groups = asked.groups(records, grouping)
        cases = casebook.cases() if casebook else {}
        may = may_change(request)
        last = math.ceil(len(groups) / _GROUPS)
        shown = groups[(at - 1) * _GROUPS : at * _GROUPS]
        body = (
            f"<h1>Gaps</h1>{_set_html(cases) if casebook else ''}{_form(asked)}"
            f"{_count(groups, asked)}{''.join(_group(g, asked, cases, may) for g in shown)}"
            f"{turning('Pages of the list', 'page', at, last, 'gaps', **asked.as_dict())}"
        )
        return page("Gaps", "Gaps", body)

    @router.get("/gaps.csv", include_in_schema=False)
    def gaps_csv(kind: str = "", since: str = "", until: str = "", done: str = "") -> Response:
        if records is None:
            raise HTTPException(404, "Answers are not kept here.")
        asked = _Asked.of(kind, since, until, done)
        # The mark at the start tells spreadsheets that this is UTF-8.
        content = "\ufeff" + as_csv(asked.groups(records, grouping))
        headers = {"Content-Disposition": 'attachment; filename="gaps.csv"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    @router.post("/gaps", include_in_schema=False)
    def mark_done(
        request: Request, answer: Annotated[list[str], Form()], done: Annotated[bool, Form()],
        kind: Annotated[str, Form()] = "", since: Annotated[str, Form()] = "",
        until: Annotated[str, Form()] = "", shown: Annotated[str, Form()] = "",
    ) -> Response:  # fmt: skip
        check_same_site(request)
        if records is None or not may_change(request):
            raise HTTPException(403, "Marking gaps is off here.")
        mark(records, answer, done)
        asked = _Asked.of(kind, since, until, shown).as_dict()
        return go("gaps", **{k: v for k, v in asked.items() if v})

    return router


def _set_html(cases: Collection[str]) -> str:
    """What has come of gaps so far."""
    if not cases:
        return ""
    noun = "case" if len(cases) == 1 else "cases"
    return (
        f'<p class="soft">{len(cases):,} {noun} made of questions here: '
        '<a href="cases.jsonl">download the question set</a>, or run '
        f"<code>pullquote eval LIBRARY/{FOLDER}</code></p>"
    )


def _form(asked: _Asked) -> str:
    def day(name: str, label: str, now: str) -> str:
        return (
            f'<span class="field"><label for="{name}">{label}</label>'
            f'<input id="{name}" name="{name}" type="date" value="{now}"></span>'
        )

    return (
        '<form class="search" action="gaps">'
        f"{choice('kind', 'Kind', _KINDS, asked.kind)}{choice('done', 'Show', _DONE, asked.done)}"
        f"{day('since', 'From', asked.since)}{day('until', 'To', asked.until)}"
        '<button type="submit">Show</button>'
        f'<a class="button" href="{address("gaps.csv", **asked.as_dict())}" download>'
        "Export as CSV</a>"
        "</form>"
    )


def _count(groups: Sequence[Group], asked: _Asked) -> str:
    if groups:
        times = sum(len(g.gaps) for g in groups)
        noun = "answer" if times == 1 else "answers"
        return (
            f'<p class="soft">{times:,} {noun} that fell short, in {len(groups):,} '
            f"{'group' if len(groups) == 1 else 'groups'} of similar questions.</p>"
        )
    if any(asked.as_dict().values()):
        return '<p class="empty">Nothing here matches. <a href="gaps">Show all that is open</a></p>'
    return (
        '<p class="empty">No gaps: every question so far was answered, and nobody disliked an '
        "answer or reported a gap.</p>"
    )


def _group(group: Group, asked: _Asked, cases: Mapping[str, Any], may: bool) -> str:
    """One group of similar questions."""
    latest = group.gaps[0]
    kinds = ", ".join(f"{count:,} {lack.value}" for lack, count in sorted(group.lacks.items()))
    when = f'<time datetime="{latest.created}">{_day(latest.created)}</time>'
    title = "Nearest in the articles" if Lack.UNANSWERED in latest.lacks else "What was quoted"
    near = "".join(_near(quote) for quote in group.nearest[:_NEAR])
    near = f'<h3>{title}</h3><ul class="near">{near}</ul>' if near else ""
    return (
        f'<section class="card gap" aria-label="{escape.attribute(group.question)}">'
        f'<h2 dir="auto">{escape.text(group.question)}</h2>'
        f'<p class="soft">{kinds} · last asked {when}</p>'
        f"{_comments(group)}{near}{_wordings(group, cases, may)}"
        f'<div class="row">{_actions(group, latest, asked, cases) if may else ""}</div></section>'
    )


def _near(quote: Mapping[str, Any]) -> str:
    names = ("source", "revision", "start", "end")
    place = address("read", **{name: quote[name] for name in names})
    name = quote["title"] or quote["source"]
    return (
        f'<li><span dir="auto">“{escape.text(quote["quote"])}”</span> '
        f'<a href="{place}"><bdi>{escape.text(name)}</bdi></a></li>'
    )


def _comments(group: Group) -> str:
    said = [gap.comment for gap in group.gaps if gap.comment]
    items = "".join(
        f'<li>A reader: “<span dir="auto">{escape.text(comment)}</span>”</li>' for comment in said
    )
    return f'<ul class="comments" aria-label="What readers said">{items}</ul>' if items else ""


def _wordings(group: Group, cases: Mapping[str, Any], may: bool) -> str:
    """Every time that it was asked, folded away."""
    if len(group.gaps) == 1:
        return ""
    items = "".join(
        f'<li><span dir="auto">{escape.text(gap.question)}</span> <span class="soft">'
        f"{_day(gap.created)}, {', '.join(gap.lacks)}{', done' if gap.done else ''}</span>"
        f"{f' {_case_link(gap, cases)}' if may else ''}</li>"
        for gap in group.gaps
    )
    return f"<details><summary>Asked {len(group.gaps):,} times</summary><ul>{items}</ul></details>"


def _case_link(gap: Gap, cases: Mapping[str, Any]) -> str:
    words = "Change its case" if gap.id in cases else "Make a case"
    return (
        f'<a href="{address("case", answer=gap.id)}">{words}'
        f'<span class="unseen"> of: {escape.text(gap.question)}</span></a>'
    )


def _actions(group: Group, latest: Gap, asked: _Asked, cases: Mapping[str, Any]) -> str:
    done = all(gap.done for gap in group.gaps)
    ids = "".join(f'<input type="hidden" name="answer" value="{gap.id}">' for gap in group.gaps)
    kept = {**asked.as_dict(), "shown": asked.done, "done": "" if done else "1"}
    hidden = "".join(
        f'<input type="hidden" name="{k}" value="{v or ("0" if k == "done" else "")}">'
        for k, v in kept.items()
    )
    about = f'<span class="unseen"> of: {escape.text(latest.question)}</span>'
    made = [gap for gap in group.gaps if gap.id in cases]
    case = address("case", answer=(made or [latest])[0].id)
    return (
        f'<a class="button" href="{case}">{"Change its case" if made else "Make a case"}{about}</a>'
        f'<form method="post" action="gaps">{ids}{hidden}<button type="submit">'
        f"{'Open again' if done else 'Mark as done'}{about}</button></form>"
    )


def _day(created: str) -> str:
    return escape.text(written_date(created[:10]))
