"""Iterated dilated convolutions over token vectors: the context of a recurrent network, all tokens at once."""

from collections.abc import Sequence
from functools import partial

import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d
from torch.nn import functional

from ..errors import Errors, SpacyCrfNerError
from .recurrence import positions
from .sequence_encoder import build_sequence_encoder
from .torch_layer import build_token_layer, check_at_least

NAME = "idcnn"
LAYER = "IDCNN"


def build_idcnn_v1(
    embed: Model[list[Doc], list[Floats2d]],
    characters: Model[list[Doc], list[Floats2d]] | None = None,
    width: int = 200,
    window_size: int = 1,
    dilations: Sequence[int] = (1, 2, 1),
    iterations: int = 2,
    dropout: float | None = 0.35,
) -> Model[list[Doc], list[Floats2d]]:
    """Apply a block of dilated convolutions again and again (Strubell et al. 2017, https://arxiv.org/abs/1702.02098,
    section 4, without a loss for every iteration).

    A convolution without gaps comes first. Then each iteration runs the same block of convolutions, which take in
    tokens that are 1, 2, ... tokens apart. ReLU follows each. With each iteration a token sees
    `window_size * sum(dilations)` tokens further on either side, without more parameters.

    embed (Model[List[Doc], List[Floats2d]]): Vectors of words: hash embeddings, static vectors, or a listener.
    characters (Model[List[Doc], List[Floats2d]] | None): Vectors of their spelling, joined to the former.
    width (int): Width of the output and of all convolutions.
    window_size (int): How many tokens on either side a convolution takes in.
    dilations (Sequence[int]): For each convolution of the block, how many tokens apart are those that it takes in.
        Strubell et al. took 1, 2, 1.
    iterations (int): How often the block is applied.
    dropout (float | None): Dropout before the first convolution and before each iteration, from 0 to below 1, whatever
        `[training] dropout` is; None: that. Strubell et al. took 0.35.
    RETURNS (Model[List[Doc], List[Floats2d]]): The encoder. *Shape of its output:* (n_tokens, width) per Doc.
    RAISES (SpacyCrfNerError): A setting that is out of range.
    """
    check_at_least(LAYER, 1, width=width, window_size=window_size, iterations=iterations)
    if not dilations or min(dilations) < 1:
        expected = "at least one number, each at least 1"
        raise SpacyCrfNerError(
            Errors.M002.format(layer=LAYER, setting="dilations", expected=expected, got=list(dilations))
        )
    make_module = partial(
        IDCNN, width=width, window_size=window_size, dilations=tuple(dilations), iterations=iterations
    )
    return build_sequence_encoder(embed, characters, build_token_layer(NAME, make_module, width, dropout))


class IDCNN(torch.nn.Module):
    """The network.

    nI (int): Width of the input.
    width (int): Width of the output.
    window_size (int): Tokens on either side.
    dilations (tuple[int, ...]): Dilations of the convolutions in the block.
    iterations (int): How often the block is applied.
    """

    def __init__(
        self, nI: int, width: int, window_size: int, dilations: tuple[int, ...], iterations: int
    ) -> None:
        super().__init__()
        self.window_size, self.dilations, self.iterations = window_size, dilations, iterations
        n_taps = 2 * window_size + 1
        self.entry = torch.nn.Linear(nI * n_taps, width)
        self.block = torch.nn.ModuleList([torch.nn.Linear(width * n_taps, width) for _ in dilations])
        torch.nn.init.kaiming_uniform_(self.entry.weight, nonlinearity="relu")
        torch.nn.init.zeros_(self.entry.bias)
        for layer in self.block:
            pass_on(layer, window_size)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor, dropout: float) -> torch.Tensor:
        """Run the convolutions over the tokens of each sequence.

        tokens (Tensor): Vectors of the tokens, one sequence after another. *Shape:* (n_tokens, nI)
        lengths (Tensor): Lengths of the sequences, at least 1. *Shape:* (n_sequences,), int64, CPU.
        dropout (float): Share of the values that are set to 0 where there is dropout, in training.
        RETURNS (Tensor): *Shape:* (n_tokens, width)
        """
        places = positions(lengths)
        left = places.to(tokens.device)
        right = (lengths.repeat_interleave(lengths) - 1 - places).to(tokens.device)
        hidden = functional.dropout(tokens, dropout, self.training)
        hidden = self.entry(self.window(hidden, left, right, 1)).relu()
        for _ in range(self.iterations):
            hidden = functional.dropout(hidden, dropout, self.training)
            for layer, dilation in zip(self.block, self.dilations, strict=True):
                hidden = layer(self.window(hidden, left, right, dilation)).relu()
        return hidden

    def window(
        self, tokens: torch.Tensor, left: torch.Tensor, right: torch.Tensor, dilation: int
    ) -> torch.Tensor:
        """The vectors of each token and of those around it, 0 beyond the ends of its sequence.

        tokens (Tensor): *Shape:* (n_tokens, width)
        left (Tensor): How many tokens of the sequence are on the left of each token. *Shape:* (n_tokens,), int64
        right (Tensor): The same on the right.
        dilation (int): How many tokens apart are those that are taken in.
        RETURNS (Tensor): From left to right. *Shape:* (n_tokens, (2 * window_size + 1) * width)
        """
        taps = [tokens]
        for step in range(1, self.window_size + 1):
            distance = step * dilation
            # All sequences are moved as one, and what comes from a neighbour of the sequence is masked.
            back = functional.pad(tokens, (0, 0, distance, 0))[: len(tokens)]
            ahead = functional.pad(tokens, (0, 0, 0, distance))[distance:]
            taps.insert(0, back * (left >= distance)[:, None])
            taps.append(ahead * (right >= distance)[:, None])
        return torch.cat(taps, dim=1)


def pass_on(convolution: torch.nn.Module, window_size: int) -> None:
    """Let a new convolution give each token what it has, and nothing of its neighbours (Yu and Koltun 2016,
    https://arxiv.org/abs/1511.07122, section 3): at random, many iterations would leave little of the input.

    convolution (Linear): Weights, (width, (2 * window_size + 1) * width), and biases, changed in place.
    window_size (int): Tokens on either side.
    """
    weight, bias = convolution.get_parameter("weight"), convolution.get_parameter("bias")
    width = weight.shape[0]
    torch.nn.init.zeros_(bias)
    torch.nn.init.zeros_(weight)
    torch.nn.init.eye_(weight.data[:, window_size * width : (window_size + 1) * width])
