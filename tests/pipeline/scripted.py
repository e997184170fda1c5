"""Components whose token scores a test decides, and the exact distribution over sets of entities that follows."""

from collections.abc import Callable
from typing import Any

import numpy as np
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


def distribution(crf_ner: CRFEntityRecognizer, doc: Doc) -> dict[tuple[TagSpan, ...], float]:
    """Probability of every set of entities of a short Doc, by enumeration, without constraints but the scheme's."""
    tagset = crf_ner.tagset
    potentials: Potentials = with_scheme(crf_ner.model.predict([doc]), tagset)
    problem = oracle.problems_of(potentials)[0]
    total = oracle.log_partition(problem)
    sets = set(span_sets(tagset.labels, len(doc)))
    if tagset.scheme == "IO":
        sets = {merged(spans) for spans in sets}
    paths = {spans: tuple(spans_to_tags(tagset, spans, len(doc)).tolist()) for spans in sets}
    return {spans: float(np.exp(oracle.score(problem, path) - total)) for spans, path in paths.items()}
