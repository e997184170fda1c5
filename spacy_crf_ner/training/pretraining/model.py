"""An encoder with a language-model head on it: how it is loaded, what it loses, how the encoder is saved."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from logging import CRITICAL
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ...errors import Errors, TrainingError

# What the head of one pretraining has learned, for the next one: beside the encoder, which has no place for it.
HEAD_FILE = "language_model_head.safetensors"
IGNORED = -100
# Above all levels of messages.
SILENCE = CRITICAL + 1


@dataclass
class LanguageModel:
    """A masked language model, or a causal one.

    model (PreTrainedModel): Encoder and head.
    tokenizer (PreTrainedTokenizerBase): Of the encoder.
    masked (bool): Whether it guesses masked word pieces, and not the next one.
    missing (tuple[str, ...]): Parameters of the head that were not in the files, and are random.
    """

    model: Any
    tokenizer: Any
    masked: bool
    missing: tuple[str, ...]

    def __post_init__(self) -> None:
        self._chosen: Tensor | None = None
        if self.masked:
            self.model.base_model.register_forward_hook(self._choose)

    def _choose(self, module: nn.Module, inputs: Any, output: Any) -> Any:
        """Hand nothing but the word pieces that are to be guessed from the encoder to the head.

        A head looks at word pieces one by one. With a vocabulary of tens of thousands it costs as much as a small
        encoder, and six in seven word pieces have nothing to be guessed.
        """
        if self._chosen is None:
            return output
        output[output_name(output)] = output[0][self._chosen].unsqueeze(0)
        return output

    def losses(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What the word pieces that are to be guessed lose.

        batch (dict[str, Tensor]): Arguments of the model, of *shape* (batch, seq_len), with `labels`.
        RETURNS (tuple[Tensor, Tensor]): Cross-entropy in nats, and whether the best guess is right; *shape* (guessed,).
        """
        labels = batch["labels"]
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        if self.masked:
            self._chosen = labels != IGNORED
            try:
                logits = self.model(**inputs, return_dict=True).logits[0]
            finally:
                self._chosen = None
            labels = labels[labels != IGNORED]
        else:
            logits = self.model(**inputs, use_cache=False, return_dict=True).logits[:, :-1]
            labels = labels[:, 1:]
            logits, labels = logits[labels != IGNORED], labels[labels != IGNORED]
        logits = logits.float()
        return cross_entropy(logits, labels, reduction="none"), logits.argmax(-1) == labels

    @property
    def head(self) -> dict[str, nn.Parameter]:
        """Parameters that are not the encoder's. A decoder that is tied to the embeddings is the encoder's."""
        encoder = {id(parameter) for parameter in self.model.base_model.parameters()}
        return {name: one for name, one in self.model.named_parameters() if id(one) not in encoder}


def output_name(output: Any) -> str:
    """Name of the last hidden state, which comes first in what an encoder returns."""
    return str(next(iter(output.keys())))


class Measure(NamedTuple):
    """How well a language model guesses.

    loss (float): Nats per word piece that is to be guessed.
    accuracy (float): Share of them whose best guess is right.
    guesses (int): How many they are.
    """

    loss: float
    accuracy: float
    guesses: int

    @property
    def perplexity(self) -> float:
        """exp(loss); inf where that is no number of a computer."""
        return math.exp(self.loss) if self.loss < 700 else math.inf


