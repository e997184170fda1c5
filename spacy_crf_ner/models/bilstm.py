"""A bidirectional LSTM over token vectors: with the CRF, the BiLSTM-CRF."""

from functools import partial

import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..errors import Errors, SpacyCrfNerError
from .recurrence import remember_forget_gates, run_lstm
from .sequence_encoder import build_sequence_encoder
from .torch_layer import build_token_layer, check_at_least

NAME = "bilstm"


def build_bilstm_v1(
    embed: Model[list[Doc], list[Floats2d]],
    characters: Model[list[Doc], list[Floats2d]] | None = None,
    width: int = 200,
    depth: int = 1,
    dropout: float | None = 0.5,
) -> Model[list[Doc], list[Floats2d]]:
    """Read each Doc from left to right and from right to left with LSTMs.

    Below `spacy-crf-ner.CRFTagger.v1` this is the BiLSTM-CRF of Huang et al. 2015 (https://arxiv.org/abs/1508.01991);
    with `characters`, that of Lample et al. 2016 (https://arxiv.org/abs/1603.01360).

    embed (Model[List[Doc], List[Floats2d]]): Vectors of words: hash embeddings, static vectors, or a listener.
    characters (Model[List[Doc], List[Floats2d]] | None): Vectors of their spelling, joined to the former.
    width (int): Width of the output: half of it is from each direction, so it is even.
    depth (int): Number of LSTMs on top of one another, each in both directions.
    dropout (float | None): Dropout before each LSTM, from 0 to below 1, whatever `[training] dropout` is; None: that.
        Lample et al. took 0.5.
    RETURNS (Model[List[Doc], List[Floats2d]]): The encoder. *Shape of its output:* (n_tokens, width) per Doc.
    RAISES (SpacyCrfNerError): A width that is not even, or a setting that is out of range.
    """
    check_at_least("BiLSTM", 1, width=width, depth=depth)
    if width % 2:
        raise SpacyCrfNerError(
            Errors.M002.format(layer="BiLSTM", setting="width", expected="even", got=width)
        )
    context = build_token_layer(NAME, partial(BiLSTM, width=width, depth=depth), width, dropout)
    return build_sequence_encoder(embed, characters, context)


class BiLSTM(torch.nn.Module):
    """The network.

    nI (int): Width of the input.
    width (int): Width of the output, even.
    depth (int): Number of layers.
    """

    def __init__(self, nI: int, width: int, depth: int) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(nI, width // 2, num_layers=depth, bidirectional=True)
        remember_forget_gates(self.lstm)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor, dropout: float) -> torch.Tensor:
        """Run both directions over the tokens of each sequence.

        tokens (Tensor): Vectors of the tokens, one sequence after another. *Shape:* (n_tokens, nI)
        lengths (Tensor): Lengths of the sequences, at least 1. *Shape:* (n_sequences,), int64, CPU.
        dropout (float): Share of the values before each layer that are set to 0, in training.
        RETURNS (Tensor): *Shape:* (n_tokens, width)
        """
        self.lstm.dropout = dropout
        dropped = torch.nn.functional.dropout(tokens, dropout, self.training)
        return run_lstm(self.lstm, dropped, lengths)
