"""Encoders side by side."""

from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.concatenate import build_concatenate_v1
from tests.models.encoders import assert_equal, hashed, random_like
from tests.models.taggers import docs_of, given_vectors, sample, with_vectors


def without_width_of_empty_docs(width: int) -> Model:
    """An encoder that, as a transformer listener, gives Docs without tokens no width, and nothing back."""

    def forward(model: Model, docs: list[Doc], is_train: bool) -> Any:
        def backprop(gradients: Any) -> None:
            model.attrs["received"] = gradients

        arrays = [np.full((len(doc), width if len(doc) else 0), 2.0, dtype="float32") for doc in docs]
        return arrays, backprop

    return Model("no_width", forward, dims={"nO": None}, attrs={"received": None})


def test_each_token_gets_the_vectors_of_all_encoders_in_order() -> None:
    first, second = given_vectors(4), hashed(6)
    model = build_concatenate_v1(first, second)
    model.initialize(X=with_vectors(sample(), 4))
    docs = with_vectors(sample(), 4)
    joined = model.predict(docs)
    assert [array.shape for array in joined] == [(3, 10), (0, 10), (1, 10)]
    assert_equal([array[:, :4] for array in joined], first.predict(docs))
    assert_equal([array[:, 4:] for array in joined], second.predict(docs))
    assert model.get_dim("nO") == 10


def test_docs_without_tokens_need_no_width() -> None:
    model = build_concatenate_v1(without_width_of_empty_docs(3), given_vectors(4))
    model.initialize(X=sample())
    vectors, backprop = model.begin_update(with_vectors(sample(), 4))
    assert [array.shape for array in vectors] == [(3, 7), (0, 7), (1, 7)]
    assert (vectors[0][:, :3] == 2).all()
    gradients = random_like(vectors)
    assert backprop(gradients) == []
    assert_equal(model.layers[0].attrs["received"], [gradient[:, :3] for gradient in gradients])
    assert_equal(model.layers[1].attrs["received"], [gradient[:, 3:] for gradient in gradients])
    assert all(array.flags.c_contiguous for array in model.layers[1].attrs["received"])


@pytest.mark.parametrize("texts", [(), ("",), ("", "")])
def test_a_batch_without_tokens_passes_forth_and_back(texts: tuple[str, ...]) -> None:
    model = build_concatenate_v1(hashed(4), hashed(6))
    model.initialize(X=sample())
    vectors, backprop = model.begin_update(docs_of(*texts))
    assert [array.shape for array in vectors] == [(0, 10)] * len(texts)
    assert backprop(vectors) == []


def test_one_encoder_is_enough() -> None:
    encoder = hashed(6)
    model = build_concatenate_v1(encoder)
    model.initialize(X=sample())
    assert_equal(model.predict(sample()), encoder.predict(sample()))


def test_no_encoder_is_an_error() -> None:
    with pytest.raises(SpacyCrfNerError, match="expected at least one encoder, but got 0"):
        build_concatenate_v1()


def test_a_model_within_another_keeps_its_place() -> None:
    inner = build_concatenate_v1(given_vectors(2), given_vectors(2))
    model = build_concatenate_v1(inner, given_vectors(2))
    model.initialize(X=sample())
    assert model.predict(with_vectors(sample(), 2))[0].shape == (3, 6)
    assert len(model.layers) == 2


def test_it_can_be_initialized_again_with_other_encoders() -> None:
    model = build_concatenate_v1(given_vectors(4), given_vectors(4))
    model.initialize(X=sample())
    model.layers[1] = given_vectors(6)
    model.initialize(X=sample())
    assert model.get_dim("nO") == 10


def test_it_is_restored_from_bytes() -> None:
    model = build_concatenate_v1(hashed(4), hashed(6))
    model.initialize(X=sample())
    restored = build_concatenate_v1(hashed(4), hashed(6)).from_bytes(model.to_bytes())
    assert_equal(restored.predict(sample()), model.predict(sample()))


def test_a_config_names_the_encoders_below_a_star() -> None:
    embed = {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 4,
        "attrs": ["NORM"],
        "rows": [50],
        "include_static_vectors": False,
    }
    config = {"@architectures": "spacy-crf-ner.Concatenate.v1", "*": {"words": embed, "others": dict(embed)}}
    model = registry.resolve({"model": config})["model"]
    model.initialize(X=sample())
    assert model.predict(sample())[0].shape == (3, 8)
