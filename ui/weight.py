"""What a reader needs to judge an answer by: who worded it, how many sources, from when."""

from __future__ import annotations

from rag.compose import written_date
from rag.domain import Answer, Article
from rag.reprints import is_reprint
from ui import escape


def sources_of(answer: Answer) -> tuple[int, int]:
    """How many independent sources say what `answer` cites, and how many reprints do.

    Returns:
        Articles that are a story of their own, and articles that print another's again.
    """
    cited = {c.quote.article.source: c.quote.article for c in answer.citations}
    marked = {
        also.quote.article.source: also
        for point in answer.points
        for also in point.also
        if also.quote.article.source not in cited
    }
    own: list[Article] = []
    again = 0
    for article in cited.values():
        if any(is_reprint(article.text, other.text) for other in own):
            again += 1
        else:
            own.append(article)
    for also in marked.values():
        article = also.quote.article
        if also.reprint or any(is_reprint(article.text, other.text) for other in own):
            again += 1
        else:
            own.append(article)
    return len(own), again


def sources_words(answer: Answer) -> str:
    """Such as "2 independent sources, 1 reprint"; "" for an answer that cites nothing."""
    own, again = sources_of(answer)
    if not own:
        return ""
    words = "1 source" if own == 1 else f"{own} independent sources"
    if again:
        words += f", {again} {'reprint' if again == 1 else 'reprints'}"
    return words


def dates_words(answer: Answer) -> str:
    """From when the cited articles are: one date, the first and last, and that some have none."""
    found = {c.quote.article.metadata.published or "" for c in answer.citations}
    dates = sorted(found - {""})
    if not dates:
        return "undated" if found else ""
    words = written_date(dates[0])
    if len(dates) > 1:
        words += f" to {written_date(dates[-1])}"
    return words + (", some undated" if "" in found else "")


def mode_words(answer: Answer) -> str:
    """Who worded the answer."""
    if answer.mode == "quotes":
        return "Quotes only, no model"
    return f"Worded by {answer.model or 'a model'}, every sentence checked"


def weight_html(answer: Answer, given: str = "") -> str:
    """The line under an answer that says what it rests on.

    Args:
        answer: complete.
        given: when it was given, as a person writes it; "" for just now.

    Returns:
        A paragraph in which every text of others is escaped.
    """
    words = [mode_words(answer), sources_words(answer), dates_words(answer)]
    words += [f"answered {given}"] if given else []
    items = "".join(f"<li>{escape.text(w)}</li>" for w in words if w)
    return f'<ul class="pq-weight" aria-label="What this rests on">{items}</ul>'
