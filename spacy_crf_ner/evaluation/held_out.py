"""Annotated Docs and what the CRF makes of them: the evidence from which probabilities are judged and corrected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from torch import Tensor

from ..errors import Errors, EvaluationError
from ..functional import Potentials
from ..layers import TemperedSpans, decode_viterbi, tempered, tempered_nll
from ..pipeline import CRFEntityRecognizer
from ..tags import BoolArray, IntArray, TagSet, TagSpan, allowed_tags


class Temperatures(NamedTuple):
    """What scores are divided by before probabilities are computed.

    shared (float): Of all scores but those of labels with a temperature of their own.
    by_label (dict[str, float] | None): Temperatures of labels.
    """

    shared: float = 1.0
    by_label: dict[str, float] | None = None


UNTEMPERED = Temperatures()


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known about the tokens of one Doc.

    entities (frozenset[TagSpan]): The entities of the annotation.
    known (BoolArray): Tokens that are annotated. *Shape:* (n_tokens,).
    taken (BoolArray): Tokens of entities that the Doc held before, which are no predictions. *Shape:* (n_tokens,).
    is_space (BoolArray): Tokens that are whitespace. *Shape:* (n_tokens,).
    """

    entities: frozenset[TagSpan]
    known: BoolArray
    taken: BoolArray
    is_space: BoolArray

    def written(self, span: TagSpan) -> TagSpan | None:
        """RETURNS (TagSpan | None): A span as the component adds it to the Doc: without whitespace at its ends; None
        if nothing is left, or if an entity is there already.

        span (TagSpan): A span of the best path.
        """
        words = np.flatnonzero(~self.is_space[span.start : span.end])
        if not len(words):
            return None
        start, end = span.start + int(words[0]), span.start + int(words[-1]) + 1
        return None if self.taken[start:end].any() else TagSpan(start, end, span.label)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predicted entities of which the annotation says whether they are right.

    spans (list[tuple[int, TagSpan]]): As the best path has them, each with the index of its sequence.
    correct (BoolArray): Whether each is an entity of the annotation. *Shape:* (n_spans,).
    left_out (int): Further predicted entities, on tokens that are not annotated.
    """

    spans: list[tuple[int, TagSpan]]
    correct: BoolArray
    left_out: int


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Docs that the model was not trained on: its scores of them, and the truth.

    tagset (TagSet): What the tag ids mean.
    potentials (Potentials): All sequences, packed, with the masks of prediction, not tempered.
    owners (IntArray): The Doc that each sequence belongs to. *Shape:* (batch,).
    starts (IntArray): First token of each sequence in its Doc. *Shape:* (batch,).
    truths (list[Truth]): One for each Doc.
    target (Tensor): The tags that the annotation leaves to each token. *Shape:* (n_tokens, n_tags), bool.
    """

    tagset: TagSet
    potentials: Potentials
    owners: IntArray
    starts: IntArray
    truths: list[Truth]
    target: Tensor

    def predict(self, temperatures: Temperatures = UNTEMPERED) -> Predictions:
        """Find the entities of the best paths, and judge them.

        temperatures (Temperatures): What the scores are divided by; one for all does not change the best paths.
        RETURNS (Predictions): The entities on annotated tokens.
        """
        scores = tempered(self.potentials, self.tagset, *temperatures)
        decoded = decode_viterbi(scores, self.tagset, probabilities=False)
        spans: list[tuple[int, TagSpan]] = []
        correct: list[bool] = []
        left_out = 0
        places = zip(decoded, self.owners.tolist(), self.starts.tolist(), strict=True)
        for sequence, (found, owner, start) in enumerate(places):
            truth = self.truths[owner]
            for one in found.spans:
                span = truth.written(one.span.moved(start))
                if span is None:
                    continue
                if not truth.known[span.start : span.end].all():
                    left_out += 1
                    continue
                spans.append((sequence, one.span))
                correct.append(span in truth.entities)
        return Predictions(spans, np.array(correct, dtype=bool), left_out)

    def spans_of(self, predicted: Predictions) -> TemperedSpans:
        """RETURNS (TemperedSpans): The entities, to be asked for their probabilities.

        predicted (Predictions): What `predict` returned.
        """
        return TemperedSpans(self.potentials, self.tagset, predicted.spans)

    def annotation_loss(self, temperatures: Temperatures) -> float:
        """RETURNS (float): Negative log-likelihood of the annotation as a whole, in nats per sequence.

        temperatures (Temperatures): What the scores are divided by.
        """
        allowed = self.potentials.allowed_tags
        # What the Doc held before may contradict the annotation, which is what happened.
        possible = None if allowed is None else allowed | self.target
        potentials = replace(self.potentials, allowed_tags=possible)
        total = tempered_nll(potentials, self.tagset, self.target, *temperatures)
        return total / max(1, potentials.batch_size)


