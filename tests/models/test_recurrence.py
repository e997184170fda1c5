"""LSTMs over packed sequences."""

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from spacy_crf_ner.models.recurrence import positions, run_lstm, time_major

LENGTHS = [(1,), (3,), (2, 2), (1, 4, 2, 4, 1), (5, 3, 1), (1, 3, 5)]


@pytest.mark.parametrize("lengths", LENGTHS)
def test_elements_come_in_torchs_order(lengths: tuple[int, ...]) -> None:
    elements = torch.arange(sum(lengths))
    expected = pack_sequence(list(elements.split(lengths)), enforce_sorted=False)
    order, batch_sizes = time_major(torch.tensor(lengths))
    assert order.tolist() == expected.data.tolist()
    assert batch_sizes.tolist() == expected.batch_sizes.tolist()


def test_positions_begin_anew_in_each_sequence() -> None:
    assert positions(torch.tensor([2, 1, 3])).tolist() == [0, 1, 0, 0, 1, 2]


@pytest.mark.parametrize("lengths", LENGTHS)
def test_each_sequence_is_read_by_itself(lengths: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 4, bidirectional=True)
    elements = torch.randn(sum(lengths), 3)
    got = run_lstm(lstm, elements, torch.tensor(lengths))
    expected = torch.cat([lstm(part)[0] for part in elements.split(lengths)])
    torch.testing.assert_close(got, expected)
