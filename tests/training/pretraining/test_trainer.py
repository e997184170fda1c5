"""Continued pretraining by the Trainer: phases, rates, checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer, DataCollatorForLanguageModeling, GPT2Config, GPT2LMHeadModel

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.pretraining.model import LanguageModel, load_language_model, quiet_transformers
from spacy_crf_ner.training.pretraining.settings import PretrainingSettings
from spacy_crf_ner.training.pretraining.texts import LanguageModelBatches, cut_into_pieces
from spacy_crf_ner.training.pretraining.trainer import (
    COMPLETE_FILE,
    Phases,
    find_checkpoint,
    make_optimizer,
    phases_of,
    set_trainable,
    train_language_model,
)
from tests import tiny

STEPS = 12
SETTINGS = PretrainingSettings(
    "", steps=STEPS, learn_rate=0.01, head_learn_rate=0.02, head_steps=4, checkpoint_steps=3, warmup=0.0
)


def load(encoder: Path) -> LanguageModel:
    with quiet_transformers():
        return load_language_model(str(encoder), seed=0)


def make_batches(encoder: Path) -> LanguageModelBatches:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    sequences = cut_into_pieces(tiny.TINY_TEXTS, tokenizer, max_length=32)
    plan = [np.array([index % 12, (index + 5) % 12]) for index in range(STEPS)]
    return LanguageModelBatches(sequences, plan, DataCollatorForLanguageModeling(tokenizer), 0)


def weights(language_model: LanguageModel) -> dict[str, Tensor]:
    return {name: one.detach().clone() for name, one in language_model.model.named_parameters()}


def train(
    language_model: LanguageModel,
    encoder: Path,
    folder: Path,
    *,
    settings: PretrainingSettings = SETTINGS,
    on_step: Callable[[int, float | None], None] = lambda step, loss: None,
    on_head_trained: Callable[[], None] = lambda: None,
) -> dict[str, Tensor]:
    with quiet_transformers():
        train_language_model(
            language_model,
            make_batches(encoder),
            settings,
            folder,
            use_gpu=-1,
            on_step=on_step,
            on_head_trained=on_head_trained,
        )
    return weights(language_model)


def test_the_encoder_s_rate_is_0_for_the_head_then_rises_and_falls_to_0() -> None:
    phases = Phases(steps=24, head_steps=4, warmup=0.25)
    factors = [phases.encoder_factor(step) for step in range(25)]
    assert factors[:4] == [0.0] * 4
    assert factors[4:9] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert factors[9:] == pytest.approx([(24 - step) / 15 for step in range(9, 25)])


def test_the_head_s_rate_rises_at_once_and_falls_with_the_encoder_s() -> None:
    phases = Phases(steps=24, head_steps=4, warmup=0.5)
    factors = [phases.head_factor(step) for step in range(25)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[14:] == pytest.approx([(24 - step) / 10 for step in range(14, 25)])


def test_without_warmup_and_phase_of_the_head_both_rates_fall_from_the_beginning() -> None:
    phases = Phases(steps=4, head_steps=0, warmup=0.0)
    assert [phases.encoder_factor(step) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [phases.head_factor(step) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]


def test_head_and_encoder_have_their_rates_and_biases_and_norms_do_not_decay(tiny_encoder: Path) -> None:
    language_model = load(tiny_encoder)
    optimizer, _ = make_optimizer(language_model, SETTINGS, Phases(STEPS, 0, 0.0))
    found = {id(one): group for group in optimizer.param_groups for one in group["params"]}
    assert len(found) == sum(1 for _ in language_model.model.parameters())
    for name, one in language_model.model.named_parameters():
        group = found[id(one)]
        assert group["initial_lr"] == (0.02 if name.startswith("cls") else 0.01), name
        assert group["weight_decay"] == (0.01 if one.ndim > 1 else 0.0), name
    language_model.missing = ()
    optimizer, _ = make_optimizer(language_model, SETTINGS, Phases(STEPS, 0, 0.0))
    assert {group["initial_lr"] for group in optimizer.param_groups} == {0.01}


def test_what_trains_is_the_head_or_all_or_all_but_the_embeddings(tiny_encoder: Path) -> None:
    language_model = load(tiny_encoder)

    def frozen() -> set[str]:
        return {name for name, one in language_model.model.named_parameters() if not one.requires_grad}

    set_trainable(language_model, head_only=True, freeze_embeddings=False)
    assert frozen() == weights(language_model).keys() - language_model.head.keys()
    set_trainable(language_model, head_only=False, freeze_embeddings=True)
    assert frozen() == {"bert.embeddings.word_embeddings.weight"}
    set_trainable(language_model, head_only=False, freeze_embeddings=False)
    assert frozen() == set()


def test_in_its_phase_the_head_alone_changes_and_then_all_does(tiny_encoder: Path, tmp_path: Path) -> None:
    language_model = load(tiny_encoder)
    before = weights(language_model)
    at_end_of_phase: dict[str, Tensor] = {}
    steps: list[int] = []
    after = train(
        language_model,
        tiny_encoder,
        tmp_path,
        on_step=lambda step, loss: steps.append(step),
        on_head_trained=lambda: at_end_of_phase.update(weights(language_model)),
    )
    assert steps == list(range(1, STEPS + 1))
    for name, one in before.items():
        assert torch.equal(at_end_of_phase[name], one) is (name not in language_model.head), name
        assert not torch.equal(after[name], one), name


def test_the_encoder_has_its_first_update_right_after_the_phase_of_the_head(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    language_model = load(tiny_encoder)
    before = weights(language_model)
    after = train(language_model, tiny_encoder, tmp_path, settings=replace(SETTINGS, head_steps=STEPS - 1))
    assert not any(torch.equal(after[name], one) for name, one in before.items())


def test_a_training_that_was_interrupted_ends_with_the_same_weights(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    whole = train(load(tiny_encoder), tiny_encoder, tmp_path / "whole")

    def interrupt(step: int, loss: float | None) -> None:
        if step == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(load(tiny_encoder), tiny_encoder, tmp_path / "parts", on_step=interrupt)
    checkpoint = find_checkpoint(tmp_path / "parts")
    assert checkpoint is not None
    assert checkpoint.name == "checkpoint-6"
    steps: list[int] = []
    # Other weights, and another state of all generators: what it goes on with is in the checkpoint.
    torch.manual_seed(77)
    language_model = load(tiny_encoder)
    with torch.no_grad():
        language_model.model.bert.embeddings.word_embeddings.weight.add_(1.0)
    parts = train(
        language_model, tiny_encoder, tmp_path / "parts", on_step=lambda step, loss: steps.append(step)
    )
    assert steps == list(range(7, STEPS + 1))
    for name, one in whole.items():
        assert torch.equal(parts[name], one), name


def test_a_training_that_is_at_its_end_changes_nothing_more(tiny_encoder: Path, tmp_path: Path) -> None:
    whole = train(load(tiny_encoder), tiny_encoder, tmp_path)
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == [f"checkpoint-{STEPS}"]
    steps: list[int] = []
    again = train(load(tiny_encoder), tiny_encoder, tmp_path, on_step=lambda step, loss: steps.append(step))
    assert steps == []
    assert all(torch.equal(again[name], one) for name, one in whole.items())


def test_the_newest_complete_checkpoint_is_taken_and_incomplete_ones_are_deleted(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path) is None
    for step, complete in ((20, True), (100, True), (120, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").touch()
        if complete:
            (folder / COMPLETE_FILE).write_text(json.dumps({"step": step}))
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-100"
    assert not (tmp_path / "checkpoint-120").exists()


def test_a_loss_that_is_no_number_is_an_error_that_names_the_settings(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    language_model = load(tiny_encoder)
    with torch.no_grad():
        language_model.model.get_parameter("cls.predictions.bias").fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"the loss is nan at step 10\. Lower `--learn-rate`"):
        train(language_model, tiny_encoder, tmp_path)


def test_a_head_without_parameters_has_no_phase(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2))
    language_model = LanguageModel(model, tokenizer, masked=False, missing=())
    with pytest.raises(
        TrainingError, match="expected `--head-steps` to be 0 for an encoder whose head has no"
    ):
        phases_of(language_model, SETTINGS, STEPS)
    assert phases_of(language_model, replace(SETTINGS, head_steps=None), STEPS).head_steps == 0
