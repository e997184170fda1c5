"""The architecture in pipelines: it trains, its output is as that of any encoder, and it goes on where it was."""

from __future__ import annotations

import copy
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.util import registry

from spacy_crf_ner.models.adapters import PeftTransformerModel, find_adapters
from tests import tiny
from tests.models.adapters.encoders import (
    METHODS,
    SEPARATE,
    encode,
    initialize,
    make_examples,
    make_nlp,
    model_in,
    peft_config,
    quick,
    save_encoder,
    train,
    trained_nlp,
    weights,
)
from tests.pipeline.pipelines import model_of
from tests.pipeline.transformers import LISTENER, make_transformer_nlp


@pytest.mark.parametrize("method", METHODS)
def test_training_changes_adapters_and_nothing_else_of_the_encoder(method: str, tiny_encoder: Path) -> None:
    nlp = make_nlp(tiny_encoder, method)
    optimizer = initialize(nlp)
    model = model_in(nlp)
    before, start = weights(model.transformer), encode(nlp)
    losses = train(nlp, optimizer, 10)
    after = weights(model.transformer)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    trains = {name for name, value in model.transformer.named_parameters() if value.requires_grad}
    assert changed == trains
    assert model.count_parameters()[0] == sum(after[name].numel() for name in trains)
    # The optimizer has not seen anything else, and nothing else has a gradient.
    assert {name for shim, name in optimizer.nr_update if shim == model.shim.id} == trains
    gradients = {name for name, value in model.transformer.named_parameters() if value.grad is not None}
    assert gradients == trains
    assert losses[-1] < 0.7 * losses[0]
    assert np.abs(encode(nlp) - start).max() > 0.001


@pytest.mark.parametrize("method", METHODS)
def test_the_output_has_a_row_for_each_word_piece(method: str, tiny_encoder: Path) -> None:
    plain, nlp = make_transformer_nlp(tiny_encoder), trained_nlp(tiny_encoder, method)
    initialize(plain)
    texts = [*tiny.TINY_TEXTS, "", "x", "word " * 24, " "]
    for doc, other in zip(nlp.pipe(texts), plain.pipe(texts), strict=True):
        got, expected = doc._.trf_data, other._.trf_data
        assert [array.shape for array in got.tensors[:1]] == [array.shape for array in expected.tensors[:1]]
        np.testing.assert_array_equal(got.align.lengths, expected.align.lengths)
        np.testing.assert_array_equal(got.align.dataXd, expected.align.dataXd)
        np.testing.assert_array_equal(got.wordpieces.input_ids, expected.wordpieces.input_ids)


@pytest.mark.parametrize("method", SEPARATE)
def test_other_tensors_come_without_virtual_tokens(method: str, tiny_encoder: Path) -> None:
    config = peft_config(tiny_encoder, method)
    # Only this implementation computes attention that it can give out.
    config["model"]["transformer_config"] = {
        "output_hidden_states": True,
        "output_attentions": True,
        "attn_implementation": "eager",
    }
    nlp = spacy.blank("xx")
    nlp.add_pipe("transformer", config=config)
    nlp.add_pipe("crf_ner", config={"model": model_of(LISTENER)})
    initialize(nlp)
    output = nlp("Anna lives in Berlin")._.trf_data.model_output
    shape = output.last_hidden_state.shape
    assert [state.shape for state in output.hidden_states] == [shape, shape]
    np.testing.assert_allclose(output.hidden_states[-1], output.last_hidden_state)
    assert "attentions" not in output
    assert ("pooler_output" in output) is (method == "prefix_tuning")
    assert train(nlp, quick(nlp.resume_training()), 2)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_gives_what_single_texts_give(method: str, tiny_encoder: Path) -> None:
    nlp = trained_nlp(tiny_encoder, method)
    for doc, text in zip(nlp.pipe(tiny.TINY_TEXTS), tiny.TINY_TEXTS, strict=True):
        expected = encode(nlp, text)
        got = doc._.trf_data.model_output.last_hidden_state
        np.testing.assert_allclose(got[:, : expected.shape[1]], expected, atol=1e-5)


@pytest.mark.parametrize("method", SEPARATE)
def test_windows_leave_room_for_virtual_tokens(method: str, tiny_encoder: Path) -> None:
    nlp = make_nlp(tiny_encoder, method, num_virtual_tokens=100)
    optimizer = initialize(nlp)
    # 32 tokens of three word pieces each: more than the 28 positions that are left.
    doc = nlp("abc " * 40)
    assert doc._.trf_data.model_output.last_hidden_state.shape[1] == 28
    assert doc._.trf_data.wordpieces.input_ids.shape[1] == 28
    train(nlp, optimizer, 1)
    again = make_nlp(tiny_encoder, method, num_virtual_tokens=100).from_bytes(nlp.to_bytes())
    assert again("abc " * 40)._.trf_data.wordpieces.input_ids.shape[1] == 28


