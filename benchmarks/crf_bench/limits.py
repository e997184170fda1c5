"""What the machine could do at best: its speed in a big matrix product and in copying, measured between the shapes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from .cases import MARGINALS, NLL, VITERBI
from .timing import synchronize, time_call

# Multiply-adds count as two operations. n steps in all, K tags: the dense recursions need FLOPS[op] * n * K^2
# operations, and BYTES[op] * n * K bytes must be read and written, whatever the algorithm keeps.
FLOPS = {NLL: 6, VITERBI: 2, MARGINALS: 4}
BYTES = {NLL: 16, VITERBI: 8, MARGINALS: 12}

MATRIX = 1536
COPIED_FLOATS = 32 * 1024 * 1024
REPETITIONS = 3


@dataclass(frozen=True)
class Limit:
    """The speeds of a machine.

    gflops (float): Float32 operations in a big matrix product, 1e9 a second.
    gbps (float): Bytes read and written by copying, 1e9 a second.
    """

    gflops: float
    gbps: float

    def milliseconds(self, op: str, n_steps: int, n_tags: int) -> float:
        """The least time that an operation can take.

        op (str): The operation.
        n_steps (int): Tokens of the batch, without padding.
        n_tags (int): Tags.
        RETURNS (float): Milliseconds: those of the operations or those of the bytes, whichever are more.
        """
        compute = FLOPS[op] * n_steps * n_tags**2 / (self.gflops * 1e9)
        move = BYTES[op] * n_steps * n_tags / (self.gbps * 1e9)
        return 1e3 * max(compute, move)


def measure_limit(device: str, matrix: int = MATRIX, floats: int = COPIED_FLOATS) -> Limit:
    """Measure both speeds.

    device (str): "cpu" or "cuda".
    matrix (int): Rows of the square matrices.
    floats (int): Numbers to copy; far more than the caches hold.
    RETURNS (Limit): The best of a few repetitions.
    """
    left = torch.rand(matrix, matrix, device=device)
    product = torch.empty_like(left)
    source = torch.zeros(floats, device=device)
    target = torch.ones_like(source)
    synchronize(device)
    torch.mm(left, left, out=product)
    product_seconds = min(
        time_call(lambda: torch.mm(left, left, out=product), device)[0] for _ in range(REPETITIONS)
    )
    copy_seconds = min(time_call(lambda: target.copy_(source), device)[0] for _ in range(REPETITIONS))
    return Limit(2 * matrix**3 / product_seconds / 1e9, 2 * 4 * floats / copy_seconds / 1e9)


def median_limit(limits: Iterable[Limit]) -> Limit:
    """One limit for a run.

    limits (Iterable[Limit]): What was measured between the shapes; at least one.
    RETURNS (Limit): The medians.
    """
    limits = list(limits)
    return Limit(
        statistics.median(one.gflops for one in limits), statistics.median(one.gbps for one in limits)
    )
