"""What a step of the scaled recursions costs: calls of torch, and no waiting for a device."""

from collections import Counter
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from spacy_crf_ner.functional import SCALED
from tests.functional.cases import as_dtype, replaced
from tests.functional.test_numbers import biluo, steep


class Calls(TorchDispatchMode):
    """Counts what reaches torch's kernels."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


SYNCHRONISING = ("_local_scalar_dense", "nonzero", "masked_select", "item", "equal")


@pytest.mark.parametrize(("name", "most"), [("expectations", 3.0), ("log_partition", 1.6), ("viterbi", 4.0)])
@pytest.mark.parametrize("constrained", [False, True])
def test_a_step_is_a_few_calls_and_waits_for_nothing(name: str, most: float, constrained: bool) -> None:
    found = []
    for length in (64, 192):
        potentials = as_dtype(steep((length, length // 2, length - 3, 5), 2, 1.0, 1.0), torch.float32)
        potentials = replaced(potentials, **(biluo(2) if constrained else {}))
        with Calls() as calls:
            getattr(SCALED, name)(potentials)
        found.append(calls.counts)
    short, long = found
    assert (sum(long.values()) - sum(short.values())) / 128 <= most
    for call in SYNCHRONISING:
        assert long[call] == short[call]
