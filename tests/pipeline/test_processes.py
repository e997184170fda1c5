"""Processes that `nlp.pipe(n_process=...)` forks compute on one thread: those of torch do not survive a fork."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest
import torch

from spacy_crf_ner.pipeline.processes import _use_one_thread, use_one_thread_after_fork
from tests.pipeline.pipelines import make_nlp

needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="nothing is forked on this system"
)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def report_threads(connection: Connection) -> None:
    connection.send(torch.get_num_threads())


@needs_fork
@pytest.mark.usefixtures("two_threads")
def test_a_forked_process_has_one_thread_and_its_parent_keeps_its_own() -> None:
    # A component has been made.
    make_nlp()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=report_threads, args=(sender,))
    process.start()
    assert receiver.poll(60)
    assert receiver.recv() == 1
    process.join(60)
    assert process.exitcode == 0
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_what_runs_after_a_fork_sets_one_thread() -> None:
    _use_one_thread(torch)
    assert torch.get_num_threads() == 1


def test_it_is_registered_once() -> None:
    use_one_thread_after_fork()
    before = use_one_thread_after_fork.cache_info().misses
    make_nlp()
    assert use_one_thread_after_fork.cache_info().misses == before == 1
