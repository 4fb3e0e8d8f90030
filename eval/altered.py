"""How many questions are still answered with another year, month or name in them.

    python -m eval.altered SET…

Each answerable question without a conversation that names such a thing is asked with another one
instead, which the documents of its answer do not have; what is answered then is answered beside
what was asked. Names come from the set's other questions, so some such questions make little sense.
"""

from __future__ import annotations

import argparse
import calendar
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from random import Random

import numpy as np

from eval.cases import Case, QuestionSet
from eval.documents import Documents, read_documents
from eval.samples import collect, named_set
from rag.evidence import assess, load_weights
from rag.reader import Reader, open_reader
from rag.settings import Settings, cache_folder

_SEED = 3
_YEARS = (-9, -7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7, 9)
_EACH = 2
_PASSAGES = 20
_MONTHS = tuple(filter(None, calendar.month_name))
PATTERNS = {
    "year": re.compile(r"\b(?:1[5-9]\d\d|20[0-2]\d)\b"),
    "month": re.compile(rf"\b(?:{'|'.join(_MONTHS)})\b"),
    # Not at the beginning of a sentence, where every word is written so.
    "name": re.compile(rf"(?<!^)(?<![.?!] )\b(?!(?:{'|'.join(_MONTHS)})\b)[A-Z][\w’'-]+"
                       r"(?: (?:of |de |the )?[A-Z][\w’'-]+)*"),
}  # fmt: skip


def altered(asked: QuestionSet, kind: str, texts: Documents) -> tuple[list[Case], list[Case]]:
    """The questions of a set that name a thing of a kind, as they are and with another one.

    Args:
        asked: the set.
        kind: of `PATTERNS`.
        texts: the set's documents.

    Returns:
        the questions, and up to `_EACH` altered ones of each, which nothing answers.
    """
    rng = Random(_SEED)  # noqa: S311
    pattern = PATTERNS[kind]
    named = sorted({m.group() for c in asked.cases for m in pattern.finditer(c.question)})
    own: list[Case] = []
    other: list[Case] = []
    for case in asked.cases:
        found = [] if case.history else list(pattern.finditer(case.question))
        if not case.answerable or not found:
            continue
        thing = rng.choice(found).group()
        if kind == "year":
            instead = [str(int(thing) + by) for by in _YEARS]
        else:
            instead = [*(_MONTHS if kind == "month" else named)]
        rng.shuffle(instead)
        sources = [texts.find(source) for source in case.gold_sources]
        there = " ".join(texts.texts[source] for source in sources if source)
        absent = [one for one in instead if one not in there and one != thing][:_EACH]
        own.append(case)
        other += [
            replace(
                case, question=re.sub(rf"\b{re.escape(thing)}(?!\w)", one, case.question),
                answerable=False, evidence=(), gold_sources=frozenset(), answers=(),
            )
            for one in absent
        ]  # fmt: skip
    return own, other


def answered(asked: QuestionSet, cases: Sequence[Case], reader: Reader) -> list[bool]:
    """Of each of the `cases` whether it is answered from the documents of a set."""
    of = replace(asked, cases=tuple(cases))
    found = collect(of, np.random.default_rng(0), _PASSAGES)
    return [assess(one.retrieved, load_weights(), reader).answerable for one in found]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table of the sets named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.altered", description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )  # fmt: skip
    parser.add_argument("set", nargs="+", help="a set's folder, or QUESTIONS.jsonl:DOCS_FOLDER")
    sets = [named_set(name) for name in parser.parse_args(arguments).set]
    print("| set | another | answered as asked | answered with another |")  # noqa: T201
    print("|---|---|---|---|")  # noqa: T201
    reader = open_reader(cache_folder({}))
    totals = {kind: [0] * 4 for kind in PATTERNS}
    for one in sets:
        texts = read_documents(one.docs, Settings().max_article_mb)
        pairs = {kind: altered(one, kind, texts) for kind in PATTERNS}
        lists = [cases for pair in pairs.values() for cases in pair]
        said = iter(answered(one, [case for cases in lists for case in cases], reader))
        for kind, (own, other) in pairs.items():
            row = [n for cases in (own, other) for n in (sum(islice(said, len(cases))), len(cases))]
            totals[kind] = [a + b for a, b in zip(totals[kind], row, strict=True)]
            _say(one.name, kind, row)
    for kind, row in totals.items():
        _say("all", kind, row)


def _say(name: str, kind: str, row: Sequence[int]) -> None:
    print(f"| {name} | {kind} | {row[0]} of {row[1]} | {row[2]} of {row[3]} |")  # noqa: T201


if __name__ == "__main__":
    main()
