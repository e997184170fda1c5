"""The search for a minimum, on functions whose minimum is known."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_crf_ner.evaluation.search import find_minimum


@given(place=st.floats(-2, 2), start=st.floats(-2, 2))
def test_the_bottom_of_a_bowl_is_found(place: float, start: float) -> None:
    found = find_minimum(lambda x: (x - place) ** 2, -2, 2, start=start)
    assert found == pytest.approx(place, abs=1e-3)


@pytest.mark.parametrize(
    ("function", "place"),
    [
        # The valley on the left is wider, that on the right deeper.
        (lambda x: min((x + 1) ** 2, 4 * (x - 1) ** 2 - 0.5), 1.0),
        (lambda x: abs(x - 0.3), 0.3),
        (lambda x: x, -2.0),
        (lambda x: -x, 2.0),
        (lambda x: math.inf if x < 0.5 else x, 0.5),
    ],
)
def test_the_deepest_valley_and_the_ends_are_found(function: Callable[[float], float], place: float) -> None:
    assert find_minimum(function, -2, 2, start=0.0) == pytest.approx(place, abs=2e-3)


def test_where_nothing_is_better_it_stays() -> None:
    assert find_minimum(lambda _: 1.0, -2, 2, start=0.7) == 0.7


def test_nothing_worse_than_the_start_is_returned() -> None:
    # A hole between the points of the grid, which only the start knows.
    assert find_minimum(lambda x: -1.0 if x == 0.123 else x**2, -2, 2, start=0.123) == 0.123


def test_the_function_is_not_asked_too_often() -> None:
    asked: list[float] = []
    find_minimum(lambda x: asked.append(x) or (x - 0.31) ** 2, -2.3, 2.3, start=0.0)
    assert len(asked) < 40
    assert all(-2.3 <= x <= 2.3 for x in asked)
