"""What Examples ask of the CRF: known entities, known gaps, unknowns, and what the tokens cannot hold."""

import warnings

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.pipeline import examples as reading
from spacy_crf_ner.pipeline.examples import Annotation
from spacy_crf_ner.pipeline.segments import whole_docs
from spacy_crf_ner.pipeline.settings import DEFAULTS, read_settings
from spacy_crf_ner.pipeline.targets import supervise, with_scheme
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.pipelines import crf_ner, initialize, make_nlp
from tests.pipeline.scripted import component, distribution, random_scores
from tests.tags.sequences import SCHEMES

VOCAB = spacy.blank("xx").vocab
LABELS = ("A", "B")
Ents = list[tuple[int, int, str]]


def example(words: list[str], ents: Ents, missing: tuple[int, ...] = (), default: str = "outside") -> Example:
    """Predicted and reference of the same words."""
    reference = Doc(VOCAB, words=words)
    unknown = [reference[position : position + 1] for position in missing]
    reference.set_ents([Span(reference, *ent) for ent in ents], missing=unknown, default=default)
    return Example(Doc(VOCAB, words=words), reference)


def tokenized_apart(predicted: list[str], reference: list[str], ents: Ents) -> Example:
    """Predicted and reference of the same text without spaces, but other tokens."""
    gold = Doc(VOCAB, words=reference, spaces=[False] * len(reference))
    gold.set_ents([Span(gold, *ent) for ent in ents], default="outside")
    return Example(Doc(VOCAB, words=predicted, spaces=[False] * len(predicted)), gold)


def misaligned(text: str, others: int = 0) -> Example:
    """An Example whose last token holds an entity in its middle, and more such tokens before."""
    texts = [f"Other{number}" for number in range(others)] + [text]
    reference = [part for one in texts for part in ("in", one)]
    ents = [(2 * index + 1, 2 * index + 2, "A") for index in range(len(texts))]
    return tokenized_apart(["in" + one for one in texts], reference, ents)


def read_annotation(one: Example) -> Annotation:
    """With all settings at their defaults."""
    return reading.read_annotation("crf_ner", one, read_settings("crf_ner", DEFAULTS))


def test_entities_gaps_and_whitespace_are_read() -> None:
    annotation = read_annotation(
        example(["a", "b", "\n", "c", "d"], [(0, 2, "A"), (4, 5, "B")], missing=(3,))
    )
    assert annotation == Annotation(
        entities=(TagSpan(0, 2, "A"), TagSpan(4, 5, "B")),
        outside=(2,),
        is_space=(False, False, True, False, False),
        misaligned=(),
    )


def test_a_doc_without_annotation_says_nothing() -> None:
    doc = Doc(VOCAB, words=["a", "b"])
    annotation = read_annotation(Example(doc, doc.copy()))
    assert (annotation.entities, annotation.outside) == ((), ())


def test_entities_are_read_on_the_predicted_tokens() -> None:
    annotation = read_annotation(
        tokenized_apart(["Anna", "Schmidt", "x"], ["AnnaSchmidt", "x"], [(0, 1, "A")])
    )
    assert annotation.entities == (TagSpan(0, 2, "A"),)
    assert annotation.outside == (2,)
    assert annotation.misaligned == ()


def test_entities_within_a_token_are_misaligned_and_their_tokens_unknown() -> None:
    annotation = read_annotation(tokenized_apart(["inBerlin", "x"], ["in", "Berlin", "x"], [(1, 2, "A")]))
    assert annotation.entities == ()
    assert annotation.outside == (1,)
    assert annotation.misaligned == ("Berlin (A)",)


def test_full_annotation_becomes_tag_ids_and_partial_annotation_a_mask() -> None:
    crf = component(VOCAB, random_scores(0), LABELS)
    full = [example(["a", "b"], [(0, 2, "A")]), example(["c"], [])]
    partial = [*full, example(["c", "d"], [], missing=(1,))]
    for examples, dtype in ((full, torch.int64), (partial, torch.bool)):
        docs = [one.predicted for one in examples]
        annotations = [read_annotation(one) for one in examples]
        constrained, known = supervise(crf.model.predict(docs), annotations, whole_docs(docs), crf.tagset)
        assert known.target.dtype == dtype
        assert constrained.allowed_transitions is not None
        assert known.target.shape == constrained.emissions.shape[: known.target.dim()]


def test_tags_are_masked_only_where_something_forbids_them() -> None:
    crf = component(VOCAB, random_scores(0), LABELS)
    for words, masked in ((["a", "b"], False), (["a", "\n"], True)):
        gold = example(words, [])
        docs = [gold.predicted]
        annotations = [read_annotation(gold)]
        constrained, _ = supervise(crf.model.predict(docs), annotations, whole_docs(docs), crf.tagset)
        assert (constrained.allowed_tags is not None) == masked


