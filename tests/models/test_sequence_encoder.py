"""What BiLSTM and IDCNN have in common: shapes, gradients, dropout, storage, Docs without tokens."""

from typing import Any

import numpy as np
import pytest
from spacy.util import fix_random_seed
from thinc.api import Adam, RAdam, set_dropout_rate

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.crf_tagger import build_crf_tagger_v1
from tests.models.encoders import (
    BUILDERS,
    WIDTH,
    assert_equal,
    build,
    hashed,
    new,
    random_like,
    torch_parameters,
    weighted_sum,
)
from tests.models.taggers import columns, docs_of, given_vectors, sample, with_vectors


@pytest.fixture(params=sorted(BUILDERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("spelled", [False, True])
def test_every_token_gets_a_vector(name: str, spelled: bool) -> None:
    vectors = new(name, spelled=spelled).predict(sample())
    assert [array.shape for array in vectors] == [(3, WIDTH), (0, WIDTH), (1, WIDTH)]
    assert all(array.dtype == np.float32 for array in vectors)


@pytest.mark.parametrize("spelled", [False, True])
def test_a_doc_is_encoded_as_if_it_were_alone(name: str, spelled: bool) -> None:
    model = new(name, spelled=spelled)
    docs = docs_of(
        "Anna likes Berlin and Paris a lot", "Paris", "", "it rains", "Anna likes Berlin and Paris a lot"
    )
    alone = [model.predict([doc])[0] for doc in docs]
    assert_equal(model.predict(docs), alone, tolerance=1e-5)
    assert_equal(model.predict(docs[::-1]), alone[::-1], tolerance=1e-5)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_the_vector_of_a_word_depends_on_the_words_on_both_sides(name: str) -> None:
    # A new convolution passes on what it has: learning mixes it.
    model = new(name)
    train(model, steps=3)
    middle, left, right = model.predict(docs_of("it rains here", "she rains here", "it rains there"))
    assert abs(middle[1] - left[1]).max() > 1e-4
    assert abs(middle[1] - right[1]).max() > 1e-4


def train(model: Any, steps: int, learn_rate: float = 0.01) -> list[float]:
    """Fit random vectors; RETURNS the squared errors."""
    docs, optimizer, losses = sample(), Adam(learn_rate), []
    # IDCNN ends with ReLU: nothing below 0 can be learned.
    wanted = [0.5 * abs(array) for array in random_like(model.predict(docs))]
    for _ in range(steps):
        vectors, backprop = model.begin_update(docs)
        differences = [got - want for got, want in zip(vectors, wanted, strict=True)]
        losses.append(weighted_sum(differences, differences))
        backprop(differences)
        model.finish_update(optimizer)
    return losses


@pytest.mark.parametrize("spelled", [False, True])
def test_all_weights_learn(name: str, spelled: bool) -> None:
    model = new(name, spelled=spelled, dropout=0.0)
    before, embedded = torch_parameters(model), model.layers[0].predict(sample())
    losses = train(model, steps=30)
    after = torch_parameters(model)
    assert losses[-1] < 0.5 * losses[0]
    assert before.keys() == after.keys()
    for key, values in before.items():
        assert abs(after[key] - values).max() > 1e-4, key
    assert abs(model.layers[0].predict(sample())[0] - embedded[0]).max() > 1e-4


def test_gradients_of_the_input_agree_with_finite_differences(name: str) -> None:
    model = new(name, embed=given_vectors(), dropout=0.0)
    train_on_vectors(model)
    docs, step = with_vectors(sample()), 1e-2
    vectors, backprop = model.begin_update(docs)
    weights = random_like(vectors)
    backprop(weights)
    received = model.layers[0].attrs["received"]
    assert [array.shape for array in received] == [(3, 8), (0, 8), (1, 8)]
    for doc, gradient in zip(docs, received, strict=True):
        for index in np.ndindex(gradient.shape):
            moved = []
            for sign in (1, -1):
                doc.tensor[index] += sign * step
                moved.append(weighted_sum(model.predict(docs), weights))
                doc.tensor[index] -= sign * step
            assert gradient[index] == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=0.02, abs=0.01)


def train_on_vectors(model: Any) -> None:
    """Move the weights away from where they begin, where half of them are 0."""
    for seed in range(3):
        vectors, backprop = model.begin_update(with_vectors(sample(), seed=seed))
        backprop(random_like(vectors))
        model.finish_update(Adam(0.01))


def test_weights_get_gradients_only_where_backprop_is_called(name: str) -> None:
    model = new(name)
    before = torch_parameters(model)
    model.begin_update(sample())
    model.finish_update(Adam(0.1))
    after = torch_parameters(model)
    assert all((after[key] == values).all() for key, values in before.items())


@pytest.mark.parametrize("optimizer", [Adam(0.01), RAdam(0.01)])
def test_an_optimizer_sees_the_names_of_the_parameters(name: str, optimizer: Any) -> None:
    model, seen = new(name), []

    def record(key: Any, weights: Any, gradient: Any, **settings: Any) -> Any:
        seen.append(key)
        return optimizer(key, weights, gradient, **settings)

    vectors, backprop = model.begin_update(sample())
    backprop(random_like(vectors))
    model.finish_update(record)
    shim = model.layers[1].shims[0]
    assert {key[1] for key in seen if key[0] == shim.id} == dict(shim.module.named_parameters()).keys()
    assert any("weight" in str(key[1]) for key in seen)
    assert any("bias" in str(key[1]) for key in seen)


@pytest.mark.parametrize("texts", [(), ("",), ("", "")])
def test_a_batch_without_tokens_passes_forth_and_back(name: str, texts: tuple[str, ...]) -> None:
    model = new(name, spelled=True)
    vectors, backprop = model.begin_update(docs_of(*texts))
    assert [array.shape for array in vectors] == [(0, WIDTH)] * len(texts)
    assert backprop(vectors) == []
    before = torch_parameters(model)
    model.finish_update(Adam(0.1))
    assert all((torch_parameters(model)[key] == values).all() for key, values in before.items())


def test_its_own_dropout_does_not_follow_the_training(name: str) -> None:
    model = new(name, dropout=0.5)
    set_dropout_rate(model, 0.0)
    first, second = (model.begin_update(sample())[0] for _ in range(2))
    assert abs(first[0] - second[0]).max() > 1e-3
    assert_equal(model.predict(sample()), model.predict(sample()))


def test_without_a_rate_dropout_follows_the_training(name: str) -> None:
    model = new(name, dropout=None)
    assert_equal(model.begin_update(sample())[0], model.begin_update(sample())[0])
    set_dropout_rate(model.layers[1], 0.5)
    first, second = (model.begin_update(sample())[0] for _ in range(2))
    assert abs(first[0] - second[0]).max() > 1e-3
    assert_equal(model.predict(sample()), model.predict(sample()))


def test_a_dropout_of_zero_drops_nothing(name: str) -> None:
    model = new(name, dropout=0.0)
    set_dropout_rate(model.layers[1], 0.5)
    assert_equal(model.begin_update(sample())[0], model.predict(sample()), tolerance=1e-6)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_dropout_that_is_no_rate_is_an_error(name: str, rate: float) -> None:
    with pytest.raises(SpacyCrfNerError, match="`dropout` to be null, or from 0 to below 1, but got"):
        build(name, dropout=rate)


def test_the_seed_decides_about_weights_and_dropout(name: str) -> None:
    def run(seed: int) -> Any:
        model = new(name, seed=seed, spelled=True)
        train(model, steps=2)
        return model.predict(sample())

    assert_equal(run(3), run(3))
    assert abs(run(3)[0] - run(4)[0]).max() > 1e-3


def test_it_is_restored_from_bytes(name: str) -> None:
    model = new(name, spelled=True)
    train(model, steps=2)
    restored = build(name, spelled=True).from_bytes(model.to_bytes())
    assert_equal(restored.predict(sample()), model.predict(sample()))
    assert restored.get_dim("nO") == WIDTH
    # It goes on learning.
    train(restored, steps=2)
    assert abs(restored.predict(sample())[0] - model.predict(sample())[0]).max() > 1e-4


def test_a_model_without_weights_has_bytes_too(name: str) -> None:
    restored = build(name, spelled=True).from_bytes(build(name, spelled=True).to_bytes())
    restored.initialize(X=sample())
    assert restored.predict(sample())[0].shape == (3, WIDTH)


def test_a_copy_learns_by_itself(name: str) -> None:
    model = new(name, spelled=True)
    before = model.predict(sample())
    copy = model.copy()
    assert_equal(copy.predict(sample()), before)
    train(copy, steps=2)
    assert_equal(model.predict(sample()), before)


def test_weights_of_other_settings_are_an_error_and_change_nothing(name: str) -> None:
    stored = new(name).to_bytes()
    other = BUILDERS[name](hashed(), width=8)
    other.initialize(X=sample())
    before = other.predict(sample())
    with pytest.raises(
        SpacyCrfNerError, match=f"{name}: the stored weights do not fit the settings.*size mismatch.*[^.].$"
    ):
        other.layers[1].shims[0].from_bytes(build_bytes(stored))
    assert_equal(other.predict(sample()), before)


def build_bytes(stored: bytes) -> bytes:
    """What the shim of the context layer wrote into the bytes of a whole model."""
    import srsly

    message = srsly.msgpack_loads(stored)
    return next(shims[0] for shims in message["shims"] if shims)


def test_the_bytes_hold_no_pickle(name: str) -> None:
    stored = new(name, spelled=True).to_bytes()
    assert b"torch" not in stored
    assert b"cpickle" not in stored.lower()
    assert b'"dtype":"F32"' in stored


def test_a_model_that_is_not_initialized_is_an_error(name: str) -> None:
    model = build(name, embed=given_vectors())
    with pytest.raises(SpacyCrfNerError, match=f"{name}: expected an initialized layer"):
        model.predict(with_vectors(sample()))


@pytest.mark.parametrize("docs", [None, [], docs_of("", "")])
def test_the_width_of_the_embeddings_is_enough_to_initialize(name: str, docs: Any) -> None:
    model = build(name, embed=given_vectors(), spelled=True)
    model.initialize(X=docs)
    assert model.predict(with_vectors(sample()))[0].shape == (3, WIDTH)


def test_a_sample_without_tokens_and_embeddings_of_unknown_width_are_an_error(name: str) -> None:
    embed = given_vectors()
    embed.set_dim("nO", None, force=True)
    with pytest.raises(SpacyCrfNerError, match="cannot tell the width of the vectors below it"):
        build(name, embed=embed).initialize(X=docs_of(""))


@pytest.mark.parametrize("known", [True, False])
def test_it_can_be_initialized_again_on_other_embeddings(name: str, known: bool) -> None:
    model = new(name, embed=given_vectors(8))
    model.layers[0] = given_vectors(6)
    if not known:
        model.layers[0].set_dim("nO", None, force=True)
    model.initialize(X=with_vectors(sample(), width=6))
    assert model.predict(with_vectors(sample(), width=6))[0].shape == (3, WIDTH)


@pytest.mark.parametrize("is_train", [True, False])
def test_embeddings_of_another_width_are_an_error_that_names_both(name: str, is_train: bool) -> None:
    model = new(name, embed=given_vectors(8))
    with pytest.raises(SpacyCrfNerError, match=f"{name}: expected token vectors of width 8.* give 6"):
        model(with_vectors(sample(), width=6), is_train)


def test_the_crf_on_it_learns(name: str) -> None:
    fix_random_seed(0)
    model = build_crf_tagger_v1(build(name, spelled=True))
    model.initialize(X=sample(), Y=columns(sample(), 5))
    assert model.predict(sample()).emissions.shape == (4, 5)
    assert model.get_ref("tok2vec").get_dim("nO") == WIDTH
