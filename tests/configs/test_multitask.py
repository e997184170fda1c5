"""One transformer for entities, tags and dependencies: all teach it, and what is not annotated teaches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.util import load_config

from tests import tiny

CONFIG = tiny.CONFIGS / "crf_ner_multitask_trf.cfg"
TASKS = ("tagger", "parser", "ner")
ROOTS = {"lives", "opened", "rained", "met", "hired", "works", "is", "left"}
FUNCTION_WORDS = {"in", "a", "for", "the", "The", "In", "and", "all"}


def tag_of(word: str, in_entity: bool) -> str:
    if in_entity:
        return "NNP"
    return "VB" if word in ROOTS else "FW" if word in FUNCTION_WORDS else "." if word == "." else "NN"


def annotated(doc: Doc, *layers: str) -> Doc:
    """A Doc of the tiny corpus with some of the layers "ents", "tags" and "heads"."""
    words = [token.text for token in doc]
    root = next((i for i, word in enumerate(words) if word in ROOTS), 0)
    inside = [bool(token.ent_type_) for token in doc]
    heads = [i + 1 if i + 1 < len(doc) and doc[i + 1].ent_iob_ == "I" else root for i in range(len(doc))]
    known: dict[str, Any] = {}
    if "tags" in layers:
        known["tags"] = [tag_of(*pair) for pair in zip(words, inside, strict=True)]
    if "heads" in layers:
        known["heads"] = heads
        known["deps"] = [
            "ROOT" if i == root else "dep" if head == root else "compound" for i, head in enumerate(heads)
        ]
    if "ents" in layers:
        known["ents"] = ["-".join(filter(None, (token.ent_iob_, token.ent_type_))) for token in doc]
    return Doc(doc.vocab, words=words, **known)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("multitask") / "tiny.spacy"
    DocBin(docs=[annotated(doc, "ents", "tags", "heads") for doc in tiny.make_tiny_docs()]).to_disk(path)
    return path


def settings_of(corpus: Path, encoder: Path, steps: int) -> dict[str, Any]:
    settings = tiny.overrides("crf_ner_trf", corpus, encoder, steps)
    # Labels of dependencies that are rarer are not learned.
    return {**settings, "components.parser.min_action_freq": 1}


@pytest.fixture(scope="module")
def initialized(corpus: Path, tiny_encoder: Path) -> Language:
    return init_nlp(load_config(CONFIG, overrides=settings_of(corpus, tiny_encoder, steps=10)))


@pytest.fixture
def nlp(initialized: Language, corpus: Path, tiny_encoder: Path) -> Language:
    """All components with weights that nothing has been learned by; a new pipeline for each test."""
    config = load_config(CONFIG, overrides=settings_of(corpus, tiny_encoder, steps=10))
    copy = spacy.util.load_model_from_config(config, auto_fill=False)
    return copy.from_bytes(initialized.to_bytes())


def examples_of(nlp: Language, *layers: str) -> list[Example]:
    docs = [annotated(doc, *layers) for doc in tiny.make_tiny_docs()[:4]]
    return [Example(nlp.make_doc(doc.text), Doc(nlp.vocab).from_bytes(doc.to_bytes())) for doc in docs]


def weights(nlp: Language, name: str) -> list[np.ndarray[Any, Any]]:
    """A component's own weights: a listener has none."""
    if name == "transformer":
        (shim,) = (shim for node in nlp.get_pipe(name).model.walk() for shim in node.shims)
        return [parameter.detach().numpy().copy() for parameter in shim._model.parameters()]
    return list(_own_weights(nlp, name))


def _own_weights(nlp: Language, name: str) -> Iterator[np.ndarray[Any, Any]]:
    for node in nlp.get_pipe(name).model.walk():
        for parameter in node.param_names:
            if node.has_param(parameter):
                yield node.get_param(parameter).copy()


def changed_by(nlp: Language, *layers: str) -> set[str]:
    """The components whose weights an update on Examples with these layers changes."""
    names = ("transformer", *TASKS)
    before = {name: weights(nlp, name) for name in names}
    optimizer = nlp.create_optimizer()
    optimizer.L2, optimizer.learn_rate = 0.0, 0.01
    examples = examples_of(nlp, *layers)
    # Some weights begin as zeros, through which no gradient comes, and spaCy's encoders learn an update later.
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    return {
        name
        for name in names
        if any((a != b).any() for a, b in zip(before[name], weights(nlp, name), strict=True))
    }


