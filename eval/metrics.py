"""What is measured, question by question. The same rules as the project's outside scorer.

Retrieval is judged over distinct source documents in the order of their best passages, by
ir-measures (MacAvaney et al. 2022, ECIR, page 305), quotes by `covers`. A metric that does not
apply to a question is None there, never 0.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.cases import Case, Gold, file_name
from eval.documents import STALE, Documents, fault, is_verbatim
from eval.stats import Statistic, calibration_error, f1_of, mean_of, percentile_of, ratio_of

Scores = dict[str, float | None]
AnswerDict = Mapping[str, Any]

# The outside scorer looks for an answer's text only where it is a name or figure, not an essay.
_SHORT_ANSWER = 60
_FIRST_PASSAGES = 10
_ARTICLES = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a whole set. `better` is 1 where more is better, -1 where less is, else 0."""

    name: str
    says: str
    statistic: Statistic
    better: int = 1
    unit: str = ""


def _share(name: str, says: str) -> Metric:
    return Metric(name, says, mean_of(name))


# The figures that a first look and `--no-worse-than` go by, in the contract's names.
HEADLINE = (
    "verbatim_rate", "hit@1", "hit@5", "mrr", "evidence_any", "evidence_first", "answered",
    "refused", "balanced_accuracy", "citation_precision", "citation_recall",
)  # fmt: skip

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _share("verbatim_rate", "quotes that stand word for word at their place in the file"),
        _share("current_rate", "quotes that cite the documents' present revision"),
        _share("hit@1", "first document is a gold one"),
        _share("hit@3", "a gold document among the first 3"),
        _share("hit@5", "a gold document among the first 5"),
        _share("mrr", "one over the rank of the first gold document"),
        _share("ndcg@10", "gold documents near the top of the first 10"),
        _share("recall@5", "gold documents that are among the first 5"),
        _share("recall@10", "gold documents that are among the first 10"),
        _share("evidence_found@10", "groups of gold quotes that stand in the first 10 passages"),
        _share("evidence_any", "answerable questions with a gold quote"),
        _share("evidence_first", "answerable questions whose first quote is gold"),
        _share("citation_precision", "quotes that are gold, where something is quoted"),
        _share("citation_recall", "groups of gold quotes of which one is cited"),
        _share("source_precision", "quotes from a gold document, where something is quoted"),
        _share("answer_contains", "answers that contain the expected short text"),
        _share("token_f1", "words shared by the quotes and the best expected answer"),
        _share("answered", "answerable questions that were answered"),
        _share("refused", "unanswerable questions that were refused (refusal recall)"),
        _share("refusal_precision", "refusals that were right"),
        Metric(
            "refusal_f1", "harmonic mean of refusal precision and recall",
            f1_of("refusal_precision", "refused"),
        ),
        Metric(
            "balanced_accuracy", "mean of answered and refused", mean_of("answered", "refused")
        ),
        _share("near_miss_any", "wrong refusals with a gold quote among the near misses"),
        _share("disagreement", "questions on a disagreement that show all its sides"),
        _share("time_order", "questions on time whose first quote is gold"),
        _share("follow_up", "follow-up questions with a gold quote"),
        Metric("brier", "squared error of the stated probability", mean_of("brier"), -1),
        Metric(
            "calibration_error", "gap between stated probability and outcome",
            calibration_error("probability", "answerable"), -1,
        ),
        Metric("quotes_per_answer", "quotes in an answer", mean_of("quotes_per_answer"), 0),
        Metric(
            "citations_per_answer", "quotes in an answer, none in a refusal",
            mean_of("citations_per_answer"), 0,
        ),
        Metric("quote_words", "words in a quote", ratio_of("words", "citations_per_answer"), 0),
        Metric("latency_p50", "median time to answer", percentile_of("latency", 50), -1, "ms"),
        Metric("latency_p95", "95th percentile of it", percentile_of("latency", 95), -1, "ms"),
        Metric("tokens_in", "tokens sent to a model", mean_of("tokens_in"), -1),
        Metric("tokens_out", "tokens written by a model", mean_of("tokens_out"), -1),
        Metric("cost", "price of an answer", mean_of("cost"), -1),
        _share("judge_faithfulness", "answers that a model judge finds supported by their quotes"),
        _share("judge_correctness", "how right a model judge finds the answers, 1 to 5 as 0 to 1"),
    )
}  # fmt: skip


def covers(quote: str, source: str, gold: Gold) -> bool:
    """Whether a citation holds what `gold` says.

    It does when it has the gold quote in it, is itself a large part of that, or has most of its
    words (one sentence may be split in two ways).
    """
    if file_name(source) != gold.source:
        return False
    if gold.quote in quote:
        return True
    cited, wanted = (set(re.findall(r"\w+", t.lower())) for t in (quote, gold.quote))
    shared = len(cited & wanted)
    return shared >= (0.4 if quote in gold.quote else 0.6) * len(wanted)


def token_f1(said: str, wanted: str) -> float:
    """Harmonic mean of precision and recall of words, as SQuAD counts them.

    Lower case, without punctuation and articles (Rajpurkar et al. 2016, section 6.1).
    """
    a, b = (_squad_tokens(text) for text in (said, wanted))
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if a or b else 1.0


def _squad_tokens(text: str) -> list[str]:
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ARTICLES.sub(" ", bare).split()


def ranking(answer: AnswerDict) -> list[str]:
    """Distinct documents in the order of their best passages."""
    return list(dict.fromkeys(file_name(p["source"]) for p in answer["passages"]))


