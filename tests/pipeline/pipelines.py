"""Small pipelines with crf_ner, what to train them on, and what to ask of them."""

from collections.abc import Sequence
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Optimizer

from spacy_crf_ner.pipeline import CRFEntityRecognizer
from tests.tiny import entities

WIDTH = 16
CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": WIDTH,
    "depth": 1,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
    "pretrained_vectors": None,
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": WIDTH, "upstream": "*"}

Entity = tuple[int, int, str]

# Text, entities as character offsets: spaCy's own smallest corpus for `ner`, with two words in one entity.
TRAIN: tuple[tuple[str, tuple[Entity, ...]], ...] = (
    ("Who is Shaka Khan?", ((7, 17, "PERSON"),)),
    ("I like London and Berlin.", ((7, 13, "LOC"), (18, 24, "LOC"))),
)
TEXTS = (
    "I like London and Berlin.",
    "",
    "Who is Shaka Khan?",
    "London",
    "Nobody.",
    "Who likes Shaka Khan and I?",
)


def model_of(tok2vec: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The config of a model on an encoder."""
    return {"@architectures": "spacy-crf-ner.CRFTagger.v1", "tok2vec": tok2vec, **settings}


def make_nlp(**settings: Any) -> Language:
    """A pipeline of a small crf_ner without weights; settings are the component's."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("crf_ner", config={"model": model_of(CNN), **settings})
    return nlp


def make_listening_nlp(*components: str, **settings: Any) -> Language:
    """tok2vec, the named components without listener, and crf_ner as a listener."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", config={"model": CNN})
    for name in components:
        nlp.add_pipe(name)
    nlp.add_pipe("crf_ner", config={"model": model_of(LISTENER), **settings})
    return nlp


def crf_ner(nlp: Language) -> CRFEntityRecognizer:
    """The pipeline's component."""
    component = nlp.get_pipe("crf_ner")
    assert isinstance(component, CRFEntityRecognizer)
    return component


def examples_of(nlp: Language, data: Sequence[tuple[str, Sequence[Entity]]] = TRAIN) -> list[Example]:
    """New Examples on the pipeline's tokens."""
    return [Example.from_dict(nlp.make_doc(text), {"entities": list(found)}) for text, found in data]


def example_of(nlp: Language, words: list[str], tags: list[Any], spaces: list[bool] | None = None) -> Example:
    """An Example with one BILUO tag, or None or "-" for a missing one, per word."""
    predicted = Doc(nlp.vocab, words=words, spaces=spaces)
    return Example.from_dict(predicted, {"words": words, "spaces": spaces, "entities": tags})


def initialize(nlp: Language, examples: list[Example], seed: int = 0, learn_rate: float = 0.02) -> Optimizer:
    """Weights, always the same ones, and an optimizer with a rate that suits a network this small."""
    fix_random_seed(seed)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = learn_rate
    return optimizer


def update(
    nlp: Language, examples: list[Example], optimizer: Optimizer, steps: int, **settings: Any
) -> list[float]:
    """Train on one batch. Returns the loss of each step in nats."""
    losses: list[float] = []
    for _ in range(steps):
        found = nlp.update(examples, sgd=optimizer, **settings)
        losses.append(found["crf_ner"])
    return losses


def train(nlp: Language, examples: list[Example] | None = None, steps: int = 15) -> list[float]:
    """Initialize and train, by default on TRAIN. Returns the loss of each step in nats."""
    examples = examples_of(nlp) if examples is None else examples
    return update(nlp, examples, initialize(nlp, examples), steps)


def outcome(doc: Doc) -> list[tuple[int, int, str, float | None]]:
    """Everything that the component writes: entities and their probabilities."""
    found = zip(entities(doc), (ent._.crf_prob for ent in doc.ents), strict=True)
    return [(*entity, probability) for entity, probability in found]


def outcomes(nlp: Language, texts: Sequence[str] = TEXTS, **settings: Any) -> list[Any]:
    """The same of each of some texts."""
    return [outcome(doc) for doc in nlp.pipe(texts, **settings)]
