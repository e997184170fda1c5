"""Numbers with a colour behind them, and the tables of the report that are made of them."""

import pytest

from spacy_crf_ner.pages.evaluation_tables import (
    MOST_LABELS,
    MOST_PAIRS,
    MOST_TAGS,
    Pair,
    confusion_map,
    confusion_pairs,
    transition_map,
    transition_pairs,
)
from spacy_crf_ner.pages.heat_map import FORBIDDEN, Cell, heat_cells

CONFUSION = {
    "labels": ["LOC", "PER"],
    "matrix": [[6, 1, 1], [0, 0, 0], [3, 1, 0]],
    "boundary": [2, 0],
}
TRANSITIONS = {
    "component": "ner",
    "tags": ["O", "U-X"],
    "scores": [[2.0, -4.0], [1.0, 9.0]],
    "start": [0.0, 1.0],
    "end": [-1.0, 3.0],
    "allowed": [[True, True], [True, False]],
    "allowed_start": [True, True],
    "allowed_end": [True, True],
}


def large_confusion(size: int) -> dict[str, object]:
    matrix = [[row * (size + 1) + column for column in range(size + 1)] for row in range(size + 1)]
    return {"labels": [f"L{number}" for number in range(size)], "matrix": matrix, "boundary": [0] * size}


def large_transitions(size: int) -> dict[str, object]:
    scores = [[float(row * size + column) for column in range(size)] for row in range(size)]
    yes = [True] * size
    return {
        "tags": [f"T{number}" for number in range(size)],
        "scores": scores,
        "start": [-1.0] * size,
        "end": [-2.0] * size,
        "allowed": [yes] * size,
        "allowed_start": yes,
        "allowed_end": yes,
    }


def test_shades_are_relative_to_the_largest_number_that_is_allowed() -> None:
    cells = heat_cells([[1.0, -2.0], [0.0, 8.0]], digits=1, allowed=[[True, True], [True, False]])
    assert cells == [[Cell(1.0, "1.0", 0.5), Cell(-2.0, "−2.0", -1.0)], [Cell(0.0, "0.0", 0.0), FORBIDDEN]]


def test_shades_end_at_the_size_that_was_given() -> None:
    assert [cell.shade for cell in heat_cells([[1.0, 4.0, -9.0]], largest=2.0)[0]] == [0.5, 1.0, -1.0]


@pytest.mark.parametrize("matrix", [[], [[0.0, 0.0]]])
def test_nothing_has_no_shade(matrix: list[list[float]]) -> None:
    assert {cell.shade for row in heat_cells(matrix) for cell in row} <= {0.0}


def test_confusions_are_shaded_by_their_share_of_the_row() -> None:
    shown = confusion_map(CONFUSION)
    assert shown is not None
    assert shown.rows == shown.columns == ["LOC", "PER", "nothing"]
    assert shown.cells[0] == [Cell(6, "6 (2)", 0.75), Cell(1, "1", -0.125), Cell(1, "1", -0.125)]
    assert {cell.shade for cell in shown.cells[1]} == {0.0}
    assert shown.cells[2] == [Cell(3, "3", -0.75), Cell(1, "1", -0.25), Cell(None, "none")]


def test_the_most_frequent_confusions_come_first_and_right_ones_are_none() -> None:
    assert confusion_pairs(CONFUSION)[0] == Pair("nothing", "LOC", 3)
    assert len(confusion_pairs(CONFUSION)) == 4


def test_too_many_labels_become_a_list() -> None:
    assert confusion_map(large_confusion(MOST_LABELS)) is not None
    large = large_confusion(MOST_LABELS + 1)
    assert confusion_map(large) is None
    pairs = confusion_pairs(large)
    assert len(pairs) == MOST_PAIRS
    assert pairs[0] == Pair("nothing", f"L{MOST_LABELS}", (MOST_LABELS + 2) ** 2 - 2)


def test_transitions_have_the_start_as_first_row_and_the_end_as_last_column() -> None:
    shown = transition_map(TRANSITIONS)
    assert shown is not None
    assert (shown.rows, shown.columns) == (["start", "O", "U-X"], ["O", "U-X", "end"])
    assert [[cell.value for cell in row] for row in shown.cells] == [
        [0.0, 1.0, None],
        [2.0, -4.0, -1.0],
        [1.0, None, 3.0],
    ]
    # From the mean of what is allowed; of forbidden moves the score is no measure.
    mean = sum([0.0, 1.0, 2.0, -4.0, -1.0, 1.0, 3.0]) / 7
    assert shown.cells[1][1].shade == -1.0
    assert shown.cells[0][0].shade == round(-mean / (4 + mean), 3)
    assert shown.cells[2][2].shade == round((3 - mean) / (4 + mean), 3)


def test_too_many_tags_become_a_list_of_both_ends() -> None:
    assert transition_map(large_transitions(MOST_TAGS)) is not None
    large = large_transitions(MOST_TAGS + 1)
    assert transition_map(large) is None
    pairs = transition_pairs(large)
    assert len(pairs) == MOST_PAIRS
    assert pairs[0] == Pair(f"T{MOST_TAGS}", f"T{MOST_TAGS}", (MOST_TAGS + 1) ** 2 - 1.0)
    assert pairs[-1].column == "end"


def test_few_transitions_are_listed_once_without_those_that_are_forbidden() -> None:
    assert [pair.value for pair in transition_pairs(TRANSITIONS)] == [3.0, 2.0, 1.0, 1.0, 0.0, -1.0, -4.0]
