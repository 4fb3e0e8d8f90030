"""The likely cause of bad figures, by the marks that each kind of fault leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from eval.compare import Comparison
from eval.documents import STALE
from eval.run import Run

# Beyond these a figure is not just low but has one cause. An answerer that quotes at random
# from the right articles reaches about a tenth of citation precision.
_REFUSES = 0.25
_NEVER_REFUSES = 0.2
_FEW_UNANSWERABLE = 3
_WRONG_SENTENCE = 0.3
_RETRIEVAL_FINE = 0.8
_RETRIEVAL_BAD = 0.5


def causes(run: Run, against: Comparison | None = None) -> list[str]:
    """Plain sentences that name what is wrong, the gravest first; none where nothing stands out.

    Args:
        run: what was measured.
        against: the comparison with an earlier run, for causes that only a change shows.
    """
    found = [*_places(run), *_refusals(run, against), *_choice(run, against)]
    return [*found, *_retrieval(run, against), *_errors(run)]


def _value(run: Run, name: str) -> float | None:
    return run.metrics[name].value


def _below(run: Run, name: str, limit: float) -> bool:
    value = _value(run, name)
    return value is not None and value < limit


def _worse(against: Comparison | None, name: str) -> bool:
    return against is not None and against.worse(name)


def _percent(share: float | None) -> str:
    return f"{share or 0:.0%}"


def _moved(against: Comparison | None, name: str) -> str:
    """The old and the new figure of the questions compared."""
    if against is None or name not in against.differences:
        return ""
    change = against.differences[name]
    return f" ({_percent(change.old)} before, {_percent(change.new)} now)"


def _places(run: Run) -> Iterator[str]:
    """Quotes that do not stand where they say."""
    faults = Counter(f for row in run.rows for f in row.faults)
    of = f"of {faults.total()} quotes"
    if stale := sum(faults[f] for f in STALE):
        yield (
            f"Stale library: {stale} {of} cite a revision that is not the documents' present one, "
            "or a document that is gone. Ingest the documents again."
        )
    if moved := faults["wrong offsets"]:
        yield (
            f"Wrong offsets: {moved} {of} are in their document word for word, but not at the "
            "place that they give."
        )
    if invented := faults["not in the document"]:
        yield f"Not verbatim: {invented} {of} stand nowhere in the document that they name."


def _refusals(run: Run, against: Comparison | None) -> Iterator[str]:
    """Refusing too much or too little."""
    answered, refused = run.metrics["answered"], run.metrics["refused"]
    if answered.value == 0:
        yield f"Always refuses: none of the {answered.n} answerable questions was answered."
    elif _below(run, "answered", _REFUSES):
        yield f"Refuses nearly always: {_percent(answered.value)} of the answerable are answered."
    elif _worse(against, "answered"):
        yield f"Refuses more of what the articles answer{_moved(against, 'answered')}."
    if refused.value == 0 and refused.n >= _FEW_UNANSWERABLE:
        yield f"Never refuses: all {refused.n} unanswerable questions were answered."
    elif refused.n >= _FEW_UNANSWERABLE and _below(run, "refused", _NEVER_REFUSES):
        yield f"Hardly ever refuses: {_percent(refused.value)} of the unanswerable are refused."
    elif _worse(against, "refused"):
        yield f"Refuses less of what the articles do not answer{_moved(against, 'refused')}."


def _choice(run: Run, against: Comparison | None) -> Iterator[str]:
    """The right article, but not the sentence in it."""
    precision, hit = _value(run, "citation_precision"), _value(run, "hit@5")
    if _below(run, "citation_precision", _WRONG_SENTENCE) and (hit or 0) >= _RETRIEVAL_FINE:
        yield (
            f"Wrong sentence: {_percent(precision)} of the quotes are gold, although a gold "
            f"document is among the first five for {_percent(hit)} of the questions. Retrieval is "
            "fine; the choice of the sentence is not."
        )
    elif _worse(against, "citation_precision") and not _worse(against, "mrr"):
        yield (
            f"Worse choice of the sentence{_moved(against, 'citation_precision')} from articles "
            "that are found as well as before."
        )


def _retrieval(run: Run, against: Comparison | None) -> Iterator[str]:
    """Gold documents not found."""
    if _below(run, "hit@5", _RETRIEVAL_BAD):
        found = _percent(_value(run, "hit@5"))
        yield f"Retrieval: a gold document is among the first five for only {found}."
    elif worse := [name for name in ("hit@1", "hit@5", "mrr") if _worse(against, name)]:
        moved = ", ".join(name + _moved(against, name) for name in worse)
        yield f"Retrieval itself is worse: {moved}."


def _errors(run: Run) -> Iterator[str]:
    """Questions turned down as wrong usage."""
    errors = [row for row in run.rows if "error" in row.answer]
    if errors:
        yield f"Not asked: {len(errors)} questions were turned down: {errors[0].answer['error']}"


def conditions(against: Comparison) -> list[str]:
    """What the two runs do not have in common, other than their answers."""
    old, new = against.old, against.new
    said = []
    if against.shared < max(len(old.rows), len(new.rows)):
        said.append(
            f"{against.shared} questions are compared, of {len(old.rows)} then and "
            f"{len(new.rows)} now."
        )
    cases = {row.case.id: row.case for row in old.rows}
    if edited := sum(cases.get(row.case.id, row.case) != row.case for row in new.rows):
        said.append(f"{edited} questions or their gold were edited in between.")
    if old.environment.get("documents") != new.environment.get("documents"):
        said.append("The documents changed in between.")
    for key in ("library", "embedding_model", "passages", "pullquote"):
        a, b = old.environment.get(key), new.environment.get(key)
        if a != b:
            said.append(f"{key.replace('_', ' ').capitalize()}: {a} before, {b} now.")
    before, now = (dict(run.environment.get("settings") or {}) for run in (old, new))
    said += [
        f"Setting {key}: {before.get(key)} before, {now.get(key)} now."
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    return said
