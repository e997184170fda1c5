"""The space of a search is compared with the config before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import srsly
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FixedTrial
from spacy.util import load_config
from thinc.api import Config

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.search.space import Dimension, get_value, list_keys, read_space, with_values
from tests import tiny

RATE = "training.optimizer.learn_rate.initial_rate"


@pytest.fixture(scope="module")
def config() -> Config:
    paths = {"paths.train": "train.spacy", "paths.dev": "dev.spacy", "nlp.lang": "xx"}
    return load_config(tiny.CONFIGS / "crf_ner_cnn.cfg", overrides=paths, interpolate=False)


def read(space: dict[str, Any], config: Config, folder: Path) -> list[Dimension]:
    srsly.write_yaml(folder / "space.yml", space)
    return read_space(folder / "space.yml", config)


def suggested(dimension: Dimension, parameter: Any) -> tuple[Any, Any]:
    """The value that a dimension makes of a parameter, and what it asks optuna for."""
    trial = FixedTrial({dimension.key: parameter})
    return dimension.suggest(trial), trial.distributions[dimension.key]


def test_ranges_and_choices_become_what_optuna_asks_for(config: Config, tmp_path: Path) -> None:
    (tmp_path / "space.yml").write_text(
        f"""
{RATE}: {{low: 1e-4, high: 1.0e-2, log: true}}
components.tok2vec.model.width: {{low: 32, high: 96, step: 32}}
components.tok2vec.model.depth: {{low: 1, high: 4}}
components.ner.scheme: {{choices: [BIO, BILUO]}}
"""
    )
    rate, width, depth, scheme = read_space(tmp_path / "space.yml", config)
    assert suggested(rate, 0.001) == (0.001, FloatDistribution(1e-4, 1e-2, log=True))
    assert suggested(width, 64) == (64, IntDistribution(32, 96, step=32))
    assert suggested(depth, 2) == (2, IntDistribution(1, 4))
    assert suggested(scheme, "BIO") == ("BIO", CategoricalDistribution(["BIO", "BILUO"]))


def test_whole_numbers_are_a_range_of_floats_where_the_config_has_one(config: Config, tmp_path: Path) -> None:
    (dropout,) = read({"training.dropout": {"low": 0, "high": 1}}, config, tmp_path)
    assert suggested(dropout, 0.25) == (0.25, FloatDistribution(0.0, 1.0))
    (typed,) = read({"training.patience": {"low": 1, "high": 3, "type": "int"}}, config, tmp_path)
    assert suggested(typed, 2) == (2, IntDistribution(1, 3))
    (stepped,) = read({"training.dropout": {"low": 0, "high": 0.4, "step": 0.1}}, config, tmp_path)
    assert suggested(stepped, 0.2) == (0.2, FloatDistribution(0.0, 0.4, step=0.1))


def test_a_choice_may_be_a_section_and_null(config: Config, tmp_path: Path) -> None:
    sections = [{"@losses": "spacy-crf-ner.nll.v1", "label_smoothing": 0.1}, "nll"]
    loss, threshold = read(
        {"components.ner.loss": {"choices": sections}, "components.ner.threshold": {"choices": [None, 0.5]}},
        config,
        tmp_path,
    )
    labels = ['{"@losses": "spacy-crf-ner.nll.v1", "label_smoothing": 0.1}', '"nll"']
    assert suggested(loss, labels[0]) == (sections[0], CategoricalDistribution(labels))
    assert loss.value(labels[1]) == "nll"
    assert suggested(threshold, None) == (None, CategoricalDistribution([None, 0.5]))


def test_numbers_have_six_digits_and_stay_in_their_range() -> None:
    dimension = Dimension("key", low=0.12345612, high=0.98765432)
    assert dimension.value(0.55555555) == 0.555556
    assert dimension.value(0.12345612) == 0.12345612
    assert dimension.value(0.98765432) == 0.987654
    assert Dimension("key", low=0.0, high=1.0, step=0.1).value(0.30000000000000004) == 0.3


def test_choices_that_are_equal_in_python_stay_apart() -> None:
    dimension = Dimension("key", (1, True))
    assert dimension.value("1") == 1
    assert dimension.value("true") is True
    assert Dimension("key", ([1], [2])).value("[2]") == [2]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (3, "`choices`, or `low` and `high`"),
        ({"low": 1}, "numbers `low` < `high`"),
        ({"low": 2, "high": 2}, "numbers `low` < `high`"),
        ({"low": True, "high": 2}, "numbers `low` < `high`"),
        ({"low": "a", "high": 2}, "numbers `low` < `high`"),
        ({"low": 0, "high": float("inf")}, "numbers `low` < `high`"),
        ({"low": 1, "high": 2, "steps": 1}, "no fields but high, log, low, step, type.*but got ['steps']"),
        ({"low": 1, "high": 2, "step": 0}, "a `step` above 0"),
        ({"low": 1, "high": 2, "log": "yes"}, "`log` to be true or false"),
        ({"low": 0, "high": 2, "log": True}, "`low` above 0 and no `step` if `log` is true"),
        ({"low": 1, "high": 2, "log": True, "step": 1}, "`low` above 0 and no `step` if `log` is true"),
        ({"low": 1, "high": 2, "type": "float32"}, "`type` to be int or float"),
        ({"low": 0.5, "high": 2, "type": "int"}, "integers, as `type` is int"),
        ({"choices": ["BIO"]}, "a list of two or more `choices`"),
        ({"choices": "BIO"}, "a list of two or more `choices`"),
        ({"choices": ["BIO", "BIO"]}, "`choices` that are all different"),
        ({"choices": ["BIO", "IO"], "low": 1}, "nothing beside `choices`"),
    ],
)
def test_an_entry_that_makes_no_sense_is_an_error_that_names_the_setting(
    entry: Any, expected: str, config: Config, tmp_path: Path
) -> None:
    pattern = f"`training.patience` in the space: expected {expected}".replace("[", r"\[").replace("]", r"\]")
    with pytest.raises(TrainingError, match=pattern):
        read({"training.patience": entry}, config, tmp_path)


def test_a_setting_that_the_config_does_not_have_is_an_error_with_similar_ones(
    config: Config, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"no setting `training\.droput`.*training\.dropout"):
        read({"training.droput": {"low": 0, "high": 1}}, config, tmp_path)
    with pytest.raises(TrainingError, match="Similar ones are: none"):
        read({"qqqq": {"low": 0, "high": 1}}, config, tmp_path)


@pytest.mark.parametrize(
    ("key", "entry", "value"),
    [
        ("components.ner.scheme", {"choices": ["BIO", "BILOU"]}, "'BILOU'"),
        ("training.dropout", {"choices": [0.1, "much"]}, "'much'"),
        ("components.tok2vec.model.width", {"low": 16.5, "high": 32.5}, "16.5"),
        ("training.train_corpus", {"choices": ["corpora.train", "corpora.none"]}, "'corpora.none'"),
    ],
)
def test_a_value_that_the_config_does_not_take_is_an_error_that_names_it(
    key: str, entry: dict[str, Any], value: str, config: Config, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=rf"the config does not take {value}.* for `{key}`: "):
        read({key: entry}, config, tmp_path)


def test_a_config_that_is_wrong_by_itself_is_not_blamed_on_the_space(config: Config, tmp_path: Path) -> None:
    wrong = with_values(config, {"components.ner.scheme": "BILOU"})
    with pytest.raises(TrainingError, match=r"the config itself is not valid: .*BILOU"):
        read({"training.dropout": {"low": 0, "high": 1}}, wrong, tmp_path)


@pytest.mark.parametrize("content", ["a: [1", "- a\n- b\n", "", "{}"])
def test_a_file_without_a_space_is_an_error_that_names_it(
    content: str, config: Config, tmp_path: Path
) -> None:
    (tmp_path / "space.yml").write_text(content)
    with pytest.raises(TrainingError, match=r"cannot read the space from .*space\.yml: .*Give a YAML file"):
        read_space(tmp_path / "space.yml", config)


def test_other_values_are_in_a_copy_and_variables_stay(config: Config) -> None:
    before = config.to_str()
    changed = with_values(config, {RATE: 0.5, "components.ner.loss": {"@losses": "x"}})
    assert get_value(changed, RATE) == 0.5
    assert get_value(changed, "components.ner.loss") == {"@losses": "x"}
    assert get_value(changed, "corpora.train.path") == "${paths.train}"
    assert config.to_str() == before


def test_keys_are_settings_and_sections() -> None:
    assert list_keys({"a": {"b": 1, "c": {"d": None}}, "e": []}) == ["a", "a.b", "a.c", "a.c.d", "e"]
