"""`python -m spacy crf-ner show`: what a pipeline finds in texts, how sure it is, and what else it could be."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .given_texts import STDIN, GivenText, read_given
from .loading import check_text, component_for, load_pipeline, running
from .printing import DELAY
from .saving import STDOUT, check_outputs, save_outputs
from .show_tables import print_summary, print_text
from .starting import parse_overrides, start

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..pipeline import CRFEntityRecognizer

# Texts that are annotated at once; those that somebody types come one by one.
BATCH_SIZE = 64


class _Questions(NamedTuple):
    """What is asked about each text beside its entities.

    k_best (int | None): Number of annotations.
    min_prob (float | None): Probability of the least probable candidates.
    component (CRFEntityRecognizer | None): Who answers; None if nothing is asked.
    """

    k_best: int | None
    min_prob: float | None
    component: CRFEntityRecognizer | None


def show_entities(
    model: str = typer.Argument(..., help="Name or path of the pipeline"),
    texts: list[str] | None = typer.Argument(
        None, help="Texts; - or none: standard input, a text in each line. Config overrides may follow"
    ),
    files: list[Path] = typer.Option(
        [],
        "--file",
        "-f",
        exists=True,
        dir_okay=False,
        help="Texts, one in each line, or .jsonl or .spacy; repeatable",
    ),
    whole: bool = typer.Option(False, "--whole-files", help="Each file, or standard input, is one text"),
    k_best: int | None = typer.Option(
        None, "--k-best", "-k", min=1, help="Show so many annotations of each text, the most probable ones"
    ),
    min_prob: float | None = typer.Option(
        None, "--candidates", "-p", min=0.0, max=1.0, help="Show all spans that are at least so probable"
    ),
    threshold: float | None = typer.Option(
        None, "--threshold", min=0.0, max=1.0, help="The component's threshold for what it predicts"
    ),
    component: str | None = typer.Option(
        None, "--component", help="Name of the crf_ner component that is asked, if there are several"
    ),
    html_path: Path | None = typer.Option(
        None, "--html", "-H", dir_okay=False, help="Save a page to this file"
    ),
    json_path: Path | None = typer.Option(
        None, "--json", "-j", dir_okay=False, help="Save everything to this file; -: print that instead"
    ),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipeline needs"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Show the entities of texts, with their probabilities.

    Works with any pipeline that sets entities; --k-best, --candidates and --threshold need a crf_ner component. Texts
    are shown as they come: a stream of them may be of any length.
    """
    given, settings = _split(texts or [])
    overrides = parse_overrides(settings)
    try:
        check_outputs(files, json_path, html_path)
        start(code_path, use_gpu, silent=json_path == STDOUT)
        nlp, questions = _prepare(model, overrides, threshold, k_best, min_prob, component)
        shown = _annotate(
            nlp, questions, read_given(given, files, whole=whole), one_by_one=_is_typed(given, files)
        )
        found = _show(shown, nlp, quiet=json_path == STDOUT, keep=any((html_path, json_path)))
        name = None if questions.component is None else questions.component.name
        data = {"model": model, "components": nlp.pipe_names, "component": name, "texts": found}
        save_outputs(data, json_path, html_path, _make_page)
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)


def _split(texts: list[str]) -> tuple[list[str], list[str]]:
    """Texts, and the config overrides behind them: an argument that takes many takes those, too."""
    first = next((place for place, text in enumerate(texts) if text.startswith("--")), len(texts))
    return texts[:first], texts[first:]


def _prepare(
    model: str,
    overrides: dict[str, Any],
    threshold: float | None,
    k_best: int | None,
    min_prob: float | None,
    name: str | None,
) -> tuple[Language, _Questions]:
    from ..pipeline import CRFEntityRecognizer

    nlp = load_pipeline(model, overrides)
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, CRFEntityRecognizer):
            # Somebody may have saved them for speed.
            pipe.cfg["probabilities"] = True
    wanted = {"--threshold": threshold, "--k-best": k_best, "--candidates": min_prob, "--component": name}
    asked = [option for option, value in wanted.items() if value is not None]
    component = component_for(nlp, name, " and ".join(asked)) if asked else None
    if component is not None and threshold is not None:
        component.cfg["threshold"] = threshold
    return nlp, _Questions(k_best, min_prob, component)


