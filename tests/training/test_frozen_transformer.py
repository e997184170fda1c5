"""A frozen transformer gets its weights, keeps them, and is listened to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config, registry
from transformers import BertModel

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.frozen_transformer import build_load_frozen_transformer_v1
from tests import tiny

CONFIG = tiny.CONFIGS / "crf_ner_frozen_trf.cfg"


def state(model: Any) -> dict[str, Any]:
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}


def encoder_of(nlp: Any) -> Any:
    return nlp.get_pipe("transformer").model.transformer


def config_for(corpus: Path, encoder: Path, steps: int = 20) -> Any:
    return load_config(CONFIG, overrides=tiny.overrides("crf_ner_frozen_trf", corpus, encoder, steps))


def test_training_changes_no_parameter_of_the_transformer(
    tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = init_nlp(config_for(tiny_corpus, tiny_encoder))
    pretrained = state(BertModel.from_pretrained(tiny_encoder))
    assert state(encoder_of(nlp)).keys() == pretrained.keys()
    train(nlp, tmp_path)
    loaded = spacy.load(tmp_path / "model-last")
    for trained in (nlp, loaded):
        for name, values in state(encoder_of(trained)).items():
            np.testing.assert_array_equal(values, pretrained[name])
    found = [tiny.entities(doc) for doc in loaded.pipe(tiny.TINY_TEXTS)]
    gold = [tiny.entities(doc) for doc in tiny.make_tiny_docs()]
    assert sum(one == other for one, other in zip(found, gold, strict=True)) >= 9


def test_without_the_callback_spacy_leaves_a_frozen_transformer_without_weights(
    tiny_corpus: Path, tiny_encoder: Path
) -> None:
    config = config_for(tiny_corpus, tiny_encoder)
    config["initialize"]["before_init"] = None
    with pytest.raises(ValueError, match="Cannot get dimension 'nO' for model 'transformer-listener'"):
        init_nlp(config)


def test_weights_that_are_there_stay(tiny_encoder: Path, tiny_corpus: Path) -> None:
    nlp = init_nlp(config_for(tiny_corpus, tiny_encoder))
    weight = encoder_of(nlp).embeddings.word_embeddings.weight
    weight.data.fill_(1.0)
    build_load_frozen_transformer_v1()(nlp)
    assert encoder_of(nlp).embeddings.word_embeddings.weight is weight
    assert float(weight.detach().min()) == 1.0


@pytest.mark.parametrize("component", ["transformer", "sentencizer"])
def test_a_component_that_is_no_transformer_is_an_error(component: str) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    callback = registry.resolve(
        {"call": {"@callbacks": "spacy-crf-ner.load_frozen_transformer.v1", "component": component}}
    )["call"]
    with pytest.raises(TrainingError, match=f"none called '{component}' among sentencizer"):
        callback(nlp)
