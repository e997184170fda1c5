"""The Thinc layer: from parameters and token scores to potentials, and gradients back."""

import numpy as np
import pytest
import torch
from thinc.api import Adam, CupyOps, Linear, chain, registry, with_array

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.functional import Potentials, negative_log_likelihood
from spacy_crf_ner.layers import Emissions, build_linear_chain_crf_v1, nll_loss
from tests.layers.chains import (
    LENGTHS,
    PARAMETERS,
    Layer,
    in_float64,
    random_emissions,
    random_layer,
    random_target,
)

SCALES = (1.0, 10.0, 0.25)


def loss_of(layer: Layer, emissions: Emissions, target: torch.Tensor) -> float:
    """The loss in nats, exact but for the float32 of the layer's own arithmetic."""
    return float(negative_log_likelihood(in_float64(layer.predict(emissions)), target).sum())


def backpropagated(layer: Layer, emissions: Emissions, target: torch.Tensor) -> Emissions:
    """The gradient by the emissions; that by the parameters is left in the layer."""
    potentials, backprop = layer.begin_update(emissions)
    return backprop(nll_loss(potentials, target)[1])


def finite_difference(
    layer: Layer, emissions: Emissions, target: torch.Tensor, array: np.ndarray
) -> np.ndarray:
    """Central differences of the loss by each value of an array that the layer reads."""
    step, result = 1e-2, np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss_of(layer, emissions, target)
        array[index] = value - step
        below = loss_of(layer, emissions, target)
        array[index] = value
        result[index] = (above - below) / (2 * step)
    return result


@pytest.mark.parametrize("scale", SCALES)
def test_the_gradient_by_the_emissions_agrees_with_finite_differences(scale: float) -> None:
    layer, emissions, target = random_layer(learn_rate_scale=scale), random_emissions(), random_target()
    for array, gradient in zip(emissions, backpropagated(layer, emissions, target), strict=True):
        assert gradient.shape == array.shape
        assert gradient.dtype == array.dtype
        expected = finite_difference(layer, emissions, target, array)
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("scale", [1.0, 3.0, 0.25])
def test_the_gradient_by_each_parameter_agrees_with_finite_differences(name: str, scale: float) -> None:
    layer, emissions, target = random_layer(learn_rate_scale=scale), random_emissions(), random_target()
    backpropagated(layer, emissions, target)
    expected = finite_difference(layer, emissions, target, layer.get_param(name))
    np.testing.assert_allclose(layer.get_grad(name), expected, rtol=2e-3, atol=2e-3)
    assert np.abs(expected).max() > 0.05


