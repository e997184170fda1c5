"""The losses by the names that configs use."""

import pytest
from spacy.util import registry
from thinc.api import Config
from thinc.config import ConfigValidationError

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.layers import Loss, step_schedules
from spacy_crf_ner.layers.losses import (
    AuxiliaryCrossEntropyLoss,
    CountRule,
    WeightSchedule,
    build_auxiliary_cross_entropy_v1,
    build_cross_entropy_v1,
    build_entropy_bonus_v1,
    build_expected_entity_ratio_v1,
    build_nll_v1,
    build_softmax_margin_v1,
)

BUILDERS = {
    "auxiliary_cross_entropy": build_auxiliary_cross_entropy_v1,
    "cross_entropy": build_cross_entropy_v1,
    "entropy_bonus": build_entropy_bonus_v1,
    "expected_entity_ratio": build_expected_entity_ratio_v1,
    "nll": build_nll_v1,
    "softmax_margin": build_softmax_margin_v1,
}


def resolved(text: str) -> Loss:
    """The loss that a section of a config describes."""
    loss: Loss = registry.resolve(Config().from_str(text))["loss"]
    return loss


@pytest.mark.parametrize("name", BUILDERS)
def test_every_loss_is_made_by_its_name_alone(name: str) -> None:
    made = resolved(f'[loss]\n@losses = "spacy-crf-ner.{name}.v1"')
    assert made == BUILDERS[name]()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                '[loss]\n@losses = "spacy-crf-ner.nll.v1"\nlabel_smoothing = 0.1\n'
                "[loss.label_weights]\nO = 0.5\nPERSON = 2"
            ),
            build_nll_v1({"O": 0.5, "PERSON": 2.0}, 0.1),
        ),
        (
            (
                '[loss]\n@losses = "spacy-crf-ner.softmax_margin.v1"\nfalse_positive = 2\n'
                "[loss.false_negative]\nPERSON = 3.5"
            ),
            build_softmax_margin_v1(2.0, {"PERSON": 3.5}),
        ),
        (
            (
                '[loss]\n@losses = "spacy-crf-ner.expected_entity_ratio.v1"\nratio = 0.2\n'
                '[loss.loss]\n@losses = "spacy-crf-ner.cross_entropy.v1"'
            ),
            build_expected_entity_ratio_v1(0.2, loss=build_cross_entropy_v1()),
        ),
    ],
)
def test_configs_give_the_settings(text: str, expected: Loss) -> None:
    assert resolved(text) == expected


RULE = '@misc = "spacy-crf-ner.weights_by_count.v1"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[loss]\n@losses = "spacy-crf-ner.nll.v1"\nlabel_weights = "balanced"', build_nll_v1("balanced")),
        (
            (
                '[loss]\n@losses = "spacy-crf-ner.auxiliary_cross_entropy.v1"\n'
                f'[loss.label_weights]\n{RULE}\nrule = "effective_number"\nbeta = 0.99\noutside = null'
            ),
            build_auxiliary_cross_entropy_v1(0.5, CountRule("effective_number", 10.0, 0.99, None)),
        ),
        (
            (
                '[loss]\n@losses = "spacy-crf-ner.softmax_margin.v1"\nwrong_label = "inverse_sqrt"\n'
                f"[loss.false_negative]\n{RULE}\nmax_weight = 3"
            ),
            build_softmax_margin_v1(1.0, CountRule("balanced", 3.0), "inverse_sqrt"),
        ),
    ],
)
def test_a_rule_is_given_by_its_name_or_as_a_block(text: str, expected: Loss) -> None:
    # Nothing is read, from training data for instance: the packaged model has none.
    assert resolved(text) == expected


def test_a_rule_for_false_positives_is_refused_as_it_would_make_rare_labels_rarer() -> None:
    with pytest.raises(ConfigValidationError, match="false_positive"):
        resolved('[loss]\n@losses = "spacy-crf-ner.softmax_margin.v1"\nfalse_positive = "balanced"')


def test_a_weight_that_is_a_block_is_a_schedule() -> None:
    loss = resolved(
        '[loss]\n@losses = "spacy-crf-ner.auxiliary_cross_entropy.v1"\n'
        '[loss.weight]\n@schedules = "decaying.v1"\nbase_rate = 0.5\ndecay = 1.0'
    )
    assert isinstance(loss, AuxiliaryCrossEntropyLoss)
    assert isinstance(loss.weight, WeightSchedule)
    step_schedules(loss)
    assert loss.weight.value == 0.25


def test_a_setting_out_of_range_is_an_error_that_names_it() -> None:
    with pytest.raises(ComponentError, match="`label_smoothing`"):
        resolved('[loss]\n@losses = "spacy-crf-ner.nll.v1"\nlabel_smoothing = 2.0')
