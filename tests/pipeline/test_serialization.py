"""Saving and loading: identical predictions, and settings that keep what the user meant."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.language import Language

from spacy_crf_ner.errors import ComponentError
from tests.pipeline.pipelines import TEXTS, crf_ner, make_listening_nlp, make_nlp, outcomes, train


def through_bytes(nlp: Language, _: Path) -> Language:
    return type(nlp).from_config(nlp.config).from_bytes(nlp.to_bytes())


def through_disk(nlp: Language, path: Path) -> Language:
    nlp.to_disk(path)
    return spacy.load(path)


def through_pickle(nlp: Language, _: Path) -> Language:
    return pickle.loads(pickle.dumps(nlp))  # noqa: S301


def through_deepcopy(nlp: Language, _: Path) -> Language:
    return copy.deepcopy(nlp)


def through_component_bytes(nlp: Language, _: Path) -> Language:
    other = type(nlp).from_config(nlp.config)
    for name, component in nlp.pipeline:
        other.get_pipe(name).from_bytes(component.to_bytes())
    return other


def through_component_disk(nlp: Language, path: Path) -> Language:
    other = type(nlp).from_config(nlp.config)
    path.mkdir()
    for name, component in nlp.pipeline:
        component.to_disk(path / name)
        other.get_pipe(name).from_disk(str(path / name))
    return other


ROUND_TRIPS = [
    through_bytes,
    through_disk,
    through_pickle,
    through_deepcopy,
    through_component_bytes,
    through_component_disk,
]


@pytest.mark.parametrize("trip", ROUND_TRIPS)
@pytest.mark.parametrize("fixture", ["overfitted", "listening"])
def test_a_restored_pipeline_predicts_the_same(
    trip: Callable[[Language, Path], Language], fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    nlp = request.getfixturevalue(fixture)
    expected = outcomes(nlp)
    assert len(expected[0]) == 2
    restored = trip(nlp, tmp_path / "model")
    assert restored is not nlp
    assert outcomes(restored) == expected
    assert crf_ner(restored).labels == crf_ner(nlp).labels
    # The labels' names come with the component.
    assert "PERSON" in restored.vocab.strings


@pytest.mark.parametrize("scheme", ["BIO", "IO"])
def test_every_scheme_is_restored(scheme: str, tmp_path: Path) -> None:
    nlp = make_nlp(scheme=scheme)
    train(nlp, steps=4)
    nlp.to_disk(tmp_path)
    restored = spacy.load(tmp_path)
    assert crf_ner(restored).tagset == crf_ner(nlp).tagset
    assert outcomes(restored) == outcomes(nlp)


def test_a_pipeline_is_restored_over_one_that_was_initialized(overfitted: Language) -> None:
    other = make_nlp()
    train(other, steps=1)
    other.from_bytes(overfitted.to_bytes())
    assert outcomes(other) == outcomes(overfitted)


def test_an_uninitialized_component_is_saved_with_its_labels(tmp_path: Path) -> None:
    nlp = make_nlp()
    crf_ner(nlp).add_label("A")
    nlp.to_disk(tmp_path)
    restored = crf_ner(spacy.load(tmp_path))
    assert restored.labels == ("A",)
    assert not restored.is_initialized


def test_nothing_that_is_saved_is_a_pickle(overfitted: Language, tmp_path: Path) -> None:
    component = crf_ner(overfitted)
    component.to_disk(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cfg", "model", "vocab"]
    assert srsly.read_json(tmp_path / "cfg")["labels"] == ["LOC", "PERSON"]
    assert "nodes" in srsly.msgpack_loads((tmp_path / "model").read_bytes())
    parts = srsly.msgpack_loads(component.to_bytes())
    assert set(parts) == {"cfg", "model", "vocab"}


@pytest.mark.parametrize("left_out", ["cfg", "model", "vocab"])
def test_what_is_excluded_is_neither_saved_nor_loaded(
    overfitted: Language, left_out: str, tmp_path: Path
) -> None:
    component = crf_ner(overfitted)
    component.to_disk(tmp_path / "part", exclude=[left_out])
    assert not (tmp_path / "part" / left_out).exists()
    assert left_out not in srsly.msgpack_loads(component.to_bytes(exclude=[left_out]))
    for load in ("bytes", "disk"):
        other = crf_ner(make_nlp())
        other.add_label("PERSON")
        other.add_label("LOC")
        if load == "bytes":
            other.from_bytes(component.to_bytes(), exclude=[left_out])
        else:
            component.to_disk(tmp_path / "whole")
            other.from_disk(tmp_path / "whole", exclude=[left_out])
        assert other.labels == (("PERSON", "LOC") if left_out == "cfg" else ("LOC", "PERSON"))
        assert other.is_initialized == (left_out != "model")


def test_files_are_readable_for_everyone(overfitted: Language, tmp_path: Path) -> None:
    crf_ner(overfitted).to_disk(tmp_path)
    for name in ("cfg", "model"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("setting", "value"), [("threshold", 0.25), ("probabilities", False), ("overwrite", True)]
)
def test_a_setting_changed_in_use_is_saved(
    overfitted: Language, setting: str, value: Any, tmp_path: Path
) -> None:
    crf_ner(overfitted).cfg[setting] = value
    overfitted.to_disk(tmp_path / "first")
    once = spacy.load(tmp_path / "first")
    assert crf_ner(once).cfg[setting] == value
    once.to_disk(tmp_path / "second")
    assert crf_ner(spacy.load(tmp_path / "second")).cfg[setting] == value


@pytest.mark.parametrize(
    ("setting", "value"), [("threshold", 0.25), ("probabilities", False), ("overwrite", True)]
)
def test_a_setting_changed_in_the_config_wins_over_a_saved_one(
    overfitted: Language, setting: str, value: Any, tmp_path: Path
) -> None:
    if setting == "threshold":
        crf_ner(overfitted).cfg["threshold"] = 0.75
    overfitted.to_disk(tmp_path)
    restored = spacy.load(tmp_path, config={"components.crf_ner": {setting: value}})
    assert crf_ner(restored).cfg[setting] == value
    others = {"threshold", "probabilities", "overwrite"} - {setting}
    assert all(crf_ner(restored).cfg[other] == crf_ner(overfitted).cfg[other] for other in others)


def test_a_setting_changed_in_the_config_stays_after_saving_again(
    overfitted: Language, tmp_path: Path
) -> None:
    crf_ner(overfitted).cfg["threshold"] = 0.75
    overfitted.to_disk(tmp_path / "first")
    restored = spacy.load(tmp_path / "first", config={"components.crf_ner.threshold": 0.25})
    restored.to_disk(tmp_path / "second")
    assert crf_ner(spacy.load(tmp_path / "second")).cfg["threshold"] == 0.25


def test_the_threshold_from_a_file_is_applied(overfitted: Language, tmp_path: Path) -> None:
    overfitted.to_disk(tmp_path)
    assert spacy.load(tmp_path)(TEXTS[0]).ents
    strict = spacy.load(tmp_path, config={"components.crf_ner.threshold": 1.0})
    assert not strict(TEXTS[0]).ents


def test_weights_of_another_scheme_are_an_error_that_names_the_setting(
    overfitted: Language, tmp_path: Path
) -> None:
    overfitted.to_disk(tmp_path)
    expected = (
        "Component 'crf_ner' was saved with `scheme` = 'BILUO', but the config says 'BIO'.*"
        r"set `\[components.crf_ner\] scheme` to 'BILUO'"
    )
    with pytest.raises(ComponentError, match=expected):
        spacy.load(tmp_path, config={"components.crf_ner.scheme": "BIO"})


def test_a_listener_is_replaced_by_a_copy_of_its_encoder(listening: Language) -> None:
    expected = outcomes(listening)
    listening.replace_listeners("tok2vec", "crf_ner", ["model.tok2vec"])
    listening.remove_pipe("tok2vec")
    assert outcomes(listening) == expected
    assert len(expected[0]) == 2


def test_a_component_is_sourced_from_another_pipeline(overfitted: Language) -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("crf_ner", source=overfitted)
    assert outcomes(nlp) == outcomes(overfitted)


def test_a_listening_component_is_sourced_with_its_encoder(listening: Language) -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", source=listening)
    nlp.add_pipe("crf_ner", source=listening)
    assert outcomes(nlp) == outcomes(listening)


def test_restored_listeners_still_hear_their_encoder(listening: Language, tmp_path: Path) -> None:
    listening.to_disk(tmp_path)
    restored = make_listening_nlp()
    restored.from_disk(tmp_path)
    assert outcomes(restored) == outcomes(listening)


def test_labels_are_known_to_a_vocabulary_that_was_not_saved(overfitted: Language) -> None:
    # Every vocabulary knows PERSON and LOC.
    crf_ner(overfitted).add_label("RARE_LABEL")
    content = crf_ner(overfitted).to_bytes(exclude=["vocab"])
    other = make_nlp()
    assert "RARE_LABEL" not in other.vocab.strings
    crf_ner(other).from_bytes(content, exclude=["vocab"])
    assert "RARE_LABEL" in other.vocab.strings
