"""What has become of the quotes of an answer that was given earlier, in words and marks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rag.contract import citation_dict
from rag.domain import Answer, Citation, Quote
from rag.verify import Checked, Standing, verify_answer
from ui import escape
from ui.service import Recalled

# A quote's place at its revision, and what has become of it.
Place = tuple[str, str, int, int]
Standings = Mapping[Place, Checked]
UNCHECKED: Standings = MappingProxyType({})

_MARKS = {
    Standing.MOVED: "Article changed since; the quote still stands in it",
    Standing.LOST: "Article changed since; the quote is no longer in it",
    Standing.WRONG: "These words do not stand there",
    Standing.GONE: "Article no longer in the library",
}


def place_of(quote: Quote) -> Place:
    """The key of `quote` in `Standings`."""
    return quote.article.source, quote.revision, quote.span.start, quote.span.end


def standings(recalled: Recalled) -> dict[Place, Checked]:
    """What `ui.service.Service.recall` found of each quote, by its place."""
    answer = recalled.record.answer
    return dict(zip(map(place_of, _quotes(answer)), recalled.checked, strict=True))


def check_quote(quote: Quote, library: object) -> Checked:
    """What has become of one quote in `library`."""
    cited = citation_dict(Citation(0, quote))
    return verify_answer({"citations": [cited]}, library)[0]  # type: ignore[arg-type]


def mark_html(quote: Quote, known: Standings) -> str:
    """A visible mark where `quote` no longer stands as it was quoted; else nothing."""
    checked = known.get(place_of(quote))
    if checked is None or checked.standing is Standing.OK:
        return ""
    return (
        f'<p class="pq-standing" data-standing="{checked.standing.name.lower()}">'
        f"{escape.text(_MARKS[checked.standing])}</p>"
    )


def notice_html(quote: Quote, checked: Checked) -> str:
    """What to say above a kept revision of an article, with the way to its present text.

    Args:
        quote: what is shown, at the revision it was quoted from.
        checked: what has become of it.

    Returns:
        HTML, in which every text of others is escaped.
    """
    words = _MARKS.get(checked.standing, "Article changed since")
    now = ""
    if checked.standing is not Standing.GONE:
        place = ""
        if checked.start is not None:
            end = checked.start + len(quote.text)
            place = f' data-start="{checked.start}" data-end="{end}"'
        now = (
            f' <button type="button" class="pq-plain pq-now" data-source='
            f'"{escape.attribute(quote.article.source)}"{place}>Show the article as it is now'
            f"</button>"
        )
    return (
        f'<p class="pq-kept" role="note" data-standing="{checked.standing.name.lower()}">'
        f"{escape.text(words)}. This is the text that was quoted.{now}</p>"
    )


def _quotes(answer: Answer) -> list[Quote]:
    """The quotes in the order in which `rag.verify.verify_answer` checks them."""
    cited = [c.quote for c in (*answer.citations, *answer.near_misses)]
    return cited + [also.quote for point in answer.points for also in point.also]
