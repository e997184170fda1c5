"""crf_ner on encoders of every family, through the ready config, with what docs/encoders.md says that each needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.util import load_config
from spacy_transformers.align import get_alignment_via_offset_mapping

from tests import tiny
from tests.models import huggingface

FIRST_PIECE = {"components.ner.model.tok2vec.pooling.@layers": "reduce_first.v1"}
# What docs/encoders.md says about each family.
SETTINGS: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {},
    "electra": {},
    "deberta": FIRST_PIECE,
    "deberta-v2": FIRST_PIECE,
    "xlnet": {**FIRST_PIECE, "components.transformer.model.transformer_config.use_mems_eval": False},
    "gpt2": {"components.transformer.model.tokenizer_config.pad_token": "<|endoftext|>"},
}


@pytest.fixture(params=sorted(huggingface.FAMILIES))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def new_nlp(family: str, corpus: Path, folder: Path, **more: Any) -> Language:
    """The pipeline of the transformer config on an encoder of this family, initialized."""
    huggingface.save(family, folder)
    settings = {**tiny.overrides("crf_ner_trf", corpus, folder, steps=5), **SETTINGS[family], **more}
    nlp = init_nlp(load_config(tiny.CONFIGS / "crf_ner_trf.cfg", overrides=settings))
    encoder = nlp.get_pipe("transformer").model.transformer
    assert encoder.config.model_type == family
    return nlp


def update(nlp: Language, steps: int) -> None:
    optimizer = nlp.create_optimizer()
    optimizer.learn_rate = 0.01
    for _ in range(steps):
        examples = [Example(nlp.make_doc(doc.text), doc) for doc in tiny.make_tiny_docs()]
        nlp.update(examples, sgd=optimizer, drop=0.1)


def answers(nlp: Language) -> list[Any]:
    """All entities with their probabilities, of texts of one and of several windows, and of none."""
    texts = [*tiny.TINY_TEXTS, "", " ".join(["Anna Schmidt left Berlin ."] * 10)]
    return [
        [(ent.start, ent.end, ent.label_, pytest.approx(ent._.crf_prob, abs=1e-5)) for ent in doc.ents]
        for doc in nlp.pipe(texts)
    ]


def weights_of(nlp: Language) -> dict[str, Any]:
    model = nlp.get_pipe("transformer").model.transformer
    return {name: value.detach().numpy().copy() for name, value in model.named_parameters()}


def check_alignment(nlp: Language) -> None:
    """Every token has its own word pieces, and they come first."""
    docs = [nlp.make_doc(text) for text in ("Anna lives in Berlin .", "Paris")]
    nlp.get_pipe("transformer").set_annotations(docs, nlp.get_pipe("transformer").predict(docs))
    for doc in docs:
        data = doc._.trf_data
        pieces = [piece for row in data.wordpieces.strings for piece in row]
        for token in doc:
            aligned = [pieces[index] for index in data.align[token.i].data.ravel()]
            spelled = "".join(aligned).lstrip("▁Ġ").replace("##", "")
            assert spelled.lower().startswith(token.lower_)


def test_it_is_aligned_trained_saved_and_loaded(family: str, tiny_corpus: Path, tmp_path: Path) -> None:
    # Some spell letter by letter, and hold 128 word pieces.
    windows = {
        "components.transformer.model.get_spans.window": 20,
        "components.transformer.model.get_spans.stride": 15,
    }
    nlp = new_nlp(family, tiny_corpus, tmp_path / "encoder", **windows)
    check_alignment(nlp)
    before = weights_of(nlp)
    update(nlp, steps=5)
    after = weights_of(nlp)
    # But for what a token classifier does not use, such as a pooler, all learns.
    moved = [name for name, values in before.items() if abs(after[name] - values).max() > 1e-4]
    assert any("embed" in name or "wte" in name for name in moved)
    assert len(moved) > 0.6 * len(before)
    expected = answers(nlp)
    assert any(expected)
    nlp.to_disk(tmp_path / "model")
    assert answers(spacy.load(tmp_path / "model")) == expected


@pytest.mark.parametrize(
    ("family", "mixed"),
    [
        ("bert", False),
        ("roberta", False),
        ("deberta", True),
        ("deberta-v2", True),
        ("xlnet", True),
        ("gpt2", True),
    ],
)
def test_the_first_piece_of_the_next_word_is_in_a_mean_where_spaces_belong_to_pieces(
    family: str, mixed: bool
) -> None:
    # What spacy-transformers hands to the pooling, for the token "a" and the space after it.
    tokenizer = huggingface.FAMILIES[family]()[1]
    doc = Doc(spacy.blank("en").vocab, words=["a", "closed", "shop"])
    offsets = tokenizer(doc.text, return_offsets_mapping=True)["offset_mapping"]
    aligned = get_alignment_via_offset_mapping([doc[:]], np.asarray([offsets]))
    ends = [offsets[index][1] for index in aligned[0].data.ravel()]
    assert any(end > len("a ") for end in ends) is mixed


def test_pooling_of_the_first_piece_takes_the_tokens_own(tiny_corpus: Path, tmp_path: Path) -> None:
    nlp = new_nlp("xlnet", tiny_corpus, tmp_path / "encoder")
    doc = nlp.make_doc("Anna lives in Berlin .")
    transformer = nlp.get_pipe("transformer")
    transformer.set_annotations([doc], transformer.predict([doc]))
    data = doc._.trf_data
    vectors = nlp.get_pipe("ner").model.get_ref("tok2vec").predict([doc])[0]
    own = data.model_output.last_hidden_state.reshape(-1, 16)[data.align[0].data.ravel()[0]]
    assert len(data.align[0].data) == 2
    np.testing.assert_allclose(vectors[0], own, atol=1e-6)


def test_a_decoder_without_a_pad_token_is_an_error_that_names_it(tiny_corpus: Path, tmp_path: Path) -> None:
    huggingface.save("gpt2", tmp_path / "encoder")
    settings = tiny.overrides("crf_ner_trf", tiny_corpus, tmp_path / "encoder", steps=5)
    with pytest.raises(ValueError, match="select a token to use as `pad_token`"):
        init_nlp(load_config(tiny.CONFIGS / "crf_ner_trf.cfg", overrides=settings))