def test_fill_config_adds_and_changes_nothing(tmp_path: Path) -> None:
    _, filled = fill_config(tmp_path / "filled.cfg", CONFIG)
    assert filled == load_config(CONFIG, interpolate=False)


def test_the_parts_that_it_shares_with_the_config_for_entities_alone_are_the_same() -> None:
    ours, other = (
        load_config(tiny.CONFIGS / f"{name}.cfg", interpolate=False)
        for name in ("crf_ner_multitask_trf", "crf_ner_trf")
    )
    # What is measured for entities alone need not be right for taggers and parsers beside them.
    other["components"]["ner"]["model"]["features"] = None
    for name in ("transformer", "ner"):
        assert ours["components"][name] == other["components"][name]
    for section in (ours, other):
        del section["training"]["score_weights"]
        del section["training"]["optimizer"]
    assert ours["training"] == other["training"]
    assert ours["corpora"] == other["corpora"]


def test_the_scores_weigh_1_together() -> None:
    scores = load_config(CONFIG, interpolate=False)["training"]["score_weights"]
    assert sum(weight or 0.0 for weight in scores.values()) == pytest.approx(1.0)


def test_training_with_the_config_learns_all_tasks(corpus: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    train(CONFIG, tmp_path, overrides=settings_of(corpus, tiny_encoder, steps=30))
    meta = json.loads((tmp_path / "model-last" / "meta.json").read_text(encoding="utf8"))
    assert meta["pipeline"] == ["transformer", *TASKS]
    for score in ("ents_f", "tag_acc", "dep_las"):
        assert meta["performance"][score] > 0.9, score
    loaded = spacy.load(tmp_path / "model-last")
    gold = annotated(tiny.make_tiny_docs()[0], "ents", "tags", "heads")
    doc = loaded(gold.text)
    assert tiny.entities(doc) == tiny.entities(gold)
    assert [token.tag_ for token in doc] == [token.tag_ for token in gold]
    assert [token.head.i for token in doc] == [token.head.i for token in gold]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (("ents",), {"ner"}),
        (("tags",), {"tagger"}),
        (("heads",), {"parser"}),
        (("ents", "tags", "heads"), set(TASKS)),
    ],
)
def test_each_task_learns_from_its_annotation_and_teaches_the_transformer(
    nlp: Language, layers: tuple[str, ...], expected: set[str]
) -> None:
    assert changed_by(nlp, *layers) == {"transformer", *expected}


def test_text_without_annotation_teaches_nothing(nlp: Language) -> None:
    assert changed_by(nlp) == set()


@pytest.mark.parametrize("task", TASKS)
def test_a_factor_of_0_leaves_the_transformer_to_the_other_tasks(nlp: Language, task: str) -> None:
    layer = {"tagger": "tags", "parser": "heads", "ner": "ents"}[task]
    for node in nlp.get_pipe(task).model.walk():
        if "grad_factor" in node.attrs:
            node.attrs["grad_factor"] = 0.0
    assert changed_by(nlp, layer) == {task}


def test_a_batch_may_mix_examples_with_different_layers(nlp: Language) -> None:
    optimizer = nlp.create_optimizer()
    optimizer.learn_rate = 0.01
    mixed = [*examples_of(nlp, "ents")[:2], *examples_of(nlp, "tags", "heads")[2:]]
    first = nlp.update(mixed, sgd=optimizer)
    for _ in range(30):
        last = nlp.update(mixed, sgd=optimizer)
    for task in TASKS:
        assert 0 < last[task] < 0.5 * first[task], task


def test_the_transformer_learns_nothing_of_a_batch_that_its_last_listener_skips(
    nlp: Language, corpus: Path, tiny_encoder: Path
) -> None:
    # Why the component for entities is the last one: spaCy's parser leaves batches without dependencies alone, and the
    # transformer waits for the last of its listeners.
    listeners = nlp.get_pipe("transformer").listener_map
    listeners["parser"] = listeners.pop("parser")
    assert changed_by(nlp, "ents", "tags") == {"tagger", "ner"}
