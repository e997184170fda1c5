"""Components whose token scores a test decides, and the exact distribution over sets of entities that follows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.types import Floats2d

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.models.crf_tagger import build_crf_tagger_v1
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.pipeline.targets import with_scheme
from spacy_crf_ner.tags import TagSet, TagSpan, spans_to_tags
from tests.functional import oracle
from tests.tags.sequences import merged, span_sets

Emit = Callable[[Doc, TagSet], np.ndarray]


def random_scores(seed: int, scale: float = 3.0) -> Emit:
    """Normal deviates for every Doc, the same for Docs of one length."""

    def emit(doc: Doc, tagset: TagSet) -> np.ndarray:
        generator = np.random.default_rng([seed, len(doc)])
        return generator.normal(size=(len(doc), tagset.n_tags)) * scale

    return emit


def wishes(*spans: tuple[int, int, str], strength: float = 5.0) -> Emit:
    """Scores that favour exactly these entities."""

    def emit(doc: Doc, tagset: TagSet) -> np.ndarray:
        # The Doc that a component is initialized with may be too short for them.
        fitting = [TagSpan(*span) for span in spans if span[1] <= len(doc)]
        tags = spans_to_tags(tagset, fitting, len(doc))
        return strength * np.eye(tagset.n_tags)[tags]

    return emit


def component(
    vocab: Vocab,
    emit: Emit,
    labels: tuple[str, ...],
    scheme: str = "BILUO",
    seed: int | None = None,
    **settings: Any,
) -> CRFEntityRecognizer:
    """A component whose token scores are what `emit` says, in nats; transitions are 0 without a seed."""
    tagset = TagSet(scheme, labels)

    def forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable[..., Any]]:
        return [emit(doc, tagset).astype("float32") for doc in docs], lambda gradients: docs

    encoder = Model("scripted", forward, dims={"nO": tagset.n_tags})
    model = build_crf_tagger_v1(encoder, learn_rate_scale=1.0)
    crf_ner = CRFEntityRecognizer(vocab, model, scheme=scheme, **settings)
    doc = Doc(vocab, words=["word"])
    crf_ner.initialize(lambda: [Example(doc, doc.copy())], labels=labels)
    model.get_ref("output_layer").set_param("W", np.eye(tagset.n_tags, dtype="float32"))
    if seed is not None:
        generator = np.random.default_rng(seed)
        crf = model.get_ref("crf")
        for name in ("transitions", "start", "end"):
            crf.set_param(name, generator.normal(size=crf.get_param(name).shape).astype("float32"))
    return crf_ner


Sets = dict[tuple[TagSpan, ...], float]


def distribution(crf_ner: CRFEntityRecognizer, doc: Doc, lengths: Sequence[int] | None = None) -> Sets:
    """Probability of every set of entities of a short Doc, by enumeration, without constraints but the scheme's.

    With lengths, the Doc is cut into sequences of so many tokens that do not know of one another.
    """
    whole: Potentials = with_scheme(crf_ner.model.predict([doc]), crf_ner.tagset)
    sets: Sets = {(): 1.0}
    start = 0
    for length in lengths or [len(doc)]:
        part = replace(
            whole, emissions=whole.emissions[start : start + length], lengths=torch.tensor([length])
        )
        after = _distribution(oracle.problems_of(part)[0], crf_ner.tagset, start)
        sets = {(*left, *right): p * q for left, p in sets.items() for right, q in after.items()}
        start += length
    return sets


def _distribution(problem: oracle.Problem, tagset: TagSet, offset: int) -> Sets:
    total = oracle.log_partition(problem)
    sets = set(span_sets(tagset.labels, problem.length))
    if tagset.scheme == "IO":
        sets = {merged(spans) for spans in sets}
    found = {}
    for spans in sets:
        path = tuple(spans_to_tags(tagset, spans, problem.length).tolist())
        key = tuple(TagSpan(start + offset, end + offset, label) for start, end, label in spans)
        found[key] = float(np.exp(oracle.score(problem, path) - total))
    return found


def conditional(sets: Sets, holds: Callable[[tuple[TagSpan, ...]], bool]) -> Sets:
    """The distribution over those sets of entities of which something holds."""
    chosen = {spans: probability for spans, probability in sets.items() if holds(spans)}
    total = sum(chosen.values())
    return {spans: probability / total for spans, probability in chosen.items()}


def edged_with_words(sets: Sets, scheme: str, words: Sequence[str]) -> Sets:
    """The distribution without entities that begin or end with whitespace, as far as tags of the scheme say so."""
    begins, ends = {"BILUO": (True, True), "BIO": (True, False), "IO": (False, False)}[scheme]

    def holds(spans: tuple[TagSpan, ...]) -> bool:
        edges = [start for start, _, _ in spans if begins] + [end - 1 for _, end, _ in spans if ends]
        return not any(words[position].isspace() for position in edges)

    return conditional(sets, holds)


def covered(spans: Iterable[tuple[int, int, str]]) -> set[int]:
    """The tokens of some entities."""
    return {position for start, end, _ in spans for position in range(start, end)}


def span_probability(sets: Sets, *spans: tuple[int, int, str]) -> float:
    """Probability of all sets with these entities."""
    return sum(probability for found, probability in sets.items() if set(spans) <= set(found))


def log_prob(sets: Sets, spans: Iterable[tuple[int, int, str]]) -> float:
    """Log-probability of exactly these entities, nats."""
    return float(np.log(sets[tuple(sorted(TagSpan(*span) for span in spans))]))


def entropy(sets: Sets) -> float:
    """-sum p log p, nats."""
    return -sum(p * float(np.log(p)) for p in sets.values() if p > 0)


def best(sets: Sets, k: int = 1) -> list[tuple[tuple[TagSpan, ...], float]]:
    """The k most probable sets of entities, with their probabilities."""
    return sorted(sets.items(), key=lambda item: -item[1])[:k]
