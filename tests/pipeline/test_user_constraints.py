"""What the user knows before prediction: tokens in no entity, by a span group, and a registered function's masks."""

from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.tags import BoolArray, TagSet
from tests.pipeline.cases import LABELS, VOCAB, doc_of
from tests.pipeline.pipelines import CNN, TEXTS, crf_ner, make_nlp, model_of, train
from tests.pipeline.scripted import (
    best,
    component,
    conditional,
    covered,
    distribution,
    log_prob,
    random_scores,
    wishes,
)
from tests.tags.sequences import SCHEMES
from tests.tiny import entities

KEY = "nothing_here"


def blocked_doc(*spans: tuple[int, int]) -> Doc:
    doc = doc_of()
    doc.spans[KEY] = [doc[start:end] for start, end in spans]
    return doc


def state(doc: Doc) -> tuple[Any, ...]:
    """All that the component could change."""
    return doc.to_array(["ENT_IOB", "ENT_TYPE"]).tolist(), dict(doc.user_data), dict(doc.spans)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_tokens_of_blocked_spans_are_in_no_entity(scheme: str, seed: int) -> None:
    settings = {"seed": seed, "blocked_spans_key": KEY}
    crf = component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, **settings)
    doc = crf(blocked_doc((1, 2), (1, 3)))
    sets = conditional(distribution(crf, doc_of()), lambda spans: not covered(spans) & {1, 2})
    assert entities(doc) == list(best(sets)[0][0])
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-5)
    # They are no missing values either, and not blocked for components that come later.
    assert all(token.ent_iob_ in "BIO" for token in doc)
    assert not any(token.ent_iob == 3 and token.ent_type == 0 for token in doc)


def test_docs_without_the_group_are_free() -> None:
    crf = component(VOCAB, wishes((0, 2, "A")), LABELS, blocked_spans_key=KEY)
    docs = list(crf.pipe([doc_of(), blocked_doc((0, 1)), blocked_doc()]))
    assert [len(doc.ents) for doc in docs] == [1, 0, 1]


def test_entities_on_the_doc_outweigh_blocked_spans() -> None:
    doc = blocked_doc((0, 3))
    doc.set_ents([Span(doc, 1, 2, "B")])
    doc = component(VOCAB, wishes((1, 3, "A"), (3, 4, "A")), LABELS, blocked_spans_key=KEY)(doc)
    assert entities(doc) == [(1, 2, "B"), (3, 4, "A")]


def test_blocked_spans_hold_where_entities_are_overwritten() -> None:
    doc = blocked_doc((0, 3))
    doc.set_ents([Span(doc, 1, 2, "B")])
    emit = wishes((1, 3, "A"), (3, 4, "A"))
    doc = component(VOCAB, emit, LABELS, blocked_spans_key=KEY, overwrite=True)(doc)
    assert entities(doc) == [(3, 4, "A")]


def test_blocked_spans_of_another_key_do_not_matter() -> None:
    doc = component(VOCAB, wishes((0, 2, "A")), LABELS, blocked_spans_key="other")(blocked_doc((0, 4)))
    assert entities(doc) == [(0, 2, "A")]


def lower_case_is_outside(doc: Doc, tagset: TagSet) -> BoolArray:
    """A mask that leaves "O" alone to words in lower case."""
    allowed = np.ones((len(doc), tagset.n_tags), dtype=bool)
    allowed[[token.is_lower for token in doc], 1:] = False
    return allowed


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_constraint_leaves_what_its_mask_allows(scheme: str, seed: int) -> None:
    words = ["A", "b", "C", "D"]
    settings = {"seed": seed, "constraint": lower_case_is_outside}
    crf = component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, **settings)
    doc = crf(doc_of(words))
    sets = conditional(distribution(crf, doc_of(words)), lambda spans: 1 not in covered(spans))
    assert entities(doc) == list(best(sets)[0][0])
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-5)


def test_a_constraint_and_entities_on_the_doc_hold_together() -> None:
    words = ["A", "b", "C", "D"]
    doc = doc_of(words)
    doc.set_ents([Span(doc, 2, 3, "B")])
    singles = [(position, position + 1, "A") for position in range(4)]
    crf = component(VOCAB, wishes(*singles), LABELS, constraint=lower_case_is_outside)
    assert entities(crf(doc)) == [(0, 1, "A"), (2, 3, "B"), (3, 4, "A")]


def test_a_constraint_may_have_nothing_to_say_and_is_not_asked_about_docs_without_tokens() -> None:
    asked: list[str] = []

    def constraint(doc: Doc, tagset: TagSet) -> BoolArray | None:
        asked.append(doc.text)
        return lower_case_is_outside(doc, tagset) if doc[0].is_title else None

    crf = component(VOCAB, wishes((0, 1, "A"), (2, 3, "A")), LABELS, constraint=constraint)
    docs = list(crf.pipe([doc_of(), doc_of([]), doc_of(["A", "b", "c", "D"])]))
    assert [entities(doc) for doc in docs] == [[(0, 1, "A"), (2, 3, "A")], [], [(0, 1, "A")]]
    assert asked == ["a b c d ", "A b c D "]


def test_the_mask_that_a_constraint_returns_is_left_as_it_is() -> None:
    mask = np.ones((4, 9), dtype=bool)
    doc = doc_of()
    doc.set_ents([Span(doc, 0, 1, "A")])
    component(VOCAB, random_scores(0), LABELS, constraint=lambda *_: mask)(doc)
    assert mask.all()