def measure(language_model: LanguageModel, batches: Iterator[dict[str, Tensor]]) -> Measure:
    """Measure a language model on batches; dropout is off, and the model's mode is left as it was.

    batches (Iterator[dict[str, Tensor]]): With at least one word piece to be guessed.
    RETURNS (Measure): Means over all word pieces that are to be guessed.
    RAISES (TrainingError): Nothing is to be guessed.
    """
    model = language_model.model
    was_training, total, right, count = model.training, 0.0, 0, 0
    model.eval()
    with torch.inference_mode():
        for batch in batches:
            losses, hits = language_model.losses({key: one.to(model.device) for key, one in batch.items()})
            total += float(losses.double().sum())
            right += int(hits.sum())
            count += len(losses)
    model.train(was_training)
    if not count:
        raise TrainingError(Errors.R304.format(held_out="--held-out"))
    return Measure(total / count, right / count, count)


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the library's messages back: what of them matters to the user we say ourselves."""
    from transformers.utils import logging  # noqa: PLC0415

    verbosity = logging.get_verbosity()
    logging.set_verbosity(SILENCE)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def load_language_model(encoder: str, seed: int) -> LanguageModel:
    """Load an encoder and the head that it was pretrained with; a head that is not in its files is made at random.

    encoder (str): Name on the Hugging Face hub, or a folder.
    seed (int): Of what is random.
    RETURNS (LanguageModel): In float32, on the CPU.
    RAISES (TrainingError): No encoder of this name, or one without a language-model objective of a kind that we know.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM  # noqa: PLC0415

    try:
        config = AutoConfig.from_pretrained(encoder)
        tokenizer = _load_tokenizer(encoder)
    except (OSError, ValueError) as error:
        reason = str(error).split("\n", maxsplit=1)[0].rstrip(".")
        raise TrainingError(Errors.R305.format(encoder=encoder, reason=reason)) from error
    if config.is_encoder_decoder:
        raise TrainingError(Errors.R306.format(encoder=encoder, kind=config.model_type))
    masked = type(config) in AutoModelForMaskedLM._model_mapping and tokenizer.mask_token is not None
    if not masked and type(config) not in AutoModelForCausalLM._model_mapping:
        raise TrainingError(Errors.R306.format(encoder=encoder, kind=config.model_type))
    auto = AutoModelForMaskedLM if masked else AutoModelForCausalLM
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, info = auto.from_pretrained(
            encoder, config=config, torch_dtype=torch.float32, output_loading_info=True
        )
    language_model = LanguageModel(model, tokenizer, masked, ())
    if not masked and not looks_back_only(model):
        raise TrainingError(Errors.R306.format(encoder=encoder, kind=config.model_type))
    if tokenizer.pad_token is None:
        # It is masked out, and the saved tokenizer does not have it.
        tokenizer.pad_token = tokenizer.eos_token
    missing = set(info["missing_keys"]) & language_model.head.keys()
    language_model.missing = tuple(sorted(missing - _load_head(language_model, Path(encoder))))
    return language_model


def _load_tokenizer(encoder: str) -> Any:
    from transformers import AutoTokenizer  # noqa: PLC0415

    return AutoTokenizer.from_pretrained(encoder)  # type: ignore[no-untyped-call]


def looks_back_only(model: Any) -> bool:
    """Whether what a model says of a word piece does not depend on the next one, which it is to guess."""
    ids = torch.tensor([[0, 1, 2], [0, 1, 3]], device=model.device)
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        first, second = model(input_ids=ids, return_dict=True).logits[:, :2]
    model.train(was_training)
    return bool(torch.allclose(first, second, atol=1e-5))


def _load_head(language_model: LanguageModel, folder: Path) -> set[str]:
    """Load what an earlier pretraining left beside the encoder, if it fits, and return the names of its parameters."""
    from safetensors.torch import load_file  # noqa: PLC0415

    if not (folder / HEAD_FILE).is_file():
        return set()
    saved, head = load_file(folder / HEAD_FILE), language_model.head
    if {name: one.shape for name, one in saved.items()} != {name: one.shape for name, one in head.items()}:
        return set()
    with torch.no_grad():
        for name, parameter in head.items():
            parameter.copy_(saved[name])
    return set(saved)


def save_encoder(language_model: LanguageModel, source: str, folder: Path, seed: int) -> None:
    """Write the encoder as an ordinary model of transformers with its tokenizer, and the head beside it.

    Parts of the encoder that the language model does not have, such as BERT's pooler, are the source's: whoever loads
    the folder finds all of them in it. The tokenizer is the source's, too.

    language_model (LanguageModel): What was trained.
    source (str): Name or folder of the encoder that it was made of.
    folder (Path): New or empty.
    seed (int): Of the parts that the source does not have, either.
    """
    from safetensors.torch import save_file  # noqa: PLC0415
    from transformers import AutoModel  # noqa: PLC0415

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = AutoModel.from_pretrained(source, torch_dtype=torch.float32)
    encoder.load_state_dict(language_model.model.base_model.state_dict(), strict=False)
    encoder.save_pretrained(folder, safe_serialization=True)
    _load_tokenizer(source).save_pretrained(folder)
    head = {name: one.detach().cpu().contiguous() for name, one in language_model.head.items()}
    save_file(head, folder / HEAD_FILE)
