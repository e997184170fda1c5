"""All measures of the entities of a pipeline, together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import Errors, EvaluationError
from .accuracy import Share, doc_accuracy, sentence_accuracy, token_accuracy
from .breakdowns import EntityTexts, count_by_entity_length, count_by_text_length, count_seen
from .confidence import Confidence, measure_confidence
from .confusion import Confusion, count_confusions
from .entity_counts import Average, Counts, count_by_label, macro_average, total
from .entity_errors import EntityError, find_errors
from .faulty_docs import FaultyDoc, find_faulty_docs
from .judged_docs import JudgedDoc
from .partial_matches import MatchCounts, count_matches
from .resampling import LEVEL, SAMPLES, CountArray, Interval, Intervals, count_by_doc, find_intervals


@dataclass(frozen=True)
class EntityReport:
    """How good the entities of a pipeline are.

    docs (int): Annotated Docs.
    unjudged (int): Predictions that do not count, on tokens without annotation.
    micro (Counts): All labels together.
    macro (Average): The means over labels.
    labels (dict[str, Counts]): Each label.
    intervals (Intervals): How far these scores depend on the Docs.
    samples (int): Samples that the intervals are computed from.
    seed (int): Of their random numbers.
    matches (dict[str, MatchCounts]): With credit for what is nearly right, as `count_matches` says.
    doc_accuracy (Share): Docs without an error.
    sentence_accuracy (Share | None): Sentences without an error; None if the annotation does not tell sentences.
    token_accuracy (Share): Tokens with the right tag.
    inside_accuracy (Share): The same among tokens in entities, annotated or predicted.
    seen (dict[str, Counts] | None): Entities that training data has, and others; None if it is not known.
    entity_lengths (dict[str, Counts]): By tokens of the entity.
    text_lengths (dict[str, Counts]): By tokens of the Doc.
    confusion (Confusion): Which labels are taken for which.
    confidence (Confidence | None): What the probabilities are worth; None if there are none.
    errors (list[EntityError]): All errors.
    faulty_docs (list[FaultyDoc]): Docs with errors.
    """

    docs: int
    unjudged: int
    micro: Counts
    macro: Average
    labels: dict[str, Counts]
    intervals: Intervals
    samples: int
    seed: int
    matches: dict[str, MatchCounts]
    doc_accuracy: Share
    sentence_accuracy: Share | None
    token_accuracy: Share
    inside_accuracy: Share
    seen: dict[str, Counts] | None
    entity_lengths: dict[str, Counts]
    text_lengths: dict[str, Counts]
    confusion: Confusion
    confidence: Confidence | None
    errors: list[EntityError]
    faulty_docs: list[FaultyDoc]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All of it, ready for JSON."""
        sentences = self.sentence_accuracy
        return {
            "docs": self.docs,
            "unjudged_predictions": self.unjudged,
            "micro": {**_scores(self.micro), "intervals": self._micro_intervals()},
            "macro": {**self.macro._asdict(), "intervals": {"f1": self.intervals.macro_f1}},
            "labels": {
                label: {**_scores(counts), "intervals": {"f1": self.intervals.labels[label]}}
                for label, counts in self.labels.items()
            },
            "bootstrap": {"samples": self.samples, "seed": self.seed, "level": LEVEL},
            "matches": _all_scores(self.matches),
            "accuracy": {
                "docs": _share(self.doc_accuracy),
                "sentences": _share(sentences) if sentences else None,
                "tokens": _share(self.token_accuracy),
                "tokens_in_entities": _share(self.inside_accuracy),
            },
            "seen": None if self.seen is None else _all_scores(self.seen),
            "entity_lengths": _all_scores(self.entity_lengths),
            "text_lengths": _all_scores(self.text_lengths),
            "confusion": self.confusion.to_dict(),
            "probabilities": None if self.confidence is None else self.confidence.to_dict(),
            "errors": [asdict(error) for error in self.errors],
            "documents": [asdict(doc) for doc in self.faulty_docs],
        }

    def _micro_intervals(self) -> dict[str, Interval | None]:
        found = self.intervals
        return {"precision": found.precision, "recall": found.recall, "f1": found.f1}


def measure_entities(
    docs: Sequence[JudgedDoc],
    *,
    known: EntityTexts | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> EntityReport:
    """Compute all measures.

    docs (Sequence[JudgedDoc]): Annotated Docs, with what a pipeline finds in them.
    known (EntityTexts | None): Entities of the training data, if it is known.
    samples (int): Samples for the intervals, at least 1.
    seed (int): Of their random numbers.
    RETURNS (EntityReport): All measures.
    RAISES (EvaluationError): No annotated entity, no samples, or a `crf_prob` that is not from 0 to 1.
    """
    if not any(doc.gold for doc in docs):
        raise EvaluationError(Errors.E002.format(n_docs=len(docs)))
    labels = count_by_label(docs)
    tokens, inside = token_accuracy(docs)
    return EntityReport(
        docs=len(docs),
        unjudged=sum(len(doc.unjudged) for doc in docs),
        micro=total(labels.values()),
        macro=macro_average(labels.values()),
        labels=labels,
        intervals=find_intervals(count_by_doc(docs, list(labels)), list(labels), samples=samples, seed=seed),
        samples=samples,
        seed=seed,
        matches=count_matches(docs),
        doc_accuracy=doc_accuracy(docs),
        sentence_accuracy=sentence_accuracy(docs),
        token_accuracy=tokens,
        inside_accuracy=inside,
        seen=None if known is None else count_seen(docs, known),
        entity_lengths=count_by_entity_length(docs),
        text_lengths=count_by_text_length(docs),
        confusion=count_confusions(docs, list(labels)),
        confidence=measure_confidence(docs),
        errors=list(find_errors(docs)),
        faulty_docs=list(find_faulty_docs(docs)),
    )


def count_all(docs: Sequence[JudgedDoc]) -> CountArray:
    """Count the entities of each Doc: what `compare` compares.

    docs (Sequence[JudgedDoc]): The Docs.
    RETURNS (CountArray): True positives, false positives and false negatives. *Shape:* (n_docs, n_labels, 3).
    """
    return count_by_doc(docs, list(count_by_label(docs)))


def _scores(counts: Counts | MatchCounts) -> dict[str, Any]:
    scores = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
    return {**scores, **counts._asdict()}


def _all_scores(groups: Mapping[str, Counts] | Mapping[str, MatchCounts]) -> dict[str, Any]:
    return {name: _scores(counts) for name, counts in groups.items()}


def _share(share: Share) -> dict[str, Any]:
    return {"share": share.share, **share._asdict()}
