"""What `crf-ner evaluate` does between its options and its output: pipelines are run and measured."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from wasabi import msg

from .loading import load_pipeline, require_pipeline, running
from .printing import DELAY

if TYPE_CHECKING:
    from spacy.language import Language

    from ..evaluation import (
        Comparison,
        EntityReport,
        EntityTexts,
        JudgedDoc,
        TrainingStep,
        TransitionTable,
    )
    from ..evaluation.resampling import CountArray


class Evaluated(NamedTuple):
    """A pipeline and its measures.

    model (str): What it is called.
    components (list[str]): Its components.
    report (EntityReport): The measures.
    unannotated (int): Docs that say nothing about entities.
    transitions (list[TransitionTable]): What its CRFs have learned about which tag follows which.
    second (Evaluated | None): The pipeline to compare it with.
    comparison (Comparison | None): How both differ.
    """

    model: str
    components: list[str]
    report: EntityReport
    unannotated: int
    transitions: list[TransitionTable]
    second: Evaluated | None = None
    comparison: Comparison | None = None


class Sources(NamedTuple):
    """What is read beside the pipelines.

    data (Path): Annotated Docs.
    train (Path | None): Docs of training.
    log (Path | None): Log of the training.
    """

    data: Path
    train: Path | None
    log: Path | None


def run_pipelines(
    model: str, against: str | None, sources: Sources, *, samples: int, seed: int, quiet: bool = False
) -> Evaluated:
    """Run one pipeline or both, and measure.

    model (str): Name or path of the pipeline.
    against (str | None): Name or path of the one to compare it with.
    sources (Sources): The Docs.
    samples (int): Samples for intervals and p-value.
    seed (int): Of their random numbers.
    quiet (bool): Whether not to warn of training data without entities.
    RETURNS (Evaluated): All measures.
    RAISES (SpacyCrfNerError): Data that cannot be read, or without annotated entities; a pipeline that cannot be run.
    """
    from ..evaluation import compare, count_all, find_transitions, measure_entities
    from ..files import count_docs

    if against is not None:
        require_pipeline(against)
    n_docs = count_docs(sources.data)
    known = None if sources.train is None else _known_entities(sources.train)
    if known is not None and not known and not quiet:
        msg.warn(f"No entity is annotated in {sources.train}, so that all entities count as unseen.")

    # Of the first pipeline and its Docs nothing but this is in memory when the second one runs.
    def run(name: str) -> tuple[Evaluated, CountArray]:
        nlp = load_pipeline(name, {})
        docs, unannotated = _judge(nlp, name, sources.data, n_docs)
        report = measure_entities(docs, known=known, samples=samples, seed=seed)
        return Evaluated(name, nlp.pipe_names, report, unannotated, find_transitions(nlp)), count_all(docs)

    found, counts = run(model)
    if against is None:
        return found
    second, others = run(against)
    return found._replace(second=second, comparison=compare(counts, others, samples=samples, seed=seed))


def as_dict(found: Evaluated, sources: Sources, steps: list[TrainingStep] | None) -> dict[str, Any]:
    """Put everything together that is written to files.

    found (Evaluated): The measures.
    sources (Sources): Where they come from.
    steps (list[TrainingStep] | None): The log of the training.
    RETURNS (dict[str, Any]): All of it, ready for JSON and for the report page.
    """

    def one_pipeline(one: Evaluated) -> dict[str, Any]:
        return {
            "model": one.model,
            "components": one.components,
            **one.report.to_dict(),
            "transitions": [asdict(table) for table in one.transitions] or None,
        }

    log = None if steps is None else {"file": str(sources.log), "rows": [step._asdict() for step in steps]}
    return {
        "data": str(sources.data),
        "train": None if sources.train is None else str(sources.train),
        "unannotated_docs": found.unannotated,
        **one_pipeline(found),
        "against": None if found.second is None else one_pipeline(found.second),
        "comparison": None if found.comparison is None else asdict(found.comparison),
        "training_log": log,
    }


def _known_entities(train_path: Path) -> EntityTexts:
    import spacy

    from ..evaluation import entity_texts
    from ..files import read_docs

    return entity_texts(read_docs(train_path, spacy.blank("xx").vocab))


def _judge(nlp: Language, name: str, data_path: Path, n_docs: int) -> tuple[list[JudgedDoc], int]:
    """RETURNS (tuple[list[JudgedDoc], int]): The annotated Docs, and the number of others."""
    from spacy.training import Corpus
    from tqdm import tqdm

    from ..evaluation import judge_pipeline

    examples = Corpus(data_path)(nlp)
    with running(nlp):
        judged = judge_pipeline(nlp, examples)
        results = list(tqdm(judged, total=n_docs, desc=f"Running {name}", unit="docs", delay=DELAY))
    docs = [doc for doc in results if doc is not None]
    return docs, len(results) - len(docs)
