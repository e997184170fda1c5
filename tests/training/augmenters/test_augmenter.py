"""What all augmenters that draw by chance have in common, and augmenters in turn."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
import spacy
from spacy.cli.train import train
from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.util import load_config_from_str, registry

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.augmenters import (
    Augmenter,
    build_combined_v1,
    build_mention_replacement_v1,
    build_random_case_v1,
    build_shuffle_within_segments_v1,
    build_token_replacement_v1,
    build_typos_v1,
)
from spacy_crf_ner.training.augmenters.augmenter import Rewriter, some_of
from spacy_crf_ner.training.augmenters.reservoir import RememberingRewriter, Reservoir
from tests import tiny
from tests.training.augmenters.annotated import WORDS, example_of, make_doc, make_nlp

BUILDERS = [
    build_mention_replacement_v1,
    build_random_case_v1,
    build_shuffle_within_segments_v1,
    build_token_replacement_v1,
    build_typos_v1,
]
Builder = Callable[..., Augmenter]


def texts(augmenter: Augmenter, corpus: Path, epochs: int = 1) -> list[str]:
    reader, pipeline = Corpus(corpus, augmenter=augmenter), make_nlp()
    return [example.text for _ in range(epochs) for example in reader(pipeline)]


@pytest.mark.parametrize("build", BUILDERS)
def test_the_same_seed_gives_the_same_texts_and_another_seed_others(
    build: Builder, tiny_corpus: Path
) -> None:
    first = texts(build(level=0.7), tiny_corpus, epochs=2)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    state = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert texts(build(level=0.7), tiny_corpus, epochs=2) == first
    # Nor are the generators touched that spaCy shuffles by.
    assert (random.getstate(), np.random.get_state()[1].tolist()) == state  # noqa: NPY002
    assert texts(build(level=0.7, seed=1), tiny_corpus, epochs=2) != first
    # An epoch is not like the one before.
    assert first[: len(first) // 2] != first[len(first) // 2 :]


@pytest.mark.parametrize("build", BUILDERS)
def test_a_level_of_0_yields_the_corpus_itself(build: Builder, tiny_corpus: Path) -> None:
    assert texts(build(level=0.0), tiny_corpus) == texts(build_combined_v1(build(level=0.0)), tiny_corpus)
    plain = [example.text for example in Corpus(tiny_corpus)(make_nlp())]
    assert texts(build(level=0.0), tiny_corpus) == plain


@pytest.mark.parametrize("build", BUILDERS)
def test_originals_are_kept_or_replaced(build: Builder, tiny_corpus: Path) -> None:
    plain = [example.text for example in Corpus(tiny_corpus)(make_nlp())]
    both = texts(build(level=1.0), tiny_corpus)
    assert both[0] == plain[0]
    assert set(plain) <= set(both)
    assert len(both) > len(plain)
    instead = texts(build(level=1.0, keep_original=False), tiny_corpus)
    # Where there is nothing to rewrite the original stays.
    assert len(instead) == len(plain)
    assert instead != plain


@pytest.mark.parametrize("build", BUILDERS)
def test_examples_get_as_many_versions_as_are_wanted(build: Builder, nlp: Language) -> None:
    example = example_of(make_doc(nlp))
    other = make_doc(nlp, words=[f"{word}x" if word != "." else word for word in WORDS])
    for keep_original, expected in ((True, 1), (False, 0)):
        augmenter = build(level=1.0, versions=40, keep_original=keep_original)
        list(augmenter(nlp, example_of(other)))
        found = list(augmenter(nlp, example))
        assert sum(one is example for one in found) == expected
        # Sometimes the same text is drawn, which is none.
        assert 10 <= len(found) - expected <= 40


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"level": 1.5},
            r"v1': expected `level` to be a number from 0 to 1, but got 1.5. Change `level` in the",
        ),
        ({"level": float("nan")}, "expected `level` to be a number from 0 to 1, but got nan"),
        ({"versions": 0}, "expected `versions` to be a number of at least 1, but got 0"),
    ],
)
def test_settings_out_of_range_are_errors(build: Builder, settings: dict[str, float], expected: str) -> None:
    with pytest.raises(TrainingError, match=expected):
        build(**settings)


@pytest.mark.parametrize("build", BUILDERS)
def test_they_can_be_sent_to_another_process(build: Builder, tiny_corpus: Path) -> None:
    augmenter = build(level=0.7)
    texts(augmenter, tiny_corpus)
    copy = pickle.loads(pickle.dumps(augmenter))  # noqa: S301
    assert texts(copy, tiny_corpus) == texts(augmenter, tiny_corpus)


def test_the_level_is_the_share_of_the_examples(nlp: Language) -> None:
    augmenter, example = build_random_case_v1(level=0.3), example_of(make_doc(nlp))
    found = sum(len(list(augmenter(nlp, example))) for _ in range(1000))
    assert 1230 < found < 1370


def test_augmenters_with_the_same_seed_choose_different_examples(nlp: Language) -> None:
    one, other = build_random_case_v1(level=0.5), build_typos_v1(level=0.5)
    example = example_of(make_doc(nlp))
    chosen = [[len(list(augmenter(nlp, example))) for _ in range(30)] for augmenter in (one, other)]
    assert chosen[0] != chosen[1]


def test_some_are_drawn_and_one_at_least() -> None:
    source = Random(0)
    assert some_of([], 1.0, source) == []
    assert some_of([1, 2, 3], 1.0, source) == [1, 2, 3]
    assert {tuple(some_of([1, 2], 0.0, source)) for _ in range(50)} == {(1,), (2,)}
    assert {tuple(some_of([1, 2], 0.5, source)) for _ in range(50)} == {(1,), (2,), (1, 2)}


def test_a_rewriter_has_to_say_how_it_rewrites(nlp: Language) -> None:
    example = example_of(make_doc(nlp))
    Rewriter().see(nlp, example, Random(0))
    with pytest.raises(NotImplementedError):  # noqa: PT011
        Rewriter().rewrite(nlp, example, Random(0))
    with pytest.raises(NotImplementedError):  # noqa: PT011
        RememberingRewriter("a", None).see(nlp, example, Random(0))


def test_a_full_reservoir_gives_up_items_for_new_ones() -> None:
    reservoir: Reservoir[int] = Reservoir(limit=3)
    source = Random(0)
    for number in range(100):
        reservoir.add("a", number, number, source)
        reservoir.add("a", number, number, source)
    drawn = {reservoir.draw("a", None, source) for _ in range(100)}
    assert len(drawn) == 3
    assert max(drawn) > 2  # type: ignore[type-var, operator]
    for number in drawn:
        others = {reservoir.draw("a", number, source) for _ in range(50)}
        assert others == drawn - {number}
    assert reservoir.draw("b", None, source) is None


def append(mark: str, number: int = 1) -> Augmenter:
    """Yields an Example, and others whose text has a mark more."""

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        for _ in range(number):
            yield example_of(nlp.make_doc(example.text + mark))

    return augment


def test_combined_augmenters_are_called_in_turn_on_all_that_comes(nlp: Language) -> None:
    augmenter = build_combined_v1(append("a"), append("b"), append("c"))
    found = [one.text for one in augmenter(nlp, example_of(nlp.make_doc("x")))]
    assert found == ["x", "xc", "xb", "xbc", "xa", "xac", "xab", "xabc"]


def test_nothing_to_combine_is_an_error() -> None:
    with pytest.raises(
        TrainingError, match=r"combined.v1' got no augmenters to combine.*\[corpora.train.augmenter"
    ):
        build_combined_v1()


CONFIG = """
[augmenter]
@augmenters = "spacy-crf-ner.combined.v1"

