"""Counts of labels: what `initialize` counts, that it stays with the component, and the losses that use it."""

from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError
from tests.pipeline.pipelines import (
    CNN,
    TRAIN,
    crf_ner,
    example_of,
    examples_of,
    initialize,
    make_nlp,
    model_of,
    outcomes,
    train,
    update,
)

BALANCED = {"@losses": "spacy-crf-ner.nll.v1", "label_weights": "balanced"}
SKEWED = (*TRAIN, ("Berlin", ((0, 6, "LOC"),)), ("London", ((0, 6, "LOC"),)))
COUNTS = {"O": 7, "LOC": 4, "PERSON": 2}


def losses_of(loss: Any, counts: dict[str, int] | None, labels: tuple[str, ...] = ("LOC", "PERSON")) -> float:
    """The first loss in a component whose weights are always the same ones."""
    nlp = make_nlp(loss=loss)
    component = crf_ner(nlp)
    for label in labels:
        component.add_label(label)
    initialize(nlp, examples_of(nlp, SKEWED))
    component.label_counts = counts
    return update(nlp, examples_of(nlp, SKEWED), nlp.create_optimizer(), steps=1)[0]


def test_tokens_of_labels_and_outside_of_entities_are_counted() -> None:
    nlp = make_nlp()
    assert crf_ner(nlp).label_counts is None
    initialize(nlp, examples_of(nlp, SKEWED))
    assert crf_ner(nlp).label_counts == COUNTS
    # Anew each time.
    nlp.initialize(lambda: examples_of(nlp, TRAIN))
    assert crf_ner(nlp).label_counts == {"O": 7, "LOC": 2, "PERSON": 2}


def test_what_is_not_known_is_not_counted() -> None:
    nlp = make_nlp(soft_spans_key="soft", incorrect_spans_key="wrong")
    words = ["a", "\n", "b", "\n", "c", "d", "e"]
    example = example_of(nlp, words, ["B-A", "I-A", "L-A", "O", None, "O", "O"])
    soft, wrong = Span(example.reference, 5, 6, "A"), Span(example.reference, 6, 7, "A")
    example.reference.spans["soft"] = [soft]
    example.reference.spans["soft"].attrs["scores"] = [0.5]
    example.reference.spans["wrong"] = [wrong]
    initialize(nlp, [example])
    assert crf_ner(nlp).label_counts == {"O": 1, "A": 3}


@pytest.mark.parametrize(("loss", "expected", "times"), [("nll", None, 1), (BALANCED, COUNTS, 2)])
def test_with_labels_given_examples_are_read_for_counts_only_if_the_loss_asks(
    loss: Any, expected: dict[str, int] | None, times: int
) -> None:
    nlp, read = make_nlp(loss=loss), []

    def examples() -> list[Example]:
        read.append(examples_of(nlp, SKEWED))
        return read[-1]

    crf_ner(nlp).initialize(examples, labels=["PERSON", "LOC"])
    assert crf_ner(nlp).labels == ("PERSON", "LOC")
    assert crf_ner(nlp).label_counts == expected
    # spaCy looks whether there are any by a call of its own.
    assert len(read) == 1 + times


def test_a_loss_by_counts_is_that_with_the_numbers() -> None:
    weights = {"LOC": 6 / (2 * 4), "PERSON": 6 / (2 * 2)}
    numbers = losses_of({**BALANCED, "label_weights": weights}, None)
    assert losses_of(BALANCED, COUNTS) == pytest.approx(numbers, rel=1e-6)
    assert losses_of("nll", COUNTS) != pytest.approx(numbers, rel=1e-3)


def test_a_pipeline_with_a_rule_learns_and_keeps_its_counts_on_disk(tmp_path: Path) -> None:
    nlp = make_nlp(loss=BALANCED)
    examples = examples_of(nlp, SKEWED)
    assert train(nlp, examples, steps=25)[-1] < 0.1
    nlp.to_disk(tmp_path)
    saved = srsly.read_json(tmp_path / "crf_ner" / "cfg")
    assert saved["label_counts"] == COUNTS
    restored = spacy.load(tmp_path)
    again = type(nlp).from_config(nlp.config).from_bytes(nlp.to_bytes())
    for other in (restored, again):
        assert crf_ner(other).label_counts == COUNTS
        assert outcomes(other) == outcomes(nlp)
        # More training, without the data that was counted.
        assert update(other, examples[:1], other.create_optimizer(), steps=1)[0] < 0.2


def test_loading_a_component_that_has_not_counted_forgets_counts(overfitted: Language) -> None:
    component = crf_ner(overfitted)
    assert component.label_counts is not None
    component.label_counts, kept = None, component.label_counts
    data = component.to_bytes()
    component.label_counts = kept
    component.from_bytes(data, exclude=["cfg"])
    assert component.label_counts == kept
    component.from_bytes(data)
    assert component.label_counts is None


def test_a_new_label_has_weight_1_until_it_is_counted() -> None:
    labels = ("LOC", "PERSON", "NEW")
    weights = {"LOC": 6 / (2 * 4), "PERSON": 6 / (2 * 2), "NEW": 1.0}
    numbers = losses_of({**BALANCED, "label_weights": weights}, None, labels)
    assert losses_of(BALANCED, COUNTS, labels) == pytest.approx(numbers, rel=1e-6)


def test_a_rule_without_counts_is_an_error_in_training_and_not_in_use(
    overfitted: Language, tmp_path: Path
) -> None:
    component = crf_ner(overfitted)
    component.label_counts = None
    overfitted.to_disk(tmp_path)
    nlp = spacy.load(tmp_path, config={"components.crf_ner.loss": BALANCED})
    assert outcomes(nlp) == outcomes(overfitted)
    with pytest.raises(
        ComponentError, match="`label_weights` is to be computed by the rule 'balanced' from counts"
    ):
        update(nlp, examples_of(nlp), nlp.create_optimizer(), steps=1)


def test_a_failed_initialization_leaves_the_counts() -> None:
    nlp = make_nlp(model=model_of(CNN, nO=5))
    crf_ner(nlp).label_counts = {"O": 1}
    with pytest.raises(ComponentError, match="nO=5"):
        crf_ner(nlp).initialize(lambda: examples_of(nlp, SKEWED))
    assert crf_ner(nlp).label_counts == {"O": 1}


@pytest.mark.parametrize("counts", ["[]", '"many"', '{"A": -1}', '{"A": 1.5}', '{"A": true}', '{"A": null}'])
def test_damaged_counts_are_an_error(overfitted: Language, tmp_path: Path, counts: str) -> None:
    overfitted.to_disk(tmp_path)
    path = tmp_path / "crf_ner" / "cfg"
    saved = srsly.read_json(path)
    saved["label_counts"] = srsly.json_loads(counts)
    srsly.write_json(path, saved)
    with pytest.raises(ComponentError, match="`label_counts` in `cfg` are no numbers of tokens"):
        spacy.load(tmp_path)


def test_a_pipeline_saved_without_counts_is_loaded(overfitted: Language, tmp_path: Path) -> None:
    overfitted.to_disk(tmp_path)
    path = tmp_path / "crf_ner" / "cfg"
    saved = srsly.read_json(path)
    del saved["label_counts"]
    srsly.write_json(path, saved)
    assert crf_ner(spacy.load(tmp_path)).label_counts is None
