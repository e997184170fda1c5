"""Training: the same from the same seed, resumable, beside other components, with whitespace and gaps in the gold."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed

from tests.pipeline.pipelines import (
    CNN,
    LISTENER,
    TEXTS,
    TRAIN,
    crf_ner,
    example_of,
    examples_of,
    initialize,
    make_listening_nlp,
    make_nlp,
    model_of,
    outcomes,
    train,
    update,
)
from tests.tags.sequences import SCHEMES
from tests.tiny import entities


def weights(nlp: Language) -> bytes:
    """All parameters of all components."""
    return b"".join(component.model.to_bytes() for _, component in nlp.pipeline)


def trained_with(seed: int, drop: float = 0.2) -> Language:
    nlp = make_listening_nlp()
    examples = examples_of(nlp)
    optimizer = initialize(nlp, examples, seed=seed)
    update(nlp, examples, optimizer, steps=4, drop=drop)
    return nlp


def test_the_same_seed_gives_the_same_model_bit_by_bit() -> None:
    first, second = trained_with(seed=1), trained_with(seed=1)
    assert weights(first) == weights(second)
    assert outcomes(first) == outcomes(second)


def test_another_seed_or_dropout_gives_another_model() -> None:
    first = trained_with(seed=1)
    assert weights(first) != weights(trained_with(seed=2))
    assert weights(first) != weights(trained_with(seed=1, drop=0.0))


@pytest.mark.parametrize("make", [make_nlp, make_listening_nlp])
def test_training_goes_on_from_a_folder(make: type, tmp_path: Path) -> None:
    nlp = make()
    losses = train(nlp, steps=3)
    nlp.to_disk(tmp_path)
    restored = spacy.load(tmp_path)
    optimizer = restored.resume_training()
    optimizer.learn_rate = 0.02
    more = update(restored, examples_of(restored), optimizer, steps=8)
    assert more[0] < losses[-1]
    assert more[-1] < 0.1 * more[0]


def test_resumed_training_starts_from_the_very_weights(tmp_path: Path) -> None:
    nlp = make_nlp()
    train(nlp, steps=3)
    nlp.to_disk(tmp_path)
    restored = spacy.load(tmp_path)
    assert weights(restored) == weights(nlp)
    expected = update(nlp, examples_of(nlp), nlp.create_optimizer(), steps=2)
    assert update(restored, examples_of(restored), restored.resume_training(), steps=2) == expected


def test_initializing_again_starts_again() -> None:
    nlp = make_nlp()
    examples = examples_of(nlp)
    initialize(nlp, examples)
    fresh = weights(nlp)
    update(nlp, examples, nlp.create_optimizer(), steps=3)
    assert weights(nlp) != fresh
    initialize(nlp, examples)
    assert weights(nlp) == fresh
    assert crf_ner(nlp).labels == ("LOC", "PERSON")


def test_initializing_again_with_other_labels_adds_them() -> None:
    nlp = make_nlp()
    train(nlp, examples_of(nlp, TRAIN[:1]))
    assert crf_ner(nlp).labels == ("PERSON",)
    losses = train(nlp)
    assert crf_ner(nlp).labels == ("PERSON", "LOC")
    assert losses[-1] < 0.01
    assert len(nlp(TEXTS[0]).ents) == 2


def test_without_an_optimizer_gradients_are_collected_and_weights_stay() -> None:
    nlp = make_nlp()
    examples = examples_of(nlp)
    initialize(nlp, examples)
    component, before = crf_ner(nlp), weights(nlp)
    component.update(examples)
    crf = component.model.get_ref("crf")
    once = crf.get_grad("transitions").copy()
    component.update(examples)
    np.testing.assert_allclose(crf.get_grad("transitions"), 2 * once, rtol=1e-4, atol=1e-6)
    assert np.abs(once).max() > 0.01
    assert weights(nlp) == before


def test_losses_add_up_in_the_dictionary_that_is_given() -> None:
    nlp = make_nlp()
    examples = examples_of(nlp)
    initialize(nlp, examples)
    losses = {"crf_ner": 100.0, "other": 1.0}
    assert crf_ner(nlp).update(examples, losses=losses) is losses
    assert 100 < losses["crf_ner"] < 200
    assert losses["other"] == 1.0


def test_the_loss_of_a_batch_is_the_sum_over_its_docs() -> None:
    nlp = make_nlp()
    examples = examples_of(nlp)
    initialize(nlp, examples)
    component = crf_ner(nlp)
    singly = sum(component.update([example])["crf_ner"] for example in examples)
    assert component.update(examples)["crf_ner"] == pytest.approx(singly, rel=1e-5)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("words", "tags"),
    [
        (["\n", "Abu", "Dhabi"], ["B-LOC", "I-LOC", "L-LOC"]),
        (["Abu", "Dhabi", " "], ["B-LOC", "I-LOC", "L-LOC"]),
        ([" ", "Abu", "\n"], ["B-LOC", "I-LOC", "L-LOC"]),
        (["Abu", "\n", "Dhabi"], ["B-LOC", "I-LOC", "L-LOC"]),
        (["Abu", "\n", "Dhabi"], ["O", "U-LOC", "O"]),
        (["\n", "Abu"], ["O", "U-LOC"]),
    ],
)
def test_gold_entities_with_whitespace_are_trained_on(scheme: str, words: list[str], tags: list[str]) -> None:
    nlp = make_nlp(scheme=scheme)
    examples = [example_of(nlp, words, tags)]
    losses = train(nlp, examples, steps=12)
    assert 0 <= losses[-1] < 0.2 * losses[0]
    doc = nlp(Doc(nlp.vocab, words=words))
    assert all(not doc[start].is_space and not doc[end - 1].is_space for start, end, _ in entities(doc))


@pytest.mark.parametrize("missing", [None, "-"])
def test_docs_without_annotation_teach_nothing(missing: str | None) -> None:
    nlp = make_nlp()
    initialize(nlp, examples_of(nlp))
    component = crf_ner(nlp)
    words = ["Anna", "\n", "likes", "Berlin"]
    example = example_of(nlp, words, [missing] * 4)
    if missing is None:
        example = Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words))
    loss, gradient = component.get_loss([example], component.model.predict([example.predicted]))
    assert loss == pytest.approx(0, abs=1e-6)
    for name in ("emissions", "transitions", "start", "end"):
        np.testing.assert_allclose(getattr(gradient, name), 0, atol=1e-6)


def test_docs_without_annotation_do_not_disturb_others_of_the_batch() -> None:
    plain, mixed = make_nlp(), make_nlp()
    bare = Example(mixed.make_doc("Shaka Khan likes Berlin"), mixed.make_doc("Shaka Khan likes Berlin"))
    expected = train(plain, steps=4)
    losses = train(mixed, [*examples_of(mixed), bare], steps=4)
    assert losses == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("missing", [None, "-"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_partial_annotation_is_learned(scheme: str, missing: str | None) -> None:
    nlp = make_nlp(scheme=scheme)
    words = ["Anna", "Schmidt", "likes", "Berlin", "."]
    examples = [
        example_of(nlp, words, ["B-PER", "L-PER", missing, missing, "O"]),
        example_of(nlp, words, [missing, missing, "O", "U-LOC", missing]),
    ]
    losses = train(nlp, examples)
    assert losses[-1] < 0.1
    assert entities(nlp(Doc(nlp.vocab, words=words))) == [(0, 2, "PER"), (3, 4, "LOC")]


def test_two_components_share_a_pipeline() -> None:
    nlp = spacy.blank("xx")
    for name in ("first", "second"):
        nlp.add_pipe("crf_ner", name=name, config={"model": model_of(CNN)})
    examples = examples_of(nlp)
    optimizer = initialize(nlp, examples)
    for _ in range(15):
        losses = nlp.update(examples, sgd=optimizer)
    assert set(losses) == {"first", "second"}
    assert max(losses.values()) < 0.01
    doc = nlp(TEXTS[0])
    assert len(doc.ents) == 2
    with nlp.select_pipes(disable=["second"]):
        alone = nlp(TEXTS[0])
    # The second finds all taken, and changes nothing about it.
    assert [ent._.crf_prob for ent in doc.ents] == [ent._.crf_prob for ent in alone.ents]


def test_a_tagger_on_the_same_encoder_is_trained_beside() -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", config={"model": CNN})
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER}})
    nlp.add_pipe("crf_ner", config={"model": model_of(LISTENER)})
    words = ["I", "like", "London", "."]
    annotation = {"words": words, "entities": ["O", "O", "U-LOC", "O"], "tags": ["P", "V", "N", "X"]}
    examples = [Example.from_dict(Doc(nlp.vocab, words=words), annotation)]
    optimizer = initialize(nlp, examples)
    encoder = nlp.get_pipe("tok2vec").model.to_bytes()
    for _ in range(20):
        losses = nlp.update(examples, sgd=optimizer)
    assert losses["tagger"] < 0.05
    assert losses["crf_ner"] < 0.05
    assert nlp.get_pipe("tok2vec").model.to_bytes() != encoder
    doc = nlp(Doc(nlp.vocab, words=words))
    assert entities(doc) == [(2, 3, "LOC")]
    assert [token.tag_ for token in doc] == ["P", "V", "N", "X"]


def test_dropout_follows_the_training_setting() -> None:
    nlp = make_nlp()
    examples = examples_of(nlp)
    initialize(nlp, examples)
    component = crf_ner(nlp)
    plain = component.update(examples, drop=0.0)["crf_ner"]
    assert component.update(examples, drop=0.0)["crf_ner"] == plain
    fix_random_seed(0)
    # All scores of a new component are 0 until it has learned something.
    update(nlp, examples, nlp.create_optimizer(), steps=2)
    plain = component.update(examples, drop=0.0)["crf_ner"]
    assert component.update(examples, drop=0.5)["crf_ner"] != plain
    assert component.update(examples, drop=0.0)["crf_ner"] == plain
