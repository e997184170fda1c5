"""The BiLSTM: what it computes, and its settings."""

import numpy as np
import pytest
import torch
from spacy.util import registry
from thinc.api import set_dropout_rate

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.bilstm import build_bilstm_v1
from tests.models.encoders import WIDTH, hashed, new, random_like, torch_parameters
from tests.models.taggers import given_vectors, sample, with_vectors


def test_it_is_torchs_lstm_over_each_doc() -> None:
    model = new("bilstm", embed=given_vectors(), depth=2)
    docs = with_vectors(sample())
    lstm = model.layers[1].shims[0].module.lstm
    with torch.no_grad():
        expected = [lstm(torch.from_numpy(doc.tensor))[0].numpy() for doc in docs if len(doc)]
    got = model.predict(docs)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-6)
    np.testing.assert_allclose(got[2], expected[1], atol=1e-6)


def test_a_new_network_remembers() -> None:
    model = new("bilstm")
    half = WIDTH // 2
    biases = {key: value for key, value in torch_parameters(model).items() if "bias_ih" in key}
    assert len(biases) == 2
    for bias in biases.values():
        np.testing.assert_array_equal(bias[half : 2 * half], 1)
        assert not bias[:half].any()
        assert not bias[2 * half :].any()
    assert all(not value.any() for key, value in torch_parameters(model).items() if "bias_hh" in key)


@pytest.mark.parametrize("depth", [1, 3])
def test_depth_is_the_number_of_layers(depth: int) -> None:
    names = torch_parameters(new("bilstm", depth=depth))
    assert sum("weight_hh" in name for name in names) == 2 * depth


def test_dropout_is_between_the_layers_too() -> None:
    model = new("bilstm", embed=given_vectors(), depth=2, dropout=None)
    docs = with_vectors(sample())
    shim = model.layers[1].shims[0]
    torch.nn.init.ones_(shim.module.lstm.bias_hh_l0)
    # Without input there is nothing to drop before the first layer.
    for doc in docs:
        doc.tensor[:] = 0
    set_dropout_rate(model, 0.9)
    first, second = (model.begin_update(docs)[0][0] for _ in range(2))
    assert abs(first - second).max() > 1e-4
    assert shim.module.lstm.dropout == 0.9
    model.predict(docs)
    assert shim.module.lstm.dropout == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 7}, "BiLSTM: expected `width` to be even, but got 7"),
        ({"width": 0}, "BiLSTM: expected `width` to be at least 1, but got 0"),
        ({"depth": 0}, "BiLSTM: expected `depth` to be at least 1, but got 0"),
    ],
)
def test_settings_that_make_no_network_are_errors(settings: dict[str, int], message: str) -> None:
    with pytest.raises(SpacyCrfNerError, match=message):
        build_bilstm_v1(hashed(), **settings)


def test_a_config_gives_all_settings() -> None:
    model = registry.resolve(
        {
            "model": {
                "@architectures": "spacy-crf-ner.BiLSTM.v1",
                "width": 6,
                "depth": 2,
                "dropout": 0.2,
                "characters": {"@architectures": "spacy-crf-ner.CharacterBiLSTM.v1", "width": 4},
                "embed": {
                    "@architectures": "spacy.MultiHashEmbed.v2",
                    "width": 8,
                    "attrs": ["NORM"],
                    "rows": [50],
                    "include_static_vectors": False,
                },
            }
        }
    )["model"]
    model.initialize(X=sample())
    assert model.get_dim("nO") == 6
    assert model.layers[1].get_dim("nI") == 8 + 4
    assert model.layers[1].attrs["own_dropout"] == 0.2
    vectors, backprop = model.begin_update(sample())
    assert vectors[0].shape == (3, 6)
    assert backprop(random_like(vectors)) == []
