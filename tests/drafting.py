"""What the tests of a model's words share: quotes, evidence, and a scripted reply to them."""

from __future__ import annotations

from rag.compose import quoted_answer
from rag.domain import Answer, Citation, Point, Relation
from rag.draft import Drafter
from rag.llm import OpenAIChat
from rag.quotes import make_quote
from rag.settings import load
from tests.model_server import scripted
from tests.sentences import evidence

SOON = {"PULLQUOTE_MODEL_RETRIES": "0"}
PIECES = (
    evidence("The ferry Marsten ran aground near Cape Orrin on March 9.", 1, publisher="Gazette",
             published="2023-03-10", author="Ada Moss"),
    evidence("It had 212 passengers aboard, and nobody was hurt.", 2, title="All safe"),
)  # fmt: skip


def quotes_for(question, pieces):
    citations = tuple(Citation(n, make_quote(e.article, e.span)) for n, e in enumerate(pieces, 1))
    points = tuple(Point((c.marker,), Relation.ONE) for c in citations)
    text = quoted_answer(citations, points)
    return Answer(question, text, question, citations, points=points, probability=0.9)


def drafted(reply, pieces=PIECES, question="What happened?", **settings):
    """The answer to a scripted reply, and the script."""
    with scripted(reply if callable(reply) else [reply]) as script:
        answers = list(drafter(script, **settings).stream(quotes_for(question, pieces), pieces))
    return answers[-1], script


def drafter(script, **settings):
    chosen = load({**script.environ, **SOON, **settings})
    return Drafter(OpenAIChat(chosen), chosen)
