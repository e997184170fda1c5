"""The compiled recursions for NumPy arrays, without torch's tensors: every array is checked before it is touched."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import Errors, KernelError
from ._crf import Scores, forward_backward_at, k_best_at, scores_at, viterbi_at

Array = NDArray[Any]


class Batch:
    """A batch, and the scores that its sequences share, in nats.

    emissions (ndarray): Packed, or with every sequence padded to `padded_length`. *Shape:* (n_rows, n_tags), float32.
    lengths (ndarray): Tokens per sequence. *Shape:* (batch,), int64.
    transitions (ndarray): [from, to]. *Shape:* (n_tags, n_tags), float32.
    start (ndarray): *Shape:* (n_tags,), float32.
    end (ndarray): *Shape:* (n_tags,), float32.
    padded_length (int): Rows that every sequence takes up, padding included; 0 if there is none.
    masks (ndarray | None): By name, `allowed_transitions` (n_tags, n_tags), `allowed_start` (n_tags,), `allowed_end`
        (n_tags,), `allowed_tags` (n_rows, n_tags); bool.
    RAISES (KernelError): Arrays of another type or shape, or not contiguous; lengths that leave the emissions.
    """

    def __init__(
        self,
        emissions: Array,
        lengths: Array,
        transitions: Array,
        start: Array,
        end: Array,
        *,
        padded_length: int = 0,
        **masks: Array | None,
    ) -> None:
        self.n_rows, self.n_tags = emissions.shape if emissions.ndim == 2 else (-1, -1)
        self.n_sequences = lengths.shape[0] if lengths.ndim == 1 else -1
        self.padded_length = padded_length
        n = self.n_tags
        shapes = {
            "allowed_transitions": (n, n),
            "allowed_start": (n,),
            "allowed_end": (n,),
            "allowed_tags": (self.n_rows, n),
        }
        # What is only addressed must stay.
        self._arrays = (emissions, lengths, transitions, start, end, masks)
        addresses = [
            address("emissions", emissions, (self.n_rows, n), np.float32),
            address("lengths", lengths, (self.n_sequences,), np.int64),
            address("transitions", transitions, (n, n), np.float32),
            address("start", start, (n,), np.float32),
            address("end", end, (n,), np.float32),
        ]
        given = {name: mask for name, mask in masks.items() if mask is not None}
        optional = {name: address(name, mask, shapes[name], np.bool_) for name, mask in given.items()}
        used = padded_length * self.n_sequences if padded_length else int(lengths.sum())
        longest = int(lengths.max(initial=0))
        if n < 1 or lengths.min(initial=0) < 0 or used > self.n_rows or longest > (padded_length or longest):
            raise KernelError(Errors.K004.format(n_rows=self.n_rows, lengths=lengths.tolist()))
        self.scores: Scores = scores_at(
            self.n_sequences, self.n_rows, n, padded_length, *addresses, **optional
        )


def forward_backward(
    batch: Batch, *, marginals: bool = False, threads: int = 1, instructions: str = ""
) -> tuple[Array, Array | None, tuple[int, int]]:
    """log Z of each sequence, and the probability of each tag of each token.

    batch (Batch): The batch.
    marginals (bool): Whether the probabilities are wanted.
    threads (int): At most so many.
    instructions (str): "avx512", "avx2" or "generic"; the best that the processor has if empty.
    RETURNS (tuple[ndarray, ndarray | None, tuple[int, int]]): log Z, *Shape:* (batch,), float64, nats; probabilities,
        0 in padding, *Shape:* (n_rows, n_tags), float32; how many sequences were computed again in float64, and of
        these, in log space, too.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    totals = np.zeros(batch.n_sequences)
    tokens = np.zeros((batch.n_rows, batch.n_tags), dtype=np.float32) if marginals else None
    redone = (0, 0)
    if batch.n_rows and batch.n_sequences:
        redone = forward_backward_at(
            batch.scores,
            totals.ctypes.data,
            0 if tokens is None else tokens.ctypes.data,
            threads=threads,
            instructions=instructions,
        )
    return totals, tokens, redone


