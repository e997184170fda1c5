"""Where the ready configs are, and what is said of each."""

from pathlib import Path

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.ready_configs import files, find_ready_configs, load_ready_config
from tests import tiny


def test_the_ready_configs_are_those_of_the_repository() -> None:
    assert list(find_ready_configs()) == sorted(path.stem for path in tiny.CONFIGS.glob("*.cfg"))


def test_what_a_config_is_for_is_one_sentence_from_its_head() -> None:
    summaries = find_ready_configs()
    assert summaries["crf_ner_cnn"] == (
        "Named entities with a CRF on a small convolutional network, trained from scratch on the CPU"
    )
    assert summaries["crf_ner_lora"] == (
        "Named entities with a CRF on a transformer, of which only adapters (LoRA) train"
    )
    for summary in summaries.values():
        assert summary.startswith("Named entities with ")
        assert "\n" not in summary
        assert len(summary) < 150


def test_a_config_is_read_with_its_variables_as_they_stand() -> None:
    config = load_ready_config("crf_ner_trf")
    assert config["components"]["transformer"]["model"]["name"] == "${paths.encoder}"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        TrainingError, match=r"`--preset` to be one of crf_ner_bilstm, .*, got '\.\./crf_ner_cnn'"
    ):
        load_ready_config("../crf_ner_cnn")


def test_the_configs_of_an_installed_package_come_before_those_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, checkout = tmp_path / "installed", tmp_path / "checkout"
    monkeypatch.setattr(files, "FOLDERS", (installed, checkout))
    for folder in (checkout, installed):
        folder.mkdir()
        # What is beside an installed package may be of others.
        (folder / "other.cfg").write_text("# Other.\n", encoding="utf8")
        (folder / "crf_ner_a.cfg").write_text(f"# Of the {folder.name}. More.\n[nlp]\n", encoding="utf8")
        assert find_ready_configs() == {"crf_ner_a": f"Of the {folder.name}"}


def test_an_installation_without_configs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FOLDERS", (tmp_path / "configs", tmp_path))
    with pytest.raises(TrainingError, match=r"ready configs in .*configs, but none is there: .*Install"):
        find_ready_configs()
