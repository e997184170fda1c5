"""Encoders with a language-model head: loading, loss, saving."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BartConfig,
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaConfig,
    RobertaForMaskedLM,
    XLNetConfig,
    XLNetModel,
)

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.pretraining.model import (
    HEAD_FILE,
    SILENCE,
    LanguageModel,
    Measure,
    load_language_model,
    looks_back_only,
    measure,
    quiet_transformers,
    save_encoder,
)

SIZES: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


@pytest.fixture
def tokenizer(tiny_encoder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_encoder)


def save_model(model: Any, tokenizer: Any, folder: Path) -> str:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def make_batch(vocab_size: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, vocab_size, (3, 7), generator=generator)
    labels = torch.where(torch.rand(3, 7, generator=generator) < 0.4, ids, -100)
    mask = torch.ones_like(ids)
    mask[2, 4:] = 0
    labels[2, 4:] = -100
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_loss_from_guessed_pieces_alone_is_the_library_s_with_its_gradient(
    kind: str, tokenizer: Any
) -> None:
    torch.manual_seed(0)
    size = len(tokenizer)
    model: Any = BertForMaskedLM(BertConfig(vocab_size=size, intermediate_size=32, **SIZES))
    if kind == "roberta":
        model = RobertaForMaskedLM(RobertaConfig(vocab_size=size, intermediate_size=32, **SIZES))
    model.eval()
    batch = make_batch(size)
    expected = model(**batch).loss
    expected.backward()
    gradients = {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}
    model.zero_grad()
    losses, hits = LanguageModel(model, tokenizer, masked=True, missing=()).losses(batch)
    losses.mean().backward()
    assert losses.shape == hits.shape == ((batch["labels"] != -100).sum(),)
    assert losses.mean().item() == pytest.approx(expected.item(), rel=1e-5)
    for name, one in model.named_parameters():
        if name in gradients:
            assert torch.allclose(one.grad, gradients[name], atol=1e-6)
    # And whoever uses the model otherwise gets all.
    assert model(**batch).logits.shape == (3, 7, size)


def test_a_causal_model_is_asked_for_the_next_piece(tokenizer: Any) -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2)).eval()
    batch = make_batch(len(tokenizer))
    batch["labels"] = torch.where(batch["attention_mask"] == 1, batch["input_ids"], -100)
    losses, hits = LanguageModel(model, tokenizer, masked=False, missing=()).losses(batch)
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    rows = [(row, at) for row in range(3) for at in range(6) if batch["labels"][row, at + 1] != -100]
    expected = [cross_entropy(logits[row, at], batch["labels"][row, at + 1]).item() for row, at in rows]
    assert losses.tolist() == pytest.approx(expected, abs=1e-5)
    best = [(logits[row, at].argmax() == batch["labels"][row, at + 1]).item() for row, at in rows]
    assert hits.tolist() == best


def test_only_a_causal_model_looks_back_only(tokenizer: Any) -> None:
    causal = GPT2LMHeadModel(GPT2Config(vocab_size=9, n_embd=16, n_layer=1, n_head=2))
    assert looks_back_only(causal)
    assert causal.training
    assert not looks_back_only(BertForMaskedLM(BertConfig(vocab_size=9, intermediate_size=32, **SIZES)))


def test_a_head_that_is_not_in_the_files_is_found_out(
    tiny_encoder: Path, tokenizer: Any, tmp_path: Path
) -> None:
    with quiet_transformers():
        bare = load_language_model(str(tiny_encoder), seed=3)
        again = load_language_model(str(tiny_encoder), seed=3)
        folder = save_model(
            BertForMaskedLM(AutoConfig.from_pretrained(tiny_encoder)), tokenizer, tmp_path / "full"
        )
        whole = load_language_model(folder, seed=0)
    assert (
        set(bare.missing)
        == set(bare.head)
        == {
            "cls.predictions.bias",
            "cls.predictions.transform.dense.weight",
            "cls.predictions.transform.dense.bias",
            "cls.predictions.transform.LayerNorm.weight",
            "cls.predictions.transform.LayerNorm.bias",
        }
    )
    assert whole.missing == ()
    assert whole.masked
    for name, one in bare.head.items():
        assert torch.equal(one, again.head[name])


def test_what_is_saved_is_an_encoder_with_all_its_parts_and_the_source_s_tokenizer(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    with quiet_transformers():
        language_model = load_language_model(str(tiny_encoder), seed=0)
        with torch.no_grad():
            for parameter in language_model.model.parameters():
                parameter.add_(1.0)
        save_encoder(language_model, str(tiny_encoder), tmp_path / "out", seed=0)
    encoder, info = AutoModel.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(info.values())
    source = AutoModel.from_pretrained(tiny_encoder).state_dict()
    for name, one in encoder.state_dict().items():
        # What the language model does not have stays as it was.
        changed = 0.0 if name.startswith("pooler") else 1.0
        assert torch.allclose(one, source[name] + changed), name
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert not any(name.endswith((".bin", ".pt")) for name in names)
    assert "model.safetensors" in names
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        assert (tmp_path / "out" / name).read_text() == (tiny_encoder / name).read_text()


def test_the_next_pretraining_begins_with_the_head_of_the_last_one(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    with quiet_transformers():
        first = load_language_model(str(tiny_encoder), seed=0)
        with torch.no_grad():
            first.model.get_parameter("cls.predictions.bias").fill_(0.5)
        save_encoder(first, str(tiny_encoder), tmp_path / "out", seed=0)
        second = load_language_model(str(tmp_path / "out"), seed=1)
    assert second.missing == ()
    for name, one in first.head.items():
        assert torch.equal(one, second.head[name])
    # The decoder's bias is the same parameter.
    assert second.model.cls.predictions.decoder.bias.mean() == 0.5


def test_a_head_of_another_shape_is_left_where_it_is(tiny_encoder: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    with quiet_transformers():
        first = load_language_model(str(tiny_encoder), seed=0)
        save_encoder(first, str(tiny_encoder), tmp_path / "out", seed=0)
        save_file({"cls.predictions.bias": torch.zeros(3)}, tmp_path / "out" / HEAD_FILE)
        assert load_language_model(str(tmp_path / "out"), seed=0).missing == first.missing


def test_a_decoder_without_padding_is_loaded_as_a_causal_model(tokenizer: Any, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tokenizer.name_or_path, pad_token=None, mask_token=None)
    tokenizer.pad_token = None
    tokenizer.eos_token = "[SEP]"
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2))
    language_model = load_language_model(save_model(model, tokenizer, tmp_path / "gpt2"), seed=0)
    assert not language_model.masked
    assert language_model.head == {}
    assert language_model.missing == ()
    assert language_model.tokenizer.pad_token == "[SEP]"


@pytest.mark.parametrize("kind", ["bart", "xlnet", "clip"])
def test_a_model_that_learned_in_another_way_is_an_error(kind: str, tokenizer: Any, tmp_path: Path) -> None:
    if kind == "xlnet":
        config = XLNetConfig(vocab_size=len(tokenizer), d_model=16, n_layer=1, n_head=2, d_inner=32)
        XLNetModel(config).save_pretrained(tmp_path)
    elif kind == "bart":
        BartConfig().save_pretrained(tmp_path)
    else:
        AutoConfig.for_model("clip_text_model").save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with (
        quiet_transformers(),
        pytest.raises(TrainingError, match=rf"masked language model .*'{kind}.*another way"),
    ):
        load_language_model(str(tmp_path), seed=0)


def test_an_encoder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"cannot load the encoder .*nowhere'.*`--encoder`"):
        load_language_model(str(tmp_path / "nowhere"), seed=0)


def test_a_measure_is_the_mean_over_guesses_and_leaves_the_model_as_it_was(tokenizer: Any) -> None:
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), intermediate_size=32, **SIZES)).train()
    language_model = LanguageModel(model, tokenizer, masked=True, missing=())
    batches = [make_batch(len(tokenizer)), make_batch(len(tokenizer) // 2)]
    found = measure(language_model, iter(batches))
    assert model.training
    model.eval()
    parts = [language_model.losses(batch)[0] for batch in batches]
    assert found.loss == pytest.approx(torch.cat(parts).mean().item(), rel=1e-5)
    assert found.guesses == sum(len(part) for part in parts)
    assert found.perplexity == pytest.approx(math.exp(found.loss))
    assert Measure(1000.0, 0.0, 1).perplexity == math.inf


def test_nothing_to_guess_is_an_error(tokenizer: Any) -> None:
    model = BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), intermediate_size=32, **SIZES))
    batch = make_batch(len(tokenizer))
    batch["labels"] = torch.full_like(batch["labels"], -100)
    with pytest.raises(TrainingError, match="no word piece is masked"):
        measure(LanguageModel(model, tokenizer, masked=True, missing=()), iter([batch]))


def test_the_library_says_again_what_it_has_to_say_afterwards() -> None:
    from transformers.utils import logging

    before = logging.get_verbosity()
    with quiet_transformers():
        assert before < logging.get_verbosity() == SILENCE
    assert logging.get_verbosity() == before