def expectations(
    batch: Batch, *, threads: int = 1, instructions: str = ""
) -> tuple[Array, Array, Array, Array, Array]:
    """log Z, and how often each score is used, in one call.

    batch (Batch): The batch.
    threads (int): At most so many.
    instructions (str): "avx512", "avx2" or "generic"; the best that the processor has if empty.
    RETURNS (tuple[ndarray, ...]): log Z, *Shape:* (batch,), float64, nats; probabilities of each token's tags, 0 in
        padding, *Shape:* (n_rows, n_tags); expected uses, summed over the batch, of the transitions, *Shape:* (n_tags,
        n_tags), the start and the end scores, *Shape:* (n_tags,); float32.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    n = batch.n_tags
    totals = np.zeros(batch.n_sequences)
    uses = [np.zeros(shape, dtype=np.float32) for shape in ((batch.n_rows, n), (n, n), (n,), (n,))]
    if batch.n_rows and batch.n_sequences:
        names = ("tokens", "transitions", "start", "end")
        addresses = {name: int(array.ctypes.data) for name, array in zip(names, uses, strict=True)}
        options: dict[str, Any] = {**addresses, "threads": threads, "instructions": instructions}
        forward_backward_at(batch.scores, totals.ctypes.data, **options)
    return totals, uses[0], uses[1], uses[2], uses[3]


def viterbi(batch: Batch, *, threads: int = 1, instructions: str = "") -> tuple[Array, Array]:
    """The best path of each sequence and its score.

    batch (Batch): The batch.
    threads (int): At most so many.
    instructions (str): "avx512", "avx2" or "generic"; the best that the processor has if empty.
    RETURNS (tuple[ndarray, ndarray]): Tags, -1 in padding, *Shape:* (n_rows,), int64; scores, *Shape:* (batch,),
        float64, nats.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    tags, totals = np.full(batch.n_rows, -1, dtype=np.int64), np.zeros(batch.n_sequences)
    if batch.n_rows and batch.n_sequences:
        viterbi_at(batch.scores, tags.ctypes.data, totals.ctypes.data, threads, instructions)
    return tags, totals


def k_best(batch: Batch, k: int, *, threads: int = 1, instructions: str = "") -> tuple[Array, Array]:
    """The k best paths of each sequence and their scores, best first.

    batch (Batch): The batch.
    k (int): How many.
    threads (int): At most so many.
    instructions (str): "avx512", "avx2" or "generic"; the best that the processor has if empty.
    RETURNS (tuple[ndarray, ndarray]): Tags, -1 in padding and for paths that do not exist, *Shape:* (batch, k,
        padded_length), or (k, n_rows) without padding, int64; scores, -inf for those, *Shape:* (batch, k), float64,
        nats.
    RAISES (KernelError): k below 1.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    if k < 1:
        raise KernelError(Errors.K003.format(name="k", expected="at least 1", got=k))
    shape = (batch.n_sequences, k, batch.padded_length) if batch.padded_length else (k, batch.n_rows)
    tags, totals = np.full(shape, -1, dtype=np.int64), np.full((batch.n_sequences, k), -np.inf)
    totals[:, 0] = 0.0
    if batch.n_rows and batch.n_sequences:
        k_best_at(batch.scores, k, tags.ctypes.data, totals.ctypes.data, threads, instructions)
    return tags, totals


def onward_scores(batch: Batch, *, threads: int = 1, instructions: str = "") -> tuple[Array, Array]:
    """log Z of each sequence, and the score of all ways to go on from each tag of each token, its emission included.

    batch (Batch): The batch.
    threads (int): At most so many.
    instructions (str): "avx512", "avx2" or "generic"; the best that the processor has if empty.
    RETURNS (tuple[ndarray, ndarray]): log Z, *Shape:* (batch,), nats; logs of the summed weights, with relative
        errors of the weights of about 1e-6, -inf where there is no way, 0 in padding, *Shape:* (n_rows, n_tags), nats;
        float64.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    totals, onward = np.zeros(batch.n_sequences), np.zeros((batch.n_rows, batch.n_tags))
    if batch.n_rows and batch.n_sequences:
        forward_backward_at(
            batch.scores,
            totals.ctypes.data,
            onward=onward.ctypes.data,
            threads=threads,
            instructions=instructions,
        )
    return totals, onward


def address(name: str, array: Array, shape: tuple[int, ...], dtype: Any) -> int:
    """Where an array begins in memory, if it is what it should be.

    name (str): Its name, for the message.
    array (ndarray): The array.
    shape (tuple[int, ...]): Its shape.
    dtype (Any): Its type.
    RETURNS (int): The address.
    RAISES (KernelError): Another shape or type, or gaps in memory.
    """
    if array.shape != shape or array.dtype != dtype or not array.flags.c_contiguous:
        expected = f"a contiguous {np.dtype(dtype).name} array of shape {shape}"
        got = f"{array.dtype.name} of shape {array.shape}"
        raise KernelError(Errors.K003.format(name=name, expected=expected, got=got))
    return int(array.ctypes.data)