def retrieval_scores(cases: Sequence[Case], answers: Sequence[AnswerDict]) -> list[Scores]:
    """Hits, reciprocal rank, nDCG and recall of each question; None without gold documents."""
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    measures = {
        "hit@1": Success @ 1, "hit@3": Success @ 3, "hit@5": Success @ 5, "mrr": RR,
        "ndcg@10": nDCG @ 10, "recall@5": R @ 5, "recall@10": R @ 10,
    }  # fmt: skip
    names = {str(measure): name for name, measure in measures.items()}
    gold = [
        ir_measures.Qrel(str(i), source, 1)
        for i, case in enumerate(cases)
        if case.answerable
        for source in case.gold_sources
    ]
    found = [
        ir_measures.ScoredDoc(str(i), source, float(-rank))
        for i, answer in enumerate(answers)
        for rank, source in enumerate(ranking(answer))
    ]
    rows: list[Scores] = [dict.fromkeys(measures) for _ in cases]
    if gold:
        for score in ir_measures.iter_calc(list(measures.values()), gold, found):
            if (row := int(score.query_id)) < len(rows):
                rows[row][names[str(score.measure)]] = score.value
    return rows


def answer_scores(case: Case, answer: AnswerDict, documents: Documents) -> Scores:
    """Every score of one question but those of retrieval.

    Args:
        case: the question with what a right answer must have.
        answer: the answer in the contract's form.
        documents: what the quotes must stand in.
    """
    cited, refused = answer["citations"], bool(answer["refused"])
    scores: Scores = {
        "answered": float(not refused) if case.answerable else None,
        "refused": None if case.answerable else float(refused),
        "refusal_precision": float(not case.answerable) if refused else None,
        "answerable": float(case.answerable),
        "probability": answer.get("probability"),
        "latency": answer.get("timings_ms", {}).get("total"),
        "quotes_per_answer": None if refused else float(len(cited)),
        "citations_per_answer": float(len(cited)),
        "words": float(sum(len(c["quote"].split()) for c in cited)),
        "verbatim_rate": _mean([is_verbatim(c, documents) for c in cited]),
        "current_rate": _mean([fault(c, documents) not in STALE for c in cited]),
        **_usage(answer),
    }
    chance = scores["probability"]
    scores["brier"] = None if chance is None else (chance - case.answerable) ** 2
    if case.answerable:
        scores |= _evidence_scores(case, answer, documents)
        if case.answers:
            quotes = " ".join(c["quote"] for c in cited)
            scores["token_f1"] = max(token_f1(quotes, wanted) for wanted in case.answers)
            if len(case.answers[0]) < _SHORT_ANSWER:
                text = answer["answer"].lower()
                scores["answer_contains"] = float(any(a.lower() in text for a in case.answers))
    return scores


def _usage(answer: AnswerDict) -> Scores:
    """What asking a model took; nothing where none was asked, be it for a remembered answer."""
    used = answer.get("usage") or {}
    fields = {"tokens_in": "prompt_tokens", "tokens_out": "completion_tokens", "cost": "price"}
    return {name: None if used.get("cached") else used.get(field) for name, field in fields.items()}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _evidence_scores(case: Case, answer: AnswerDict, documents: Documents) -> Scores:
    """The scores of an answerable question that go by its gold quotes and documents."""
    cited, scores = answer["citations"], Scores()
    if case.gold_sources:
        scores["source_precision"] = _mean(
            [file_name(c["source"]) in case.gold_sources for c in cited]
        )
    if not case.evidence:
        return scores
    gold = [is_gold(case, c) for c in cited]
    groups = [any(covers(c["quote"], c["source"], g) for c in cited for g in group)
              for group in case.evidence]  # fmt: skip
    found = [any(_retrieved(answer, g, documents) for g in group) for group in case.evidence]
    scores["evidence_found@10"] = _mean(found)
    scores["evidence_any"] = float(any(groups))
    scores["evidence_first"] = float(bool(gold) and gold[0])
    scores["citation_precision"] = _mean(gold)
    scores["citation_recall"] = _mean(groups)
    match case.type:
        case "disagreement":
            scores["disagreement"] = float(all(groups))
        case "time":
            scores["time_order"] = scores["evidence_first"]
        case "follow-up":
            scores["follow_up"] = scores["evidence_any"]
    if answer["refused"]:
        scores["near_miss_any"] = float(any(is_gold(case, c) for c in answer["near_misses"]))
    return scores


def _retrieved(answer: AnswerDict, gold: Gold, documents: Documents) -> bool:
    """Whether the first passages, put together, hold every word of a gold quote."""
    source = documents.find(gold.source)
    text = documents.texts[source] if source else ""
    spans = [
        (p["start"], p["end"])
        for p in answer["passages"][:_FIRST_PASSAGES]
        if file_name(p["source"]) == gold.source
    ]
    return any(
        all(
            any(low <= i < high for low, high in spans)
            for i in range(place.start(), place.end())
            if not text[i].isspace()
        )
        for place in re.finditer(re.escape(gold.quote), text)
    )


def is_gold(case: Case, citation: Mapping[str, Any]) -> bool:
    """Whether `citation` covers any gold quote of `case`."""
    return any(covers(citation["quote"], citation["source"], g) for x in case.evidence for g in x)


def all_scores(
    cases: Sequence[Case], answers: Sequence[AnswerDict], documents: Documents
) -> list[Scores]:
    """Every per-question score of every question, under every name a statistic needs."""
    blank: Scores = dict.fromkeys(c for m in METRICS.values() for c in m.statistic.columns)
    found = retrieval_scores(cases, answers)
    return [
        {**blank, **found[i], **answer_scores(case, answer, documents)}
        for i, (case, answer) in enumerate(zip(cases, answers, strict=True))
    ]
