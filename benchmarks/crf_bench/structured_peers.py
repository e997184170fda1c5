"""Peers that are distributions over structures, or that want the scores in a form of their own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .cases import NLL, VITERBI
from .implementations import Implementation, LeafScores


class StructuredPeer(LeafScores):
    """Leaf tensors for the parameters, and a loss."""

    def nll_and_gradient(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        loss = self.loss()
        loss.backward()
        return loss.detach()

    def loss(self) -> Tensor:
        """RETURNS (Tensor): Negative log-likelihood, summed."""
        raise NotImplementedError


class TorchLatent(StructuredPeer):
    """torchlatent: packed sequences from the start, as its users have them."""

    name = "torchlatent"
    distribution = "torchlatent"
    note = "with torchrua 0.5.0, as 0.5.1 moved what it imports"

    @classmethod
    def modules(cls) -> Any:
        """RETURNS (tuple): Its distribution, and the container of padded sequences."""
        from torchlatent.crf import CrfDistribution
        from torchrua import D

        return CrfDistribution, D

    def prepare(self, op: str) -> None:
        """Pack emissions and tags."""
        super().prepare(op)
        self.distribution_of, padded = self.modules()
        packed = padded(self.batch.emissions, self.batch.lengths).pack()
        self.targets = padded(self.batch.tags, self.batch.lengths).pack()
        # Its marginals and its paths are gradients, too.
        self.packed = packed._replace(data=packed.data.clone().requires_grad_())

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): The scores."""
        return [self.packed.data, self.transitions, self.start, self.end]

    def _made(self) -> Any:
        return self.distribution_of(self.packed, (self.transitions, self.start, self.end))

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return -self._made().log_probs(self.targets).sum()

    def gradient(self) -> Tensor:
        """RETURNS (Tensor): Gradient of the emissions, padded again."""
        return self._pad(self.packed.data.grad)

    @torch.enable_grad()
    def viterbi(self) -> Any:
        """RETURNS (PackedSequence): Tag ids."""
        return self._made().argmax

    @torch.enable_grad()
    def marginals(self) -> Any:
        """RETURNS (Tensor): Probabilities of the packed tokens."""
        return self._made().marginals.detach()

    def as_tags(self, result: Any) -> Tensor:
        """RETURNS (Tensor): The paths, padded again."""
        return self._pad(result.data)

    def as_marginals(self, result: Any) -> Tensor:
        """RETURNS (Tensor): Probabilities, padded again."""
        return self._pad(result)

    def _pad(self, data: Any) -> Tensor:
        sequence = self.packed._replace(data=data)
        return torch.nn.utils.rnn.pad_packed_sequence(sequence, batch_first=True)[0]


class Supar(StructuredPeer):
    """supar: start and end scores are a row and a column of its transitions."""

    name = "supar"
    distribution = "supar"
    provides = "supar.structs.linearchain:LinearChainCRF"

    def prepare(self, op: str) -> None:
        """Put the parameters in one matrix."""
        n_tags = self.batch.shape.tags
        self.distribution_of = self.modules()
        trans = self.batch.transitions.new_zeros(n_tags + 1, n_tags + 1)
        trans[:-1, :-1], trans[-1, :-1], trans[:-1, -1] = (
            self.batch.transitions,
            self.batch.start,
            self.batch.end,
        )
        self.trans = trans.requires_grad_(op == NLL)
        self.emissions.requires_grad_()

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): The scores."""
        return [self.emissions, self.trans]

    def _made(self) -> Any:
        return self.distribution_of(self.emissions, self.trans, self.batch.lengths)

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return -self._made().log_prob(self.batch.tags).sum()

    @torch.enable_grad()
    def viterbi(self) -> Any:
        """RETURNS (Tensor): Tag ids."""
        return self._made().argmax

    @torch.enable_grad()
    def marginals(self) -> Any:
        """RETURNS (Tensor): Probabilities."""
        return self._made().marginals.detach()


class Torbi(Implementation):
    """torbi: Viterbi in C++ and CUDA."""

    name = "torbi"
    distribution = "torbi"
    ops = (VITERBI,)
    has_end = False
    note = "no end scores; 1.3.3 is compiled from source on this torch"

    @classmethod
    def modules(cls) -> Any:
        """RETURNS (Callable): Its operator over scores in nats; `torbi.from_probabilities` takes probabilities.

        It imports torchaudio, which has no release for this torch, to read sound files, but never needs it here.
        """
        _stand_in("torchaudio")
        try:
            from torbi import decode
        except OSError as error:
            raise ImportError(str(error)) from error
        return decode

    def prepare(self, op: str) -> None:
        """Lengths in its type."""
        self.decode = self.modules()
        self.frames = self.batch.lengths.to(torch.int32)
        self.incoming = self.batch.transitions.t().contiguous()

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): Nothing: it has no gradients."""
        return []

    def viterbi(self) -> Any:
        """RETURNS (Tensor): Tag ids."""
        threads = torch.get_num_threads()
        return self.decode(self.emissions, self.frames, self.incoming, self.batch.start, num_threads=threads)


def _stand_in(name: str) -> None:
    """Let a module that cannot be imported here pass for an empty one."""
    import importlib
    import importlib.machinery
    import sys
    from types import ModuleType

    try:
        importlib.import_module(name)
    except (ImportError, OSError):
        for part in [part for part in sys.modules if part.partition(".")[0] == name]:
            del sys.modules[part]
        module = ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = module


STRUCTURED_PEERS: tuple[type[Implementation], ...] = (
    TorchLatent,
    Supar,
    Torbi,
)
