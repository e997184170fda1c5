"""Saving the layer, and making room in it for more tags."""

import numpy as np
import pytest
import srsly
from thinc.api import Linear

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.layers import build_linear_chain_crf_v1, grow, resize_linear_chain_crf
from tests.layers.chains import PARAMETERS, random_emissions, random_layer


def test_the_parameters_are_saved_as_plain_messagepack() -> None:
    layer = random_layer()
    message = srsly.msgpack_loads(layer.to_bytes())
    for name in PARAMETERS:
        np.testing.assert_array_equal(message["params"][0][name], layer.get_param(name))


@pytest.mark.parametrize("known", [3, None])
def test_saved_parameters_come_back(known: int | None) -> None:
    layer, emissions = random_layer(3, learn_rate_scale=2.0), random_emissions()
    restored = build_linear_chain_crf_v1(known).from_bytes(layer.to_bytes())
    assert restored.get_dim("nO") == 3
    assert restored.attrs["learn_rate_scale"] == 2.0
    for name in PARAMETERS:
        np.testing.assert_array_equal(restored.get_param(name), layer.get_param(name))
        np.testing.assert_array_equal(
            getattr(restored.predict(emissions), name), getattr(layer.predict(emissions), name)
        )


def test_saved_parameters_of_another_number_of_tags_are_an_error() -> None:
    with pytest.raises(ValueError, match="nO"):
        build_linear_chain_crf_v1(4).from_bytes(random_layer(3).to_bytes())


def test_known_tags_keep_their_scores_when_tags_are_added() -> None:
    layer = random_layer(3, learn_rate_scale=4.0)
    before, after = (
        one.predict(random_emissions(n_tags=n))
        for one, n in ((layer, 3), (resize_linear_chain_crf(layer, 5), 5))
    )
    np.testing.assert_array_equal(after.transitions[:3, :3], before.transitions)
    np.testing.assert_array_equal(after.start[:3], before.start)
    np.testing.assert_array_equal(after.end[:3], before.end)


def test_added_tags_are_neutral() -> None:
    larger = resize_linear_chain_crf(random_layer(3), 5)
    transitions = larger.get_param("transitions")
    assert transitions.shape == (5, 5)
    assert not transitions[3:].any()
    assert not transitions[:, 3:].any()
    assert not larger.get_param("start")[3:].any()
    assert not larger.get_param("end")[3:].any()


def test_the_layer_before_resizing_is_left_alone() -> None:
    layer, same = random_layer(3), random_layer(3)
    larger = resize_linear_chain_crf(layer, 5)
    larger.get_param("transitions").fill(9)
    for name in PARAMETERS:
        np.testing.assert_array_equal(layer.get_param(name), same.get_param(name))


def test_a_resized_layer_is_a_stranger_to_optimizers() -> None:
    layer = random_layer(3)
    assert resize_linear_chain_crf(layer, 4).id != layer.id


def test_a_layer_without_weights_gets_none_by_resizing() -> None:
    larger = resize_linear_chain_crf(build_linear_chain_crf_v1(3, 7.0), 5)
    assert larger.get_dim("nO") == 5
    assert larger.attrs["learn_rate_scale"] == 7.0
    assert not larger.has_param("transitions")


def test_tags_cannot_be_taken_away() -> None:
    with pytest.raises(SpacyCrfNerError, match="it has 3 and cannot be resized to 2"):
        resize_linear_chain_crf(random_layer(3), 2)


def test_a_linear_layer_grows_by_rows_of_zeros() -> None:
    small = Linear(2, 3)
    small.initialize()
    small.set_param("b", np.array([1, 2], dtype="float32"))
    large = grow(small, Linear(4, 3))
    np.testing.assert_array_equal(large.get_param("W")[:2], small.get_param("W"))
    np.testing.assert_array_equal(large.get_param("b"), [1, 2, 0, 0])
    assert not large.get_param("W")[2:].any()