def test_windows_stay_as_long_as_they_were_without_virtual_tokens(tiny_encoder: Path) -> None:
    nlp = make_nlp(tiny_encoder)
    initialize(nlp)
    assert model_in(nlp).tokenizer.model_max_length == 128


@pytest.mark.parametrize("model_type", ["roberta", "electra", "gpt2"])
@pytest.mark.parametrize("method", ["lora", *SEPARATE])
def test_other_encoders_train_and_are_restored(
    method: str, model_type: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    folder = save_encoder(tmp_path / model_type, model_type, tiny_encoder)
    nlp = make_nlp(folder, method)
    losses = train(nlp, initialize(nlp), 6)
    assert losses[-1] < losses[0]
    restored = make_nlp(folder, method).from_bytes(nlp.to_bytes())
    np.testing.assert_allclose(encode(restored), encode(nlp), atol=1e-5)


def test_the_config_of_spacy_transformers_needs_another_name_and_a_section_only(tiny_encoder: Path) -> None:
    plain = make_transformer_nlp(tiny_encoder).get_pipe_config("transformer")["model"]
    config = {
        **plain,
        "@architectures": "spacy-crf-ner.PeftTransformerModel.v1",
        "peft": {"@misc": "spacy-crf-ner.lora.v1"},
    }
    first = registry.resolve({"model": copy.deepcopy(config)})["model"]
    assert isinstance(first, PeftTransformerModel)
    assert first.count_parameters() == (0, 0)
    mixed = {**config, "mixed_precision": True, "grad_scaler_config": {"init_scale": 4.0}}
    second = registry.resolve({"model": mixed})["model"]
    assert (first.shim._mixed_precision, second.shim._mixed_precision) == (False, True)
    # The settings of one model do not get into another.
    assert (first.shim._grad_scaler._enabled, second.shim._grad_scaler._enabled) == (False, True)
    assert second.shim._grad_scaler._scale == 4.0


def test_how_many_parameters_train_is_logged(tiny_encoder: Path, caplog: pytest.LogCaptureFixture) -> None:
    nlp = make_nlp(tiny_encoder, r=2)
    logger = logging.getLogger("spacy")
    with caplog.at_level(logging.INFO, logger="spacy"):
        logger.addHandler(caplog.handler)
        initialize(nlp)
        logger.removeHandler(caplog.handler)
    # One layer, query and value: two matrices of 2 x 16 each.
    assert model_in(nlp).count_parameters()[0] == 2 * 2 * 2 * 16
    total = model_in(nlp).count_parameters()[1]
    assert f"Adapters (LORA): 128 of the encoder's {total} parameters train" in caplog.text


def test_docs_without_tokens_train_and_are_predicted(tiny_encoder: Path) -> None:
    nlp = make_nlp(tiny_encoder, "prompt_tuning")
    optimizer = initialize(nlp)
    nlp.update(make_examples(nlp)[:1], sgd=optimizer)
    doc = nlp(Doc(nlp.vocab))
    assert doc.ents == ()
    assert [len(doc) for doc in nlp.pipe(["", "Anna", ""])] == [0, 1, 0]


def test_a_component_that_trains_alone_has_adapters_too(tiny_encoder: Path) -> None:
    config = peft_config(tiny_encoder)["model"]
    config.update(
        {
            "@architectures": "spacy-crf-ner.PeftTok2VecTransformer.v1",
            "pooling": {"@layers": "reduce_mean.v1"},
        }
    )
    nlp = spacy.blank("xx")
    tagger = {"@architectures": "spacy-crf-ner.CRFTagger.v1", "tok2vec": config}
    nlp.add_pipe("crf_ner", config={"model": tagger})
    losses = train(nlp, initialize(nlp), 6)
    assert losses[-1] < 0.8 * losses[0]
    assert list(find_adapters(nlp)) == ["crf_ner"]


SCRIPT = """
import sys
sys.modules["peft"] = None
import spacy
nlp = spacy.load(sys.argv[1])
print([(ent.text, ent.label_) for ent in nlp(sys.argv[2]).ents])
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "ia3"])
def test_a_new_process_without_peft_uses_the_pipeline(
    method: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = make_nlp(tiny_encoder, method)
    train(nlp, initialize(nlp), 30)
    nlp.to_disk(tmp_path)
    text = tiny.TINY_TEXTS[0]
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), text], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == str([(ent.text, ent.label_) for ent in nlp(text).ents])
    assert nlp(text).ents
