"""Continued pretraining of a tiny encoder, from texts to a pipeline that is trained with it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from transformers import AutoModel, AutoTokenizer, GPT2Config, GPT2LMHeadModel

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.pretraining.pretraining import Pretraining
from spacy_crf_ner.training.pretraining.settings import PretrainingSettings
from tests import tiny

TEXTS = [f"{first} {second}" for first in tiny.TINY_TEXTS for second in tiny.TINY_TEXTS[:6]]
SETTINGS: dict[str, Any] = {
    "steps": 60,
    "batch_tokens": 400,
    "learn_rate": 0.02,
    "head_steps": 10,
    "held_out": 0.2,
    "mask_probability": 0.2,
}


def pretraining(encoder: Path, output: Path, **settings: Any) -> Pretraining:
    return Pretraining(TEXTS, output, PretrainingSettings(str(encoder), **{**SETTINGS, **settings}))


def ignore(stage: str, done: int, total: int, loss: float | None) -> None:
    pass


@pytest.fixture(scope="module")
def pretrained(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("pretrained") / "out"
    pretraining(tiny_encoder, output)(ignore)
    return output


def test_perplexity_falls_on_texts_that_are_held_out_and_the_report_says_so(pretrained: Path) -> None:
    report = json.loads((pretrained / "pretraining.json").read_text())
    before, head, after = (report["measures"][name] for name in ("before", "head trained", "after"))
    assert list(report["measures"]) == ["before", "head trained", "after"]
    assert after["perplexity"] < head["perplexity"] < before["perplexity"]
    assert after["perplexity"] < 0.5 * before["perplexity"]
    assert after["accuracy"] > before["accuracy"]
    assert before["guesses"] == after["guesses"] > 20
    assert report["objective"] == "masked"
    assert report["texts"] == {"train": 58, "held_out": 14}
    assert (report["steps"], report["head_steps"]) == (60, 10)
    assert "cls.predictions.bias" in report["random_head"]
    assert report["words_per_second"] > 0
    assert report["settings"]["learn_rate"] == 0.02
    assert {path.name for path in pretrained.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }
    assert not (pretrained / "checkpoints").exists()


def test_a_transformer_component_takes_the_encoder_without_a_word(
    pretrained: Path, tiny_encoder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = {"model": {"name": str(pretrained)}}
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("transformer", config=config)
    nlp.initialize()
    assert capfd.readouterr() == ("", "")
    doc = nlp("Anna Schmidt lives in Berlin .")
    expected = AutoModel.from_pretrained(pretrained).eval()
    ids = AutoTokenizer.from_pretrained(pretrained)(doc.text, return_tensors="pt")
    with torch.inference_mode():
        hidden = expected(**ids).last_hidden_state
    found = torch.tensor(doc._.trf_data.model_output.last_hidden_state)
    assert torch.allclose(found, hidden, atol=1e-5)
    assert pipe.model.tokenizer.mask_token == "[MASK]"


def test_the_same_again_finds_the_encoder_finished(pretrained: Path, tiny_encoder: Path) -> None:
    before = {path.name: path.read_bytes() for path in pretrained.iterdir()}
    calls: list[str] = []
    again = pretraining(tiny_encoder, pretrained)
    report = again(lambda stage, *numbers: calls.append(stage))
    assert report == again.report
    assert report["steps"] == 60
    assert calls == []
    assert {path.name: path.read_bytes() for path in pretrained.iterdir()} == before


def test_a_pretraining_that_was_interrupted_measures_and_saves_what_it_would_have(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    settings = {"steps": 8, "head_steps": 2, "checkpoint_steps": 3}
    whole = pretraining(tiny_encoder, tmp_path / "whole", **settings)(ignore)
    seen: list[tuple[str, int]] = []

    def interrupt(stage: str, done: int, total: int, loss: float | None) -> None:
        seen.append((stage, done))
        if (stage, done) == ("Training", 5):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretraining(tiny_encoder, tmp_path / "parts", **settings)(interrupt)
    again = pretraining(tiny_encoder, tmp_path / "parts", **settings)
    assert again.report is None
    assert again.checkpoint is not None
    seen.clear()
    parts = again(lambda stage, done, total, loss: seen.append((stage, done)))
    # Neither the measure before nor the updates before the checkpoint are done again.
    assert seen[:5] == [("Training", step) for step in range(4, 9)]
    assert all(stage == "Measuring" for stage, _ in seen[5:])
    assert parts["measures"] == whole["measures"]
    first, second = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "parts"))
    assert first == second


def test_frozen_embeddings_stay_as_they_were(tiny_encoder: Path, tmp_path: Path) -> None:
    pretraining(tiny_encoder, tmp_path, steps=3, head_steps=1, freeze_embeddings=True, held_out=0.0)(ignore)
    before, after = (AutoModel.from_pretrained(path).state_dict() for path in (tiny_encoder, tmp_path))
    same = {name for name, one in before.items() if torch.equal(one, after[name])}
    assert same == {name for name in before if "word_embeddings" in name or name.startswith("pooler")}


def test_nothing_is_measured_if_nothing_is_held_out(tiny_encoder: Path, tmp_path: Path) -> None:
    report = pretraining(tiny_encoder, tmp_path, steps=1, head_steps=0, held_out=0.0)(ignore)
    assert report["measures"] == {}
    assert report["texts"] == {"train": len(TEXTS), "held_out": 0}


def test_computing_in_bfloat16_works(tiny_encoder: Path, tmp_path: Path) -> None:
    report = pretraining(tiny_encoder, tmp_path, steps=20, head_steps=0, bf16=True)(ignore)
    assert report["measures"]["after"]["loss"] < report["measures"]["before"]["loss"]


def test_a_causal_encoder_is_trained_to_guess_the_next_piece(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    tokenizer.save_pretrained(tmp_path / "gpt2")
    torch.manual_seed(0)
    GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=64)
    ).save_pretrained(tmp_path / "gpt2")
    report = pretraining(tmp_path / "gpt2", tmp_path / "out", steps=20, head_steps=None)(ignore)
    assert report["objective"] == "causal"
    assert report["head_steps"] == 0
    assert report["random_head"] == []
    assert report["measures"]["after"]["loss"] < report["measures"]["before"]["loss"] - 0.5
    _, info = AutoModel.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(info.values())


def test_texts_are_cut_where_the_encoder_ends(tiny_encoder: Path, tmp_path: Path) -> None:
    texts = ["Boris met Carla Rossi " * 100, "Paris"]
    settings = PretrainingSettings(str(tiny_encoder), max_length=1000, held_out=0.0, steps=1)
    one = Pretraining(texts, tmp_path, settings)
    assert one.batches.sequences.lengths.max() == 128


def test_a_gpu_that_is_not_there_is_an_error(tiny_encoder: Path, tmp_path: Path) -> None:
    count = torch.cuda.device_count()
    with pytest.raises(
        TrainingError, match=rf"`--gpu-id` to be -1.*got {count}, and torch sees {count} GPUs"
    ):
        Pretraining(TEXTS, tmp_path / "out", PretrainingSettings(str(tiny_encoder)), use_gpu=count)
    assert not (tmp_path / "out").exists()


def test_an_absent_package_is_an_error_that_names_the_extra(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "accelerate" else find_spec(name, *more),
    )
    with pytest.raises(
        TrainingError, match=r"'accelerate', which is not installed.*spacy-crf-ner\[pretrain\]"
    ):
        pretraining(tiny_encoder, tmp_path)


def test_texts_without_any_word_piece_are_an_error(tiny_encoder: Path, tmp_path: Path) -> None:
    # A character that the tokenizer throws away.
    with pytest.raises(TrainingError, match="nothing is left to be trained on"):
        Pretraining(["\u200b"], tmp_path, PretrainingSettings(str(tiny_encoder), held_out=0.0))
