"""Choices that make sense, and those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.ready_configs import Choices


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"optimize": "speed"}, "`--optimize` to be one of accuracy, efficiency, few-labels, got 'speed'"),
        ({"scheme": "biluo"}, "`--scheme` to be one of BILUO, BIO, IO, got 'biluo'"),
        ({"encoder": "a\n[nlp]"}, r"`--encoder` to be a name that a config can hold, got 'a\\n\[nlp\]'"),
        ({"encoder": "x" * 256}, "`--encoder` to be a name .*not longer than names of files"),
        ({"encoder": " "}, "`--encoder` to be a name"),
        ({"train": "${paths.dev}.spacy"}, "`--train` to be a name"),
        ({"dev": "dev.conll"}, "`--dev` to be a .spacy file .*'dev.conll', which has another ending"),
        ({"preset": "crf_ner_trf", "optimize": "accuracy"}, "without `--optimize`, got 'accuracy'"),
    ],
)
def test_what_does_not_fit_is_named_with_its_option(choice: dict[str, str], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        Choices(**choice)  # type: ignore[arg-type]


def test_a_folder_needs_a_spacy_file_somewhere_in_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    with pytest.raises(TrainingError, match=r"`--train` .*which is a folder without any"):
        Choices(train=str(tmp_path))
    (tmp_path / "parts" / "one.spacy").touch()
    assert Choices(train=str(tmp_path)).missing == []


def test_data_that_are_not_there_yet_are_allowed_and_named(tmp_path: Path) -> None:
    (tmp_path / "train.spacy").touch()
    choices = Choices(train=str(tmp_path / "train.spacy"), dev=str(tmp_path / "dev.spacy"))
    assert choices.missing == [str(tmp_path / "dev.spacy")]


def test_the_names_of_networks_may_have_capitals_and_a_path_is_none() -> None:
    assert Choices(encoder="CNN").network == "cnn"
    assert Choices(encoder="./cnn").network is None
    assert Choices().network is None
