from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

class Scores:
    def __init__(
        self,
        emissions: Floats,
        first_rows: Integers,
        lengths: Integers,
        padded_length: int,
        transitions: Floats,
        start: Floats,
        end: Floats,
        allowed_transitions: Bytes | None = None,
        allowed_start: Bytes | None = None,
        allowed_end: Bytes | None = None,
        allowed_tags: Bytes | None = None,
    ) -> None: ...

def instruction_sets() -> list[str]: ...
def forward_backward(
    scores: Scores,
    log_partition: Doubles,
    tokens: Floats | None = None,
    transitions: Floats | None = None,
    start: Floats | None = None,
    end: Floats | None = None,
    path: Integers | None = None,
    path_score: Doubles | None = None,
    weights: Doubles | None = None,
    spans: tuple[Any, ...] | None = None,
    threads: int = 1,
    instructions: str = "",
) -> tuple[int, int]: ...
def viterbi(
    scores: Scores, tags: Integers, totals: Doubles, threads: int = 1, instructions: str = ""
) -> tuple[int, int]: ...
def scores_at(
    n_sequences: int,
    n_rows: int,
    n_tags: int,
    padded_length: int,
    emissions: int,
    lengths: int,
    transitions: int,
    start: int,
    end: int,
    allowed_transitions: int = 0,
    allowed_start: int = 0,
    allowed_end: int = 0,
    allowed_tags: int = 0,
) -> Scores: ...
def forward_backward_at(
    scores: Scores,
    log_partition: int,
    tokens: int = 0,
    transitions: int = 0,
    start: int = 0,
    end: int = 0,
    path: int = 0,
    path_score: int = 0,
    loss: int = 0,
    weights: int = 0,
    threads: int = 1,
    instructions: str = "",
) -> tuple[int, int]: ...
def viterbi_at(
    scores: Scores, tags: int, totals: int, threads: int = 1, instructions: str = ""
) -> tuple[int, int]: ...
