"""Vectors of words from their characters."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, xp2torch
from thinc.types import Floats2d

from ..errors import Errors, SpacyCrfNerError
from .concatenate import Encoder, without_tokens
from .recurrence import remember_forget_gates, run_lstm
from .torch_layer import ModuleShim, check_at_least, unpack

NAME = "character_bilstm"
N_BYTES = 256


def build_character_bilstm_v1(
    width: int = 50, embed_size: int = 25, max_bytes: int = 64
) -> Model[list[Doc], list[Floats2d]]:
    """Read each word letter by letter, from both ends, with LSTMs (Lample et al. 2016,
    https://arxiv.org/abs/1603.01360, section 4.1): what is learned about capitals, affixes and digits holds for words
    that were never seen, too.

    The letters are the bytes of the UTF-8 text as it stands: nothing has to be counted first, no script is left out,
    and case is seen. Each distinct word of a batch is read once.

    width (int): Width of the output, half of it from each direction, so it is even. Lample et al. took 50.
    embed_size (int): Width of the vectors of letters. Lample et al. took 25.
    max_bytes (int): Of longer words, such as addresses of web pages, only the first and the last letters are read, half
        of this number each.
    RETURNS (Model[List[Doc], List[Floats2d]]): The encoder. *Shape of its output:* (n_tokens, width) per Doc.
    RAISES (SpacyCrfNerError): A width that is not even, or a setting that is out of range.
    """
    check_at_least("CharacterBiLSTM", 1, width=width, embed_size=embed_size)
    check_at_least("CharacterBiLSTM", 2, max_bytes=max_bytes)
    if width % 2:
        raise SpacyCrfNerError(
            Errors.M002.format(layer="CharacterBiLSTM", setting="width", expected="even", got=width)
        )
    make_module = partial(CharacterBiLSTM, width=width, embed_size=embed_size)
    return Model(
        NAME,
        forward,
        init=init,
        dims={"nO": width},
        attrs={"max_bytes": max_bytes},
        shims=[ModuleShim(NAME, make_module)],
    )


def forward(
    model: Encoder, X: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Spell the words of a batch.

    model (Model): The encoder.
    X (List[Doc]): The Docs.
    is_train (bool): Whether backprop will be called.
    RETURNS (tuple[List[Floats2d], Callable]): Vectors, (n_tokens, width) per Doc, and backprop.
    RAISES (SpacyCrfNerError): An encoder that is not initialized.
    """
    sizes = [len(doc) for doc in X]
    if not any(sizes):
        return without_tokens(model, X)
    shim = cast(ModuleShim, model.shims[0])
    device = shim.device
    words, which = _distinct_words(X)
    spelled = [_spelling(word, model.attrs["max_bytes"]) for word in words]
    inputs = ArgsKwargs(
        (
            torch.tensor(list(itertools.chain(*spelled)), dtype=torch.int64, device=device),
            torch.tensor([len(word) for word in spelled], dtype=torch.int64),
            torch.as_tensor(which, dtype=torch.int64, device=device),
        ),
        {},
    )
    output, torch_backprop = shim(inputs, is_train)

    def backprop(dY: list[Floats2d]) -> list[Doc]:
        gradient = xp2torch(model.ops.xp.concatenate(dY), device=device)
        torch_backprop(ArgsKwargs(((output,),), {"grad_tensors": gradient}))
        return []

    return unpack(model, output, sizes), backprop


def init(model: Encoder, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Make the network; nothing has to be known of the data.

    model (Model): The encoder.
    X (List[Doc] | None): Ignored.
    Y (List[Floats2d] | None): Ignored.
    """
    cast(ModuleShim, model.shims[0]).build()


class CharacterBiLSTM(torch.nn.Module):
    """The network.

    nI (int): Ignored: its input are bytes.
    width (int): Width of the output, even.
    embed_size (int): Width of the vectors of bytes.
    """

    def __init__(self, nI: int, width: int, embed_size: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(N_BYTES, embed_size)
        self.lstm = torch.nn.LSTM(embed_size, width // 2, bidirectional=True)
        remember_forget_gates(self.lstm)

    def forward(self, spelled: torch.Tensor, lengths: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Read the distinct words, and look up those of the tokens.

        spelled (Tensor): The bytes of the distinct words, one word after another. *Shape:* (n_bytes,), int64
        lengths (Tensor): Numbers of bytes, at least 1. *Shape:* (n_words,), int64, CPU.
        which (Tensor): The word of each token. *Shape:* (n_tokens,), int64
        RETURNS (Tensor): *Shape:* (n_tokens, width)
        """
        states = run_lstm(self.lstm, self.embedding(spelled), lengths)
        ends = lengths.cumsum(0).to(states.device)
        first, last = ends - lengths.to(states.device), ends - 1
        half = self.lstm.hidden_size
        # Each direction has seen the whole word where it leaves it.
        words = torch.cat([states[last, :half], states[first, half:]], dim=1)
        return torch.nn.functional.embedding(which, words)


def _distinct_words(docs: list[Doc]) -> tuple[Iterator[str], "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """The distinct words of a batch, and for each token which of them it is."""
    keys = [doc.to_array("ORTH") for doc in docs]
    distinct, first, which = np.unique(np.concatenate(keys), return_index=True, return_inverse=True)
    # Docs may be of different vocabs, each of which knows only its own words.
    owner = np.repeat(np.arange(len(docs)), [len(doc) for doc in docs])[first]
    words = (docs[index].vocab.strings[key] for key, index in zip(distinct, owner, strict=True))
    return words, which


def _spelling(word: str, max_bytes: int) -> bytes:
    letters = word.encode("utf8")
    if len(letters) <= max_bytes:
        return letters
    half = max_bytes // 2
    return letters[:half] + letters[-half:]
