"""Pipelines whose token scores a test decides, and annotation that is drawn from their own distribution."""

import zlib

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.tags import TagSet, TagSpan
from tests.pipeline import scripted

LABELS = ("PER", "LOC")


def scores_by_text(scale: float) -> scripted.Emit:
    """Normal deviates, the same whenever a text comes again; "O" is likelier than the rest."""

    def emit(doc: Doc, tagset: TagSet) -> np.ndarray:
        generator = np.random.default_rng(zlib.crc32(doc.text.encode("utf8")))
        scores = generator.normal(size=(len(doc), tagset.n_tags)) * scale
        scores[:, 0] += scale / 2
        return scores

    return emit


def pipeline(emit: scripted.Emit, labels: tuple[str, ...] = LABELS, **settings: object) -> Language:
    """A pipeline of nothing but a scripted component."""
    nlp = spacy.blank("en")
    add(nlp, scripted.component(nlp.vocab, emit, labels, **settings))
    return nlp


def add(nlp: Language, component: CRFEntityRecognizer) -> None:
    """Put a component that is made already at the end of a pipeline."""
    nlp._components.append((component.name, component))
    nlp._pipe_meta[component.name] = nlp.get_factory_meta("crf_ner")


def crf_ner(nlp: Language) -> CRFEntityRecognizer:
    """The pipeline's component."""
    component = nlp.get_pipe("crf_ner")
    assert isinstance(component, CRFEntityRecognizer)
    return component


def sampled_examples(
    nlp: Language, count: int, temperature: float, own: dict[str, float] | None = None, seed: int = 0
) -> list[Example]:
    """Examples with annotation drawn from the component's distribution at these temperatures: what it is then right to
    expect.
    """
    component = crf_ner(nlp)
    generator = np.random.default_rng(seed)
    texts = [" ".join(f"w{word}" for word in generator.integers(0, 100, 6)) for _ in range(count)]
    component.cfg.update(temperature=temperature, label_temperatures=own)
    docs = [nlp.make_doc(text) for text in texts]
    drawn = component.sample(docs, 1, seed=seed)
    component.cfg.update(temperature=1.0, label_temperatures=None)
    return [example(nlp, doc.text, annotations[0]) for doc, annotations in zip(docs, drawn, strict=True)]


def example(
    nlp: Language, text: str, spans: list[TagSpan], missing: tuple[tuple[int, int], ...] = ()
) -> Example:
    """An example with these entities; tokens of `missing` are not annotated, all others are outside."""
    reference = nlp.make_doc(text)
    reference.set_ents(
        [Span(reference, *span) for span in spans],
        missing=[Span(reference, start, end) for start, end in missing],
        default="outside",
    )
    return Example(nlp.make_doc(text), reference)
