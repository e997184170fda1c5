"""BiLSTM, IDCNN and Concatenate as encoders of crf_ner: listeners, processes, storage, static vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_crf_ner.errors import ComponentError
from tests.models.encoders import torch_parameters
from tests.pipeline.pipelines import CNN, LISTENER, TEXTS, examples_of, model_of
from tests.pipeline.transformers import LISTENER as TRANSFORMER_LISTENER
from tests.pipeline.transformers import encoder_config
from tests.tiny import entities

CHARACTERS = {"@architectures": "spacy-crf-ner.CharacterBiLSTM.v1", "width": 8, "embed_size": 4}
HASHED = {
    "@architectures": "spacy.MultiHashEmbed.v2",
    "width": 16,
    "attrs": ["NORM", "SHAPE"],
    "rows": [100, 100],
    "include_static_vectors": False,
}


def over(name: str, embed: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The config of an encoder over these embeddings."""
    base = {"@architectures": f"spacy-crf-ner.{name}.v1", "embed": embed, "width": 16, "dropout": 0.1}
    return {**base, **settings}


def joined(*encoders: dict[str, Any]) -> dict[str, Any]:
    parts = {f"part{index}": encoder for index, encoder in enumerate(encoders)}
    return {"@architectures": "spacy-crf-ner.Concatenate.v1", "*": parts}


def new_nlp(tok2vec: dict[str, Any], upstream: dict[str, dict[str, Any]] | None = None) -> Language:
    """crf_ner on an encoder, initialized; before it the components that are listened to."""
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    for factory, config in (upstream or {}).items():
        nlp.add_pipe(factory, config=config)
    nlp.add_pipe("crf_ner", config={"model": model_of(tok2vec)})
    nlp.initialize(lambda: examples_of(nlp))
    return nlp


def train(nlp: Language, steps: int = 25) -> None:
    optimizer = Adam(0.02)
    for _ in range(steps):
        nlp.update(examples_of(nlp), sgd=optimizer)


def encoder_of(nlp: Language) -> Any:
    return nlp.get_pipe("crf_ner").model.get_ref("tok2vec")


def assert_learned(nlp: Language) -> None:
    for example in examples_of(nlp):
        assert entities(nlp(example.text)) == entities(example.reference)


@pytest.mark.parametrize(
    "tok2vec",
    [
        over("BiLSTM", HASHED, characters=CHARACTERS),
        over("IDCNN", HASHED, characters=CHARACTERS),
        joined(HASHED, CHARACTERS),
    ],
    ids=["bilstm", "idcnn", "concatenate"],
)
def test_a_pipeline_learns_and_predicts_the_same_in_processes_and_after_loading(
    tok2vec: dict[str, Any], tmp_path: Path
) -> None:
    nlp = new_nlp(tok2vec)
    train(nlp)
    assert_learned(nlp)
    expected = [entities(doc) for doc in nlp.pipe(TEXTS)]
    assert [entities(doc) for doc in nlp.pipe(TEXTS, n_process=2, batch_size=2)] == expected
    nlp.to_disk(tmp_path)
    assert [entities(doc) for doc in spacy.load(tmp_path).pipe(TEXTS)] == expected
    restored = spacy.blank("xx").from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert [entities(doc) for doc in restored.pipe(TEXTS)] == expected


@pytest.mark.parametrize("name", ["BiLSTM", "IDCNN"])
def test_a_listener_below_it_learns_is_checked_and_can_be_replaced(name: str, tmp_path: Path) -> None:
    nlp = new_nlp(over(name, LISTENER), {"tok2vec": {"model": CNN}})
    doc = nlp.make_doc(TEXTS[0])
    before = nlp.get_pipe("tok2vec").predict([doc])[0].copy()
    train(nlp)
    assert abs(nlp.get_pipe("tok2vec").predict([doc])[0] - before).max() > 0.01
    assert_learned(nlp)
    with (
        nlp.select_pipes(disable=["tok2vec"]),
        pytest.raises(ComponentError, match="has not run on this Doc"),
    ):
        nlp(TEXTS[0])
    nlp.replace_listeners("tok2vec", "crf_ner", ["model.tok2vec.embed"])
    nlp.remove_pipe("tok2vec")
    assert_learned(nlp)
    nlp.to_disk(tmp_path)
    assert_learned(spacy.load(tmp_path))


