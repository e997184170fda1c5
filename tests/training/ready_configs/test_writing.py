"""The text of a config, and its file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from thinc.api import Config

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.ready_configs import (
    Choices,
    check_new,
    make_config,
    save_text,
    train_command,
    write_config,
)

COMMAND = ["python", "-m", "spacy", "crf-ner", "init", "my config.cfg"]


def test_the_text_gives_the_config_again_below_comments() -> None:
    made = make_config(Choices(lang="zh", encoder="a/b", optimize="efficiency", train="it's mine.spacy"))
    text = write_config(made, COMMAND, "my config.cfg")
    assert Config().from_str(text, interpolate=False) == made.config
    head, _ = text.split("\n\n[", 1)
    assert all(line.startswith("#") and len(line) <= 120 for line in head.splitlines())
    for expected in (
        "#   python -m spacy crf-ner init 'my config.cfg'\n",
        "of its ready config crf_ner_trf",
        "\n# - Language zh",
        '#     nlp.tokenizer.segmenter = "char"',
        "#     initialize.after_init.layers = 6",
        "#   python -m spacy train 'my config.cfg' --output training --paths.dev dev.spacy --gpu-id 0",
        "#   training.optimizer.learn_rate.initial_rate",
    ):
        assert expected in head


def test_a_line_break_in_the_command_is_an_error_and_no_setting() -> None:
    made = make_config(Choices())
    with pytest.raises(TrainingError, match=r"`the command` to be a name that a config can hold, got"):
        write_config(made, [*COMMAND, "a\n[nlp]"], "config.cfg")


def test_the_command_that_trains_asks_for_what_the_config_lacks() -> None:
    made = make_config(Choices(train="t.spacy", dev="d.spacy"))
    assert train_command(made, "c.cfg") == "python -m spacy train c.cfg --output training"
    assert train_command(make_config(Choices(gpu=True)), "c.cfg") == (
        "python -m spacy train c.cfg --output training --paths.train train.spacy --paths.dev dev.spacy --gpu-id 0"
    )


def test_a_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "config.cfg"
    check_new(path)
    path.touch()
    with pytest.raises(TrainingError, match=r"config.cfg to be a new file, but it exists.*`--force`"):
        check_new(path)
    check_new(path, force=True)


def test_saving_makes_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.cfg"
    save_text("ü\n", path)
    save_text("é\n", path)
    assert path.read_bytes() == "é\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_is_an_error_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("old", encoding="utf8")
    with pytest.raises(TrainingError, match=r"Expected to write the config to .*config.cfg, but "):
        save_text("new", tmp_path / "file" / "config.cfg")

    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(TrainingError, match=r"No space left on device"):
        save_text("new", tmp_path / "file")
    assert (tmp_path / "file").read_text(encoding="utf8") == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
