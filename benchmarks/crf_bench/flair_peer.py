"""The CRF of flair: its tags are ours and two more, <START> and <STOP>, and its batches are sorted by length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .cases import NLL, VITERBI, Shape
from .implementations import CUDA, Implementation

IMPOSSIBLE = -10000.0
FLOAT_BYTES = 4


class Flair(Implementation):
    """flair's layer, loss and decoder. Its transitions are [to, from]."""

    name = "flair"
    distribution = "flair"
    ops = (NLL, VITERBI)
    note = "two tags more, <START> and <STOP>; its paths come as tag names with its confidences"

    @classmethod
    def modules(cls) -> Any:
        """RETURNS (tuple): Layer, loss, decoder, dictionary, package."""
        import flair
        from flair.data import Dictionary
        from flair.models.sequence_tagger_utils.crf import CRF
        from flair.models.sequence_tagger_utils.viterbi import ViterbiDecoder, ViterbiLoss

        return CRF, ViterbiLoss, ViterbiDecoder, Dictionary, flair

    @classmethod
    def bytes_needed(cls, shape: Shape, op: str) -> float:
        """RETURNS (float): All pairs of tags for every token, as scores and three times as gradients."""
        return 4.0 * FLOAT_BYTES * shape.batch * shape.steps * (shape.tags + 2) ** 2

    def prepare(self, op: str) -> None:
        """Sort the batch, widen its scores by two tags, and put start and end into the transitions."""
        layer, loss, decoder, dictionary, flair = self.modules()
        device = self.batch.emissions.device
        flair.device = torch.device(CUDA if device.type == CUDA else "cpu")
        self.order = self.batch.lengths.argsort(descending=True)
        self.lengths = self.batch.lengths[self.order].cpu()
        n_tags = self.batch.shape.tags
        names = dictionary(add_unk=False)
        for index in range(n_tags):
            names.add_item(str(index))
        for name in ("<START>", "<STOP>"):
            names.add_item(name)
        self.layer = layer(names, n_tags + 2, init_from_state_dict=False)
        with torch.no_grad():
            self.layer.transitions.copy_(self._transitions(n_tags))
        self.loss_of, self.decoder = loss(names), decoder(names)
        wide = torch.nn.functional.pad(self.batch.emissions[self.order], (0, 2))
        self.wide = wide.clone().requires_grad_(op == NLL)
        sorted_tags = self.batch.tags[self.order]
        self.targets = sorted_tags[self.batch.mask[self.order]]

    def _transitions(self, n_tags: int) -> Tensor:
        first, last = n_tags, n_tags + 1
        scores = self.batch.transitions.new_full((n_tags + 2, n_tags + 2), IMPOSSIBLE)
        scores[:n_tags, :n_tags] = self.batch.transitions.t()
        scores[:n_tags, first] = self.batch.start
        scores[last, :n_tags] = self.batch.end
        return scores

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): The scores."""
        return [self.wide, self.layer.transitions]

    def nll_and_gradient(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        features = self.layer(self.wide)
        loss = self.loss_of((features, self.lengths, self.layer.transitions), self.targets)
        loss.backward()
        return loss.detach()

    def gradient(self) -> Tensor:
        """RETURNS (Tensor): Gradient of our emissions, in our order."""
        gradient = torch.empty_like(self.batch.emissions)
        gradient[self.order] = self.wide.grad[:, :, : self.batch.shape.tags]  # type: ignore[index]
        return gradient

    def viterbi(self) -> Any:
        """RETURNS (tuple): Names of tags with confidences, and nothing."""
        features = self.layer(self.wide)
        return self.decoder.decode((features, self.lengths, self.layer.transitions), False, [])

    def as_tags(self, result: Any) -> Tensor:
        """RETURNS (Tensor): Our ids, in our order; -1 for the two tags that we do not have."""
        tags = torch.full(self.batch.tags.shape, -1)
        for index, path in zip(self.order.tolist(), result[0], strict=True):
            ids = [int(name) if name.isdigit() else -1 for name, _ in path]
            tags[index, : len(ids)] = torch.tensor(ids)
        return tags
