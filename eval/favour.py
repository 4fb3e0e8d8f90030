"""What favouring the page that a reader is on does, on question sets.

    python -m eval.favour SET…

Each question is asked thrice: on no page, on a page of an article that has the answer, and on the
page of the article that came nearest of those that have it not. Of the answerable ones it is
counted how often the first quote, or near miss, has the evidence (or, where a set names none, is of
a right article), and of all, how often the page changed whether the question was answered.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.cases import Case, QuestionSet, file_name
from eval.metrics import is_gold
from eval.samples import named_set
from ingest.addressed import addressed
from ingest.files import file_events
from ingest.job import ingest
from rag.assistant import Assistant
from rag.contract import citation_dict
from rag.domain import Answer
from rag.embed import open_embedder
from rag.library import Library
from rag.reader import open_reader
from rag.settings import cache_folder, load

_BASE = "https://pages.example/"


def favour(one: QuestionSet) -> dict[str, float]:
    """The figures of one set.

    Returns:
        ``n`` answerable questions; the shares of them with a right first quote: ``none`` on no
        page, ``own`` on a right one, ``other`` on the nearest wrong one; ``changed``, the number
        of decisions that a page changed.
    """
    with TemporaryDirectory() as folder:
        library = Library(Path(folder), create=True)
        embedder = open_embedder("", cache_folder({}))
        settings = load({}, library=Path(folder))
        events = addressed(file_events(one.docs, settings.max_article_mb), one.docs, _BASE)
        ingest([], library, embedder, settings, events=events)
        assistant = Assistant(library, embedder, settings, None, open_reader(cache_folder({})))
        found = [_asked(assistant, case) for case in one.cases]
        library.close()
    right = [row for row, _ in found if row is not None]
    shares = {
        name: sum(row[i] for row in right) / max(1, len(right))
        for i, name in enumerate(("none", "own", "other"))
    }
    return {"n": len(right), **shares, "changed": sum(changed for _, changed in found)}


def _asked(assistant: Assistant, case: Case) -> tuple[tuple[bool, ...] | None, int]:
    """Whether each of the three answers begins rightly, and how many decided otherwise."""
    plain = assistant.answer(case.question, case.history)
    articles = [hit.passage.article for hit in plain.hits]
    own = [a for a in articles if file_name(a.source) in case.gold_sources]
    other = [a for a in articles if file_name(a.source) not in case.gold_sources]
    answers = [plain]
    for near in (own, other):
        page = near[0].metadata.url or "" if near else ""
        answers.append(assistant.answer(case.question, case.history, page=page))
    changed = sum(a.refused != plain.refused for a in answers[1:])
    return tuple(_begins_rightly(a, case) for a in answers) if case.answerable else None, changed


def _begins_rightly(answer: Answer, case: Case) -> bool:
    first = next(iter(answer.citations or answer.near_misses), None)
    if first is None:
        return False
    if not case.evidence:
        return file_name(first.quote.article.source) in case.gold_sources
    return is_gold(case, citation_dict(first))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="SET", help="a folder, or questions:docs")
    sets = [named_set(name) for name in parser.parse_args(arguments).sets]
    _row("set", "questions", "no page", "its page", "nearest other page", "decisions changed")
    _row(*["---"] * 6)
    for one in sets:
        f = favour(one)
        shares = (f"{f[name]:.3f}" for name in ("none", "own", "other"))
        _row(one.name, f"{f['n']:.0f}", *shares, f"{f['changed']:.0f}")


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
