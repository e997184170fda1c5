"""A search on the tiny corpus: what it tries, what it keeps, how it goes on."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.training import Corpus
from spacy.util import load_config, registry
from thinc.api import Config

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.search import search as module
from spacy_crf_ner.training.search.search import Search, SearchSettings
from spacy_crf_ner.training.search.space import Dimension, get_value, with_values
from spacy_crf_ner.training.search.trial import run_trial
from tests import tiny

RATE = "training.optimizer.learn_rate.initial_rate"
DIMENSIONS = [
    Dimension(RATE, low=1e-4, high=0.1, log=True),
    Dimension("components.ner.scheme", ("BILUO", "BIO")),
    Dimension("components.ner.loss", ("nll", {"@losses": "spacy-crf-ner.nll.v1", "label_smoothing": 0.1})),
]


@pytest.fixture
def config(tiny_corpus: Path) -> Config:
    settings = tiny.overrides("crf_ner_cnn", tiny_corpus, Path(), steps=4)
    small = {
        "components.tok2vec.model.width": 16,
        "components.tok2vec.model.depth": 1,
        "components.tok2vec.model.embed_size": 100,
        "nlp.lang": "xx",
    }
    return load_config(tiny.CONFIGS / "crf_ner_cnn.cfg", overrides={**settings, **small}, interpolate=False)


def search(config: Config, output: Path, trials: int = 3, **settings: Any) -> Search:
    settings = {"startup": 2, "pruner": "none", **settings}
    return Search(config, DIMENSIONS, output, SearchSettings(trials, **settings))


def ignore(trial: Any) -> None:
    pass


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials end at once: for tests of what is tried, and not of training."""
    monkeypatch.setattr(module, "run_trial", lambda *arguments, **settings: 0.5)


def read_trials(output: Path) -> list[dict[str, Any]]:
    return list(srsly.read_jsonl(output / "trials.jsonl"))


def test_it_leaves_all_trials_the_best_config_and_pipeline_and_plots(
    config: Config, tiny_corpus: Path, tmp_path: Path
) -> None:
    tmp_path /= "<b>&out"
    seen: list[int] = []
    evaluations: list[tuple[int, int, float]] = []
    found = search(config, tmp_path)
    found(lambda trial: seen.append(trial.number), lambda *one: evaluations.append(one))
    trials = read_trials(tmp_path)
    assert [trial["number"] for trial in trials] == seen == [0, 1, 2]
    assert {trial["state"] for trial in trials} == {"complete"}
    for trial in trials:
        assert trial["score"] == max(trial["scores"].values())
        assert list(trial["scores"]) == ["0", "2", "4"]
        assert set(trial["values"]) == {one.key for one in DIMENSIONS}
    assert [(number, step) for number, step, _ in evaluations[:4]] == [(0, 0), (0, 2), (0, 4), (1, 0)]
    best = max(trials, key=lambda trial: trial["score"])
    assert found.ranking[0].number == best["number"]
    # The config is complete, its variables are variables, and training with it gives the same.
    saved = load_config(tmp_path / "best.cfg", interpolate=False)
    assert {key: get_value(saved, key) for key in best["values"]} == best["values"]
    assert get_value(saved, "corpora.train.path") == "${paths.train}"
    assert get_value(saved, "training.logger") == get_value(config, "training.logger")
    # (The storage keeps 15 digits.)
    assert run_trial(saved, None, lambda step, score: None) == pytest.approx(best["score"], abs=1e-12)
    # So is the pipeline.
    nlp = spacy.load(tmp_path / "model-best")
    assert nlp.evaluate(list(Corpus(tiny_corpus)(nlp)))["ents_f"] == pytest.approx(best["score"], abs=1e-12)
    kept = load_config(tmp_path / "model-best" / "config.cfg", interpolate=False)
    assert get_value(kept, "training.logger") == get_value(config, "training.logger")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("best.cfg", "model-best", "plots.html", "study.db", "trials.jsonl")
    }
    page = (tmp_path / "plots.html").read_text(encoding="utf8")
    assert "<title>Search in &lt;b&gt;&amp;out</title>" in page
    for heading in (
        "Optimization history",
        "Scores during training",
        "Score by value",
        "Parallel coordinates",
    ):
        assert f"<h2>{heading}</h2>" in page
    assert ("<h2>Importance of settings</h2>" in page) is (len({trial["score"] for trial in trials}) > 1)
    # It needs no network: the script is in it, once.
    assert "<script src=" not in page
    assert 4_000_000 < len(page) < 7_000_000


