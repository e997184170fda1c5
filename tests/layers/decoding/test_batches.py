"""The enumeration itself."""

import pytest

from tests.layers.decoding.batches import CASES, Case, every_case


@every_case
def test_sets_of_spans_share_the_whole_probability(case: Case) -> None:
    for sets in case.sets:
        assert sum(sets.values()) == pytest.approx(1.0, abs=1e-12)


def test_masks_leave_some_sets_impossible_and_others_possible() -> None:
    for case in CASES:
        impossible = sum(chance == 0.0 for sets in case.sets for chance in sets.values())
        assert (impossible > 0) == case.masked
        assert sum(0.0 < chance < 1.0 for sets in case.sets for chance in sets.values()) >= 10
