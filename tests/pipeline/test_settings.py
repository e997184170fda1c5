"""Settings: their defaults, bad values, and models that were saved before some of them were there."""

from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.language import Language

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.pipeline.settings import DEFAULTS, Settings, read_settings
from tests.pipeline.pipelines import TEXTS, crf_ner, make_nlp, outcomes

NUMBERS = [0, -1, 1.5, "2", None, True]
FLAGS = [None, 0, "yes"]
KEYS = ["", 5, True]
BAD = {
    "decoding": ["best", None, ["viterbi"]],
    "probabilities": FLAGS,
    "threshold": [-0.1, 1.1, float("nan"), "0.5", True],
    "k_best": NUMBERS,
    "candidates_key": KEYS,
    "entropy": FLAGS,
    "segments": ["sentences", None],
    "overwrite": FLAGS,
    "blocked_spans_key": KEYS,
    "incorrect_spans_key": KEYS,
    "soft_spans_key": KEYS,
    "temperature": [0, -1, float("inf"), float("nan"), None, "1", True],
    "label_temperatures": [2.0, {"LOC": 0}, {"LOC": None}, {"LOC": float("inf")}, ["LOC"]],
}
GOOD: dict[str, list[Any]] = {
    "decoding": ["posterior", "argmax"],
    "probabilities": [False],
    "threshold": [0, 0.5, 1],
    "k_best": [2],
    "candidates_key": ["mine"],
    "entropy": [True],
    "segments": ["sents"],
    "overwrite": [True],
    "blocked_spans_key": ["mine"],
    "incorrect_spans_key": ["mine"],
    "soft_spans_key": ["mine"],
    "temperature": [2, 0.5],
    "label_temperatures": [{}, {"LOC": 2}],
}


def test_every_setting_is_here() -> None:
    assert set(BAD) == set(GOOD) == set(DEFAULTS) == set(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("setting", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_bad_value_is_an_error_that_names_the_setting(
    overfitted: Language, setting: str, value: Any
) -> None:
    expected = (
        rf"Component 'crf_ner': expected `{setting}` to be .*, but got .*`\[components.crf_ner\] {setting}`"
    )
    # When the component is made, and when a setting that was changed since is used.
    with pytest.raises(ComponentError, match=expected):
        CRFEntityRecognizer(overfitted.vocab, crf_ner(overfitted).model, **{setting: value})
    crf_ner(overfitted).cfg[setting] = value
    with pytest.raises(ComponentError, match=expected):
        overfitted(TEXTS[0])
    with pytest.raises(ComponentError, match=expected):
        overfitted("")


@pytest.mark.parametrize(
    ("setting", "value"), [(name, value) for name, values in GOOD.items() for value in values]
)
def test_a_good_value_comes_from_the_config_and_is_saved(setting: str, value: Any, tmp_path: Path) -> None:
    nlp = make_nlp(**{setting: value})
    assert crf_ner(nlp).cfg[setting] == value
    nlp.to_disk(tmp_path)
    restored = crf_ner(spacy.load(tmp_path))
    assert restored.cfg == crf_ner(nlp).cfg == {**DEFAULTS, setting: value}


@pytest.mark.parametrize(
    ("setting", "value"), [(name, value) for name, values in GOOD.items() for value in values]
)
def test_a_value_changed_in_use_is_saved_and_loses_to_a_changed_config(
    overfitted: Language, setting: str, value: Any, tmp_path: Path
) -> None:
    crf_ner(overfitted).cfg[setting] = value
    overfitted.to_disk(tmp_path)
    assert crf_ner(spacy.load(tmp_path)).cfg[setting] == value
    config = spacy.util.load_config(tmp_path / "config.cfg")
    config["components"]["crf_ner"][setting] = GOOD[setting][-1]
    config.to_disk(tmp_path / "config.cfg")
    assert crf_ner(spacy.load(tmp_path)).cfg[setting] == GOOD[setting][-1]


def test_the_defaults_of_class_and_factory_are_the_same() -> None:
    component = crf_ner(make_nlp())
    assert component.cfg == DEFAULTS
    alone = CRFEntityRecognizer(component.vocab, component.model)
    assert alone.cfg == DEFAULTS
    assert alone.loss == component.loss
    assert alone.constraint is component.constraint is None


def test_the_defaults_make_sense() -> None:
    settings = read_settings("crf_ner", DEFAULTS)
    assert settings.candidates_group is None
    assert settings.decoding == "viterbi"


def test_a_setting_that_there_is_not_is_an_error() -> None:
    component = crf_ner(make_nlp())
    with pytest.raises(TypeError, match="CRFEntityRecognizer has no setting beam, width"):
        CRFEntityRecognizer(component.vocab, component.model, width=3, beam=1)


@pytest.mark.parametrize("kept", [("probabilities", "threshold", "overwrite"), ()])
def test_models_saved_before_there_were_so_many_settings_are_loaded(
    overfitted: Language, kept: tuple[str, ...], tmp_path: Path
) -> None:
    expected = outcomes(overfitted)
    crf_ner(overfitted).cfg["overwrite"] = True
    overfitted.to_disk(tmp_path)
    path = tmp_path / "crf_ner" / "cfg"
    saved = srsly.read_json(path)
    old = {key: saved[key] for key in ("labels", "scheme", *kept)}
    if kept:
        old["configured"] = {key: saved["configured"][key] for key in kept}
    srsly.write_json(path, old)
    restored = spacy.load(tmp_path)
    assert crf_ner(restored).cfg == {**DEFAULTS, "overwrite": bool(kept)}
    assert outcomes(restored) == expected


def test_a_config_without_the_new_settings_is_filled_in(overfitted: Language, tmp_path: Path) -> None:
    expected = outcomes(overfitted)
    overfitted.to_disk(tmp_path)
    config = spacy.util.load_config(tmp_path / "config.cfg")
    old = ("factory", "scheme", "probabilities", "threshold", "overwrite", "scorer", "model")
    section = config["components"]["crf_ner"]
    config["components"]["crf_ner"] = {key: section[key] for key in old}
    config.to_disk(tmp_path / "config.cfg")
    assert outcomes(spacy.load(tmp_path)) == expected
