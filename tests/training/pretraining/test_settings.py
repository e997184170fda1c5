"""Settings of pretraining name themselves when they are wrong."""

from __future__ import annotations

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.pretraining.settings import PretrainingSettings


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, "at least 1"),
        ("batch_tokens", 0, "at least 1"),
        ("checkpoint_steps", 0, "at least 1"),
        ("steps", 0, "at least 1"),
        ("head_steps", -1, "at least 0"),
        ("learn_rate", 0.0, "a finite number above 0"),
        ("learn_rate", float("nan"), "a finite number above 0"),
        ("head_learn_rate", float("inf"), "a finite number above 0"),
        ("warmup", 1.1, "a share of 0 to 1"),
        ("weight_decay", -0.1, "a finite number of at least 0"),
        ("mask_probability", 0.0, "above 0 and below 1"),
        ("mask_probability", 1.0, "above 0 and below 1"),
        ("max_length", 2, "at least 3"),
        ("held_out", 1.0, "a share of 0 to below 1"),
        ("seed", -1, "between 0 and"),
    ],
)
def test_a_value_that_makes_no_sense_is_an_error_that_names_the_option(
    name: str, value: float, expected: str
) -> None:
    option = "--" + name.replace("_", "-")
    with pytest.raises(TrainingError, match=rf"expected `{option}` to be {expected}.*but got {value}"):
        PretrainingSettings("encoder", **{name: value})  # type: ignore[arg-type]


def test_a_random_head_has_a_tenth_of_the_updates_for_itself_and_another_one_none() -> None:
    settings = PretrainingSettings("encoder")
    assert settings.head_steps_of(95, random_head=True) == 10
    assert settings.head_steps_of(1, random_head=True) == 0
    assert settings.head_steps_of(95, random_head=False) == 0


def test_what_is_asked_for_comes_before_what_the_head_would_get() -> None:
    settings = PretrainingSettings("encoder", head_steps=4)
    assert settings.head_steps_of(5, random_head=False) == 4
    assert PretrainingSettings("encoder", head_steps=0).head_steps_of(5, random_head=True) == 0
    with pytest.raises(TrainingError, match="expected `--head-steps` to be below the number of all steps, 4"):
        settings.head_steps_of(4, random_head=True)
