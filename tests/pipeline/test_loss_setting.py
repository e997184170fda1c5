"""The setting `loss`: a short name, a registered block in the config, or a function of the user's own."""

from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import load_config_from_str
from torch import Tensor

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Supervision
from spacy_crf_ner.layers.losses import (
    AuxiliaryCrossEntropyLoss,
    CrossEntropyLoss,
    EntropyBonusLoss,
    ExpectedEntityRatioLoss,
    LikelihoodLoss,
    SoftmaxMarginLoss,
)
from tests.pipeline.pipelines import (
    TEXTS,
    crf_ner,
    examples_of,
    initialize,
    make_nlp,
    outcomes,
    train,
    update,
)
from tests.pipeline.scripted import component, distribution, log_prob, random_scores

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
NAMES = {
    "auxiliary_cross_entropy": AuxiliaryCrossEntropyLoss,
    "nll": LikelihoodLoss,
    "cross_entropy": CrossEntropyLoss,
    "entropy_bonus": EntropyBonusLoss,
    "expected_entity_ratio": ExpectedEntityRatioLoss,
    "softmax_margin": SoftmaxMarginLoss,
}


def gold() -> Example:
    reference = Doc(VOCAB, words=["a", "b", "c"])
    reference.set_ents([Span(reference, 0, 2, "A")], default="outside")
    return Example(Doc(VOCAB, words=["a", "b", "c"]), reference)


def loss_of(loss: Any) -> float:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, seed=0, loss=loss)
    return crf.get_loss([gold()], crf.model.predict([gold().predicted]))[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_short_name_is_the_registered_loss_with_its_defaults(name: str) -> None:
    loss = crf_ner(make_nlp(loss=name)).loss
    assert isinstance(loss, NAMES[name])
    assert loss == spacy.util.registry.get("losses", f"spacy-crf-ner.{name}.v1")()


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_learns_two_examples_by_heart(name: str) -> None:
    # The expected ratio of tokens in entities is that of the examples, or else it is a contradiction.
    settings = {"ratio": 0.3, "margin": 0.1} if name == "expected_entity_ratio" else {}
    nlp = make_nlp(loss={"@losses": f"spacy-crf-ner.{name}.v1", **settings})
    train(nlp, steps=25)
    assert [[ent.text for ent in nlp(text).ents] for text in (TEXTS[0], TEXTS[2])] == [
        ["London", "Berlin"],
        ["Shaka Khan"],
    ]


def test_the_default_is_the_negative_log_likelihood() -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, seed=0)
    loss, _ = crf.get_loss([gold()], crf.model.predict([gold().predicted]))
    expected = -log_prob(distribution(crf, gold().predicted), [(0, 2, "A")])
    assert loss == pytest.approx(expected, abs=1e-4)
    assert loss_of("nll") == loss
    assert make_nlp().get_pipe_config("crf_ner")["loss"] == "nll"


def test_losses_differ() -> None:
    assert len({round(loss_of(name), 4) for name in NAMES}) == len(NAMES)


CONFIG = """
[nlp]
lang = "xx"
pipeline = ["crf_ner"]

[components]

[components.crf_ner]
factory = "crf_ner"

[components.crf_ner.loss]
@losses = "spacy-crf-ner.expected_entity_ratio.v1"
ratio = 0.25

[components.crf_ner.loss.loss]
@losses = "spacy-crf-ner.nll.v1"

[components.crf_ner.loss.loss.label_weights]
PERSON = 2.0

[components.crf_ner.model]
@architectures = "spacy-crf-ner.CRFTagger.v1"

[components.crf_ner.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 16
depth = 1
embed_size = 200
window_size = 1
maxout_pieces = 2
subword_features = true
"""