def consistent(spans: tuple[TagSpan, ...], ents: Ents, known: set[int]) -> bool:
    """Whether a set of entities agrees with the annotation of the known tokens."""
    if not set(ents) <= {tuple(span) for span in spans}:
        return False
    others = [span for span in spans if tuple(span) not in ents]
    return all(not known & set(range(span.start, span.end)) for span in others)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("ents", "missing"),
    [
        ([], ()),
        ([(0, 2, "A")], ()),
        ([(0, 2, "A"), (2, 3, "B")], ()),
        ([(0, 4, "B")], ()),
        ([], (0, 1, 2, 3)),
        ([], (1, 2)),
        ([(1, 2, "A")], (0, 2, 3)),
        ([(0, 2, "A"), (3, 4, "B")], (2,)),
        ([(1, 3, "B")], (0,)),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_loss_is_the_probability_of_all_that_agrees_with_the_annotation(
    scheme: str, ents: Ents, missing: tuple[int, ...], seed: int
) -> None:
    crf = component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, seed=seed)
    gold = example(["a", "b", "c", "d"], ents, missing)
    loss, _ = crf.get_loss([gold], crf.model.predict([gold.predicted]))
    known = set(range(4)) - set(missing)
    sets = distribution(crf, gold.predicted)
    probability = sum(p for spans, p in sets.items() if consistent(spans, ents, known))
    assert loss == pytest.approx(-np.log(probability), abs=1e-4)


@pytest.mark.parametrize("scheme", ["BILUO", "BIO"])
def test_training_knows_that_whitespace_begins_no_entity(scheme: str) -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, scheme, seed=0)
    gold = example(["\n", "b", "c"], [(1, 2, "A")])
    loss, _ = crf.get_loss([gold], crf.model.predict([gold.predicted]))
    sets = distribution(crf, gold.predicted)
    possible = sum(p for spans, p in sets.items() if all(span.start > 0 for span in spans))
    assert possible < 0.9
    assert loss == pytest.approx(-np.log(sets[TagSpan(1, 2, "A"),] / possible), abs=1e-4)


def test_training_and_decoding_have_the_same_masks_of_the_scheme() -> None:
    crf = component(VOCAB, random_scores(0), LABELS, "BIO")
    potentials = with_scheme(crf.model.predict([Doc(VOCAB, words=["a"])]), crf.tagset)
    for name in ("allowed_transitions", "allowed_start", "allowed_end"):
        np.testing.assert_array_equal(getattr(potentials, name), getattr(crf.tagset, name))


def test_misaligned_entities_are_reported_with_their_text_and_number() -> None:
    nlp = make_nlp()
    examples = [misaligned("Berlin", others=6), misaligned("Paris"), example(["a"], [(0, 1, "A")])]
    expected = r"'crf_ner': 8 entities .*The first: 'Other0 \(A\)'; .*'Other4 \(A\)'\. Correct"
    with pytest.warns(UserWarning, match=expected) as caught:
        initialize(nlp, examples)
    assert len(caught) == 1
    assert "Other5" not in str(caught[0].message)


def test_misaligned_entities_are_reported_once() -> None:
    nlp = make_nlp()
    examples = [misaligned("Berlin"), example(["a"], [(0, 1, "A")])]
    with pytest.warns(UserWarning, match=r"1 entities .*Berlin \(A\)"):
        optimizer = initialize(nlp, examples)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.update(examples, sgd=optimizer)
        nlp.update(examples, sgd=optimizer)


def test_misaligned_entities_met_later_are_reported_then() -> None:
    nlp = make_nlp()
    with pytest.warns(UserWarning, match="Berlin"):
        initialize(nlp, [misaligned("Berlin"), example(["a"], [(0, 1, "A")])])
    later = [misaligned("Berlin"), misaligned("Paris")]
    with pytest.warns(UserWarning, match=r"1 entities .*The first: 'Paris \(A\)'\. Correct"):
        crf_ner(nlp).update(later)


def test_tokens_of_misaligned_entities_teach_nothing() -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, seed=0)
    gold = tokenized_apart(["inBerlin", "x"], ["in", "Berlin", "x"], [(1, 2, "A")])
    with pytest.warns(UserWarning, match="Berlin"):
        loss, _ = crf.get_loss([gold], crf.model.predict([gold.predicted]))
    sets = distribution(crf, gold.predicted)
    free = sum(p for spans, p in sets.items() if all(span.end <= 1 for span in spans))
    assert loss == pytest.approx(-np.log(free), abs=1e-4)