def _is_typed(texts: Sequence[str], files: Sequence[Path]) -> bool:
    """Whether somebody types the texts: then they are told what is waited for."""
    reads = STDIN in texts or not (texts or files)
    if not (reads and sys.stdin.isatty()):
        return False
    print("Type texts, one in each line; Ctrl-D ends.", file=sys.stderr)
    return True


def _annotate(
    nlp: Language, questions: _Questions, given: Iterable[GivenText], *, one_by_one: bool
) -> Iterator[dict[str, Any]]:
    """What is found in each text, as `--json` has it."""

    def checked() -> Iterator[tuple[str, GivenText]]:
        for one in given:
            check_text(nlp, one.text, one.source)
            yield one.text, one

    size = 1 if one_by_one else BATCH_SIZE
    number = 0
    annotated = iter(nlp.pipe(checked(), as_tuples=True, batch_size=size))
    while batch := _next(annotated, size, nlp):
        answers = _ask(questions, [doc for doc, _ in batch])
        for (doc, one), answer in zip(batch, answers, strict=True):
            number += 1
            yield {"number": number, "source": one.source, **_described(doc), **answer}


def _next(
    annotated: Iterator[tuple[Doc, GivenText]], size: int, nlp: Language
) -> list[tuple[Doc, GivenText]]:
    with running(nlp):
        return list(islice(annotated, size))


def _described(doc: Doc) -> dict[str, Any]:
    from ..pipeline.annotations import LOG_PROBABILITY, register_extensions
    from ..pipeline.presets import PROBABILITY

    # Rules and spaCy's own components do without ours.
    register_extensions()
    return {
        "text": doc.text,
        "log_prob": _log_prob(doc._.get(LOG_PROBABILITY)),
        "entities": [
            _as_dict(doc, ent.start, ent.end, ent.label_, ent._.get(PROBABILITY)) for ent in doc.ents
        ],
    }


def _ask(questions: _Questions, docs: list[Doc]) -> list[dict[str, Any]]:
    """The `annotations` and `candidates` of each Doc, None where they are not asked for."""
    answers: list[dict[str, Any]] = [{"annotations": None, "candidates": None} for _ in docs]
    component, k_best, min_prob = questions.component, questions.k_best, questions.min_prob
    if component is not None and k_best is not None:
        for doc, answer, best in zip(docs, answers, component.k_best(docs, k_best), strict=True):
            answer["annotations"] = [
                {
                    "log_prob": one.log_prob,
                    "entities": [_as_dict(doc, *span.span, None) for span in one.spans],
                }
                for one in best
            ]
    if component is not None and min_prob is not None:
        for doc, answer, spans in zip(docs, answers, component.candidates(docs, min_prob), strict=True):
            entities = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
            answer["candidates"] = [
                {**_as_dict(doc, *one.span, one.probability), "predicted": tuple(one.span) in entities}
                for one in spans
            ]
    return answers


def _as_dict(doc: Doc, start: int, end: int, label: str, probability: float | None) -> dict[str, Any]:
    span = doc[start:end]
    return {
        "start": span.start_char,
        "end": span.end_char,
        "start_token": start,
        "end_token": end,
        "label": label,
        "text": span.text,
        "probability": probability,
    }


def _log_prob(value: float | None) -> float | None:
    """JSON has no infinity: what decoding without the scheme's rules gives may be impossible under them."""
    return None if value == -float("inf") else value


def _show(shown: Iterable[dict[str, Any]], nlp: Language, *, quiet: bool, keep: bool) -> list[dict[str, Any]]:
    """Print each text. Only who saves them all needs them all."""
    from tqdm import tqdm

    kept: list[dict[str, Any]] = []
    n_texts, n_entities = 0, 0
    # On a terminal the texts themselves show how far it is.
    silent = quiet or not sys.stdout.isatty()
    for one in tqdm(shown, desc="Annotating", unit="texts", delay=DELAY, disable=not silent):
        n_texts += 1
        n_entities += len(one["entities"])
        if not quiet:
            print_text(one)
        if keep:
            kept.append(one)
    if not quiet:
        print_summary(n_texts, n_entities, nlp.pipe_names)
    return kept


def _make_page(data: dict[str, Any]) -> str:
    from ..pages import entities_page

    return entities_page(data)