def test_an_interrupted_search_tries_what_it_would_have_tried(config: Config, tmp_path: Path) -> None:
    search(config, tmp_path / "whole", trials=3, keep_model=False)(ignore)

    def interrupt(number: int, step: int, score: float) -> None:
        if (number, step) == (1, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(config, tmp_path / "parts", trials=3, keep_model=False)(ignore, interrupt)
    assert len(read_trials(tmp_path / "parts")) == 1
    again = search(config, tmp_path / "parts", trials=3, keep_model=False)
    assert again.n_done == 1
    again(ignore)
    assert again.n_done == 3
    whole, parts = read_trials(tmp_path / "whole"), read_trials(tmp_path / "parts")
    assert [trial["state"] for trial in parts] == ["complete", "fail", "complete", "complete"]
    finished = [(trial["values"], trial["scores"]) for trial in parts if trial["state"] == "complete"]
    assert finished == [(trial["values"], trial["scores"]) for trial in whole]


@pytest.mark.usefixtures("no_training")
def test_more_trials_go_on_and_no_more_trials_train_nothing(config: Config, tmp_path: Path) -> None:
    seen: list[int] = []
    for trials in (1, 1, 2):
        search(config, tmp_path, trials=trials)(lambda trial: seen.append(trial.number))
    assert seen == [0, 1]
    assert len(read_trials(tmp_path)) == 2


def test_the_pipeline_of_the_best_trial_is_put_in_place_after_a_kill(config: Config, tmp_path: Path) -> None:
    found = search(config, tmp_path, trials=2)
    found(ignore)
    best = found.ranking[0].number
    # As if it had been killed between the end of the best trial and the move, with another one begun.
    (tmp_path / "trials" / "9").mkdir(parents=True)
    (tmp_path / "trials" / str(best)).mkdir()
    (tmp_path / "model-best").rename(tmp_path / "trials" / str(best) / "model-best")
    (tmp_path / "model-best").mkdir()
    (tmp_path / "model-best" / "stale").touch()
    search(config, tmp_path, trials=2)
    assert spacy.load(tmp_path / "model-best").pipe_names == ["tok2vec", "ner"]
    assert not (tmp_path / "model-best" / "stale").exists()
    assert not (tmp_path / "trials").exists()


def test_a_trial_that_is_below_the_median_is_stopped_after_the_first_trials(
    config: Config, tmp_path: Path
) -> None:
    config = with_values(config, {"training.max_steps": 8})
    # The best first, so that those that follow are below.
    rates = [0.05, 1e-7, 1e-7]
    found = Search(
        config,
        [Dimension(RATE, low=1e-8, high=0.1, log=True)],
        tmp_path,
        SearchSettings(3, startup=1, keep_model=False),
    )
    for rate in rates:
        found.study.enqueue_trial({RATE: rate})
    found(ignore)
    trials = read_trials(tmp_path)
    assert [trial["state"] for trial in trials] == ["complete", "pruned", "pruned"]
    assert list(trials[0]["scores"]) == ["0", "2", "4", "6", "8"]
    assert all(1 < len(trial["scores"]) < 5 for trial in trials[1:])
    assert found.ranking[0].params == {RATE: 0.05}


@registry.callbacks("test.search_break.v1")
def make_break(step: int) -> Callable[[Language, dict[str, int]], None]:
    """Weights that are no numbers any more, as after a learning rate that is too high."""

    def break_model(nlp: Language, state: dict[str, int]) -> None:
        if state["step"] == step:
            nlp.get_pipe("ner").model.get_ref("output_layer").set_param("b", np.full(13, np.nan, dtype="f"))

    return break_model


def test_a_loss_that_is_not_finite_is_a_bad_trial_and_not_the_end(config: Config, tmp_path: Path) -> None:
    choices = tuple({"@callbacks": "test.search_break.v1", "step": step} for step in (0, 1, 99))
    dimension = Dimension("training.before_update", choices)
    found = Search(config, [dimension], tmp_path, SearchSettings(3, keep_model=False, pruner="none"))
    for choice in choices:
        found.study.enqueue_trial({dimension.key: json.dumps(choice)})
    found(ignore)
    trials = read_trials(tmp_path)
    # One without any score tells the sampler nothing.
    assert [trial["state"] for trial in trials] == ["fail", "pruned", "complete"]
    assert ["is not finite" in (trial["error"] or "") for trial in trials] == [True, True, False]
    assert found.n_done == 3


def test_no_trial_that_was_completed_is_an_error(config: Config, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="none of 0 trials was completed"):
        search(config, tmp_path, timeout=1e-9)(ignore)


@pytest.mark.usefixtures("no_training")
def test_the_time_is_looked_at_before_each_trial(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 11.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    found = search(config, tmp_path, trials=5, timeout=10.0, keep_model=False)
    found(ignore)
    assert found.n_done == 1


@pytest.mark.usefixtures("no_training")
def test_random_search_depends_on_the_seed_alone(config: Config, tmp_path: Path) -> None:
    values = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        found = search(config, tmp_path / name, trials=1, sampler="random", seed=seed, keep_model=False)
        found(ignore)
        values.append(found.values(found.ranking[0]))
    assert values[0] == values[1] != values[2]


def test_a_folder_with_another_search_is_an_error(config: Config, tmp_path: Path) -> None:
    search(config, tmp_path)
    with pytest.raises(TrainingError, match="holds a search with another config, space or seed"):
        search(config, tmp_path, seed=1)
    with pytest.raises(TrainingError, match="holds a search with another config, space or seed"):
        search(with_values(config, {"training.dropout": 0.3}), tmp_path)
    with pytest.raises(TrainingError, match="holds a search with another config, space or seed"):
        Search(config, DIMENSIONS[:1], tmp_path, SearchSettings(3))
    # Of the same search, other numbers of trials and samplers are welcome.
    search(config, tmp_path, trials=9, sampler="random")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("trials", 0, "at least 1"),
        ("timeout", 0.0, "a number of seconds above 0"),
        ("sampler", "grid", "one of tpe, random"),
        ("pruner", "mean", "one of median, none"),
        ("startup", 0, "at least 1"),
        ("seed", -1, "between 0 and"),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error_that_names_it(
    name: str, value: Any, expected: str
) -> None:
    with pytest.raises(TrainingError, match=rf"expected `--{name}` to be {expected}.*but got {value!r}"):
        SearchSettings(**{"trials": 1, name: value})


@pytest.mark.parametrize("package", ["optuna", "plotly"])
def test_an_absent_package_is_an_error_that_names_the_extra(
    package: str, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == package else find_spec(name, *more)
    )
    with pytest.raises(TrainingError, match=rf"'{package}', which is not installed.*spacy-crf-ner\[tune\]"):
        search(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_sourced_components_stay_sourced_in_the_best_config(
    config: Config, tmp_path: Path, tiny_corpus: Path
) -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "source")
    changed = with_values(config, {"nlp.pipeline": ["sentencizer", "tok2vec", "ner"]})
    changed["components"]["sentencizer"] = {"source": str(tmp_path / "source")}
    Search(changed, DIMENSIONS[:1], tmp_path / "out", SearchSettings(1, keep_model=False))(ignore)
    saved = load_config(tmp_path / "out" / "best.cfg", interpolate=False)
    assert saved["components"]["sentencizer"] == {"source": str(tmp_path / "source")}
    assert json.loads(json.dumps(saved["components"]["ner"]))["factory"] == "crf_ner"
