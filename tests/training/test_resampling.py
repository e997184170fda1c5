"""Resampling: how often examples come, that the draws are seeded and new in each epoch, and what spaCy makes of it."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import create_train_batches, train
from spacy.util import load_config, resolve_dot_names

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.augmenters import build_outside_unknown_v1
from spacy_crf_ner.training.resampling import (
    build_batch_resampled_v1,
    build_resampled_corpus_v1,
    repeat_factors,
)
from tests import tiny

VOCAB = spacy.blank("en").vocab


def example(*labels: str) -> Example:
    """An example with one token for each label, and a word beside each."""
    words = [word for label in labels for word in (label.lower(), "and")] or ["nothing"]
    tags = [tag for label in labels for tag in (f"B-{label}", "O")] or ["O"]
    return Example(Doc(VOCAB, words=words), Doc(VOCAB, words=words, ents=tags))


# In 100 examples: 50 without entities, 41 with A, 5 with A and B, 4 with C twice.
EXAMPLES = [
    *(example() for _ in range(50)),
    *(example("A") for _ in range(41)),
    *(example("A", "B") for _ in range(5)),
    *(example("C", "C") for _ in range(4)),
]
KINDS = {id(one): "".join(sorted({ent.label_ for ent in one.reference.ents})) for one in EXAMPLES}


def all_in_one(examples: Iterable[Example]) -> list[list[Example]]:
    """A batcher."""
    return [list(examples)]


def by_two(examples: Iterable[Example]) -> Iterator[list[Example]]:
    """Another."""
    examples = list(examples)
    for start in range(0, len(examples), 2):
        yield examples[start : start + 2]


def kinds(examples: Iterable[Example]) -> Counter[str]:
    return Counter(KINDS[id(one)] for one in examples)


def test_the_factors_are_those_of_the_rarest_label() -> None:
    factors = dict(zip((KINDS[id(one)] for one in EXAMPLES), repeat_factors(EXAMPLES, 0.2, 10), strict=True))
    # A is in 46 examples, more than a fifth.
    assert factors == pytest.approx(
        {"": 1.0, "A": 1.0, "AB": math.sqrt(0.2 / 0.05), "C": math.sqrt(0.2 / 0.04)}
    )


def test_no_factor_is_above_the_highest() -> None:
    factors = repeat_factors(EXAMPLES, 1.0, 3.0)
    assert max(factors) == 3.0
    # sqrt(1 / 0.46), below it.
    assert sorted(set(factors))[1] == pytest.approx(math.sqrt(1 / 0.46))


def test_a_label_whose_share_is_the_threshold_is_not_repeated() -> None:
    assert set(repeat_factors(EXAMPLES, 0.04, 10)) == {1.0}
    assert repeat_factors([], 0.1, 10) == []


@pytest.mark.parametrize("make", ["batcher", "reader"])
def test_the_mean_over_epochs_is_the_factor_and_each_draw_is_next_to_it(make: str) -> None:
    draw = drawer(make, 0.2)
    epochs = [kinds(draw()) for _ in range(400)]
    assert all(epoch[""] == 50 and epoch["A"] == 41 for epoch in epochs)
    # sqrt(4) is a whole number: nothing to round.
    assert {epoch["AB"] for epoch in epochs} == {2 * 5}
    assert {epoch["C"] for epoch in epochs} == {8, 9, 10, 11, 12}
    mean = sum(epoch["C"] for epoch in epochs) / len(epochs)
    assert mean == pytest.approx(4 * math.sqrt(5), abs=0.15)


def drawer(make: str, threshold: float, seed: int = 0) -> Callable[[], list[Example]]:
    """What draws an epoch of EXAMPLES."""
    if make == "reader":
        reader = build_resampled_corpus_v1(lambda nlp: iter(EXAMPLES), threshold, seed=seed)
        nlp = spacy.blank("en")
        return lambda: list(reader(nlp))
    batcher = build_batch_resampled_v1(all_in_one, threshold, seed=seed)
    return lambda: next(iter(batcher(iter(EXAMPLES))))


@pytest.mark.parametrize("make", ["batcher", "reader"])
def test_draws_differ_between_epochs_and_seeds_and_are_repeatable(make: str) -> None:
    first, again, other = (drawer(make, 0.2, seed) for seed in (1, 1, 2))
    epochs = [[id(one) for one in first()] for _ in range(3)]
    assert [[id(one) for one in again()] for _ in range(3)] == epochs
    assert epochs[0] != epochs[1] != epochs[2]
    assert [id(one) for one in other()] != epochs[0]


def test_examples_are_shuffled_and_the_corpus_is_left_as_it_is() -> None:
    before = list(EXAMPLES)
    batcher = build_batch_resampled_v1(all_in_one, 0.2)
    (drawn,) = batcher(EXAMPLES)
    assert [id(one) for one in EXAMPLES] == [id(one) for one in before]
    # Copies do not stand side by side.
    rare = [place for place, one in enumerate(drawn) if KINDS[id(one)] in {"AB", "C"}]
    assert min(rare) < len(drawn) / 4
    assert max(rare) > len(drawn) * 3 / 4


def test_it_changes_no_global_state() -> None:
    before = random.getstate()
    drawer("batcher", 0.2)()
    assert random.getstate() == before


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from("ABCD"), max_size=3), max_size=30),
    st.floats(0.001, 1.0),
    st.floats(1.0, 5.0),
    st.integers(),
)
def test_every_example_is_drawn_and_none_too_often(
    labels: list[list[str]], threshold: float, most: float, seed: int
) -> None:
    examples = [example(*own) for own in labels]
    drawn = [
        one for part in build_batch_resampled_v1(by_two, threshold, most, seed)(examples) for one in part
    ]
    counts = Counter(id(one) for one in drawn)
    for one, factor in zip(examples, repeat_factors(examples, threshold, most), strict=True):
        assert 1 <= math.floor(factor) <= counts[id(one)] <= math.ceil(factor) <= math.ceil(most)
    assert len(counts) == len(examples)


def test_the_other_batcher_makes_the_batches() -> None:
    batches = list(build_batch_resampled_v1(by_two, 0.2)(EXAMPLES))
    assert {len(batch) for batch in batches[:-1]} == {2}
    assert sum(len(batch) for batch in batches) >= 50 + 41 + 10 + 8


def test_an_epoch_without_examples_has_no_batches() -> None:
    assert list(build_batch_resampled_v1(by_two)([])) == []
    assert list(build_resampled_corpus_v1(lambda nlp: [])(spacy.blank("en"))) == []


@pytest.mark.parametrize("max_epochs", [0, 2, -1])
def test_epochs_of_spacy_train_have_draws_of_their_own(max_epochs: int) -> None:
    read: list[int] = []

    def corpus(nlp: Language) -> Iterator[Example]:
        read.append(1)
        return iter(EXAMPLES)

    batcher = build_batch_resampled_v1(all_in_one, 0.2, seed=3)
    epochs = []
    for epoch, batch in create_train_batches(spacy.blank("en"), corpus, batcher, max_epochs):
        epochs.append((epoch, kinds(batch)["C"]))
        if len(epochs) == 6:
            break
    n_epochs = 2 if max_epochs == 2 else 6
    assert [epoch for epoch, _ in epochs] == list(range(n_epochs))
    assert len(read) == (6 if max_epochs == -1 else 1)
    if max_epochs != 2:
        assert len({count for _, count in epochs}) > 1


def test_the_reader_draws_anew_whenever_it_is_read_with_its_augmenter(tiny_corpus: Path) -> None:
    nlp = spacy.blank("en")
    plain = Corpus(tiny_corpus, augmenter=build_outside_unknown_v1())
    reader = build_resampled_corpus_v1(plain, 1.0, 10.0, 0)
    texts = []
    for _ in range(2):
        examples = list(reader(nlp))
        assert len(examples) > len(tiny.TINY_SENTENCES)
        assert {one.reference.text for one in examples} == {doc.text for doc in tiny.make_tiny_docs()}
        assert not any("O" in one.get_aligned_ner() for one in examples)
        texts.append([one.reference.text for one in examples])
    assert texts[0] != texts[1]


CONFIG = """
[training.batcher]
@batchers = "spacy-crf-ner.batch_resampled.v1"
threshold = 1.0