def test_a_block_in_the_config_makes_the_loss_and_survives_saving(tmp_path: Path) -> None:
    nlp = spacy.util.load_model_from_config(load_config_from_str(CONFIG), auto_fill=True)
    expected = ExpectedEntityRatioLoss(0.25, 0.05, 10.0, LikelihoodLoss({"PERSON": 2.0}))
    assert crf_ner(nlp).loss == expected
    train(nlp, steps=3)
    again = spacy.util.load_model_from_config(load_config_from_str(nlp.config.to_str()))
    assert crf_ner(again).loss == expected
    nlp.to_disk(tmp_path)
    restored = spacy.load(tmp_path)
    assert crf_ner(restored).loss == expected
    assert outcomes(restored) == outcomes(nlp)
    examples = examples_of(nlp)
    more = [update(one, examples, one.create_optimizer(), steps=2) for one in (nlp, restored)]
    assert more[0] == more[1]


def test_the_loss_may_be_another_one_after_loading(tmp_path: Path) -> None:
    nlp = make_nlp()
    train(nlp, steps=2)
    nlp.to_disk(tmp_path)
    restored = spacy.load(tmp_path, config={"components.crf_ner.loss": "cross_entropy"})
    assert isinstance(crf_ner(restored).loss, CrossEntropyLoss)
    assert outcomes(restored) == outcomes(nlp)


def half_of_it(potentials: Potentials, supervision: Supervision) -> Tensor:
    """A user's own: half the negative log-likelihood."""
    return LikelihoodLoss()(potentials, supervision) / 2


def test_a_function_is_a_loss() -> None:
    assert loss_of(half_of_it) == pytest.approx(loss_of("nll") / 2)


@spacy.registry.losses("tests.scaled_nll.v1")
def make_scaled_nll(scale: float) -> Any:
    """A registered loss of the user's own."""

    def loss(potentials: Potentials, supervision: Supervision) -> Tensor:
        return LikelihoodLoss()(potentials, supervision) * scale

    return loss


def test_a_registered_loss_of_your_own_trains() -> None:
    plain, scaled = make_nlp(), make_nlp(loss={"@losses": "tests.scaled_nll.v1", "scale": 3.0})
    first = [
        update(nlp, examples_of(nlp), initialize(nlp, examples_of(nlp)), steps=1)[0]
        for nlp in (plain, scaled)
    ]
    assert first[1] == pytest.approx(3 * first[0], rel=1e-5)
    assert train(scaled)[-1] < 0.05


def test_wrong_and_soft_spans_are_added_to_every_loss() -> None:
    one = gold()
    one.reference.spans["wrong"] = [Span(one.reference, 1, 3, "B")]
    for loss in ("nll", half_of_it):
        crf = component(
            VOCAB, random_scores(0, scale=1.0), LABELS, seed=0, loss=loss, incorrect_spans_key="wrong"
        )
        found, _ = crf.get_loss([one], crf.model.predict([one.predicted]))
        assert found > loss_of(loss) + 1e-3


def test_a_loss_that_is_not_finite_is_an_error() -> None:
    def broken(potentials: Potentials, supervision: Supervision) -> Tensor:
        return potentials.emissions.sum() * torch.inf

    with pytest.raises(ComponentError, match="'crf_ner': the loss is not finite"):
        loss_of(broken)


@pytest.mark.parametrize("name", ["", "hinge", "spacy-crf-ner.nll.v1", "CategoricalCrossentropy"])
def test_an_unknown_name_is_an_error_that_lists_those_that_there_are(name: str) -> None:
    expected = (
        f"Component 'crf_ner' does not know the loss '{name}': expected one of auxiliary_cross_entropy, "
        r"cross_entropy, entropy_bonus, expected_entity_ratio, nll, softmax_margin\. Change "
        r"`\[components.crf_ner\] loss`"
    )
    with pytest.raises(ComponentError, match=expected):
        make_nlp(loss=name)


def test_a_weight_for_a_label_that_there_is_not_is_an_error_that_names_it() -> None:
    with pytest.raises(ComponentError, match="`label_weights` names the label 'NEW'"):
        loss_of(LikelihoodLoss({"NEW": 2.0}))
