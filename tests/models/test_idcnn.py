"""The iterated dilated convolutions: what they see, and their settings."""

from typing import Any

import numpy as np
import pytest
import torch
from spacy.tokens import Doc
from spacy.util import registry

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.idcnn import IDCNN, build_idcnn_v1
from tests.models.encoders import WIDTH, hashed, new, torch_parameters
from tests.models.taggers import VOCAB, given_vectors, sample

N_TOKENS, MIDDLE = 41, 20


def spread_weights(model: Any) -> None:
    """Give all weights positive values, so that ReLU stops nothing."""
    with torch.no_grad():
        for weight in model.layers[1].shims[0].module.parameters():
            weight.fill_(0.1)


def doc_with_vector_in_the_middle(value: float) -> Doc:
    """A Doc whose tokens have vectors of 0, but for the one in the middle."""
    doc = Doc(VOCAB, words=["x"] * N_TOKENS)
    doc.tensor = np.zeros((N_TOKENS, 8), dtype="float32")
    doc.tensor[MIDDLE] = value
    return doc


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        # The first convolution sees 1 token on either side, each iteration the sum of its dilations more.
        ({"dilations": [1, 2, 1], "iterations": 1}, set(range(-5, 6))),
        ({"dilations": [1, 2, 1], "iterations": 3}, set(range(-13, 14))),
        ({"dilations": [1], "iterations": 1, "window_size": 2}, set(range(-4, 5))),
        ({"dilations": [5], "iterations": 1}, {-6, -5, -4, -1, 0, 1, 4, 5, 6}),
    ],
)
def test_it_sees_as_far_as_the_settings_say(settings: dict[str, Any], seen: set[int]) -> None:
    model = new("idcnn", embed=given_vectors(), **settings)
    spread_weights(model)
    before, after = (model.predict([doc_with_vector_in_the_middle(value)])[0] for value in (0.0, 1.0))
    changed = {index - MIDDLE for index in range(N_TOKENS) if abs(after[index] - before[index]).max() > 1e-9}
    assert changed == seen


def test_the_block_is_shared_between_iterations() -> None:
    once, often = (torch_parameters(new("idcnn", iterations=n)) for n in (1, 5))
    assert once.keys() == often.keys()
    assert {name.split(".", 1)[1] for name in once} >= {"entry.weight", "block.0.weight", "block.2.bias"}


def test_it_is_a_convolution_that_pads_with_zeros() -> None:
    torch.manual_seed(0)
    network = IDCNN(4, width=6, window_size=1, dilations=(2,), iterations=1)
    torch.nn.init.normal_(network.block[0].weight)
    torch.nn.init.normal_(network.block[0].bias)
    torch.nn.init.normal_(network.entry.bias)
    lengths, tokens = torch.tensor([5, 1, 3]), torch.randn(9, 4)
    got = network(tokens, lengths, dropout=0.0)

    def convolve(inputs: torch.Tensor, layer: Any, dilation: int) -> torch.Tensor:
        width = inputs.shape[1]
        kernel = layer.weight.view(6, 3, width).transpose(1, 2)
        output = torch.nn.functional.conv1d(
            inputs.T[None], kernel, layer.bias, padding=dilation, dilation=dilation
        )
        return output[0].T.relu()

    expected = [
        convolve(convolve(part, network.entry, 1), network.block[0], 2)
        for part in tokens.split(lengths.tolist())
    ]
    torch.testing.assert_close(got, torch.cat(expected))


def test_a_new_block_passes_on_what_it_gets() -> None:
    few, many = (new("idcnn", iterations=n) for n in (1, 4))
    np.testing.assert_allclose(few.predict(sample())[0], many.predict(sample())[0], atol=1e-6)
    assert few.predict(sample())[0].any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "IDCNN: expected `width` to be at least 1, but got 0"),
        ({"window_size": 0}, "`window_size` to be at least 1, but got 0"),
        ({"iterations": 0}, "`iterations` to be at least 1, but got 0"),
        ({"dilations": []}, r"`dilations` to be at least one number, each at least 1, but got \[\]"),
        ({"dilations": [1, 0]}, r"`dilations` to be at least one number, each at least 1, but got \[1, 0\]"),
    ],
)
def test_settings_that_make_no_network_are_errors(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SpacyCrfNerError, match=message):
        build_idcnn_v1(hashed(), **settings)


def test_a_config_gives_all_settings() -> None:
    model = registry.resolve(
        {
            "model": {
                "@architectures": "spacy-crf-ner.IDCNN.v1",
                "width": WIDTH,
                "window_size": 2,
                "dilations": [1, 3],
                "iterations": 3,
                "dropout": None,
                "characters": None,
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
    module = model.layers[1].shims[0].module
    assert (module.window_size, module.dilations, module.iterations) == (2, (1, 3), 3)
    assert module.entry.weight.shape == (WIDTH, 5 * 8)
    assert [layer.weight.shape for layer in module.block] == [(WIDTH, 5 * WIDTH)] * 2
    assert model.layers[1].attrs["dropout_rate"] == 0.0
