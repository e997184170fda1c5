"""LayerwiseAdam without `n_layers`: the layers of each encoder are counted."""

import numpy as np
import pytest
from thinc.api import Adam, Optimizer

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.layerwise_adam import build_layerwise_adam_v1

QUERY = "encoder.layer.{}.attention.self.query.weight"
WEIGHTS = [[1.0, -2.0], [0.5, 4.0]]


def update(optimizer: Optimizer, name: str) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """What a new parameter becomes in an update; the optimizer goes on from what it has seen of this name."""
    weights = np.asarray(WEIGHTS, dtype="float32")
    gradient = np.asarray([[0.1, 0.3], [-0.2, 0.0]], dtype="float32")
    weights, gradient = optimizer((1, name), weights, gradient)
    assert not gradient.any()
    return weights


def test_without_n_layers_the_first_update_counts_them_and_moves_none() -> None:
    ours = build_layerwise_adam_v1(0.1, layer_decay=0.5, embeddings=2.0)
    theirs = {layer: Adam(0.1 * factor, L2=0.01) for layer, factor in ((0, 0.25), (2, 1.0))}
    embedding = "embeddings.word_embeddings.weight"
    for name in (embedding, QUERY.format(0), QUERY.format(2)):
        np.testing.assert_array_equal(update(ours, name), WEIGHTS)
    np.testing.assert_allclose(update(ours, QUERY.format(0)), update(theirs[0], "W"), rtol=1e-6)
    np.testing.assert_allclose(update(ours, QUERY.format(2)), update(theirs[2], "W"), rtol=1e-6)
    # Two times a half to the third.
    np.testing.assert_allclose(update(ours, embedding), update(Adam(0.025, L2=0.01), "W"), rtol=1e-6)
    ours.step_schedules()


def test_heads_do_not_wait_for_the_count_and_each_encoder_has_its_own() -> None:
    ours = build_layerwise_adam_v1(0.1, layer_decay=0.5)
    np.testing.assert_allclose(update(ours, "W"), update(Adam(0.1, L2=0.01), "W"), rtol=1e-6)
    weights = [np.asarray(WEIGHTS, dtype="float32") for _ in range(4)]
    for _ in range(2):
        for module, layers in ((7, (0, 1)), (8, (0,))):
            for layer in layers:
                ours((module, QUERY.format(layer)), weights[module - 7 + 2 * layer], np.ones_like(weights[0]))
    moved = [float(np.abs(one - WEIGHTS).max()) for one in weights]
    assert moved[0] < moved[2] == pytest.approx(moved[1])


def test_without_n_layers_embeddings_without_layers_are_an_error() -> None:
    ours = build_layerwise_adam_v1(0.1)
    update(ours, "embeddings.word_embeddings.weight")
    with pytest.raises(TrainingError, match=r"`n_layers` is null, but .* Set `n_layers` to 0"):
        update(ours, "embeddings.word_embeddings.weight")
