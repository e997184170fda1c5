"""What each question to the CRF costs beside decoding the best annotation: for functions, and for the component."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results import Row, append_row, surroundings

from .cases import ANSWERS_KIND
from .long_doc import LABELS, make_long
from .processes import run_case
from .timing import time_call

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from spacy_crf_ner.functional import Potentials
    from spacy_crf_ner.pipeline import CRFEntityRecognizer
    from spacy_crf_ner.tags import TagSet

N_DOCS, LONGEST = 128, 35
ROUNDS = 30
BEST, PROBABLE = "best annotation", "and all probabilities"
COMPONENT, COMPONENT_PROBABLE = "component, best annotation", "component, and all probabilities"
# Of the decoding that they come with.
GOAL = 0.25


def run_answers(
    kernels: Sequence[str], threads: int, out: Path | None, rounds: int = ROUNDS, n_docs: int = N_DOCS
) -> list[Row]:
    """Time all questions in turns, for each kind of kernels in a process of its own, and append a row for each.

    kernels (Sequence[str]): "compiled", "torch" or both.
    threads (int): Threads.
    out (Path | None): The file of the rows.
    rounds (int): Timed calls of each question.
    n_docs (int): Docs in the batch.
    RETURNS (list[Row]): The rows.
    """
    rows = []
    for name in kernels:
        case = {"kind": ANSWERS_KIND, "rounds": rounds, "docs": n_docs}
        row = surroundings(threads) | case | {"kernels": name} | run_case(case, threads, kernels=name)
        rows.append(row)
        if out is not None:
            append_row(out, row)
        print(f"answers, {name}: {row.get('error') or row['ms']}", flush=True)
    return rows


def answers_case(case: dict[str, Any]) -> dict[str, Any]:
    """Time all questions in this process.

    case (dict[str, Any]): `rounds`, `docs`.
    RETURNS (dict[str, Any]): `ms`: medians by question; `tokens`, `entities`.
    """
    from spacy_crf_ner.layers import decode_viterbi
    from spacy_crf_ner.tags import TagSet

    tagset = TagSet("BILUO", LABELS)
    potentials = make_batch_of(tagset, case["docs"])
    docs = make_docs(potentials)
    questions = questions_of(potentials, tagset) | component_questions(docs, potentials, tagset)
    seconds: dict[str, list[float]] = {name: [] for name in questions}
    for call in questions.values():
        call()
    for _ in range(case["rounds"]):
        for name, call in questions.items():
            for doc in docs:
                # As new as those that a pipeline gets: nothing is there to be forgotten.
                doc.user_data.clear()
            seconds[name].append(time_call(call, "cpu")[0])
    entities = sum(len(one.spans) for one in decode_viterbi(potentials, tagset, probabilities=False))
    return {
        "ms": {name: 1000 * statistics.median(values) for name, values in seconds.items()},
        "tokens": int(potentials.lengths.sum()),
        "entities": entities,
    }


def make_batch_of(tagset: TagSet, n_docs: int, seed: int = 0) -> Potentials:
    """Scores of many short Docs, as a trained tagger gives them.

    tagset (TagSet): The tags.
    n_docs (int): How many, each of 1 to LONGEST tokens.
    seed (int): Seed of its own generators.
    RETURNS (Potentials): The batch, packed, with the masks of the scheme.
    """
    from dataclasses import replace

    import numpy as np
    import torch

    lengths = np.random.default_rng(seed).integers(1, LONGEST + 1, n_docs)
    return replace(make_long(tagset, int(lengths.sum()), seed), lengths=torch.from_numpy(lengths))


def questions_of(potentials: Potentials, tagset: TagSet) -> dict[str, Callable[[], object]]:
    """RETURNS (dict[str, Callable]): What is asked of a batch, the decoding of the best annotation first."""
    from spacy_crf_ner import layers

    return {
        BEST: lambda: layers.decode_viterbi(potentials, tagset, probabilities=False),
        PROBABLE: lambda: layers.decode_viterbi(potentials, tagset, probabilities=True),
        "posterior decoding": lambda: layers.decode_posterior(potentials, tagset, threshold=0.5),
        "all spans of P >= 0.01": lambda: layers.candidate_spans(potentials, tagset, 0.01),
        "5 best annotations": lambda: layers.k_best_annotations(potentials, tagset, 5),
        "10 random annotations": lambda: layers.sample_annotations(potentials, tagset, 10),
        "entropy": lambda: layers.sequence_entropies(potentials),
    }


def make_docs(potentials: Potentials) -> list[Doc]:
    """RETURNS (list[Doc]): Docs with as many tokens as the sequences of a batch.

    potentials (Potentials): The batch.
    """
    import spacy
    from spacy.tokens import Doc

    vocab = spacy.blank("xx").vocab
    return [Doc(vocab, words=["word"] * length) for length in potentials.lengths.tolist()]


def component_questions(
    docs: list[Doc], potentials: Potentials, tagset: TagSet
) -> dict[str, Callable[[], object]]:
    """RETURNS (dict[str, Callable]): `predict` and `set_annotations` of components whose encoder takes no time."""

    def annotate(component: CRFEntityRecognizer, docs: list[Doc]) -> None:
        component.set_annotations(docs, component.predict(docs))

    names = {COMPONENT: False, COMPONENT_PROBABLE: True}
    parts = {name: ready_made(docs, potentials, tagset, wanted) for name, wanted in names.items()}
    return {name: (lambda part=part: annotate(part, docs)) for name, part in parts.items()}


def ready_made(
    docs: list[Doc], potentials: Potentials, tagset: TagSet, probabilities: bool
) -> CRFEntityRecognizer:
    """A component whose encoder has the scores of a batch at hand.

    docs (list[Doc]): The Docs of the batch.
    potentials (Potentials): The scores.
    tagset (TagSet): The tags.
    probabilities (bool): Its setting; `overwrite` is set, so that it can be asked again.
    RETURNS (CRFEntityRecognizer): The component.
    """
    import numpy as np
    from spacy.training import Example
    from thinc.api import Model

    from spacy_crf_ner.models.crf_tagger import build_crf_tagger_v1
    from spacy_crf_ner.pipeline import CRFEntityRecognizer

    ends = np.cumsum(potentials.lengths.numpy())
    whole = np.split(potentials.emissions.numpy(), ends[:-1])

    def forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Any], Callable[..., Any]]:
        # For the one Doc that a component is initialized with, too.
        return whole[: len(docs)], lambda dY: docs

    encoder: Any = Model("ready_made", forward, dims={"nO": tagset.n_tags})
    model = build_crf_tagger_v1(encoder, learn_rate_scale=1.0)
    component = CRFEntityRecognizer(
        docs[0].vocab, model, scheme=tagset.scheme, probabilities=probabilities, overwrite=True
    )
    first = docs[0]
    component.initialize(lambda: [Example(first, first.copy())], labels=tagset.labels)
    model.get_ref("output_layer").set_param("W", np.eye(tagset.n_tags, dtype=np.float32))
    model.get_ref("crf").set_param("transitions", potentials.transitions.numpy())
    return component


def answers_section(rows: Sequence[Row], table: Callable[[Sequence[Sequence[str]]], str], when: str) -> str:
    """Times of all questions, and as multiples of the decoding of the best annotation.

    rows (Sequence[Row]): The rows, one for each kind of kernels and number of threads.
    table (Callable): Makes Markdown of cells.
    when (str): Machine and date.
    RETURNS (str): Markdown.
    """
    header = ["question", *(f"{row['kernels']}, {row['threads']} threads, ms" for row in rows)]
    lines = [header, ["---", *["---:"] * len(rows)]]
    first = (BEST, PROBABLE, COMPONENT, COMPONENT_PROBABLE)
    others = sorted(rows[0]["ms"].keys() - set(first))
    for name in (*first, *others):
        base = COMPONENT if name in (COMPONENT, COMPONENT_PROBABLE) else BEST
        cells = (f"{row['ms'][name]:.2f} ({row['ms'][name] / row['ms'][base]:.2f}x)" for row in rows)
        lines.append([name, *cells])
    verdicts = []
    for row in rows:
        for name, base, of in (
            (PROBABLE, BEST, "decoding"),
            (COMPONENT_PROBABLE, COMPONENT, "`predict` and `set_annotations`"),
        ):
            more = row["ms"][name] / row["ms"][base] - 1.0
            outcome = "met" if more < GOAL else "missed"
            verdicts.append(
                f"- {row['kernels']}, {row['threads']} threads: probabilities cost {more:.2f} times {of} (goal under "
                f"{GOAL}: {outcome})."
            )
    about = (
        f"{rows[0]['docs']} Docs of 1 to {LONGEST} tokens ({rows[0]['tokens']:,} tokens, {rows[0]['entities']} "
        "entities), BILUO over 6 labels (25 tags), with the scheme's masks. In brackets: as multiples of decoding the "
        "best annotation; for the component, whose encoder takes no time here, of doing that in the component."
    )
    return "\n\n".join(["## What questions cost", about, table(lines), "\n".join(verdicts), when])