@pytest.mark.parametrize(
    ("mask", "got"),
    [
        (np.ones((4, 8), dtype=bool), r"bool of shape \(4, 8\)"),
        (np.ones((4, 9)), r"float64 of shape \(4, 9\)"),
        (np.ones(9, dtype=bool), r"bool of shape \(9,\)"),
        ([[True] * 9] * 4, "list"),
    ],
)
def test_a_mask_that_does_not_fit_is_an_error(mask: Any, got: str) -> None:
    crf = component(VOCAB, random_scores(0), LABELS, constraint=lambda *_: mask)
    doc = doc_of()
    before = state(doc)
    expected = (
        r"Component 'crf_ner': expected its constraint to return None or a NumPy array, bool of shape \(4, 9\), "
        rf"but got {got}\. Change `\[components.crf_ner\] constraint`"
    )
    with pytest.raises(ComponentError, match=expected):
        crf(doc)
    assert state(doc) == before


def never_b(doc: Doc, tagset: TagSet) -> BoolArray:
    """A mask without label B."""
    allowed = np.array([tagset.parts(tag)[1] != "B" for tag in range(tagset.n_tags)])
    return np.tile(allowed, (len(doc), 1))


@pytest.mark.parametrize("segments", ["doc", "sents"])
def test_a_constraint_that_forbids_an_entity_on_the_doc_is_an_error_that_names_the_token(
    segments: str,
) -> None:
    crf = component(VOCAB, random_scores(0), LABELS, constraint=never_b, segments=segments, k_best=2)
    docs = [doc_of(), doc_of(["d", "e", "f"])]
    for doc in docs:
        doc[2].is_sent_start = True
    docs[0].set_ents([Span(docs[0], 0, 1, "A")])
    docs[1].set_ents([Span(docs[1], 2, 3, "B")])
    before = [state(doc) for doc in docs]
    expected = (
        "Component 'crf_ner': no annotation of this Doc satisfies all constraints: 'd e f '. There is nothing left for "
        r"token 2, 'f'.*`\[components.crf_ner\] constraint`.*`\[components.crf_ner\] overwrite` to true"
    )
    for ask in (lambda: list(crf.pipe(docs)), lambda: crf.k_best(docs, 1), lambda: crf.sample(docs, 1)):
        with pytest.raises(ComponentError, match=expected):
            ask()
    assert [state(doc) for doc in docs] == before
    crf.cfg["overwrite"] = True
    assert all(ent.label_ == "A" for doc in crf.pipe(docs) for ent in doc.ents)


def test_a_constraint_that_no_sequence_of_tags_satisfies_names_the_token_where_it_ends() -> None:
    def constraint(doc: Doc, tagset: TagSet) -> BoolArray:
        allowed = np.ones((len(doc), tagset.n_tags), dtype=bool)
        # An entity begins, and cannot go on.
        allowed[1] = np.arange(tagset.n_tags) == tagset.tag_id("B", "A")
        allowed[2] = np.arange(tagset.n_tags) == tagset.tag_id("U", "A")
        return allowed

    crf = component(VOCAB, random_scores(0), LABELS, constraint=constraint)
    with pytest.raises(ComponentError, match="nothing left for token 2, 'c'"):
        crf(doc_of())


def test_training_does_not_ask_the_constraint() -> None:
    def constraint(doc: Doc, tagset: TagSet) -> BoolArray:
        raise AssertionError("asked")

    crf = component(VOCAB, random_scores(0), LABELS, constraint=constraint)
    gold = doc_of()
    gold.set_ents([Span(gold, 0, 1, "B")])
    loss, _ = crf.get_loss([Example(doc_of(), gold)], crf.model.predict([doc_of()]))
    assert loss > 0
    with pytest.raises(AssertionError, match="asked"):
        crf(doc_of())


@spacy.registry.misc("tests.capitals_only.v1")
def make_capitals_only(length: int) -> Any:
    """A registered constraint with an argument."""

    def constraint(doc: Doc, tagset: TagSet) -> BoolArray:
        allowed = np.ones((len(doc), tagset.n_tags), dtype=bool)
        fitting = [token.text[0].isupper() and len(token) >= length for token in doc]
        allowed[~np.array(fitting, dtype=bool), 1:] = False
        return allowed

    return constraint


def test_a_registered_constraint_comes_from_the_config(tmp_path: Any) -> None:
    nlp = make_nlp(constraint={"@misc": "tests.capitals_only.v1", "length": 7})
    train(nlp)
    assert entities(nlp(TEXTS[0])) == []
    nlp.to_disk(tmp_path)
    assert entities(spacy.load(tmp_path)(TEXTS[0])) == []
    loose = spacy.load(tmp_path, config={"components.crf_ner.constraint.length": 2})
    assert [ent.text for ent in loose(TEXTS[0]).ents] == ["London", "Berlin"]
    free = spacy.load(tmp_path, config={"components.crf_ner.constraint": None})
    assert [ent.text for ent in free(TEXTS[0]).ents] == ["London", "Berlin"]


def test_a_component_has_no_constraint_unless_it_is_given_one() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner", config={"model": model_of(CNN)})
    assert crf_ner(nlp).constraint is None
