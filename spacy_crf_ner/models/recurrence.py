"""LSTMs over sequences of different lengths, without padding."""

import torch
from torch.nn.utils.rnn import PackedSequence


def time_major(lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where the elements of sequences, stored one after another, stand when all first elements come first, then all
    second ones, and so on, of the longest sequence before those of shorter ones.

    lengths (Tensor): Lengths, at least 1. *Shape:* (n_sequences,), int64, CPU.
    RETURNS (tuple[Tensor, Tensor]): For each place in the new order the old one, (n_elements,), and the number of
        sequences that are still going on at each step, (longest,); both int64, CPU.
    """
    n_sequences = lengths.numel()
    ranks = torch.empty(n_sequences, dtype=torch.int64)
    ranks[torch.argsort(lengths, descending=True, stable=True)] = torch.arange(n_sequences)
    steps = positions(lengths)
    order = torch.argsort(steps * n_sequences + ranks.repeat_interleave(lengths))
    return order, torch.bincount(steps)


def positions(lengths: torch.Tensor) -> torch.Tensor:
    """The position of each element in its sequence, from 0.

    lengths (Tensor): Lengths. *Shape:* (n_sequences,), int64.
    RETURNS (Tensor): *Shape:* (n_elements,), int64.
    """
    starts = lengths.cumsum(0) - lengths
    return torch.arange(int(lengths.sum())) - starts.repeat_interleave(lengths)


def run_lstm(lstm: torch.nn.LSTM, elements: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The states of an LSTM at each element.

    lstm (LSTM): The network.
    elements (Tensor): The elements of the sequences, one sequence after another. *Shape:* (n_elements, nI)
    lengths (Tensor): Lengths of the sequences, at least 1. *Shape:* (n_sequences,), int64, CPU.
    RETURNS (Tensor): The states, in the order of the elements. *Shape:* (n_elements, nO), nO twice the hidden size if
        the network goes both ways.
    """
    order, batch_sizes = time_major(lengths)
    order = order.to(elements.device)
    back = torch.empty_like(order)
    back[order] = torch.arange(order.numel(), device=order.device)
    # On CUDA; an optimizer may have given each weight memory of its own, which would mean a warning at every call.
    lstm.flatten_parameters()
    states, _ = lstm(PackedSequence(elements[order], batch_sizes))
    in_order: torch.Tensor = states.data[back]
    return in_order


def remember_forget_gates(lstm: torch.nn.LSTM) -> None:
    """Set the biases of the forget gates to 1, so that a new network keeps what it has seen (Jozefowicz et al. 2015,
    https://proceedings.mlr.press/v37/jozefowicz15.html), and all others to 0.

    lstm (LSTM): The network, changed in place.
    """
    for name, bias in lstm.named_parameters():
        if "bias" in name:
            torch.nn.init.zeros_(bias)
        if "bias_ih" in name:
            # torch keeps the gates in the order input, forget, cell, output.
            torch.nn.init.ones_(bias.data[lstm.hidden_size : 2 * lstm.hidden_size])
