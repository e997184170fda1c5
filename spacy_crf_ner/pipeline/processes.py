"""Keep torch alive in the processes of `nlp.pipe(n_process=...)`."""

import functools
import multiprocessing.util

import torch


@functools.cache
def use_one_thread_after_fork() -> None:
    """Make processes that multiprocessing forks from now on compute on one thread.

    The threads of torch's OpenMP pool do not survive a fork: a child that inherits a used pool waits for them for
    ever, as soon as an operation is large enough to be shared out (https://github.com/pytorch/pytorch/issues/17199).
    On one thread the child needs no pool; the processes are the parallelism. Spawned processes are not concerned.
    """
    multiprocessing.util.register_after_fork(torch, _use_one_thread)


def _use_one_thread(module: object) -> None:
    torch.set_num_threads(1)
