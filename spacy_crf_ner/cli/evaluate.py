"""`python -m spacy crf-ner evaluate`: how good the entities of a pipeline are, and whether another one is better."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .evaluation_tables import print_comparison, print_errors, print_report

if TYPE_CHECKING:
    from spacy.language import Language

    from ..evaluation import Comparison, EntityReport, EntityTexts, JudgedDoc


def evaluate_pipeline(
    model: str = typer.Argument(..., help="Name or path of the trained pipeline"),
    data_path: Path = typer.Argument(
        ..., exists=True, help="Annotated Docs that it was not trained on, in .spacy format"
    ),
    against: str | None = typer.Option(
        None, "--against", "-a", help="Name or path of a second pipeline, to compare it with on the same Docs"
    ),
    train_path: Path | None = typer.Option(
        None, "--train", "-t", exists=True, help="Docs that it was trained on: tells unseen entities apart"
    ),
    json_path: Path | None = typer.Option(
        None, "--json", "-j", dir_okay=False, help="Save everything to this file, with all errors"
    ),
    show_errors: int = typer.Option(0, "--show-errors", "-e", min=0, help="Show so many errors of each kind"),
    samples: int = typer.Option(1000, "--samples", "-n", min=1, help="Samples for intervals and p-value"),
    seed: int = typer.Option(0, "--seed", "-s", min=0, help="Seed of their random numbers"),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipelines need"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Measure the entities of any pipeline: by label, with intervals, and by what is wrong with them.

    Precision, recall and F1 are those of `spacy evaluate`. Further: entities that are nearly right, texts without an
    error, entities that the training data does not have, short and long ones, errors with their context; and with
    --against, whether one pipeline is better than another by more than chance.
    """
    from spacy.cli._util import import_code, setup_gpu

    import_code(code_path)
    setup_gpu(use_gpu)
    try:
        found = _evaluate(model, against, data_path, train_path, samples=samples, seed=seed)
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)
    _print(found, show_errors)
    if json_path is not None:
        from ..files import write_json

        write_json(json_path, _as_dict(found, data_path, train_path))
        msg.good(f"Saved everything to {json_path}")


class _Evaluated(NamedTuple):
    """A pipeline and its measures.

    unannotated (int): Docs that say nothing about entities.
    second (_Evaluated | None): The pipeline to compare it with.
    comparison (Comparison | None): How both differ.
    """

    model: str
    components: list[str]
    report: EntityReport
    unannotated: int
    second: _Evaluated | None = None
    comparison: Comparison | None = None


def _evaluate(
    model: str, against: str | None, data_path: Path, train_path: Path | None, *, samples: int, seed: int
) -> _Evaluated:
    """Run one pipeline or both, and measure.

    RAISES (SpacyCrfNerError): Data that cannot be read, or without annotated entities.
    """
    from ..evaluation import compare, count_all, measure_entities
    from ..files import count_docs

    n_docs = count_docs(data_path)
    known = None if train_path is None else _known_entities(train_path)
    counts, found = [], []
    for name in (model, against):
        if name is None:
            continue
        nlp = _load(name)
        docs, unannotated = _judge(nlp, name, data_path, n_docs)
        report = measure_entities(docs, known=known, samples=samples, seed=seed)
        found.append(_Evaluated(name, nlp.pipe_names, report, unannotated))
        counts.append(count_all(docs))
    if len(found) == 1:
        return found[0]
    comparison = compare(counts[0], counts[1], samples=samples, seed=seed)
    return found[0]._replace(second=found[1], comparison=comparison)


def _load(name: str) -> Language:
    from spacy.util import load_model

    try:
        return load_model(name)
    except OSError as error:
        msg.fail(str(error))
        raise typer.Exit(1) from error


def _known_entities(train_path: Path) -> EntityTexts:
    import spacy

    from ..evaluation import entity_texts
    from ..files import read_docs

    known = entity_texts(read_docs(train_path, spacy.blank("xx").vocab))
    if not known:
        msg.warn(f"No entity is annotated in {train_path}, so that all entities count as unseen.")
    return known


def _judge(nlp: Language, name: str, data_path: Path, n_docs: int) -> tuple[list[JudgedDoc], int]:
    """RETURNS (tuple[list[JudgedDoc], int]): The annotated Docs, and the number of others."""
    from spacy.training import Corpus
    from tqdm import tqdm

    from ..evaluation import judge_pipeline

    examples = Corpus(data_path)(nlp)
    results = list(tqdm(judge_pipeline(nlp, examples), total=n_docs, desc=f"Running {name}", unit="docs"))
    docs = [doc for doc in results if doc is not None]
    return docs, len(results) - len(docs)


def _print(found: _Evaluated, show_errors: int) -> None:
    print_report(found.model, found.report)
    if found.unannotated:
        msg.warn(f"{found.unannotated} Docs without any annotation of entities are left out.")
    for one in (found, found.second):
        if one is not None and not one.report.micro.predicted:
            components = ", ".join(one.components) or "none"
            msg.warn(f"'{one.model}' predicts no entity. Its components: {components}.")
    if show_errors:
        print_errors(found.report.errors, show_errors)
    if found.second is not None and found.comparison is not None:
        names = (found.model, found.second.model)
        print_comparison(names, (found.report, found.second.report), found.comparison)


def _as_dict(found: _Evaluated, data_path: Path, train_path: Path | None) -> dict[str, Any]:
    def one_pipeline(one: _Evaluated) -> dict[str, Any]:
        return {"model": one.model, "components": one.components, **one.report.to_dict()}

    return {
        "data": str(data_path),
        "train": None if train_path is None else str(train_path),
        "unannotated_docs": found.unannotated,
        **one_pipeline(found),
        "against": None if found.second is None else one_pipeline(found.second),
        "comparison": None if found.comparison is None else asdict(found.comparison),
    }