def gather(
    nlp: Language, component: CRFEntityRecognizer, examples: Iterable[Example], batch_size: int = 128
) -> HeldOut:
    """Run a pipeline up to the component, and keep the component's scores beside the annotation.

    nlp (Language): The pipeline.
    component (CRFEntityRecognizer): One of its components, not disabled.
    examples (Iterable[Example]): Examples with unannotated predicted Docs. They are read batch by batch, and not kept.
    batch_size (int): Docs that are computed at once.
    RETURNS (HeldOut): Everything that calibration needs.
    RAISES (EvaluationError): No annotated entity in any Doc.
    RAISES (ComponentError): A component without labels or weights, or an encoder that is missing.
    """
    onward = nlp.pipe_names[nlp.pipe_names.index(component.name) :]
    parts: list[Potentials] = []
    owners: list[IntArray] = []
    starts: list[IntArray] = []
    truths: list[Truth] = []
    targets: list[BoolArray] = []
    # Docs without tokens say nothing, and listeners take them for Docs that their encoder has not seen.
    filled = (example for example in examples if len(example.predicted))
    while batch := list(islice(filled, batch_size)):
        docs = list(nlp.pipe((example.predicted for example in batch), disable=onward))
        segments = component.segments_of(docs)
        parts.append(component.potentials_of(docs))
        owners.append(segments.owners + len(truths))
        starts.append(segments.starts)
        for index, example in enumerate(batch):
            truth = read_truth(example, overwrite=component.cfg["overwrite"])
            truths.append(truth)
            targets.append(_target(component.tagset, truth, segments.starts[segments.owners == index]))
    if not any(truth.entities for truth in truths):
        raise EvaluationError(Errors.E002.format(n_docs=len(truths)))
    target = torch.from_numpy(np.concatenate(targets))
    return HeldOut(
        component.tagset, joined(parts), np.concatenate(owners), np.concatenate(starts), truths, target
    )


def read_truth(example: Example, *, overwrite: bool) -> Truth:
    """Read what an Example says about the tokens of its predicted Doc.

    example (Example): The example, before the component has run on it.
    overwrite (bool): Whether entities on the predicted Doc count for nothing.
    RETURNS (Truth): The entities that align with the tokens, and what is known.
    """
    doc = example.predicted
    aligned, tags = example.get_aligned_ents_and_ner()
    entities = frozenset(TagSpan(span.start, span.end, span.label_) for span in aligned)
    outside = np.array([tag == "O" for tag in tags], dtype=bool)
    taken = _covered(doc, [] if overwrite else [(entity.start, entity.end) for entity in doc.ents])
    return Truth(
        entities=entities,
        known=outside | _covered(doc, [span[:2] for span in entities]),
        taken=taken,
        is_space=doc.to_array(["IS_SPACE"]).reshape(len(doc)).astype(bool),
    )


def joined(parts: Sequence[Potentials]) -> Potentials:
    """One batch of several, on the CPU.

    parts (Sequence[Potentials]): Batches of one model, packed; at least one.
    RETURNS (Potentials): All their sequences, packed.
    """
    parts = [_on_cpu(part) for part in parts]
    allowed = None
    if any(part.allowed_tags is not None for part in parts):
        allowed = torch.cat([_allowed(part) for part in parts])
    return replace(
        parts[0],
        emissions=torch.cat([part.emissions for part in parts]),
        lengths=torch.cat([part.lengths for part in parts]),
        allowed_tags=allowed,
    )


def _target(tagset: TagSet, truth: Truth, starts: IntArray) -> BoolArray:
    """The tags that the annotation leaves to each token of a Doc. *Shape:* (n_tokens, n_tags)

    Entities of labels that the tag set lacks are outside of all others, and those that lie across the boundary of two
    sequences are unknown, for no path has them.
    """
    whole = [span for span in truth.entities if not ((starts > span.start) & (starts < span.end)).any()]
    spans = [span for span in whole if span.label in tagset.labels]
    unknown = ~truth.known
    for span in truth.entities.difference(whole):
        unknown[span.start : span.end] = True
    outside = ~unknown
    for span in spans:
        outside[span.start : span.end] = False
    return allowed_tags(
        tagset, len(truth.known), spans=spans, outside=np.flatnonzero(outside), is_space=truth.is_space
    )


def _on_cpu(part: Potentials) -> Potentials:
    tensors = {field.name: getattr(part, field.name) for field in fields(part)}
    return replace(part, **{name: one.detach().cpu() for name, one in tensors.items() if one is not None})


def _allowed(part: Potentials) -> Tensor:
    if part.allowed_tags is None:
        return torch.ones(part.emissions.shape, dtype=torch.bool)
    return part.allowed_tags


def _covered(doc: Doc, stretches: Iterable[tuple[int, int]]) -> BoolArray:
    covered = np.zeros(len(doc), dtype=bool)
    for start, end in stretches:
        covered[start:end] = True
    return covered
