"""Settings of continued pretraining, validated."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...errors import Errors, TrainingError

# Share of the steps in which a randomly made head is trained alone.
HEAD_SHARE = 0.1


@dataclass(frozen=True)
class PretrainingSettings:
    """How an encoder is trained on raw text.

    encoder (str): Name on the Hugging Face hub, or a folder.
    steps (int | None): Updates; None for as many as `epochs` need.
    epochs (int): Passes over the texts, if `steps` is None.
    batch_tokens (int): Word pieces of a batch, padding included. A text of more is a batch of its own.
    learn_rate (float): Highest rate of the encoder.
    head_learn_rate (float): Highest rate of a head that is randomly made. One that was loaded learns at `learn_rate`.
    head_steps (int | None): Updates at the beginning in which nothing but the head is trained; None for a tenth of all
        if the head is randomly made, and 0 otherwise.
    warmup (float): Share of the remaining updates, 0 to 1, in which the rate rises from 0. Then it falls to 0.
    weight_decay (float): Decoupled weight decay of all but biases and norms.
    mask_probability (float): Share of the word pieces that are to be guessed, above 0 and below 1. Causal models have
        no masks.
    max_length (int): Longest sequence, in word pieces; longer texts are cut into several.
    held_out (float): Share of the texts, 0 to below 1, on which perplexity is measured; they are not trained on.
    freeze_embeddings (bool): Whether the word embeddings stay as they are.
    checkpoint_steps (int): Updates between two checkpoints, from which an interrupted training goes on.
    bf16 (bool): Whether to compute in bfloat16 where that is safe.
    seed (int): Of the split, order, masks, dropout and a random head.
    RAISES (TrainingError): A value that makes no sense; the message names the setting.
    """

    encoder: str
    steps: int | None = None
    epochs: int = 3
    batch_tokens: int = 4096
    learn_rate: float = 5e-5
    head_learn_rate: float = 1e-3
    head_steps: int | None = None
    warmup: float = 0.1
    weight_decay: float = 0.01
    mask_probability: float = 0.15
    max_length: int = 128
    held_out: float = 0.05
    freeze_embeddings: bool = False
    checkpoint_steps: int = 200
    bf16: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_tokens", "checkpoint_steps"):
            _expect(getattr(self, name) >= 1, name, "at least 1", getattr(self, name))
        for name in ("steps", "head_steps"):
            value = getattr(self, name)
            _expect(
                value is None or value >= (name == "steps"), name, f"at least {int(name == 'steps')}", value
            )
        for name in ("learn_rate", "head_learn_rate"):
            value = getattr(self, name)
            _expect(math.isfinite(value) and value > 0, name, "a finite number above 0", value)
        _expect(0 <= self.warmup <= 1, "warmup", "a share of 0 to 1", self.warmup)
        _expect(
            0 <= self.weight_decay < math.inf,
            "weight_decay",
            "a finite number of at least 0",
            self.weight_decay,
        )
        _expect(
            0 < self.mask_probability < 1, "mask_probability", "above 0 and below 1", self.mask_probability
        )
        # Begin, end, and something between them.
        _expect(self.max_length >= 3, "max_length", "at least 3", self.max_length)
        _expect(0 <= self.held_out < 1, "held_out", "a share of 0 to below 1", self.held_out)
        _expect(0 <= self.seed < 2**32, "seed", "between 0 and 2**32 - 1", self.seed)

    def head_steps_of(self, steps: int, *, random_head: bool) -> int:
        """How many of the updates train the head alone.

        steps (int): All updates.
        random_head (bool): Whether the head has no pretrained weights.
        RETURNS (int): At most `steps`.
        RAISES (TrainingError): `head_steps` leaves nothing for the encoder.
        """
        if self.head_steps is None:
            return math.ceil(HEAD_SHARE * steps) if random_head and steps > 1 else 0
        _expect(
            self.head_steps < steps, "head_steps", f"below the number of all steps, {steps}", self.head_steps
        )
        return self.head_steps


def _expect(holds: bool, name: str, expected: str, got: object) -> None:
    if not holds:
        option = "--" + name.replace("_", "-")
        raise TrainingError(Errors.R300.format(option=option, expected=expected, got=got))
