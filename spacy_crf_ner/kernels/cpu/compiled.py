"""The compiled extension as `Recursions`: torch tensors on the CPU, read and written in place.

The extension gets addresses: `Potentials` has checked the tensors, and for a small batch to look at each of them again
as an array would take longer than to compute.
"""

from typing import Any

import torch
from torch import Tensor

from ...functional import Expectations, PathExpectations, Potentials, PotentialsGradient, SpanPaths

try:
    from ._crf import (
        Scores,
        forward_backward_at,
        instruction_sets,
        k_best_at,
        scores_at,
        span_log_probs_at,
        viterbi_at,
    )
except ImportError as error:
    _REASON: str | None = f"the extension is not installed ({error})"
else:
    _REASON = None

PADDING_TAG = -1

# Names of the extension's arguments: the parts of a gradient, and what is only read.
_GRADIENT = ("tokens", "transitions", "start", "end")
_INPUTS = frozenset({"path", "weights"})
_SPANS = ("sequences", "starts", "ends", "tags", "before", "after")
_Gradient = tuple[Tensor, Tensor, Tensor, Tensor]


def unavailable() -> str | None:
    """RETURNS (str | None): Why the extension cannot be used; None if it can."""
    return _REASON


class Compiled:
    """`Recursions` in scaled exponential space, for float32 on the CPU.

    Sequences whose probabilities leave the range of float32 are computed again in float64, and in log space if they
    leave that of float64 (docs/kernels.md). Results do not depend on the number of threads, which is torch's.
    """

    def __init__(self, instructions: str = "") -> None:
        """Choose the instruction set.

        instructions (str): "avx512", "avx2" or "generic"; the best that the processor has if empty.
        """
        self.instructions = instructions

    @property
    def name(self) -> str:
        """RETURNS (str): "compiled" with the instruction set in use."""
        return f"compiled ({self.instructions or instruction_sets()[0]})"

    def accepts(self, potentials: Potentials) -> bool:
        """RETURNS (bool): Whether the batch is one of float32 on the CPU.

        potentials (Potentials): The batch.
        """
        emissions = potentials.emissions
        return emissions.dtype == torch.float32 and emissions.device.type == "cpu" and potentials.n_tags > 0

    def log_partition(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): See `Recursions`."""
        totals = _doubles(potentials)
        self._forward_backward(potentials, totals)
        return totals

    def marginals(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        totals, tokens = _doubles(potentials), torch.empty(potentials.emissions.shape)
        self._forward_backward(potentials, totals, tokens=tokens)
        return totals, tokens

    def expectations(self, potentials: Potentials, weights: Tensor | None = None) -> Expectations:
        """RETURNS (Expectations): See `Recursions`."""
        totals, gradient = _doubles(potentials), _empty_gradient(potentials)
        self._forward_backward(potentials, totals, gradient, weights=_doubled(weights))
        return Expectations(totals, PotentialsGradient(*gradient))

    def path_expectations(
        self, potentials: Potentials, tags: Tensor, weights: Tensor | None = None
    ) -> PathExpectations:
        """RETURNS (PathExpectations): See `Recursions`."""
        totals, scores, gradient = _doubles(potentials), _doubles(potentials), _empty_gradient(potentials)
        loss = torch.empty(potentials.batch_size)
        path = tags.contiguous()
        others = {"path": path, "path_score": scores, "loss": loss, "weights": _doubled(weights)}
        self._forward_backward(potentials, totals, gradient, **others)
        return PathExpectations(totals, scores, PotentialsGradient(*gradient), loss)

    def viterbi(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        totals = _doubles(potentials)
        tags = torch.full(potentials.emissions.shape[:-1], PADDING_TAG, dtype=torch.int64)
        if not tags.numel():
            return tags, totals.zero_()
        with _Batch(potentials) as scores:
            viterbi_at(scores, tags.data_ptr(), totals.data_ptr(), torch.get_num_threads(), self.instructions)
        return tags, totals

    def k_best(self, potentials: Potentials, k: int) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`; where prefixes have equal scores, that with the lower last
        tag comes first.
        """
        leading = (k,) if potentials.is_packed else (potentials.batch_size, k)
        tags = torch.empty((*leading, potentials.emissions.shape[-2]), dtype=torch.int64)
        totals = torch.empty((potentials.batch_size, k), dtype=torch.float64)
        if not potentials.emissions.numel():
            totals[:] = -torch.inf
            totals[:, 0] = 0.0
            return tags, totals
        with _Batch(potentials) as scores:
            k_best_at(
                scores, k, tags.data_ptr(), totals.data_ptr(), torch.get_num_threads(), self.instructions
            )
        return tags, totals

    def onward_scores(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`; from recursions in float32, so that the probabilities of
        next tags have relative errors of about 1e-6, also those of improbable ones.
        """
        totals, onward = _doubles(potentials), torch.empty(potentials.emissions.shape, dtype=torch.float64)
        self._forward_backward(potentials, totals, onward=onward)
        return totals, onward

    def span_log_probs(self, potentials: Potentials, spans: SpanPaths) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        totals = _doubles(potentials)
        order = torch.argsort(spans.sequences, stable=True)
        columns = (spans.sequences, spans.starts, spans.ends, spans.tags)
        masks = (spans.before, spans.after)
        log_probs = torch.empty(len(order), dtype=torch.float64)
        asked = [part[order].contiguous() for part in (*columns, *masks)]
        if not (len(order) and potentials.emissions.numel()):
            return self.log_partition(potentials), log_probs
        with _Batch(potentials) as scores:
            addresses = dict(zip(_SPANS, (part.data_ptr() for part in asked), strict=True))
            options: dict[str, Any] = {**addresses, "log_probs": log_probs.data_ptr()}
            options["threads"] = torch.get_num_threads()
            options["instructions"] = self.instructions
            span_log_probs_at(scores, totals.data_ptr(), len(order), spans.tags.shape[1], **options)
        result = torch.empty_like(log_probs)
        result[order] = log_probs
        return totals, result

    def _forward_backward(
        self,
        potentials: Potentials,
        totals: Tensor,
        gradient: _Gradient | None = None,
        **others: Tensor | None,
    ) -> None:
        outputs = {"log_partition": totals, **others}
        if gradient is not None:
            outputs.update(zip(_GRADIENT, gradient, strict=True))
        given = {name: output for name, output in outputs.items() if output is not None}
        if not potentials.emissions.numel():
            for name in given.keys() - _INPUTS:
                given[name].zero_()
            return
        options: dict[str, Any] = {name: output.data_ptr() for name, output in given.items()}
        options["threads"] = torch.get_num_threads()
        options["instructions"] = self.instructions
        with _Batch(potentials) as scores:
            forward_backward_at(scores, **options)


class _Batch:
    """The extension's view of `Potentials`, for as long as its tensors are held here."""

    def __init__(self, potentials: Potentials) -> None:
        self._potentials = potentials
        self._held: list[Tensor] = []

    def __enter__(self) -> "Scores":
        one = self._potentials
        emissions = one.emissions
        return scores_at(
            one.batch_size,
            emissions.numel() // one.n_tags,
            one.n_tags,
            0 if one.is_packed else one.seq_len,
            self._address(emissions),
            self._address(one.lengths),
            self._address(one.transitions),
            self._address(one.start),
            self._address(one.end),
            self._address(one.allowed_transitions),
            self._address(one.allowed_start),
            self._address(one.allowed_end),
            self._address(one.allowed_tags),
        )

    def __exit__(self, *error: object) -> None:
        self._held.clear()

    def _address(self, tensor: Tensor | None) -> int:
        if tensor is None:
            return 0
        if not tensor.is_contiguous():
            tensor = tensor.contiguous()
            self._held.append(tensor)
        return tensor.data_ptr()


def _doubles(potentials: Potentials) -> Tensor:
    return torch.empty(potentials.batch_size, dtype=torch.float64)


def _doubled(weights: Tensor | None) -> Tensor | None:
    return None if weights is None else weights.double().contiguous()


def _empty_gradient(potentials: Potentials) -> _Gradient:
    n_tags = potentials.n_tags
    emissions = torch.empty(potentials.emissions.shape)
    return emissions, torch.empty(n_tags, n_tags), torch.empty(n_tags), torch.empty(n_tags)
