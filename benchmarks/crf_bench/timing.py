"""Time several implementations in turns, so that whatever else the machine does slows all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from .implementations import CUDA


@dataclass(frozen=True)
class Effort:
    """How much time goes into timing.

    rounds (int): Turns of an implementation, if it is fast.
    turn_seconds (float): A turn repeats calls until about so much time has passed.
    turn_calls (int): Most calls of a turn.
    budget_seconds (float): About the most time of one implementation in all its turns, but at least three turns.
    slow_seconds (float): A call that takes longer than this gets two turns of one call.
    very_slow_seconds (float): A call that takes longer than this is not repeated: the checked call is the result.
    """

    rounds: int = 20
    turn_seconds: float = 0.01
    turn_calls: int = 40
    budget_seconds: float = 2.0
    slow_seconds: float = 2.0
    very_slow_seconds: float = 10.0

    def turns(self, seconds: float) -> int:
        """RETURNS (int): Turns of an implementation.

        seconds (float): What one call takes.
        """
        if seconds > self.very_slow_seconds:
            return 0
        if seconds > self.slow_seconds:
            return min(2, self.rounds)
        per_turn = seconds * self.calls(seconds)
        return min(self.rounds, max(3, int(self.budget_seconds / max(per_turn, 1e-9))))

    def calls(self, seconds: float) -> int:
        """RETURNS (int): Calls of a turn.

        seconds (float): What one call takes.
        """
        return max(1, min(self.turn_calls, int(self.turn_seconds / max(seconds, 1e-9))))


QUICK = Effort(rounds=2, turn_seconds=0.0, budget_seconds=0.2, slow_seconds=0.5, very_slow_seconds=1.0)


@dataclass
class Timed:
    """What is timed.

    call (Callable): One call; its result is dropped.
    clear (Callable): What has to be done before each call, untimed.
    first_seconds (float): What the call took before, when its result was checked.
    """

    call: Callable[[], Any]
    clear: Callable[[], None]
    first_seconds: float


def synchronize(device: str) -> None:
    """Wait for the device.

    device (str): "cpu" or "cuda".
    """
    if device.startswith(CUDA):
        torch.cuda.synchronize()


def time_call(call: Callable[[], Any], device: str) -> tuple[float, Any]:
    """Time one call.

    call (Callable): The call.
    device (str): Where it computes.
    RETURNS (tuple[float, Any]): Seconds, and what it returned.
    """
    synchronize(device)
    start = time.perf_counter()
    result = call()
    synchronize(device)
    return time.perf_counter() - start, result


def time_in_turns(
    timed: dict[str, Timed], effort: Effort, device: str, threads: int
) -> dict[str, list[float]]:
    """Time all, turn by turn; the order is reversed from round to round.

    timed (dict[str, Timed]): By name.
    effort (Effort): How often.
    device (str): Where they compute.
    threads (int): Threads of torch; set anew before each turn, as some peers change them.
    RETURNS (dict[str, list[float]]): Seconds a call, one value a turn: the median of the turn's calls.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    expected = {name: one.first_seconds for name, one in timed.items()}
    for index in range(effort.rounds):
        names = list(timed) if index % 2 == 0 else list(reversed(timed))
        for name in names:
            turns = effort.turns(expected[name])
            # The turns of a slow one are spread over all rounds.
            if (index + 1) * turns // effort.rounds == index * turns // effort.rounds:
                continue
            values = _turn(timed[name], effort.calls(expected[name]), device, threads)
            seconds[name].append(statistics.median(values))
            # The first call was slower than the rest if it had something to set up.
            expected[name] = min(expected[name], seconds[name][-1])
    for name, one in timed.items():
        seconds[name] = seconds[name] or [one.first_seconds]
    return seconds


def _turn(one: Timed, calls: int, device: str, threads: int) -> list[float]:
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    values = []
    gc.disable()
    try:
        for _ in range(calls):
            one.clear()
            values.append(time_call(one.call, device)[0])
    finally:
        gc.enable()
    return values
