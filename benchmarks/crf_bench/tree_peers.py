"""Peers that multiply the scores of all pairs of neighbouring tokens together in a tree of matrix products."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .cases import NLL, VITERBI, Shape
from .implementations import Implementation
from .structured_peers import StructuredPeer

FLOAT_BYTES = 4


class TorchStruct(StructuredPeer):
    """torch-struct: a tree of matrix products over all pairs of neighbouring tokens."""

    name = "torch-struct"
    distribution = "torch-struct"
    provides = "torch_struct:LinearChainCRF"
    has_start = has_end = False
    note = "no start and end scores; no sequences of one token"

    @classmethod
    def bytes_needed(cls, shape: Shape, op: str) -> float:
        """RETURNS (float): tags^3 for half of the steps, in a tree, and again for the gradient."""
        return _tree_bytes(shape)

    def prepare(self, op: str) -> None:
        """Targets as indicators of its edges [batch, t, to, from]."""
        super().prepare(op)
        self.distribution_of = self.modules()
        if op == NLL:
            n_tags = self.batch.shape.tags
            one_hot = torch.nn.functional.one_hot(self.batch.tags, n_tags) * self.batch.mask.unsqueeze(2)
            self.target = (one_hot[:, 1:, :, None] * one_hot[:, :-1, None, :]).float()

    def _made(self) -> Any:
        edges = self.emissions[:, 1:, :, None] + self.transitions.t()
        first = self.emissions[:, :1, None, :]
        edges = torch.cat([edges[:, :1] + first, edges[:, 1:]], 1)
        return self.distribution_of(edges, lengths=self.batch.lengths)

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): The scores."""
        return [self.emissions, self.transitions]

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return -self._made().log_prob(self.target).sum()

    def viterbi(self) -> Any:
        """RETURNS (Tensor): Tag ids."""
        return self._tokens(self._made().argmax).argmax(-1)

    def marginals(self) -> Any:
        """RETURNS (Tensor): Probabilities."""
        return self._tokens(self._made().marginals)

    def _tokens(self, edges: Tensor) -> Tensor:
        return torch.cat([edges[:, :1].sum(2), edges.sum(3)], 1)


class PartialTagger(StructuredPeer):
    """pytorch-partial-tagger: a tree of matrix products, too."""

    name = "pytorch-partial-tagger"
    distribution = "pytorch-partial-tagger"
    ops = (NLL, VITERBI)
    has_start = has_end = False
    note = "no start and end scores"

    @classmethod
    def modules(cls) -> Any:
        """RETURNS (tuple): Its layer and its functions."""
        from partial_tagger.crf import functional
        from partial_tagger.crf.nn import CRF

        return CRF, functional

    @classmethod
    def bytes_needed(cls, shape: Shape, op: str) -> float:
        """RETURNS (float): tags^3 for half of the steps, in a tree, and again for the gradient."""
        return _tree_bytes(shape)

    def prepare(self, op: str) -> None:
        """Build the layer."""
        super().prepare(op)
        layer, self.functions = self.modules()
        self.module = layer(self.batch.shape.tags).to(self.batch.emissions.device)
        with torch.no_grad():
            self.module.transitions.copy_(self.batch.transitions)

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): The scores."""
        return [self.emissions, self.module.transitions]

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        scores = self.module(self.emissions, self.batch.mask)
        return -self.functions.log_likelihood(scores, self.batch.tags, self.batch.mask).sum()

    def viterbi(self) -> Any:
        """RETURNS (Tensor): Tag ids."""
        scores = self.module(self.emissions, self.batch.mask)
        with torch.enable_grad():
            return self.functions.decode(scores.requires_grad_())[1]


def _tree_bytes(shape: Shape) -> float:
    half = max(1, 1 << (shape.steps - 1).bit_length()) / 2
    return 3.0 * FLOAT_BYTES * shape.batch * half * shape.tags**3


TREE_PEERS: tuple[type[Implementation], ...] = (TorchStruct, PartialTagger)
