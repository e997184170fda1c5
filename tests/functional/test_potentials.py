"""Potentials: every tensor is checked once, where it enters, and the message shows what came."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from torch import Tensor

from spacy_crf_ner.functional import Potentials
from tests.functional.cases import example, fields_of

BATCH, SEQ_LEN, N_TAGS = 3, 5, 4
VALID = fields_of(example((5, 2, 0), N_TAGS, "all masks"))


def build(**changes: Tensor | None) -> Potentials:
    return Potentials(**{**VALID, **changes})


def test_valid_potentials_keep_what_they_were_given() -> None:
    potentials = build()
    for name, value in VALID.items():
        torch.testing.assert_close(getattr(potentials, name), value, rtol=0, atol=0)


def test_masks_are_none_unless_given() -> None:
    names = ("emissions", "lengths", "transitions", "start", "end")
    potentials = Potentials(*(VALID[name] for name in names))
    assert potentials.allowed_transitions is None
    assert potentials.allowed_start is None
    assert potentials.allowed_end is None
    assert potentials.allowed_tags is None


def test_potentials_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError, match="start"):
        build().start = torch.zeros(N_TAGS)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "shape", "shown"),
    [
        ("emissions", (4,), r"\(4,\)"),
        ("emissions", (3, 5, 4, 1), "3, 5, 4, 1"),
        ("lengths", (3, 1), "3, 1"),
        ("lengths", (7,), "7"),
        ("lengths", (), r"\(\)"),
        ("transitions", (5, 4), "5, 4"),
        ("transitions", (4, 6), "4, 6"),
        ("transitions", (16,), "16"),
        ("start", (6,), "6"),
        ("start", (4, 1), "4, 1"),
        ("end", (7,), "7"),
        ("end", (1, 4), "1, 4"),
    ],
)
def test_scores_of_a_wrong_shape_are_refused_by_name_and_shape(
    name: str, shape: tuple[int, ...], shown: str
) -> None:
    dtype = torch.int64 if name == "lengths" else torch.float64
    with pytest.raises(ValueError, match=rf"(?s)(?=.*{name})(?=.*{shown})"):
        build(**{name: torch.zeros(shape, dtype=dtype)})


@pytest.mark.parametrize(
    ("name", "shape", "shown"),
    [
        ("allowed_transitions", (4, 9), "4, 9"),
        ("allowed_transitions", (4,), r"\(?4,?\)?"),
        ("allowed_start", (9,), "9"),
        ("allowed_end", (4, 9), "4, 9"),
        ("allowed_tags", (3, 5), "3, 5"),
        ("allowed_tags", (9, 5, 4), "9, 5, 4"),
        ("allowed_tags", (3, 9, 4), "3, 9, 4"),
        ("allowed_tags", (3, 5, 9), "3, 5, 9"),
        ("allowed_tags", (1, 5, 4), "1, 5, 4"),
    ],
)
def test_masks_of_a_wrong_shape_are_refused_by_name_and_shape(
    name: str, shape: tuple[int, ...], shown: str
) -> None:
    with pytest.raises(ValueError, match=rf"(?s)(?=.*{name})(?=.*{shown})"):
        build(**{name: torch.ones(shape, dtype=torch.bool)})


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.bool, torch.complex64])
@pytest.mark.parametrize("name", ["emissions", "transitions", "start", "end"])
def test_scores_of_a_wrong_dtype_are_refused_by_name_and_dtype(name: str, dtype: torch.dtype) -> None:
    with pytest.raises((ValueError, TypeError), match=rf"(?s)(?=.*{name})(?=.*{str(dtype).split('.')[1]})"):
        build(**{name: torch.ones(VALID[name].shape, dtype=dtype)})


@pytest.mark.parametrize("name", ["transitions", "start", "end"])
def test_scores_of_two_dtypes_are_refused(name: str) -> None:
    with pytest.raises((ValueError, TypeError), match=rf"(?s)(?=.*{name})(?=.*float32)"):
        build(**{name: VALID[name].float()})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_both_float_dtypes_are_taken(dtype: torch.dtype) -> None:
    changes = {name: VALID[name].to(dtype) for name in ("emissions", "transitions", "start", "end")}
    assert build(**changes).emissions.dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
def test_lengths_of_a_wrong_dtype_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises((ValueError, TypeError), match=rf"(?s)(?=.*lengths)(?=.*{str(dtype).split('.')[1]})"):
        build(lengths=torch.ones(BATCH, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float64])
@pytest.mark.parametrize("name", ["allowed_transitions", "allowed_start", "allowed_end", "allowed_tags"])
def test_masks_of_a_wrong_dtype_are_refused(name: str, dtype: torch.dtype) -> None:
    with pytest.raises((ValueError, TypeError), match=rf"(?s)(?=.*{name})(?=.*{str(dtype).split('.')[1]})"):
        build(**{name: VALID[name].to(dtype)})


@pytest.mark.parametrize(
    ("lengths", "index", "value"), [([5, 6, 0], 1, 6), ([5, 0, -3], 2, -3), ([97, 1, 1], 0, 97)]
)
def test_lengths_out_of_range_are_refused_with_index_and_value(
    lengths: list[int], index: int, value: int
) -> None:
    with pytest.raises(ValueError, match=rf"(?s)(?=.*lengths)(?=.*\b{index}\b)(?=.*{value}\b)"):
        build(lengths=torch.tensor(lengths))


def test_a_length_may_be_anything_from_zero_to_the_width_of_the_batch() -> None:
    assert build(lengths=torch.tensor([0, 5, 3])).lengths.tolist() == [0, 5, 3]


@pytest.mark.parametrize("name", ["transitions", "lengths", "allowed_tags"])
def test_tensors_on_two_devices_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s)(?=.*{name})(?=.*meta)"):
        build(**{name: VALID[name].to("meta")})