[training.batcher.batcher]
@batchers = "spacy.batch_by_words.v1"
size = 60
tolerance = 0.2
discard_oversize = false

[corpora.train]
@readers = "spacy-crf-ner.ResampledCorpus.v1"
threshold = 1.0
seed = 1

[corpora.train.corpus]
@readers = "spacy.Corpus.v1"
path = ${paths.train}
gold_preproc = false

[corpora.train.corpus.augmenter]
@augmenters = "spacy.lower_case.v1"
level = 0.5
"""


@pytest.mark.parametrize("max_epochs", [-1, 0])
def test_spacy_train_takes_both_and_evaluates_on_the_corpus_as_it_is(
    tiny_corpus: Path, tmp_path: Path, max_epochs: int
) -> None:
    config = load_config(tiny.CONFIGS / "crf_ner_cnn.cfg", interpolate=False)
    own = spacy.util.load_config_from_str("[training]\n[corpora]\n" + CONFIG, interpolate=False)
    config["training"]["batcher"] = own["training"]["batcher"]
    config["corpora"]["train"] = own["corpora"]["train"]
    overrides = tiny.overrides("crf_ner_cnn", tiny_corpus, tiny_corpus, steps=2)
    overrides["training.max_epochs"] = max_epochs
    config = spacy.util.load_config_from_str(config.to_str(), overrides)
    nlp = init_nlp(config)
    train(nlp, tmp_path)
    assert spacy.load(tmp_path / "model-last").get_pipe("ner").labels == tiny.TINY_LABELS
    (dev,) = resolve_dot_names(nlp.config.interpolate(), ["corpora.dev"])
    assert len(list(dev(nlp))) == len(tiny.TINY_SENTENCES)


@pytest.mark.parametrize("build", [build_batch_resampled_v1, build_resampled_corpus_v1])
@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("threshold", 0.0, "a share of the examples, above 0 and at most 1"),
        ("threshold", 1.5, "a share of the examples, above 0 and at most 1"),
        ("threshold", math.nan, "a share of the examples, above 0 and at most 1"),
        ("max_repeats", 0.5, "a finite number of at least 1"),
        ("max_repeats", math.inf, "a finite number of at least 1"),
        ("max_repeats", math.nan, "a finite number of at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_errors(
    build: Callable[..., object], setting: str, value: float, expected: str
) -> None:
    with pytest.raises(TrainingError, match=f"`{setting}` to be {expected}, but got {value}"):
        build(all_in_one, **{setting: value})
