"""Peers that are a torch module over padded emissions and a mask, with start, end and transition parameters."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from .cases import MARGINALS, NLL, VITERBI
from .implementations import Implementation


class LayerPeer(Implementation):
    """A module with parameters; every subclass says what they are called and which methods to call.

    parameter_names (tuple[str, str, str]): Transitions [from, to], start, end.
    """

    ops = (NLL, VITERBI)
    parameter_names: ClassVar[tuple[str, str, str]] = ("transitions", "start_transitions", "end_transitions")

    def prepare(self, op: str) -> None:
        """Build the module and give it the batch's parameters."""
        self.module = self.build(self.batch.shape.tags).to(self.batch.emissions.device)
        values = (self.batch.transitions, self.batch.start, self.batch.end)
        with torch.no_grad():
            for name, value in zip(self.parameter_names, values, strict=True):
                getattr(self.module, name).copy_(value)

    def build(self, n_tags: int) -> Any:
        """RETURNS (torch.nn.Module): The layer.

        n_tags (int): Number of tags.
        """
        return self.modules()(n_tags, batch_first=True)

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): Emissions and parameters."""
        return [self.emissions, *self.module.parameters()]

    def nll_and_gradient(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        loss = self.loss()
        loss.backward()
        return loss.detach()

    def loss(self) -> Tensor:
        """RETURNS (Tensor): Negative log-likelihood, summed."""
        return -self.module(self.emissions, self.batch.tags, mask=self.batch.mask, reduction="sum")

    def viterbi(self) -> Any:
        """RETURNS (list[list[int]]): Paths."""
        return self.module.decode(self.emissions, mask=self.batch.mask)


class PytorchCrf(LayerPeer):
    """pytorch-crf: the one that most projects use."""

    name = "pytorch-crf"
    distribution = "pytorch-crf"
    provides = "torchcrf:CRF"


class PytCrf(LayerPeer):
    """pyt-crf."""

    name = "pyt-crf"
    distribution = "pyt-crf"
    provides = "pyt_crf:CRF"

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return self.module(self.emissions, self.batch.tags, mask=self.batch.mask, reduction="sum")


class PytorchcrfNbest(LayerPeer):
    """pytorchcrf, pytorch-crf with the N best paths: its paths are tensors."""

    name = "pytorchcrf"
    distribution = "pytorchcrf"
    provides = "pytorchcrf:CRF"

    def as_tags(self, result: Any) -> Tensor:
        """RETURNS (Tensor): The best of the N paths."""
        return result[0]


class LinearCrfTorch(LayerPeer):
    """linear-crf-torch."""

    name = "linear-crf-torch"
    distribution = "linear-crf-torch"
    provides = "linear_crf:LinearCRF"
    parameter_names = ("transitions", "starts", "ends")

    def prepare(self, op: str) -> None:
        """Count the tokens, as its loss is a mean."""
        super().prepare(op)
        self.n_tokens = self.batch.n_tokens

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return self.module(self.emissions, self.batch.tags, self.batch.mask) * self.n_tokens


class TorchCrf(LayerPeer):
    """TorchCRF."""

    name = "TorchCRF"
    distribution = "TorchCRF"
    provides = "TorchCRF:CRF"
    parameter_names = ("trans_matrix", "start_trans", "end_trans")

    def build(self, n_tags: int) -> Any:
        """RETURNS (torch.nn.Module): The layer."""
        return self.modules()(n_tags)

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return -self.module(self.emissions, self.batch.tags, self.batch.mask).sum()

    def viterbi(self) -> Any:
        """RETURNS (list[list[int]]): Paths."""
        return self.module.viterbi_decode(self.emissions, self.batch.mask)


class PytorchPartialCrf(LayerPeer):
    """pytorch-partial-crf."""

    name = "pytorch-partial-crf"
    distribution = "pytorch-partial-crf"
    provides = "pytorch_partial_crf:CRF"
    ops = (NLL, VITERBI, MARGINALS)

    def build(self, n_tags: int) -> Any:
        """RETURNS (torch.nn.Module): The layer."""
        return self.modules()(n_tags)

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return self.module(self.emissions, self.batch.tags, self.batch.mask)

    def viterbi(self) -> Any:
        """RETURNS (list[list[int]]): Paths."""
        return self.module.viterbi_decode(self.emissions, self.batch.mask)

    def marginals(self) -> Any:
        """RETURNS (Tensor): Probabilities. *Shape:* (steps, batch, tags)."""
        return self.module.marginal_probabilities(self.emissions, self.batch.mask)

    def as_marginals(self, result: Any) -> Tensor:
        """RETURNS (Tensor): Batch first."""
        return result.transpose(0, 1)


class AllenCrf(LayerPeer):
    """allencrf: the layer of AllenNLP, taken out of it."""

    name = "allencrf"
    distribution = "allencrf"
    provides = "allencrf.conditional_random_field:ConditionalRandomField"
    note = "AllenNLP's layer: allennlp itself pins versions that cannot be installed with this torch"

    def build(self, n_tags: int) -> Any:
        """RETURNS (torch.nn.Module): The layer."""
        return self.modules()(n_tags)

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return -self.module(self.emissions, self.batch.tags, self.batch.mask)

    def viterbi(self) -> Any:
        """RETURNS (list[tuple[list[int], float]]): Paths and scores."""
        return self.module.viterbi_tags(self.emissions, self.batch.mask)

    def as_tags(self, result: Any) -> Tensor:
        """RETURNS (Tensor): The paths."""
        return super().as_tags([path for path, _ in result])


class EdsNlp(LayerPeer):
    """The CRF of EDS-NLP."""

    name = "edsnlp"
    distribution = "edsnlp"
    provides = "edsnlp.pipes.trainable.layers.crf:LinearChainCRF"
    ops = (NLL, VITERBI, MARGINALS)
    note = "its marginals are not normalised: the softmax over the tags that corrects that is timed with them"

    def build(self, n_tags: int) -> Any:
        """RETURNS (torch.nn.Module): The layer, all moves allowed."""
        return self.modules()(torch.zeros(n_tags, n_tags, dtype=torch.bool))

    def prepare(self, op: str) -> None:
        """One-hot targets, and emissions with the dimension for several labels that its marginals need."""
        super().prepare(op)
        n_tags = self.batch.shape.tags
        self.target = torch.nn.functional.one_hot(self.batch.tags, n_tags).bool()

    def clear(self) -> None:
        """Its marginals overwrite their input: copy that."""
        super().clear()
        self.scratch = self.batch.emissions.unsqueeze(2).clone()

    def loss(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        return self.module(self.emissions, self.batch.mask, self.target).sum()

    def viterbi(self) -> Any:
        """RETURNS (Tensor): Paths."""
        return self.module.decode(self.emissions, self.batch.mask)

    def marginals(self) -> Any:
        """RETURNS (Tensor): Probabilities. *Shape:* (batch, steps, 1, tags)."""
        return self.module.marginal(self.scratch, self.batch.mask).softmax(-1)

    def as_marginals(self, result: Any) -> Tensor:
        """RETURNS (Tensor): For the one label."""
        return result[:, :, 0]


LAYER_PEERS: tuple[type[Implementation], ...] = (
    PytorchCrf,
    TorchCrf,
    PytorchPartialCrf,
    AllenCrf,
    EdsNlp,
    PytCrf,
    PytorchcrfNbest,
    LinearCrfTorch,
)
