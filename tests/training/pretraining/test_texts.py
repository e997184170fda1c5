"""Raw texts: what is read of them, how they are cut, and how they make batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
import torch
from spacy.tokens import DocBin
from transformers import AutoTokenizer, DataCollatorForLanguageModeling

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.pretraining.texts import (
    MAX_HELD_OUT,
    LanguageModelBatches,
    Sequences,
    cut_into_pieces,
    plan_batches,
    plan_epoch,
    read_texts,
    split_texts,
)

LENGTHS = np.random.default_rng(0).integers(3, 60, size=400)


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_encoder)


def test_texts_come_from_all_kinds_of_files_each_once_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("  Ünder the sun \n\nagain\n", encoding="utf8")
    srsly.write_jsonl(tmp_path / "b.jsonl", [{"text": "again"}, {"text": "two\nlines", "label": 1}])
    nlp = spacy.blank("en")
    DocBin(docs=[nlp("From a Doc.")]).to_disk(tmp_path / "c.spacy")
    found = read_texts([tmp_path / name for name in ("a.txt", "b.jsonl", "c.spacy")])
    assert found == ["Ünder the sun", "again", "two\nlines", "From a Doc."]


def test_files_without_any_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n\n")
    with pytest.raises(TrainingError, match=r"there is no text in .*a\.txt"):
        read_texts([tmp_path / "a.txt"])


def test_no_text_is_both_trained_on_and_held_out_and_none_is_lost() -> None:
    texts = [str(number) for number in range(50)]
    train, held_out = split_texts(texts, 0.1, seed=0)
    assert len(held_out) == 5
    assert sorted([*train, *held_out]) == sorted(texts)
    assert train == sorted(train, key=int)
    assert split_texts(texts, 0.1, seed=0) == (train, held_out)
    assert split_texts(texts, 0.1, seed=1) != (train, held_out)


def test_at_least_one_text_is_held_out_and_not_too_many_unless_none_is_wanted() -> None:
    assert len(split_texts(["a", "b"], 0.01, seed=0)[1]) == 1
    assert split_texts(["a", "b"], 0.0, seed=0) == (["a", "b"], [])
    many = [str(number) for number in range(2 * MAX_HELD_OUT + 2)]
    assert len(split_texts(many, 0.9, seed=0)[1]) == MAX_HELD_OUT


def test_holding_out_all_there_is_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"of 1 texts nothing is left.*smaller share than 0\.05"):
        split_texts(["a"], 0.05, seed=0)


def test_long_texts_are_cut_and_every_sequence_has_its_special_pieces(tokenizer: Any) -> None:
    texts = ["Anna Schmidt lives in Berlin .", "Paris", "x" * 30]
    sequences = cut_into_pieces(texts, tokenizer, max_length=6)
    inside = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    cut = [ids[first : first + 4] for ids in inside for first in range(0, len(ids), 4)]
    expected = [[tokenizer.cls_token_id, *ids, tokenizer.sep_token_id] for ids in cut]
    assert [sequences[index].tolist() for index in range(len(sequences))] == expected
    assert sequences.lengths.tolist() == [len(ids) for ids in expected]
    assert sequences.n_words == 8


def test_no_text_makes_no_sequence(tokenizer: Any) -> None:
    assert len(cut_into_pieces([], tokenizer, max_length=8)) == 0


def test_an_epoch_has_every_sequence_once_in_batches_that_fit() -> None:
    plan = plan_epoch(LENGTHS, 200, (0, 0))
    assert sorted(np.concatenate(plan).tolist()) == list(range(len(LENGTHS)))
    assert all(len(batch) * LENGTHS[batch].max() <= 200 for batch in plan)


def test_batches_hold_sequences_of_about_the_same_length_and_come_in_random_order() -> None:
    plan = plan_epoch(LENGTHS, 200, (0, 0))
    padded = sum(len(batch) * LENGTHS[batch].max() for batch in plan)
    assert padded < 1.1 * LENGTHS.sum()
    longest = [int(LENGTHS[batch].max()) for batch in plan]
    assert longest != sorted(longest)
    again = plan_epoch(LENGTHS, 200, (0, 1))
    assert sorted(map(tuple, plan)) != sorted(map(tuple, again))


def test_a_sequence_that_is_longer_than_a_batch_is_one_by_itself() -> None:
    plan = plan_epoch(np.array([3, 500, 3]), 10, (0, 0))
    assert sorted(batch.tolist() for batch in plan if 1 in batch) == [[1]]
    assert sum(len(batch) for batch in plan) == 3


def test_a_plan_ends_after_the_steps_or_else_after_the_epochs() -> None:
    n_batches = len(plan_epoch(LENGTHS, 200, (0, 0)))
    by_epochs = plan_batches(LENGTHS, 200, steps=None, epochs=2, seed=0)
    assert sum(len(batch) for batch in by_epochs) == 2 * len(LENGTHS)
    by_steps = plan_batches(LENGTHS, 200, steps=n_batches + 1, epochs=7, seed=0)
    assert len(by_steps) == n_batches + 1
    assert [batch.tolist() for batch in by_steps] == [batch.tolist() for batch in by_epochs[: n_batches + 1]]


def make_batches(tokenizer: Any, seed: int = 0, probability: float = 0.3) -> LanguageModelBatches:
    texts = ["Anna Schmidt lives in Berlin .", "Paris", "The shop in New York is closed ."]
    sequences = cut_into_pieces(texts, tokenizer, max_length=32)
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=probability)
    return LanguageModelBatches(
        sequences, [np.array([0, 1]), np.array([2]), np.array([0, 2])], collator, seed
    )


def test_a_batch_has_the_same_masks_whenever_it_is_asked_for_and_another_batch_others(tokenizer: Any) -> None:
    first, second = make_batches(tokenizer), make_batches(tokenizer)
    _ = second[0], second[2]
    for key in ("input_ids", "attention_mask", "labels"):
        assert torch.equal(first[1][key], second[1][key])
    differing = [make_batches(tokenizer, seed, 0.5)[1]["labels"].tolist() for seed in range(4)]
    assert len({str(labels) for labels in differing}) > 1


def test_words_are_masked_and_neither_padding_nor_special_pieces_are(tokenizer: Any) -> None:
    batch = make_batches(tokenizer, probability=0.999)[0]
    original = make_batches(tokenizer).sequences[0]
    assert batch["labels"][0].tolist() == [-100, *original[1:-1].tolist(), -100]
    # [CLS] Paris [SEP] and padding
    assert batch["labels"][1, 2:].tolist() == [-100] * (len(original) - 2)
    assert batch["attention_mask"][1].tolist() == [1, 1, 1] + [0] * (len(original) - 3)


def test_the_share_of_padding_is_that_of_the_batches(tokenizer: Any) -> None:
    batches = make_batches(tokenizer)
    masks = [batches[index]["attention_mask"] for index in range(len(batches))]
    ones, cells = sum(int(mask.sum()) for mask in masks), sum(mask.numel() for mask in masks)
    assert batches.padding == pytest.approx(1 - ones / cells)
    assert len(batches) == 3


def test_sequences_know_where_they_begin() -> None:
    sequences = Sequences(np.arange(6, dtype=np.int32), np.array([2, 3, 6]), 1)
    assert [sequences[index].tolist() for index in range(3)] == [[0, 1], [2], [3, 4, 5]]
