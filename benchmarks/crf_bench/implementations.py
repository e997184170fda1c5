"""The interface that every implementation is timed through, and our own implementations behind it."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any, ClassVar

import torch
from torch import Tensor

from .cases import NLL, OPS, VITERBI, Batch, Shape, make_batch

CUDA = "cuda"
TINY = Shape(1, 2, 2)


class Implementation:
    """One implementation, set up for one batch and one operation.

    What a user of it prepares once (masks, targets in its format, parameters) is made by `__init__`, which is not
    timed; the three operations are. They return what the implementation returns, and `as_tags` and `as_marginals` bring
    that to one format afterwards, for the check.

    name (str): As in the tables.
    distribution (str): The package on PyPI.
    provides (str): What it is called through, as "module:name".
    ops (tuple[str, ...]): Operations that it has.
    has_start, has_end (bool): Whether it scores first and last tags; if not, they are left out for it, and the check
        leaves them out, too.
    note (str): What has to be said about it.
    """

    name: ClassVar[str]
    distribution: ClassVar[str]
    provides: ClassVar[str]
    ops: ClassVar[tuple[str, ...]] = OPS
    has_start: ClassVar[bool] = True
    has_end: ClassVar[bool] = True
    note: ClassVar[str] = ""

    def __init__(self, batch: Batch, op: str) -> None:
        self.batch = batch
        # Gradients are asked for where training asks for them.
        self.emissions = batch.emissions.clone().requires_grad_(op == NLL)
        self.prepare(op)

    @classmethod
    def load(cls) -> str:
        """Import it.

        RETURNS (str): Its version.
        RAISES (ImportError): It is not installed, or what is installed does not work here; the message says why.
        """
        cls.modules()
        try:
            return version(cls.distribution)
        except PackageNotFoundError as error:
            raise ImportError(f"{cls.distribution} is not installed") from error

    @classmethod
    def modules(cls) -> Any:
        """RETURNS (Any): What it is called through.

        RAISES (ImportError): It does not work here.
        """
        module, _, name = cls.provides.partition(":")
        return getattr(import_module(module), name)

    @classmethod
    def bytes_needed(cls, shape: Shape, op: str) -> float:
        """Memory of its largest intermediate values, in bytes; 0 if that is nothing to speak of."""
        return 0.0

    def prepare(self, op: str) -> None:
        """Make what is not timed."""
        raise NotImplementedError

    def run(self, op: str) -> Any:
        """Do one operation."""
        if op == NLL:
            return self.nll_and_gradient()
        with torch.no_grad():
            return self.viterbi() if op == VITERBI else self.marginals()

    def nll_and_gradient(self) -> Tensor:
        """RETURNS (Tensor): Negative log-likelihood of the batch, summed, nats, detached. The gradients are in `.grad`
        of the emissions and the parameters.
        """
        raise NotImplementedError

    def viterbi(self) -> Any:
        """RETURNS (Any): The best paths."""
        raise NotImplementedError

    def marginals(self) -> Any:
        """RETURNS (Any): P(tag) of each token."""
        raise NotImplementedError

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): What gets gradients."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget the gradients of the last call; not timed."""
        for leaf in self.leaves():
            leaf.grad = None

    def gradient(self) -> Tensor:
        """RETURNS (Tensor): Gradient of the emissions. *Shape:* (batch, steps, tags)."""
        gradient = self.emissions.grad
        if gradient is None:
            raise ValueError(f"{self.name}: no gradient reached the emissions")
        return gradient

    def as_tags(self, result: Any) -> Tensor:
        """RETURNS (Tensor): The paths. *Shape:* (batch, steps), int64; anything in padding.

        result (Any): What `viterbi` returned: by default a list of lists, or a tensor.
        """
        if isinstance(result, Tensor):
            return result
        tags = torch.full(self.batch.tags.shape, -1)
        for index, path in enumerate(result):
            tags[index, : len(path)] = torch.as_tensor(path)
        return tags

    def as_marginals(self, result: Any) -> Tensor:
        """RETURNS (Tensor): Probabilities. *Shape:* (batch, steps, tags); anything in padding.

        result (Any): What `marginals` returned.
        """
        return result