[augmenter.*]

[augmenter.*.mentions]
@augmenters = "spacy-crf-ner.mention_replacement.v1"
path = {path}
labels = ["GPE"]

[augmenter.*.tokens]
@augmenters = "spacy-crf-ner.token_replacement.v1"

[augmenter.*.order]
@augmenters = "spacy-crf-ner.shuffle_within_segments.v1"

[augmenter.*.case]
@augmenters = "spacy-crf-ner.random_case.v1"
level = 1
styles = ["upper"]

[augmenter.*.typos]
@augmenters = "spacy-crf-ner.typos.v1"
"""


def test_all_of_them_can_be_had_from_a_config(tiny_corpus: Path) -> None:
    config = load_config_from_str(CONFIG.format(path=f'"{tiny_corpus}"'))
    augmenter = registry.resolve(config)["augmenter"]
    found = texts(augmenter, tiny_corpus)
    assert "PARIS" in "".join(found)
    assert len(found) > 24


def test_spacy_train_takes_them(tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    settings = tiny.overrides("crf_ner_cnn", tiny_corpus, tiny_encoder, steps=4)
    path = tmp_path / "augmented.cfg"
    text = (tiny.CONFIGS / "crf_ner_cnn.cfg").read_text(encoding="utf8")
    block = CONFIG.format(path="${paths.train}").replace("[augmenter", "[corpora.train.augmenter")
    head, tail = text.split("augmenter = null\n", 1)
    path.write_text(f"{head}{block}\n{tail}", encoding="utf8")
    train(path, tmp_path / "out", overrides=settings)
    nlp = spacy.load(tmp_path / "out" / "model-last")
    assert nlp.config["corpora"]["train"]["augmenter"]["*"]["mentions"]["labels"] == ["GPE"]
