"""Vectors of words from their letters."""

from typing import Any

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.characters import build_character_bilstm_v1
from tests.models.encoders import Encoder, assert_equal, random_like, torch_parameters
from tests.models.taggers import VOCAB, docs_of, sample

WIDTH = 6


def new_speller(**settings: Any) -> Encoder:
    fix_random_seed(0)
    model = build_character_bilstm_v1(width=WIDTH, embed_size=4, **settings)
    model.initialize()
    return model


def vectors_of(model: Encoder, *words: str) -> Any:
    return model.predict([Doc(VOCAB, words=list(words))])[0]


def test_every_token_gets_a_vector() -> None:
    vectors = new_speller().predict(sample())
    assert [array.shape for array in vectors] == [(3, WIDTH), (0, WIDTH), (1, WIDTH)]
    assert all(array.dtype == np.float32 for array in vectors)


def test_letters_and_case_and_order_and_script_are_seen() -> None:
    words = ["Paris", "paris", "PARIS", "Pairs", "Pari", "東京", "京東", "Å", "9", "É", "é"]
    vectors = vectors_of(new_speller(), *words)
    for index in range(len(words)):
        for other in range(index):
            assert abs(vectors[index] - vectors[other]).max() > 1e-5, (words[index], words[other])


def test_a_word_has_one_vector_wherever_it_stands() -> None:
    model = new_speller()
    docs = docs_of("Paris and Paris", "Anna and Berlin", "Paris")
    first, second, third = model.predict(docs)
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[0], third[0])
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_allclose(third, model.predict(docs[2:])[0], atol=1e-6)


def test_each_distinct_word_is_read_once() -> None:
    model, seen = new_speller(), []
    model.shims[0].module.embedding.register_forward_hook(lambda module, X, Y: seen.append(X[0].numel()))
    model.predict(docs_of("aa bbb aa", "bbb aa aa"))
    assert seen == [5]


def test_it_is_the_last_state_of_each_direction() -> None:
    model = new_speller()
    module = model.shims[0].module
    with torch.no_grad():
        letters = module.embedding(torch.tensor(list(b"Paris")))
        states = module.lstm(letters)[0]
    expected = torch.cat([states[-1, : WIDTH // 2], states[0, WIDTH // 2 :]]).numpy()
    np.testing.assert_allclose(vectors_of(model, "Anna", "Paris")[1], expected, atol=1e-6)


def test_of_long_words_the_ends_are_read() -> None:
    model = new_speller(max_bytes=6)
    same = vectors_of(model, "abcdefghi", "abcxyzghi", "abcghi")
    np.testing.assert_allclose(same[1:], same[:2], atol=1e-6)
    other = vectors_of(model, "abcdefghi", "abcdefghj", "xbcdefghi")
    assert abs(other[1:] - other[0]).max(axis=1).min() > 1e-5
    assert np.isfinite(vectors_of(model, "x" * 100_000)).all()


def test_whitespace_has_vectors() -> None:
    vectors = vectors_of(new_speller(), " ", "\n\n", "a")
    assert vectors.shape == (3, WIDTH)
    assert np.isfinite(vectors).all()


def test_docs_may_have_vocabs_of_their_own() -> None:
    model = new_speller()
    docs = [Doc(spacy.blank("en").vocab, words=words) for words in (["Qwertz", "a"], ["Uiop", "a"])]
    alone = [model.predict([doc])[0] for doc in docs]
    assert_equal(model.predict(docs), alone, tolerance=1e-6)


def test_gradients_agree_with_finite_differences() -> None:
    model, step = new_speller(), 1e-2
    docs = docs_of("aa b aa", "", "b")
    vectors, backprop = model.begin_update(docs)
    weights = random_like(vectors)
    assert backprop(weights) == []
    embedding = model.shims[0].module.embedding.weight
    for index in [(ord("a"), 0), (ord("a"), 3), (ord("b"), 1), (ord("c"), 0)]:
        moved = []
        for sign in (1, -1):
            with torch.no_grad():
                embedding[index] += sign * step
            got = model.predict(docs)
            moved.append(sum(float((a * b).sum()) for a, b in zip(got, weights, strict=True)))
            with torch.no_grad():
                embedding[index] -= sign * step
        assert float(embedding.grad[index]) == pytest.approx(
            (moved[0] - moved[1]) / (2 * step), rel=0.02, abs=1e-3
        )


def test_it_learns_and_is_restored_from_bytes() -> None:
    model = new_speller()
    before = torch_parameters(model)
    vectors, backprop = model.begin_update(sample())
    backprop(random_like(vectors))
    model.finish_update(Adam(0.1))
    assert all(abs(after - before[name]).max() > 0.01 for name, after in torch_parameters(model).items())
    restored = build_character_bilstm_v1(width=WIDTH, embed_size=4).from_bytes(model.to_bytes())
    assert_equal(restored.predict(sample()), model.predict(sample()))


@pytest.mark.parametrize("texts", [(), ("", "")])
def test_a_batch_without_tokens_passes_forth_and_back(texts: tuple[str, ...]) -> None:
    vectors, backprop = new_speller().begin_update(docs_of(*texts))
    assert [array.shape for array in vectors] == [(0, WIDTH)] * len(texts)
    assert backprop(vectors) == []


def test_without_weights_it_says_so() -> None:
    with pytest.raises(SpacyCrfNerError, match="character_bilstm: expected an initialized layer"):
        build_character_bilstm_v1().predict(sample())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 5}, "CharacterBiLSTM: expected `width` to be even, but got 5"),
        ({"width": 0}, "`width` to be at least 1, but got 0"),
        ({"embed_size": 0}, "`embed_size` to be at least 1, but got 0"),
        ({"max_bytes": 1}, "`max_bytes` to be at least 2, but got 1"),
    ],
)
def test_settings_that_make_no_network_are_errors(settings: dict[str, int], message: str) -> None:
    with pytest.raises(SpacyCrfNerError, match=message):
        build_character_bilstm_v1(**settings)
