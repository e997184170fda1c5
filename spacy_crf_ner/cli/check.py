"""`python -m spacy crf-ner check`: what is wrong with annotated data, before training shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from wasabi import msg
from wasabi.util import wrap

from ..errors import SpacyCrfNerError
from .loading import read_config
from .printing import DELAY, MAX_COLUMN
from .saving import check_outputs, refuse_stdout, save_json
from .starting import start

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from ..data.checks import Facts, Finding, Level, Pipeline, Survey

WINDOW = 128
# How the number of verdicts is named, by their level.
LEVELS: dict[Level, tuple[str, str]] = {
    "good": ("check passed", "checks passed"),
    "info": ("thing to know", "things to know"),
    "warn": ("warning", "warnings"),
    "fail": ("error", "errors"),
}


class _Options(NamedTuple):
    """What goes before the config."""

    component: str | None
    lang: str | None
    scheme: str | None
    segments: str | None
    encoder: str | None
    window: int | None


def check_data(
    paths: list[Path] | None = typer.Argument(
        None, help=".spacy files: train, dev and any others; they go before those of the config"
    ),
    config_path: Path | None = typer.Option(
        None, "--config", exists=True, dir_okay=False, help="Config as for `spacy train`"
    ),
    component: str | None = typer.Option(
        None, "--component", help="Name of the crf_ner component in the config, if there are several"
    ),
    lang: str | None = typer.Option(
        None, "--lang", "-l", help="Language whose tokenizer is compared; that of the config by default"
    ),
    scheme: str | None = typer.Option(None, "--scheme", help="Tag scheme: BILUO, BIO or IO"),
    segments: str | None = typer.Option(
        None, "--segments", help="What is one sequence: doc, or sents (sentences)"
    ),
    encoder: str | None = typer.Option(
        None, "--encoder", "-e", help="Transformer whose word pieces are counted: name or folder"
    ),
    window: int | None = typer.Option(
        None, "--window", min=1, help="Tokens that the transformer is given at once [default: 128]"
    ),
    json_path: Path | None = typer.Option(
        None, "--json", "-j", dir_okay=False, help="Save counts and verdicts to this file"
    ),
    strict: bool = typer.Option(False, "--strict", help="End with an error if there are warnings, too"),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the config needs"
    ),
) -> None:
    """Check annotated data before training.

    Reads .spacy files, or those that a config names, and says what is wrong with them and what to do about it: labels,
    boundaries, tokens, texts that are in several files, differences between them. Ends with an error if something
    fails. `spacy debug data` checks other things: both are worth running.
    """
    start(code_path, silent=True)
    options = _Options(component, lang, scheme, segments, encoder, window)
    try:
        verdicts = _check(paths or [], config_path, options, json_path)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)
    counts = Counter(finding.level for findings in verdicts.values() for finding in findings)
    _print_summary(counts)
    if counts["fail"] or (strict and counts["warn"]):
        raise typer.Exit(1)


def _check(
    given: Sequence[Path], config_path: Path | None, options: _Options, json_path: Path | None
) -> dict[str, list[Finding]]:
    """Check, print, and save.

    RAISES (SpacyCrfNerError): Files or settings that nothing can be made of.
    """
    from ..data.checks import as_dict, check_all, name_parts, read_facts, survey

    config = None if config_path is None else read_config(config_path, {}, interpolate=True)
    facts = read_facts(config, options.component) if config is not None else None
    paths = name_parts(given, facts)
    inputs = [*paths.values(), *([config_path] if config_path is not None else [])]
    refuse_stdout(json_path)
    check_outputs(inputs, json_path)
    pipeline = _make_pipeline(config, facts, options)
    found = survey(paths, pipeline, _progress)
    verdicts = check_all(found, pipeline)
    _print_parts(found)
    for heading, findings in verdicts.items():
        _print_findings(heading, findings)
    if json_path is not None:
        save_json(as_dict(found, pipeline, verdicts), json_path, "counts and verdicts")
    return verdicts


def _make_pipeline(config: Any, facts: Facts | None, options: _Options) -> Pipeline:
    """What the data is checked against.

    RAISES (SpacyCrfNerError): A setting that makes no sense, or a tokenizer that is not there.
    """
    from ..data.checks import Facts, Pipeline, load_pieces, make_language

    nlp = make_language(config, options.lang)
    known = facts or Facts()
    pieces = None
    window, stride = options.window or known.window, known.stride
    if options.encoder is not None:
        pieces = load_pieces(options.encoder, window or WINDOW, stride if options.window is None else None)
    elif known.encoder is not None:
        try:
            pieces = load_pieces(known.encoder, window, stride if options.window is None else None)
        # A config may name what is on another machine: all else can be checked.
        except SpacyCrfNerError as error:
            msg.warn("Word pieces are not counted", str(error))
    return Pipeline(
        vocab=nlp.vocab,
        tokenizer=nlp.tokenizer if config is not None or options.lang is not None else None,
        scheme=options.scheme or known.scheme,
        segments=options.segments or known.segments,
        sentences=known.sentences,
        max_lengths=known.max_lengths,
        pieces=pieces,
        incorrect_spans_key=known.incorrect_spans_key,
    )


def _progress(docs: Iterable[Doc], name: str) -> Iterable[Doc]:
    from tqdm import tqdm

    bar: Iterable[Doc] = tqdm(docs, desc=f"Reading {name}", unit="docs", delay=DELAY, leave=False)
    return bar


def _print_parts(found: Survey) -> None:
    from ..data.checks import printable

    msg.divider("Data")
    rows = [
        (
            name,
            str(part.path),
            *(f"{n:,}" for n in (part.annotation.docs, part.annotation.tokens)),
            f"{part.labels.entities.total():,}",
        )
        for name, part in found.parts.items()
    ]
    header = ("Part", "File", "Docs", "Tokens", "Entities")
    msg.table(rows, header=header, aligns=("l", "l", "r", "r", "r"), divider=True, max_col=MAX_COLUMN)
    totals: Counter[str] = Counter()
    for part in found.parts.values():
        totals.update(part.labels.entities)
    if not totals:
        return
    by_label = [
        (printable(label), *(f"{part.labels.entities[label]:,}" for part in found.parts.values()))
        for label, _ in totals.most_common()
    ]
    aligns = ("l", *("r" for _ in found.parts))
    msg.table(by_label, header=("Label", *found.parts), aligns=aligns, divider=True, max_col=MAX_COLUMN)


def _print_findings(heading: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    msg.divider(heading)
    for place, finding in enumerate(findings, start=1):
        getattr(msg, finding.level)(finding.message)
        for example in finding.examples:
            print(f"    - {example}")
        # The same advice for several parts is given once.
        if finding.advice and all(finding.advice != other.advice for other in findings[place:]):
            print(wrap(finding.advice, indent=2))


def _print_summary(counts: Mapping[Level, int]) -> None:
    from ..data.checks import count

    msg.divider("Summary")
    for level, (one, many) in LEVELS.items():
        if counts[level]:
            getattr(msg, level)(count(counts[level], one, many))
