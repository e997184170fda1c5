"""The architecture: shapes, gradients, dropout, widths, and room for more tags."""

import numpy as np
import pytest
from spacy.util import fix_random_seed, registry
from thinc.api import Adam, Linear, set_dropout_rate

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.layers import nll_loss
from spacy_crf_ner.models.crf_tagger import CRFTagger, build_crf_tagger_v1
from tests.layers.chains import in_float64, random_target
from tests.models.taggers import (
    WIDTH,
    columns,
    docs_of,
    given_vectors,
    new_tagger,
    sample,
    small_cnn,
    with_vectors,
)

LENGTHS = (3, 0, 1)


def loss_of(model: CRFTagger) -> float:
    """The loss of a fixed target, in nats."""
    potentials = in_float64(model.predict(with_vectors(sample())))
    return nll_loss(potentials, random_target(LENGTHS, 5))[0]


def backpropagate(model: CRFTagger) -> None:
    """Collect the gradient of that loss."""
    potentials, backprop = model.begin_update(with_vectors(sample()))
    backprop(nll_loss(potentials, random_target(LENGTHS, 5))[1])


def test_every_token_gets_a_score_per_tag() -> None:
    potentials = new_tagger(5).predict(sample())
    assert potentials.emissions.shape == (sum(LENGTHS), 5)
    assert potentials.lengths.tolist() == list(LENGTHS)
    assert potentials.transitions.shape == (5, 5)
    assert potentials.start.shape == potentials.end.shape == (5,)


def test_token_scores_are_a_linear_function_of_the_vectors() -> None:
    model, docs = new_tagger(5), sample()
    output_layer = model.get_ref("output_layer")
    vectors = model.get_ref("tok2vec").predict(docs)
    emissions = model.predict(docs).emissions.numpy()
    expected = np.concatenate(vectors) @ output_layer.get_param("W").T + output_layer.get_param("b")
    np.testing.assert_allclose(emissions, expected, rtol=1e-4, atol=1e-5)


def test_features_are_joined_to_the_vectors_and_learn_too() -> None:
    model = new_tagger(5, tok2vec=given_vectors(), features=small_cnn(width=4))
    assert model.get_ref("output_layer").get_dim("nI") == WIDTH + 4
    features = model.layers[0].layers[1]
    before = features.predict(sample())[0].copy()
    backpropagate(model)
    received = model.get_ref("tok2vec").attrs["received"]
    assert [gradient.shape for gradient in received] == [(length, WIDTH) for length in LENGTHS]
    model.finish_update(Adam(0.01))
    assert abs(features.predict(sample())[0] - before).max() > 1e-3


def test_features_are_stored_with_the_rest() -> None:
    model = new_tagger(5, tok2vec=given_vectors(), features=small_cnn(width=4))
    fix_random_seed(1)
    other = build_crf_tagger_v1(given_vectors(), features=small_cnn(width=4))
    other.initialize(X=sample(), Y=columns(sample(), 5))
    other.from_bytes(model.to_bytes())
    docs = with_vectors(sample())
    np.testing.assert_array_equal(other.predict(docs).emissions, model.predict(docs).emissions)


@pytest.mark.parametrize("texts", [("",), ("", "")])
def test_a_batch_without_tokens_passes_forth_and_back(texts: tuple[str, ...]) -> None:
    model = new_tagger(tok2vec=given_vectors())
    potentials, backprop = model.begin_update(docs_of(*texts))
    assert potentials.emissions.shape == (0, 5)
    assert potentials.batch_size == len(texts)
    backprop(nll_loss(potentials, random_target((0,) * len(texts), 5))[1])


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("output_layer", "W"),
        ("output_layer", "b"),
        ("crf", "transitions"),
        ("crf", "start"),
        ("crf", "end"),
    ],
)
def test_gradients_agree_with_finite_differences(layer: str, name: str) -> None:
    model = new_tagger(tok2vec=given_vectors(), learn_rate_scale=2.0)
    backpropagate(model)
    node, step = model.get_ref(layer), 1e-2
    values, gradient = node.get_param(name), node.get_grad(name)
    for index in np.ndindex(values.shape):
        value = values[index]
        values[index] = value + step
        above = loss_of(model)
        values[index] = value - step
        below = loss_of(model)
        values[index] = value
        assert gradient[index] == pytest.approx((above - below) / (2 * step), rel=5e-3, abs=5e-3)


def test_the_encoder_receives_the_gradient_of_its_vectors() -> None:
    model = new_tagger(tok2vec=given_vectors())
    backpropagate(model)
    received = model.get_ref("tok2vec").attrs["received"]
    assert [gradient.shape for gradient in received] == [(length, WIDTH) for length in LENGTHS]
    docs, step = with_vectors(sample()), 1e-2
    target = random_target(LENGTHS, 5)
    for index in np.ndindex(3, WIDTH):
        moved = []
        for sign in (1, -1):
            docs[0].tensor[index] += sign * step
            moved.append(nll_loss(in_float64(model.predict(docs)), target)[0])
            docs[0].tensor[index] -= sign * step
        expected = (moved[0] - moved[1]) / (2 * step)
        assert received[0][index] == pytest.approx(expected, rel=5e-3, abs=5e-3)


def test_training_changes_the_encoder() -> None:
    model, target = new_tagger(5), random_target(LENGTHS, 5)
    before = [vectors.copy() for vectors in model.get_ref("tok2vec").predict(sample())]
    optimizer, losses = Adam(0.01), []
    for _ in range(30):
        potentials, backprop = model.begin_update(sample())
        loss, gradient = nll_loss(potentials, target)
        backprop(gradient)
        model.finish_update(optimizer)
        losses.append(loss)
    after = model.get_ref("tok2vec").predict(sample())
    assert losses[-1] < 0.2 * losses[0]
    assert np.abs(after[0] - before[0]).max() > 0.01


