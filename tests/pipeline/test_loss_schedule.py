"""A weight of the loss that follows a schedule: when it moves on, and what becomes of it in copies."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.training.loop import train_while_improving

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.layers.losses import AuxiliaryCrossEntropyLoss, WeightSchedule
from tests.pipeline.pipelines import TEXTS, crf_ner, examples_of, initialize, make_nlp, outcomes, update

# 1, then 0.9, 0.8, ... after each update.
SCHEDULE = {"@schedules": "warmup_linear.v1", "initial_rate": 1.0, "warmup_steps": 0, "total_steps": 10}
LOSS = {"@losses": "spacy-crf-ner.auxiliary_cross_entropy.v1", "weight": SCHEDULE}


def weight_of(nlp: Language) -> float:
    """The weight that the next batch will see."""
    loss = crf_ner(nlp).loss
    assert isinstance(loss, AuxiliaryCrossEntropyLoss)
    assert isinstance(loss.weight, WeightSchedule)
    return loss.weight.value


@pytest.fixture
def scheduled() -> Language:
    nlp = make_nlp(loss=LOSS)
    initialize(nlp, examples_of(nlp))
    return nlp


@pytest.mark.parametrize("parts", [1, 2])
def test_it_moves_on_once_in_an_update_of_spacy_train_whatever_its_parts(
    scheduled: Language, parts: int
) -> None:
    examples, seen = examples_of(scheduled), []

    def evaluate() -> tuple[float, dict[str, Any]]:
        # Evaluation predicts, and does not count.
        list(scheduled.pipe(TEXTS))
        return 0.0, {}

    loop = train_while_improving(
        scheduled,
        scheduled.create_optimizer(),
        iter([(0, examples)] * 4),
        evaluate,
        dropout=0.0,
        eval_frequency=2,
        accumulate_gradient=parts,
        patience=0,
        max_steps=0,
        exclude=[],
        annotating_components=[],
        before_update=lambda nlp, info: seen.append(weight_of(nlp)),
    )
    assert len(list(loop)) == 4
    assert [*seen, weight_of(scheduled)] == pytest.approx([1.0, 0.9, 0.8, 0.7, 0.6])


def test_it_moves_on_in_updates_by_hand_and_only_with_an_optimizer(scheduled: Language) -> None:
    examples, component = examples_of(scheduled), crf_ner(scheduled)
    optimizer = scheduled.create_optimizer()
    scheduled.update(examples, sgd=optimizer)
    assert weight_of(scheduled) == pytest.approx(0.9)
    component.update(examples, sgd=optimizer)
    assert weight_of(scheduled) == pytest.approx(0.8)
    component.update(examples)
    component.get_loss(examples, component.model.predict([one.predicted for one in examples]))
    assert weight_of(scheduled) == pytest.approx(0.8)
    component.finish_update(optimizer)
    assert weight_of(scheduled) == pytest.approx(0.7)


def test_neither_initialization_nor_prediction_nor_rehearsal_moves_it(scheduled: Language) -> None:
    list(scheduled.pipe(TEXTS))
    optimizer = scheduled.resume_training()
    before = crf_ner(scheduled).model.to_bytes()
    scheduled.update(examples_of(scheduled), sgd=optimizer)
    scheduled.rehearse(examples_of(scheduled), sgd=optimizer)
    crf_ner(scheduled).rehearse(examples_of(scheduled), sgd=optimizer)
    assert crf_ner(scheduled).model.to_bytes() != before
    assert weight_of(scheduled) == pytest.approx(0.9)
    scheduled.initialize(lambda: examples_of(scheduled))
    assert weight_of(scheduled) == pytest.approx(0.9)


def test_the_loss_falls_with_the_weight(scheduled: Language) -> None:
    component, examples = crf_ner(scheduled), examples_of(scheduled)
    scores = component.model.predict([one.predicted for one in examples])
    first, _ = component.get_loss(examples, scores)
    optimizer = scheduled.create_optimizer()
    optimizer.learn_rate = 0.0
    component.update(examples, sgd=optimizer)
    second, _ = component.get_loss(examples, scores)
    plain = make_nlp(loss={"@losses": "spacy-crf-ner.auxiliary_cross_entropy.v1", "weight": 0.0})
    for label in component.labels:
        crf_ner(plain).add_label(label)
    without, _ = crf_ner(plain).get_loss(examples, scores)
    assert first > second > without
    assert (second - without) / (first - without) == pytest.approx(0.9, rel=1e-4)


def through_disk(nlp: Language, path: Path) -> Language:
    nlp.to_disk(path)
    return spacy.load(path)


def through_bytes(nlp: Language, _: Path) -> Language:
    return type(nlp).from_config(nlp.config).from_bytes(nlp.to_bytes())


def through_pickle(nlp: Language, _: Path) -> Language:
    return pickle.loads(pickle.dumps(nlp))  # noqa: S301


def through_deepcopy(nlp: Language, _: Path) -> Language:
    return copy.deepcopy(nlp)


@pytest.mark.parametrize(
    ("trip", "expected"),
    [
        # A new training begins with the first value, as the schedules of its optimizer do.
        (through_disk, [1.0, 0.9, 0.8]),
        (through_bytes, [1.0, 0.9, 0.8]),
        (through_deepcopy, [0.8, 0.7, 0.6]),
        (through_pickle, [0.8, 0.8, 0.8]),
    ],
)
def test_a_pipeline_with_a_schedule_is_saved_loaded_and_copied(
    scheduled: Language,
    tmp_path: Path,
    trip: Callable[[Language, Path], Language],
    expected: list[float],
) -> None:
    examples = examples_of(scheduled)
    update(scheduled, examples, scheduled.create_optimizer(), steps=2)
    restored = trip(scheduled, tmp_path / "model")
    assert outcomes(restored) == outcomes(scheduled)
    assert restored.config["components"]["crf_ner"]["loss"]["weight"] == SCHEDULE
    optimizer, seen = restored.create_optimizer(), []
    for _ in expected:
        seen.append(weight_of(restored))
        update(restored, examples, optimizer, steps=1)
    assert seen == pytest.approx(expected)
    # The one that it was made from has its own.
    assert weight_of(scheduled) == pytest.approx(0.8)
    update(scheduled, examples, scheduled.create_optimizer(), steps=1)
    assert weight_of(scheduled) == pytest.approx(0.7)


def test_a_schedule_out_of_range_is_an_error() -> None:
    with pytest.raises(ComponentError, match="`weight` to be a finite number of at least 0, but got -2"):
        make_nlp(loss={**LOSS, "weight": {"@schedules": "constant.v1", "rate": -2.0}})
