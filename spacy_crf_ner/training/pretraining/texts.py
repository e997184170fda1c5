"""Raw texts for pretraining: reading them, cutting them into word pieces, and batches of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import Errors, TrainingError
from ..raw_texts import read_raw_texts

# Texts are sorted by length among this many batches: little padding, and still batches that differ in every epoch.
POOL_BATCHES = 50
# Texts that go to the tokenizer at a time.
TOKENIZER_BATCH = 1000
# More would take longer, and tell hardly more precisely what they tell.
MAX_HELD_OUT = 2000


def read_texts(paths: Sequence[Path]) -> list[str]:
    """The texts of files: each once, in their order, without whitespace around them.

    paths (Sequence[Path]): Files as `read_raw_texts` takes them.
    RETURNS (list[str]): The texts. Copies of a text are left out: one of them could be trained on, and the other one
        held out.
    RAISES (TrainingError): A file that is not what its name says, or no text.
    """
    texts = dict.fromkeys(text.strip() for path in paths for text in read_raw_texts(path))
    if not texts:
        raise TrainingError(Errors.R302.format(paths=", ".join(str(path) for path in paths)))
    return list(texts)


def split_texts(texts: Sequence[str], share: float, seed: int) -> tuple[list[str], list[str]]:
    """Texts to be trained on, and texts to measure on.

    texts (Sequence[str]): All texts.
    share (float): Of the texts to be held out, 0 to below 1; at least one if it is above 0, at most MAX_HELD_OUT.
    seed (int): Of the choice.
    RETURNS (tuple[list[str], list[str]]): Both in their order in `texts`.
    RAISES (TrainingError): Nothing is left to be trained on.
    """
    n_held_out = min(MAX_HELD_OUT, max(1, round(share * len(texts)))) if share else 0
    if n_held_out >= len(texts):
        raise TrainingError(Errors.R303.format(n_texts=len(texts), held_out=share))
    chosen = set(np.random.default_rng(seed).permutation(len(texts))[:n_held_out].tolist())
    train = [text for index, text in enumerate(texts) if index not in chosen]
    return train, [texts[index] for index in sorted(chosen)]


@dataclass(frozen=True)
class Sequences:
    """Sequences of word pieces, special ones included, one after the other in one array.

    pieces (NDArray[np.int32]): *Shape* (pieces of all sequences,).
    ends (NDArray[np.int64]): *Shape* (sequences,). Where each ends.
    n_words (int): Words between whitespace in the texts that they were made of.
    """

    pieces: NDArray[np.int32]
    ends: NDArray[np.int64]
    n_words: int

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> NDArray[np.int32]:
        start = self.ends[index - 1] if index else 0
        return self.pieces[start : self.ends[index]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """*Shape* (sequences,). Word pieces of each."""
        return np.diff(self.ends, prepend=0)


def cut_into_pieces(texts: Sequence[str], tokenizer: Any, max_length: int) -> Sequences:
    """Cut texts into word pieces, and long ones into several sequences.

    texts (Sequence[str]): The texts.
    tokenizer (PreTrainedTokenizerBase): Of the encoder.
    max_length (int): Longest sequence, special pieces included.
    RETURNS (Sequences): At least one for every text that has word pieces.
    """
    room = max_length - tokenizer.num_special_tokens_to_add()
    found: list[NDArray[np.int32]] = []
    for start in range(0, len(texts), TOKENIZER_BATCH):
        batch = list(texts[start : start + TOKENIZER_BATCH])
        encoded = tokenizer(batch, add_special_tokens=False, return_attention_mask=False)["input_ids"]
        for ids in encoded:
            for first in range(0, len(ids), room):
                whole = tokenizer.build_inputs_with_special_tokens(ids[first : first + room])
                found.append(np.asarray(whole, dtype=np.int32))
    ends = np.cumsum([len(one) for one in found], dtype=np.int64)
    pieces = np.concatenate(found) if found else np.zeros(0, dtype=np.int32)
    return Sequences(pieces, ends, sum(len(text.split()) for text in texts))


def plan_epoch(lengths: NDArray[np.int64], batch_tokens: int, seed: Sequence[int]) -> list[NDArray[np.int64]]:
    """Batches of one pass over all sequences: random, and in each of them sequences of about the same length.

    lengths (NDArray[np.int64]): *Shape* (sequences,). Word pieces of each.
    batch_tokens (int): Size of a batch in word pieces, padding included, but for a longer sequence by itself.
    seed (Sequence[int]): Of the order.
    RETURNS (list[NDArray[np.int64]]): Indices of the sequences of each batch.
    """
    random = np.random.default_rng(list(seed))
    order = random.permutation(len(lengths))
    pool = max(1, round(POOL_BATCHES * batch_tokens / max(1.0, float(lengths.mean()))))
    batches: list[NDArray[np.int64]] = []
    for first in range(0, len(order), pool):
        members = order[first : first + pool]
        members = members[np.argsort(lengths[members], kind="stable")]
        start = 0
        for stop in range(1, len(members) + 1):
            # The next one would be the longest.
            if stop == len(members) or (stop + 1 - start) * lengths[members[stop]] > batch_tokens:
                batches.append(members[start:stop])
                start = stop
    return [batches[index] for index in random.permutation(len(batches))]


def plan_batches(
    lengths: NDArray[np.int64], batch_tokens: int, *, steps: int | None, epochs: int, seed: int
) -> list[NDArray[np.int64]]:
    """The batches of a whole training: `steps` of them, or those of `epochs` passes over all sequences."""
    batches: list[NDArray[np.int64]] = []
    epoch = 0
    while len(batches) < steps if steps is not None else epoch < epochs:
        batches.extend(plan_epoch(lengths, batch_tokens, (seed, epoch)))
        epoch += 1
    return batches[:steps]


class LanguageModelBatches(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Batches with their masks: the same ones for the same seed, whichever of them was asked for before.

    So a training that was interrupted goes on with the masks that it would have had, and two measurements differ in
    the model alone.

    sequences (Sequences): What the batches are made of.
    plan (Sequence[NDArray[np.int64]]): Indices of the sequences of each batch.
    collator (DataCollatorForLanguageModeling): Pads, masks, and makes labels.
    seed (int): Of the masks.
    """

    def __init__(
        self,
        sequences: Sequences,
        plan: Sequence[NDArray[np.int64]],
        collator: Callable[..., Mapping[str, torch.Tensor]],
        seed: int,
    ) -> None:
        self.sequences = sequences
        self.plan = plan
        self.collator = collator
        self.seed = seed

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Arguments of the model: input_ids, attention_mask and labels (-100: nothing to guess), each of *shape*
        (batch, seq_len).
        """
        tokenizer = self.collator.tokenizer  # type: ignore[attr-defined]
        special = tokenizer.all_special_ids
        examples = [
            {
                "input_ids": ids.tolist(),
                "attention_mask": [1] * len(ids),
                "special_tokens_mask": np.isin(ids, special).astype(int).tolist(),
            }
            for ids in (self.sequences[int(one)] for one in self.plan[index])
        ]
        state = int(np.random.SeedSequence([self.seed, index]).generate_state(1)[0])
        self.collator.generator = torch.Generator().manual_seed(state)  # type: ignore[attr-defined]
        return dict(self.collator(examples))

    @property
    def padding(self) -> float:
        """Share of the word pieces of all batches that is padding."""
        lengths = self.sequences.lengths
        padded = sum(len(batch) * int(lengths[batch].max()) for batch in self.plan)
        return 1 - sum(int(lengths[batch].sum()) for batch in self.plan) / padded
