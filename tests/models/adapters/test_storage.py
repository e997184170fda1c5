"""Saving and loading: merged into an ordinary encoder, or beside it; and adapters by themselves."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
import torch
from spacy.language import Language
from transformers import AutoModel

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.adapters import read_adapter, write_adapter
from tests import tiny
from tests.models.adapters.encoders import (
    MERGED,
    METHODS,
    SEPARATE,
    encode,
    initialize,
    make_nlp,
    model_in,
    train,
    trained_nlp,
    weights,
)
from tests.pipeline.transformers import make_transformer_nlp

UNMERGED = [
    ("lora", {"merge": False}),
    ("ia3", {"merge": False}),
    ("prefix_tuning", {}),
    ("prompt_tuning", {}),
]


def stored(nlp: Language) -> dict[str, Any]:
    """What lies in the bytes of the encoder."""
    found: dict[str, Any] = srsly.msgpack_loads(model_in(nlp).shim.to_bytes())
    return found


@pytest.mark.parametrize("method", METHODS)
def test_a_loaded_pipeline_predicts_the_same(method: str, tiny_encoder: Path, tmp_path: Path) -> None:
    nlp = make_nlp(tiny_encoder, method)
    train(nlp, initialize(nlp), 2)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    np.testing.assert_allclose(encode(loaded), encode(nlp), atol=1e-5)
    assert [tiny.entities(doc) for doc in loaded.pipe(tiny.TINY_TEXTS)] == [
        tiny.entities(doc) for doc in nlp.pipe(tiny.TINY_TEXTS)
    ]
    assert model_in(loaded).is_adapted is (method in SEPARATE)
    copied = make_nlp(tiny_encoder, method).from_bytes(nlp.to_bytes())
    np.testing.assert_allclose(encode(copied), encode(nlp), atol=1e-5)


@pytest.mark.parametrize("method", MERGED)
def test_merged_bytes_are_those_of_an_ordinary_encoder(method: str, tiny_encoder: Path) -> None:
    nlp = trained_nlp(tiny_encoder, method)
    ordinary = make_transformer_nlp(tiny_encoder)
    initialize(ordinary)
    assert (
        stored(nlp).keys()
        == srsly.msgpack_loads(ordinary.get_pipe("transformer").model.layers[0].shims[0].to_bytes()).keys()
    )
    # spacy-transformers by itself reads them.
    model = ordinary.get_pipe("transformer").model
    model.layers[0].shims[0].from_bytes(model_in(nlp).shim.to_bytes())
    np.testing.assert_allclose(encode(ordinary), encode(nlp), atol=1e-5)
    assert (
        model.transformer.state_dict().keys() == AutoModel.from_pretrained(tiny_encoder).state_dict().keys()
    )


@pytest.mark.parametrize(
    ("method", "settings"), [("lora", {}), ("lora", {"merge": False}), ("ia3", {}), ("prompt_tuning", {})]
)
def test_saving_does_not_disturb_training(method: str, settings: dict[str, Any], tiny_encoder: Path) -> None:
    losses, states = [], []
    for saves in (False, True):
        nlp = make_nlp(tiny_encoder, method, **settings)
        optimizer = initialize(nlp)
        torch.manual_seed(1)
        losses.append(train(nlp, optimizer, 1))
        if saves:
            before = weights(model_in(nlp).transformer)
            with nlp.use_params(optimizer.averages):
                nlp.to_bytes()
            after = weights(model_in(nlp).transformer)
            assert all(torch.equal(value, after[name]) for name, value in before.items())
        torch.manual_seed(2)
        losses[-1] += train(nlp, optimizer, 2)
        states.append(weights(model_in(nlp).transformer))
    assert losses[0] == losses[1]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.parametrize(("method", "settings"), UNMERGED)
def test_what_is_not_merged_goes_on_training_where_it_was(
    method: str, settings: dict[str, Any], tiny_encoder: Path
) -> None:
    nlp = trained_nlp(tiny_encoder, method, **settings)
    loaded = make_nlp(tiny_encoder, method, **settings).from_bytes(nlp.to_bytes())
    first, second = (weights(model_in(each).transformer) for each in (nlp, loaded))
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert model_in(loaded).count_parameters() == model_in(nlp).count_parameters()
    encoder = {
        name for name, value in model_in(loaded).transformer.named_parameters() if not value.requires_grad
    }
    train(loaded, initialize(loaded), 2)
    third = weights(model_in(loaded).transformer)
    assert {name for name in third if torch.equal(third[name], second[name])} == encoder


def test_adapters_that_were_saved_apart_are_merged_by_a_setting_of_load(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = trained_nlp(tiny_encoder, merge=False)
    nlp.to_disk(tmp_path / "apart")
    loaded = spacy.load(tmp_path / "apart", config={"components.transformer.model.peft.merge": True})
    assert model_in(loaded).is_adapted
    loaded.to_disk(tmp_path / "merged")
    merged = spacy.load(tmp_path / "merged")
    assert not model_in(merged).is_adapted
    np.testing.assert_allclose(encode(merged), encode(nlp), atol=1e-5)


def test_saved_adapters_of_another_method_are_an_error_that_names_both(tiny_encoder: Path) -> None:
    data = model_in(trained_nlp(tiny_encoder, "prefix_tuning")).shim.to_bytes()
    other = make_nlp(tiny_encoder, "prompt_tuning")
    initialize(other)
    before = encode(other)
    with pytest.raises(SpacyCrfNerError, match=r"method PREFIX_TUNING, but .* says PROMPT_TUNING"):
        model_in(other).shim.from_bytes(data)
    np.testing.assert_array_equal(encode(other), before)


@pytest.mark.parametrize(("method", "settings"), UNMERGED)
def test_peft_reads_adapters_that_are_saved_alone(
    method: str, settings: dict[str, Any], tiny_encoder: Path, tmp_path: Path
) -> None:
    from peft import PeftModel

    nlp = trained_nlp(tiny_encoder, method, **settings)
    write_adapter(model_in(nlp).dump_adapter(), tmp_path / "adapter")
    assert sorted(path.name for path in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    model = PeftModel.from_pretrained(AutoModel.from_pretrained(tiny_encoder), tmp_path / "adapter").eval()
    pieces = nlp.get_pipe("transformer").predict([nlp.make_doc(tiny.TINY_TEXTS[0])]).wordpieces
    expected = encode(nlp)
    with torch.no_grad():
        got = model(
            input_ids=torch.tensor(pieces.input_ids), attention_mask=torch.tensor(pieces.attention_mask)
        ).last_hidden_state
    np.testing.assert_allclose(got[:, -expected.shape[1] :], expected, atol=1e-5)


@pytest.mark.parametrize(("method", "settings"), UNMERGED)
def test_training_begins_with_adapters_from_a_folder(
    method: str, settings: dict[str, Any], tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = trained_nlp(tiny_encoder, method, **settings)
    write_adapter(model_in(nlp).dump_adapter(), tmp_path / "adapter")
    # The folder says how large they are, not the setting.
    other = {"r": 3} if method == "lora" else {} if method == "ia3" else {"num_virtual_tokens": 5}
    started = make_nlp(tiny_encoder, method, tmp_path / "adapter", **{**settings, **other})
    optimizer = initialize(started)
    np.testing.assert_allclose(encode(started), encode(nlp), atol=1e-6)
    assert model_in(started).count_parameters() == model_in(nlp).count_parameters()
    # In the first step the new output layer, of zeros, passes no gradient on.
    train(started, optimizer, 2)
    assert np.abs(encode(started) - encode(nlp)).max() > 1e-4


def test_adapters_that_peft_saved_are_a_start_too(tiny_encoder: Path, tmp_path: Path) -> None:
    nlp = trained_nlp(tiny_encoder, merge=False)
    model_in(nlp).transformer.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    started = make_nlp(tiny_encoder, "lora", tmp_path / "adapter")
    initialize(started)
    np.testing.assert_allclose(encode(started), encode(nlp), atol=1e-6)


def test_a_merged_model_does_not_begin_with_the_folder_again(tiny_encoder: Path, tmp_path: Path) -> None:
    source = trained_nlp(tiny_encoder, merge=False)
    write_adapter(model_in(source).dump_adapter(), tmp_path / "adapter")
    nlp = make_nlp(tiny_encoder, "lora", tmp_path / "adapter")
    initialize(nlp)
    nlp.to_disk(tmp_path / "model")
    # Neither is it needed any more.
    for path in (tmp_path / "adapter").iterdir():
        path.unlink()
    loaded = spacy.load(tmp_path / "model")
    train(loaded, loaded.resume_training(), 0)
    model_in(loaded).shim.attach()
    np.testing.assert_allclose(encode(loaded), encode(nlp), atol=1e-5)


def damaged(files: dict[str, bytes], **changes: Any) -> dict[str, bytes]:
    settings = {**json.loads(files["adapter_config.json"]), **changes}
    return {**files, "adapter_config.json": json.dumps(settings).encode("utf8")}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda files: {**files, "adapter_config.json": b"{"}, "Expecting"),
        (lambda files: {**files, "adapter_config.json": b"[]"}, "list"),
        (lambda files: {**files, "adapter_model.safetensors": b"PK"}, "header"),
        (lambda files: damaged(files, peft_type="BOFT"), "`peft_type` is 'BOFT', which is none of LORA, IA3"),
        (lambda files: damaged(files, peft_type="IA3"), "method IA3, but .* says LORA"),
        (lambda files: damaged(files, r=4), "has the shape \\(8, 16\\), and \\(4, 16\\) would fit"),
        (lambda files: damaged(files, target_modules=["query"]), "has the shape .*, and None would fit"),
        (lambda files: damaged(files, target_modules=["none"]), "none.* Set `target_modules`"),
    ],
)
def test_a_folder_with_other_things_is_an_error_and_can_be_corrected(
    damage: Any, message: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    files = model_in(trained_nlp(tiny_encoder, merge=False)).dump_adapter()
    write_adapter(damage(files), tmp_path)
    nlp = make_nlp(tiny_encoder, "lora", tmp_path)
    with pytest.raises(SpacyCrfNerError, match=message):
        initialize(nlp)
    write_adapter(files, tmp_path)
    initialize(nlp)
    assert model_in(nlp).is_adapted


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tiny_encoder: Path, tmp_path: Path) -> None:
    nlp = make_nlp(tiny_encoder, "lora", tmp_path / "none")
    with pytest.raises(SpacyCrfNerError, match=re.escape(str(tmp_path / "none")) + ".*`adapter`"):
        initialize(nlp)


def test_a_failed_write_leaves_the_old_files(tmp_path: Path) -> None:
    old = {"adapter_config.json": b"old", "adapter_model.safetensors": b"old"}
    write_adapter(old, tmp_path)
    bad: Any = {"adapter_config.json": b"new", "adapter_model.safetensors": None}
    with pytest.raises(TypeError, match="bytes"):
        write_adapter(bad, tmp_path)
    assert read_adapter(tmp_path) == old
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_not_initialized_is_saved_and_loaded(tiny_encoder: Path) -> None:
    nlp = make_nlp(tiny_encoder)
    data = model_in(nlp).shim.to_bytes()
    other = make_nlp(tiny_encoder)
    model_in(other).shim.from_bytes(data)
    assert model_in(other).count_parameters() == (0, 0)
    initialize(other)
    assert model_in(other).is_adapted


def test_a_loaded_model_needs_no_peft_if_it_is_merged(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = trained_nlp(tiny_encoder)
    nlp.to_disk(tmp_path / "merged")
    trained_nlp(tiny_encoder, merge=False).to_disk(tmp_path / "apart")
    monkeypatch.setitem(sys.modules, "peft", None)
    loaded = spacy.load(tmp_path / "merged")
    np.testing.assert_allclose(encode(loaded), encode(nlp), atol=1e-5)
    loaded.to_bytes()
    for needs in (
        lambda: spacy.load(tmp_path / "apart"),
        lambda: train(loaded, loaded.resume_training(), 1),
        lambda: initialize(make_nlp(tiny_encoder)),
    ):
        with pytest.raises(SpacyCrfNerError, match=r"pip install 'spacy-crf-ner\[peft\]'"):
            needs()
    # Nothing was attached half-way.
    np.testing.assert_allclose(encode(loaded), encode(nlp), atol=1e-5)