class LeafScores(Implementation):
    """One whose parameters are tensors of the batch, and not those of a module."""

    def prepare(self, op: str) -> None:
        """Copy the parameters."""
        wanted = op == NLL
        self.transitions = self.batch.transitions.clone().requires_grad_(wanted)
        self.start = self.batch.start.clone().requires_grad_(wanted)
        self.end = self.batch.end.clone().requires_grad_(wanted)

    def leaves(self) -> list[Tensor]:
        """RETURNS (list[Tensor]): All scores."""
        return [self.emissions, self.transitions, self.start, self.end]


class Ours(LeafScores):
    """Our public functions over torch tensors, `Potentials` made anew in every call."""

    distribution = "spacy-crf-ner"

    def prepare(self, op: str) -> None:
        """Copy the parameters, and import what is called."""
        from spacy_crf_ner.functional import Potentials

        super().prepare(op)
        self.make_potentials = Potentials
        self.functions = self.modules()

    def potentials(self) -> Any:
        """RETURNS (Potentials): The batch, in the padded layout, as the peers get it."""
        return self.make_potentials(
            emissions=self.emissions,
            lengths=self.batch.lengths,
            transitions=self.transitions,
            start=self.start,
            end=self.end,
        )

    def nll_and_gradient(self) -> Tensor:
        """RETURNS (Tensor): The loss."""
        loss = self.functions.negative_log_likelihood(self.potentials(), self.batch.tags).sum()
        loss.backward()
        return loss.detach()

    def viterbi(self) -> Tensor:
        """RETURNS (Tensor): Tag ids."""
        return self.functions.viterbi(self.potentials())[0]

    def marginals(self) -> Tensor:
        """RETURNS (Tensor): Probabilities."""
        return self.functions.marginals(self.potentials())


class Torch(Ours):
    """`spacy_crf_ner.functional`: pure torch on any device."""

    name = "torch"

    @classmethod
    def modules(cls) -> ModuleType:
        """RETURNS (ModuleType): `spacy_crf_ner.functional`."""
        from spacy_crf_ner import functional

        return functional


class Compiled(Ours):
    """`spacy_crf_ner.kernels` with the extension for the CPU."""

    name = "compiled"

    @classmethod
    def modules(cls) -> ModuleType:
        """RETURNS (ModuleType): `spacy_crf_ner.kernels`, with the functions of `functional`."""
        return _kernels("cpu")


class Triton(Ours):
    """`spacy_crf_ner.kernels` with the Triton kernels for CUDA."""

    name = "triton"

    @classmethod
    def modules(cls) -> ModuleType:
        """RETURNS (ModuleType): `spacy_crf_ner.kernels`, with the functions of `functional`."""
        if not torch.cuda.is_available():
            raise ImportError("no CUDA device")
        return _kernels(CUDA)


def _kernels(device: str) -> ModuleType:
    """The kernels, if they are there: without them the same functions would be `functional`, timed twice.

    RAISES (ImportError): They are not; the message says why.
    """
    from spacy_crf_ner import functional, kernels

    batch = make_batch(TINY, device=device)
    potentials = functional.Potentials(
        emissions=batch.emissions,
        lengths=batch.lengths,
        transitions=batch.transitions,
        start=batch.start,
        end=batch.end,
    )
    if kernels.recursions_for(potentials) is functional.SCALED:
        raise ImportError(kernels.describe()[device])
    return kernels


OURS: dict[str, type[Ours]] = {one.name: one for one in (Torch, Compiled, Triton)}


def our_names(device: str) -> tuple[str, ...]:
    """Our implementations for a device, the reference first.

    device (str): "cpu" or "cuda".
    RETURNS (tuple[str, ...]): Names.
    """
    return ("torch", "triton") if device.startswith(CUDA) else ("torch", "compiled")
