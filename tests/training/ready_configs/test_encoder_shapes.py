"""What is read of an encoder without its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.ready_configs.encoder_shapes import EncoderShape, read_encoder_shape


def saved(folder: Path, **config: Any) -> str:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf8")
    return str(folder)


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        ({"model_type": "bert"}, EncoderShape(12, False, 512, True)),
        (
            {"model_type": "roberta", "num_hidden_layers": 24, "hidden_size": 1024},
            EncoderShape(24, True, 512, True),
        ),
        # Other names for the same: n_layers, dim.
        ({"model_type": "distilbert", "n_layers": 6}, EncoderShape(6, False, 512, True)),
        # All layers share their parameters.
        (
            {"model_type": "albert", "hidden_size": 768, "num_hidden_layers": 12},
            EncoderShape(1, False, 512, True),
        ),
        ({"model_type": "xlnet", "n_layer": 12, "d_model": 768}, EncoderShape(12, False, None, True)),
    ],
    ids=lambda value: value["model_type"] if isinstance(value, dict) else "",
)
def test_depth_width_and_length_come_from_the_config_in_a_folder(
    config: dict[str, Any], shape: EncoderShape, tmp_path: Path
) -> None:
    assert read_encoder_shape(saved(tmp_path, **config)) == shape


def test_a_name_that_is_not_found_is_guessed_and_said_to_be_unknown() -> None:
    assert read_encoder_shape("nobody/no-such-base") == EncoderShape(12, False, None, known=False)
    assert read_encoder_shape("nobody/no-such-LARGE") == EncoderShape(24, True, None, known=False)


def test_a_folder_that_is_not_there_or_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"there is no such folder.*cnn, idcnn"):
        read_encoder_shape(str(tmp_path / "absent"))
    with pytest.raises(TrainingError, match=r"there is no such folder"):
        read_encoder_shape("./absent")
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"it is a file"):
        read_encoder_shape(str(tmp_path / "file"))
    with pytest.raises(TrainingError, match=r"holds no config.json"):
        read_encoder_shape(str(tmp_path))


@pytest.mark.parametrize("content", ["", '{"model_type": "bert"', '{"model_type": "no-such-type"}', "[1]"])
def test_a_config_that_is_none_is_an_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(content, encoding="utf8")
    with pytest.raises(TrainingError, match=r"config.json cannot be used"):
        read_encoder_shape(str(tmp_path))


def test_no_code_of_an_encoder_runs(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("raise SystemExit('ran')\n", encoding="utf8")
    path = saved(tmp_path, model_type="own", auto_map={"AutoConfig": "own.Own"})
    with pytest.raises(TrainingError, match=r"config.json cannot be used"):
        read_encoder_shape(path)
