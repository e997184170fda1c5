"""The walk of both chains: each token has its slots, the slots of one step follow those of another, few are wasted."""

import pytest
import torch

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.functional.layout import Layout, layout_of
from spacy_crf_ner.functional.schedule import STEPS_AT_ONCE, Schedule, halves_of, schedule_of

LENGTHS = ((1,), (5,), (4, 4, 4), (3, 0, 5, 1, 4, 2), tuple(range(40, 0, -1)), (1, 200, 7) + (3,) * 20)


def layout_for(lengths: tuple[int, ...]) -> Layout:
    """A batch with two columns of padding."""
    zeros = torch.zeros(2)
    emissions = torch.zeros(len(lengths), max(lengths) + 2, 2)
    return layout_of(Potentials(emissions, torch.tensor(lengths), torch.zeros(2, 2), zeros, zeros))


def places(schedule: Schedule) -> dict[int, tuple[int, int, int]]:
    """Step, chain and row of every slot."""
    rows = [run.rows for run in schedule.runs for _ in range(run.steps)]
    found = [(step, chain, row) for step, n in enumerate(rows) for chain in range(2) for row in range(n)]
    assert len(found) == schedule.sources.shape[0]
    return dict(enumerate(found))


@pytest.mark.parametrize("n_tags", [2, 200])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_each_chain_visits_every_token_at_its_distance_from_the_end(
    lengths: tuple[int, ...], n_tags: int
) -> None:
    layout = layout_for(lengths)
    schedule = schedule_of(layout, n_tags)
    where = places(schedule)
    rows: dict[int, set[int]] = {}
    for token, owner in enumerate(layout.owners.tolist()):
        position = token - int(layout.offsets[owner])
        forward = where[int(schedule.forward[token])]
        backward = where[int(schedule.backward[token])]
        assert forward[:2] == (position, 0)
        assert backward[:2] == (lengths[owner] - 1 - position, 1)
        rows.setdefault(owner, set()).update({forward[2], backward[2]})
        assert schedule.sources[schedule.forward[token]] == token
        assert schedule.sources[schedule.backward[token]] == token
    assert all(len(of_one) == 1 for of_one in rows.values())
    assert len(set().union(*rows.values())) == len(rows)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_halves_meet_in_the_middle(lengths: tuple[int, ...]) -> None:
    layout = layout_for(lengths)
    schedule = halves_of(layout, 200)
    meeting = schedule.meeting
    assert meeting is not None
    where = places(schedule)
    filled = [(start, n) for start, n in zip(layout.offsets.tolist(), lengths, strict=True) if n]
    assert meeting.odd.tolist() == [n % 2 == 1 for _, n in filled]
    for (start, n), forward, backward in zip(filled, *meeting.ends.tolist(), strict=True):
        assert where[forward][:2] == ((n + 1) // 2 - 1, 0)
        assert where[backward][:2] == ((n + 1) // 2 - 1, 1)
        assert schedule.sources[forward] == start + (n + 1) // 2 - 1
        assert schedule.sources[backward] == start + n // 2
    for token in range(layout.n_tokens):
        chains = (where[int(schedule.forward[token])][1], where[int(schedule.backward[token])][1])
        assert schedule.sources[schedule.forward[token]] == token
        assert schedule.sources[schedule.backward[token]] == token
        inside = (bool(meeting.in_forward[token]), bool(meeting.in_backward[token]))
        assert chains == {(True, False): (0, 0), (False, True): (1, 1), (True, True): (0, 1)}[inside]


def test_padding_is_hardly_computed() -> None:
    one_long = schedule_of(layout_for((10_000,) + (10,) * 31), 9)
    assert one_long.sources.shape[0] < 2 * 1.1 * (10_000 + 31 * 10)
    uniform = schedule_of(layout_for(tuple(range(64, 128))), 73)
    assert uniform.sources.shape[0] < 2 * 1.1 * sum(range(64, 128))


def test_where_nothing_is_to_be_spared_the_rows_never_shrink() -> None:
    assert [run.rows for run in schedule_of(layout_for(tuple(range(16, 32))), 5).runs] == [16]
    long = schedule_of(layout_for((2 * STEPS_AT_ONCE + 1,)), 5).runs
    assert [run.steps for run in long] == [STEPS_AT_ONCE, STEPS_AT_ONCE, 1]
