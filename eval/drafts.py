"""What a model drafted over a run: shown, withheld and why, and an audit of what was shown.

``python -m eval.drafts RUN.json`` reads a run that ``pullquote eval --model NAME --save RUN.json``
kept. The audit shares no code with the checks that let a sentence through: it compares digits,
number words, months, days and capitalised words of each shown sentence with its quotes.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

_MARKED = re.compile(r"(.+?)((?:\s*\[\d+\])+)(?=\s|$)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)")
_DIGITS = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})*(?:\.\d+)?")
_WORDS = re.compile(r"[^\W\d_]+")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety"
)
_NUMBER_WORDS = {
    word: str(n if n <= 20 else (n - 18) * 10) for n, word in enumerate(_NUMBERS.split())
}
_CALENDAR = frozenset(
    name.lower()
    for names in (
        "January February March April June July August September October November December",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    )
    for name in names.split()
)


@dataclass(frozen=True, slots=True)
class Lack:
    """A shown sentence with the figures, dates or names that its quotes do not have."""

    sentence: str
    missing: tuple[str, ...]


def shown_sentences(answer: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each sentence of a model's answer with the citations that it points at."""
    cited = {c["marker"]: c for c in answer["citations"]}
    for match in _MARKED.finditer(answer["answer"]):
        markers = [int(n) for n in re.findall(r"\d+", match[2])]
        yield _ESCAPE.sub(r"\1", match[1]).strip(), [cited[m] for m in markers]


def audit(answer: Mapping[str, Any]) -> list[Lack]:
    """The sentences of a model's answer with a figure, date or name that their quotes lack.

    What a citation says of its article, title, publisher and date, and the headings that are shown
    with it, count as the quote's. Quotes mode's own words, which say who and when, are not a
    model's: nothing is said of them.
    """
    lacks: list[Lack] = []
    if answer["mode"] != "llm":
        return lacks
    for sentence, citations in shown_sentences(answer):
        quotes = " ".join(
            part
            for c in citations
            for part in (c["quote"], c["title"] or "", c["publisher"] or "", *c["context"])
        )
        dates = " ".join(str(c["published"] or "") for c in citations)
        missing = [
            *sorted(_figures(sentence) - _figures(quotes) - _figures(dates.replace("-", " "))),
            *sorted(_names(sentence) - _all_words(quotes) - _months(dates)),
        ]
        if missing:
            lacks.append(Lack(sentence, tuple(missing)))
    return lacks


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text)
    return "".join(c for c in folded if not unicodedata.combining(c))


def _figures(text: str) -> set[str]:
    """Numbers as bare digits, words for small ones too."""
    found = {re.sub(r"[^\d.]", "", m).lstrip("0").rstrip(".") for m in _DIGITS.findall(text)}
    return found | {
        _NUMBER_WORDS[w]
        for w in _all_words(text)
        if w in _NUMBER_WORDS and w not in ("one", "zero")
    }


def _all_words(text: str) -> set[str]:
    return {w.lower() for w in _WORDS.findall(_plain(text).replace(".", ""))} | {
        w.lower() for w in _WORDS.findall(_plain(text))
    }


def _names(sentence: str) -> set[str]:
    """Capitalised words that do not begin the sentence or a quotation, and months and days."""
    found = set()
    for match in _WORDS.finditer(_plain(sentence)):
        word, before = match.group(), _plain(sentence)[: match.start()].rstrip()
        begins = not before or before[-1] in "“\"‘'.:!?"
        if len(word) > 1 and word[0].isupper() and not begins:
            found.add(word.lower())
        if word.lower() in _CALENDAR:
            found.add(word.lower())
    return found


def _months(dates: str) -> set[str]:
    names = "january february march april may june july august september october november december"
    numbers = {int(m) for m in re.findall(r"\d{4}-(\d{2})", dates)}
    return {name for n, name in enumerate(names.split(), 1) if n in numbers}


def counts(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What became of the questions and of the sentences that a model drafted for them."""
    worded = [a for a in answers if a["mode"] == "llm" and not a["refused"]]
    asked = [a for a in answers if a.get("usage") or a["mode"] == "llm"]
    reasons: Counter[str] = Counter()
    for answer in answers:
        for withheld in answer["withheld"]:
            reasons[withheld["reason"].partition(":")[0].partition("“")[0].strip()] += 1
    lacks = [lack for a in worded for lack in audit(a)]
    return {
        "questions": len(answers),
        "model_asked": len(asked),
        "answered_by_model": len(worded),
        "refused_by_model": sum(a["mode"] == "llm" and a["refused"] for a in answers),
        "fell_back_to_quotes": sum(bool(a["notice"]) and a["mode"] == "quotes" for a in answers),
        "sentences_shown": sum(1 for a in worded for _ in shown_sentences(a)),
        "sentences_withheld": sum(reasons.values()),
        "reasons": dict(reasons.most_common()),
        "shown_with_what_quotes_lack": [f"{x.sentence} | {', '.join(x.missing)}" for x in lacks],
    }


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
def main(run: Path) -> None:
    """Say what a model drafted over each set of RUN, a file that `pullquote eval --save` wrote."""
    from eval.run import load_runs

    lacking = 0
    for name, found in load_runs(run).items():
        report = counts([row.answer for row in found.rows])
        click.echo(f"{name}, {found.environment.get('model')}")
        for key, value in report.items():
            if isinstance(value, dict | list):
                click.echo(f"  {key}")
                rows = value.items() if isinstance(value, dict) else [(x, "-") for x in value]
                for item, count in rows:
                    click.echo(f"    {count!s:>5}  {item}")
            else:
                click.echo(f"  {key:28}{value}")
        lacking += len(report["shown_with_what_quotes_lack"])
    sys.exit(1 if lacking else 0)


if __name__ == "__main__":
    main()