def test_gradients_of_several_batches_add_up() -> None:
    emissions, target = random_emissions(), random_target()
    once, twice = random_layer(), random_layer()
    backpropagated(once, emissions, target)
    backpropagated(twice, emissions, target)
    backpropagated(twice, emissions, target)
    for name in PARAMETERS:
        np.testing.assert_allclose(twice.get_grad(name), 2 * once.get_grad(name), rtol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_scores_are_the_parameters_times_the_learn_rate_scale(scale: float) -> None:
    layer = random_layer(learn_rate_scale=scale)
    potentials = layer.predict(random_emissions())
    for name in PARAMETERS:
        np.testing.assert_allclose(getattr(potentials, name), scale * layer.get_param(name), rtol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_equal_scores_get_a_gradient_in_proportion_to_the_learn_rate_scale(scale: float) -> None:
    plain, scaled = random_layer(), random_layer(learn_rate_scale=scale)
    for name in PARAMETERS:
        scaled.set_param(name, plain.get_param(name) / np.float32(scale))
    of_plain, of_scaled = (
        backpropagated(one, random_emissions(), random_target()) for one in (plain, scaled)
    )
    for name in PARAMETERS:
        np.testing.assert_allclose(scaled.get_grad(name), scale * plain.get_grad(name), rtol=1e-4, atol=1e-6)
    for first, second in zip(of_plain, of_scaled, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_a_step_of_adam_moves_the_scores_by_the_learning_rate_times_the_scale(scale: float) -> None:
    layer = random_layer(learn_rate_scale=scale)
    before = layer.predict(random_emissions()).transitions.clone()
    backpropagated(layer, random_emissions(), random_target())
    layer.finish_update(Adam(0.01, L2=0.0, use_averages=False))
    moved = layer.predict(random_emissions()).transitions - before
    np.testing.assert_allclose(moved.abs(), 0.01 * scale, rtol=1e-2)


def test_a_new_layer_prefers_nothing() -> None:
    layer = build_linear_chain_crf_v1(3)
    layer.initialize()
    assert layer.get_param("transitions").shape == (3, 3)
    assert layer.get_param("start").shape == layer.get_param("end").shape == (3,)
    assert not any(layer.get_param(name).any() for name in PARAMETERS)


def test_the_number_of_tags_is_inferred_from_the_emissions() -> None:
    layer = build_linear_chain_crf_v1()
    layer.initialize(X=random_emissions(n_tags=4))
    assert layer.get_dim("nO") == 4
    assert layer.predict(random_emissions(n_tags=4)).n_tags == 4


def test_without_emissions_the_number_of_tags_has_to_be_given() -> None:
    with pytest.raises(ValueError, match="nO"):
        build_linear_chain_crf_v1().initialize()


def test_the_scores_of_all_sequences_follow_one_another_without_padding() -> None:
    emissions = random_emissions()
    potentials = random_layer().predict(emissions)
    assert potentials.lengths.tolist() == list(LENGTHS)
    np.testing.assert_array_equal(potentials.emissions.numpy(), np.concatenate(emissions))


def test_the_layer_leaves_the_masks_to_whoever_knows_the_tags() -> None:
    potentials = random_layer().predict(random_emissions())
    masks = ("allowed_tags", "allowed_transitions", "allowed_start", "allowed_end")
    assert all(getattr(potentials, name) is None for name in masks)


def test_the_layer_does_not_hand_out_its_inputs_to_be_changed() -> None:
    layer, emissions = random_layer(), random_emissions((2,))
    kept, parameter = emissions[0].copy(), layer.get_param("start").copy()
    potentials = layer.predict(emissions)
    potentials.emissions.fill_(7)
    potentials.start.fill_(7)
    np.testing.assert_array_equal(emissions[0], kept)
    np.testing.assert_array_equal(layer.get_param("start"), parameter)


@pytest.mark.parametrize("lengths", [(), (0,), (0, 0)])
def test_a_batch_without_tokens_has_loss_0_and_no_gradient(lengths: tuple[int, ...]) -> None:
    layer, emissions = random_layer(), random_emissions(lengths)
    potentials, backprop = layer.begin_update(emissions)
    loss, gradient = nll_loss(potentials, random_target(lengths))
    assert loss == 0
    assert [array.shape for array in backprop(gradient)] == [(0, 3) for _ in lengths]
    assert not any(layer.get_grad(name).any() for name in PARAMETERS)


def test_emissions_of_another_width_are_an_error_that_names_both() -> None:
    with pytest.raises(SpacyCrfNerError, match="expected emissions with 3 columns, one per tag, but got 4"):
        random_layer(3).predict(random_emissions((0, 2), n_tags=4))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_cannot_learn_is_an_error(scale: float) -> None:
    with pytest.raises(SpacyCrfNerError, match=f"`learn_rate_scale` above 0, but got {scale}"):
        build_linear_chain_crf_v1(3, scale)


def test_the_layer_is_made_from_a_config() -> None:
    config = {"layer": {"@layers": "spacy-crf-ner.LinearChainCRF.v1", "nO": 2, "learn_rate_scale": 5.0}}
    layer = registry.resolve(config)["layer"]
    assert (layer.get_dim("nO"), layer.attrs["learn_rate_scale"]) == (2, 5.0)


def test_the_layer_learns_behind_other_layers_of_thinc() -> None:
    model = chain(with_array(Linear(3)), build_linear_chain_crf_v1(3))
    X, target, optimizer = random_emissions(n_tags=5), random_target(), Adam(0.05)
    model.initialize(X=X, Y=random_emissions())
    losses = []
    for _ in range(60):
        potentials, backprop = model.begin_update(X)
        loss, gradient = nll_loss(potentials, target)
        assert [array.shape for array in backprop(gradient)] == [array.shape for array in X]
        model.finish_update(optimizer)
        losses.append(loss)
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_what_the_cpu_gives() -> None:
    ops = CupyOps()
    cpu, gpu = random_layer(), random_layer()
    gpu.to_gpu(0)
    emissions, target = random_emissions(), random_target()
    on_gpu = [ops.asarray(array) for array in emissions]
    expected = backpropagated(cpu, emissions, target)
    potentials: Potentials = gpu.predict(on_gpu)
    assert potentials.emissions.is_cuda
    for first, second in zip(expected, backpropagated(gpu, on_gpu, target.cuda()), strict=True):
        np.testing.assert_allclose(first, ops.to_numpy(second), rtol=1e-4, atol=1e-5)
    for name in PARAMETERS:
        np.testing.assert_allclose(cpu.get_grad(name), ops.to_numpy(gpu.get_grad(name)), rtol=1e-4, atol=1e-5)
