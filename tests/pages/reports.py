"""What `crf-ner evaluate` hands to its page, of Docs that need no pipeline."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spacy_crf_ner.cli.evaluation_run import Evaluated, Sources, as_dict
from spacy_crf_ner.evaluation import (
    JudgedDoc,
    TrainingStep,
    TransitionTable,
    compare,
    count_all,
    measure_entities,
)
from spacy_crf_ner.tags import TagSet
from tests.evaluation.judged import LABELS, judged, random_docs

SAMPLES = 20
# Texts that mean something in HTML, in scripts, in styles, in plots or in templates.
DANGEROUS = [
    "</script><script>canary = 1</script>",
    '"><img src=x onerror="canary = 1">',
    "' onmouseover='canary = 1' x='",
    "--></style></title></select></textarea><svg onload=canary=1>",
    "$\\frac{1}{0$ {{ 7 * 7 }} {% raw %} &lt;",
]
PLAIN = [f"word{number}" for number in range(len(DANGEROUS))]


def small_report(docs: Sequence[JudgedDoc] | None = None, **names: Any) -> dict[str, Any]:
    """A pipeline of which little is known: no probabilities, no training data, no log, none to compare it with.

    docs (Sequence[JudgedDoc] | None): Its Docs; by default, seven with errors of every kind.
    names (Any): `model`, `components` and `data`, if they are to be others.
    RETURNS (dict[str, Any]): What the page gets.
    """
    found = _evaluated(docs if docs is not None else docs_with_every_error(), names)
    return as_dict(found, Sources(Path(names.get("data", "dev.spacy")), None, None), None)


def full_report(
    docs: Sequence[JudgedDoc] | None = None, labels: Sequence[str] = LABELS, **names: Any
) -> dict[str, Any]:
    """A pipeline of which everything is known, with another one beside it.

    docs (Sequence[JudgedDoc] | None): Its Docs; by default, sixty.
    labels (Sequence[str]): Those that its CRF has tags of.
    names (Any): `model`, `components`, `data`, `train` and `log`, if they are to be others.
    RETURNS (dict[str, Any]): What the page gets.
    """
    docs = with_probabilities(docs if docs is not None else random_docs(60))
    components = names.get("components", ["tok2vec", "ner"])
    first = _evaluated(docs, names, known=frozenset({("a b", "PER"), ("c", "LOC")}))
    # The other one finds every second of the entities.
    others = [
        replace(doc, predicted=doc.predicted[::2], probabilities=doc.probabilities[::2]) for doc in docs
    ]
    second = _evaluated(others, {**names, "model": f"other {names.get('model', '')}"})
    comparison = compare(count_all(docs), count_all(others), samples=SAMPLES)
    transitions = [random_transitions(components[-1], labels)]
    found = first._replace(transitions=transitions, second=second, comparison=comparison)
    sources = Sources(*(Path(names.get(name, f"{name}.file")) for name in ("data", "train", "log")))
    return as_dict(found, sources, training_steps(components))


def report_of(texts: list[str]) -> dict[str, Any]:
    """A report in which all that comes from models and data is one of these texts."""
    label, other, third, name, path = texts
    # One token, since the tests' Docs part at blanks.
    words = " ".join(text.replace(" ", "\xa0") for text in texts)
    docs = [
        judged(
            [(0, 1, label), (1, 3, other)], [(0, 1, other), (1, 2, other), (3, 4, third)], words, number=1
        ),
        judged([(0, 1, label)], [(0, 1, label)], words, number=2),
    ]
    report = full_report(
        docs,
        labels=[label, other, third],
        model=name,
        components=[path, name],
        data=path,
        train=name,
        log=path,
    )
    report["against"]["components"] = [path]
    for row in report["training_log"]["rows"]:
        row["scores"] = {name: 0.5, **row["scores"]}
    return report


def docs_with_every_error() -> list[JudgedDoc]:
    """Seven Docs: one without an error, one of each kind, and one with two."""
    gold = [(0, 1, "PER"), (3, 5, "LOC")]
    predictions: list[list[tuple[int, int, str]]] = [
        gold,
        [(0, 1, "PER")],
        [*gold, (6, 7, "ORG")],
        [(0, 1, "LOC"), (3, 5, "LOC")],
        [(0, 1, "PER"), (3, 4, "LOC")],
        [(0, 1, "PER"), (4, 6, "ORG")],
        [(0, 1, "ORG"), (3, 6, "LOC")],
    ]
    words = "Ada saw the Rhine falls near Max yesterday"
    return [
        judged(gold, predicted, f"{words}{number}", number=number)
        for number, predicted in enumerate(predictions, start=1)
    ]


def with_probabilities(docs: Sequence[JudgedDoc], seed: int = 0) -> list[JudgedDoc]:
    """The Docs with a probability for each prediction, higher ones for what is right."""
    chance = random.Random(seed)
    return [
        replace(
            doc,
            probabilities=tuple(
                chance.betavariate(5, 2) if span in doc.gold else chance.betavariate(2, 2)
                for span in doc.predicted
            ),
        )
        for doc in docs
    ]


def random_transitions(component: str, labels: Sequence[str]) -> TransitionTable:
    """Scores of a CRF that has learned nothing."""
    tagset = TagSet("BILUO", labels)
    generator = np.random.default_rng(0)
    return TransitionTable(
        component,
        list(tagset.tags),
        generator.normal(size=(tagset.n_tags, tagset.n_tags)).tolist(),
        generator.normal(size=tagset.n_tags).tolist(),
        generator.normal(size=tagset.n_tags).tolist(),
        tagset.allowed_transitions.tolist(),
        tagset.allowed_start.tolist(),
        tagset.allowed_end.tolist(),
    )


def training_steps(components: Sequence[str]) -> list[TrainingStep]:
    """Ten evaluations of a training that goes well."""
    return [
        TrainingStep(
            epoch=step // 2,
            step=100 * step,
            score=1 - 1 / (step + 1.5),
            losses={component: 50.0 * (place + 1) / (step + 1) for place, component in enumerate(components)},
            scores={"ents_f": 1 - 1 / (step + 1.5), "ents_p": 1 - 1 / (step + 1.2), "speed": 3000.0},
        )
        for step in range(10)
    ]


def _evaluated(docs: Sequence[JudgedDoc], names: dict[str, Any], known: Any = None) -> Evaluated:
    report = measure_entities(docs, known=known, samples=SAMPLES)
    return Evaluated(
        names.get("model", "training/model-best"), names.get("components", ["ner"]), report, 0, []
    )