def test_dropout_is_for_training_only() -> None:
    model, docs = new_tagger(tok2vec=given_vectors()), with_vectors(sample())
    expected = model.predict(docs).emissions
    set_dropout_rate(model, 0.5)
    np.testing.assert_array_equal(model.predict(docs).emissions, expected)
    dropped, _ = model.begin_update(docs)
    assert (dropped.emissions - expected).abs().max() > 0.01
    set_dropout_rate(model, 0.0)
    np.testing.assert_array_equal(model.begin_update(docs)[0].emissions, expected)


@pytest.mark.parametrize("given", ["Y", "nO", "both"])
def test_the_number_of_tags_is_inferred_or_given(given: str) -> None:
    model = build_crf_tagger_v1(small_cnn(), nO=None if given == "Y" else 5)
    model.initialize(X=sample(), Y=None if given == "nO" else columns(sample(), 5))
    assert model.predict(sample()).n_tags == 5


def test_a_model_is_initialized_from_docs_without_tokens() -> None:
    docs = docs_of("", "")
    model = build_crf_tagger_v1(small_cnn())
    model.initialize(X=docs, Y=columns(docs, 5))
    assert model.predict(sample()).emissions.shape == (sum(LENGTHS), 5)


@pytest.mark.parametrize("is_train", [True, False])
def test_vectors_of_another_width_are_an_error_that_names_both(is_train: bool) -> None:
    model = new_tagger(tok2vec=given_vectors())
    with pytest.raises(SpacyCrfNerError, match=f"token vectors of width {WIDTH}.* gives 6"):
        model(with_vectors(sample(), width=6), is_train=is_train)


def test_known_tags_keep_their_scores_when_tags_are_added() -> None:
    model = new_tagger(5)
    before = model.predict(sample())
    assert model.attrs["resize_output"](model, 9) is model
    after = model.predict(sample())
    assert after.n_tags == 9
    np.testing.assert_allclose(after.emissions[:, :5], before.emissions, rtol=1e-6)
    np.testing.assert_array_equal(after.transitions[:5, :5], before.transitions)
    np.testing.assert_array_equal(after.start[:5], before.start)
    assert not after.emissions[:, 5:].any()
    assert not after.transitions[5:].any()


def test_added_tags_are_learned() -> None:
    model = new_tagger(5)
    model.attrs["resize_output"](model, 9)
    # Every token's target is a tag that was added.
    target, optimizer, losses = random_target(LENGTHS, 4) + 5, Adam(0.05), []
    for _ in range(40):
        potentials, backprop = model.begin_update(sample())
        loss, gradient = nll_loss(potentials, target.clamp(min=-1))
        backprop(gradient)
        model.finish_update(optimizer)
        losses.append(loss)
    assert losses[-1] < 0.2 * losses[0]


def test_resizing_replaces_the_layers_that_the_references_name() -> None:
    model = new_tagger(5)
    model.attrs["resize_output"](model, 9)
    assert model.get_ref("output_layer") in list(model.walk())
    assert model.get_ref("crf") in list(model.walk())
    assert model.get_ref("output_layer").get_dim("nO") == model.get_ref("crf").get_dim("nO") == 9


def test_a_model_without_weights_gets_none_by_resizing() -> None:
    model = build_crf_tagger_v1(small_cnn(), nO=5)
    model.attrs["resize_output"](model, 9)
    assert not model.get_ref("crf").has_param("transitions")
    model.initialize(X=sample())
    assert model.predict(sample()).n_tags == 9


def test_tags_cannot_be_taken_away() -> None:
    model = new_tagger(5)
    with pytest.raises(SpacyCrfNerError, match="it has 5 and cannot be resized to 4"):
        model.attrs["resize_output"](model, 4)
    assert model.predict(sample()).n_tags == 5


def test_a_resized_model_is_restored_from_bytes() -> None:
    model = new_tagger(5)
    model.attrs["resize_output"](model, 9)
    restored = build_crf_tagger_v1(small_cnn()).from_bytes(model.to_bytes())
    first, second = model.predict(sample()), restored.predict(sample())
    np.testing.assert_array_equal(first.emissions, second.emissions)
    np.testing.assert_array_equal(first.transitions, second.transitions)
    assert isinstance(restored.get_ref("output_layer"), type(Linear()))


def test_the_settings_of_the_architecture_reach_the_crf() -> None:
    config = {
        "model": {
            "@architectures": "spacy-crf-ner.CRFTagger.v1",
            "nO": 5,
            "learn_rate_scale": 3.0,
            "tok2vec": {
                "@architectures": "spacy.HashEmbedCNN.v2",
                "width": WIDTH,
                "depth": 1,
                "embed_size": 50,
                "window_size": 1,
                "maxout_pieces": 2,
                "subword_features": False,
                "pretrained_vectors": None,
            },
        }
    }
    model = registry.resolve(config)["model"]
    assert model.get_ref("crf").attrs["learn_rate_scale"] == 3.0
    assert model.get_ref("tok2vec").get_dim("nO") == WIDTH
    model.initialize(X=sample())
    assert model.predict(sample()).n_tags == 5


def test_by_default_the_crf_learns_ten_times_as_fast() -> None:
    assert build_crf_tagger_v1(small_cnn()).get_ref("crf").attrs["learn_rate_scale"] == 10


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_a_scale_that_cannot_learn_is_an_error(scale: float) -> None:
    with pytest.raises(SpacyCrfNerError, match="`learn_rate_scale`"):
        build_crf_tagger_v1(small_cnn(), learn_rate_scale=scale)
