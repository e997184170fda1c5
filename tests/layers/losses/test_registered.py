"""The losses by the names that configs use."""

import pytest
from spacy.util import registry
from thinc.api import Config

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.layers import Loss
from spacy_crf_ner.layers.losses import (
    build_cross_entropy_v1,
    build_entropy_bonus_v1,
    build_expected_entity_ratio_v1,
    build_nll_v1,
    build_softmax_margin_v1,
)

BUILDERS = {
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


def test_a_setting_out_of_range_is_an_error_that_names_it() -> None:
    with pytest.raises(ComponentError, match="`label_smoothing`"):
        resolved('[loss]\n@losses = "spacy-crf-ner.nll.v1"\nlabel_smoothing = 2.0')