def test_it_is_an_encoder_that_several_components_share() -> None:
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", config={"model": over("BiLSTM", HASHED)})
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER}})
    nlp.add_pipe("crf_ner", config={"model": model_of(LISTENER)})
    examples = examples_of(nlp)
    for example in examples:
        for token in example.reference:
            token.tag_ = "P" if token.is_punct else "W"
    nlp.initialize(lambda: examples)
    before = torch_parameters(nlp.get_pipe("tok2vec").model)
    optimizer = Adam(0.02)
    for _ in range(40):
        nlp.update(
            [Example(nlp.make_doc(example.text), example.reference) for example in examples], sgd=optimizer
        )
    after = torch_parameters(nlp.get_pipe("tok2vec").model)
    assert all(abs(after[name] - values).max() > 1e-3 for name, values in before.items())
    assert_learned(nlp)
    assert [token.tag_ for token in nlp("Who?")] == ["W", "P"]


@pytest.mark.parametrize(
    "tok2vec", [over("BiLSTM", TRANSFORMER_LISTENER), joined(TRANSFORMER_LISTENER, HASHED)]
)
def test_a_transformer_below_it_learns_and_is_checked(
    tok2vec: dict[str, Any], tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = new_nlp(tok2vec, {"transformer": encoder_config(tiny_encoder)})
    weight = nlp.get_pipe("transformer").model.transformer.embeddings.word_embeddings.weight
    before = weight.detach().clone()
    # spaCy hands an empty Doc to the listeners as an array without columns.
    examples = [*examples_of(nlp), Example(nlp.make_doc(""), nlp.make_doc(""))]
    optimizer = Adam(0.01)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    after = nlp.get_pipe("transformer").model.transformer.embeddings.word_embeddings.weight
    assert float((after.detach() - before).abs().max()) > 1e-3
    assert_learned(nlp)
    expected = [entities(doc) for doc in nlp.pipe(TEXTS)]
    nlp.to_disk(tmp_path)
    assert [entities(doc) for doc in spacy.load(tmp_path).pipe(TEXTS)] == expected
    with (
        nlp.select_pipes(disable=["transformer"]),
        pytest.raises(ComponentError, match="has not run on this Doc"),
    ):
        nlp(TEXTS[0])


def test_two_listeners_to_one_transformer_can_be_joined(tiny_encoder: Path) -> None:
    last = {**TRANSFORMER_LISTENER, "pooling": {"@layers": "reduce_last.v1"}}
    nlp = new_nlp(joined(TRANSFORMER_LISTENER, last), {"transformer": encoder_config(tiny_encoder)})
    optimizer = Adam(0.01)
    for _ in range(20):
        nlp.update(examples_of(nlp), sgd=optimizer)
    assert_learned(nlp)
    assert encoder_of(nlp).get_dim("nO") == 32


def test_capitals_reach_the_crf_beside_an_uncased_encoder(tiny_encoder: Path) -> None:
    nlp = new_nlp(joined(TRANSFORMER_LISTENER, HASHED), {"transformer": encoder_config(tiny_encoder)})
    docs = [nlp.make_doc(text) for text in ("berlin is", "Berlin is")]
    transformer = nlp.get_pipe("transformer")
    transformer.set_annotations(docs, transformer.predict(docs))
    lower, upper = encoder_of(nlp).predict(docs)
    width = transformer.model.get_dim("nO")
    np.testing.assert_allclose(lower[:, :width], upper[:, :width], atol=1e-6)
    assert abs(lower[0, width:] - upper[0, width:]).max() > 1e-3


@pytest.mark.parametrize("name", ["BiLSTM", "IDCNN"])
def test_static_vectors_are_read(name: str, tmp_path: Path) -> None:
    embed = {**HASHED, "attrs": ["PREFIX"], "rows": [10], "include_static_vectors": True}
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    generator = np.random.default_rng(0)
    for word in ("London", "Berlin", "Lisbon"):
        nlp.vocab.set_vector(word, generator.normal(size=5).astype("float32"))
    nlp.add_pipe("crf_ner", config={"model": model_of(over(name, embed))})
    nlp.initialize(lambda: examples_of(nlp))
    # Both begin with an L: only the vectors differ.
    london, lisbon = encoder_of(nlp).predict([nlp.make_doc("London"), nlp.make_doc("Lisbon")])
    assert abs(london - lisbon).max() > 1e-3
    train(nlp)
    assert_learned(nlp)
    nlp.to_disk(tmp_path)
    assert_learned(spacy.load(tmp_path))
