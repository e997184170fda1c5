"""`python -m spacy crf-ner convert`: annotated texts of other tools as .spacy files, with nothing lost in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .foreign_files import refuse_foreign
from .saving import refuse_stdout

if TYPE_CHECKING:
    from ..data.conversion import Settings, Tally
    from ..data.readers import Input, ReaderOptions
    from ..data.records import Record

AUTO = "auto"
# Names for what a shell does not pass on easily.
SEPARATORS = {"tab": "\t", "\\t": "\t", "space": " "}
DONE = {
    "warn": "not written; --on-misaligned expand or contract would move them",
    "expand": "moved to all tokens that they touch",
    "contract": "moved to the tokens that they hold, if there are any",
}
# Characters of a column, up to which a table is kept straight.
MAX_COLUMN = 100
# Seconds after which it is shown how far it is.
DELAY = 1.0
FORMAT = typer.Option(
    AUTO, "--format", help="auto, columns, conllu, jsonl, doccano, label-studio, brat or datasets"
)
SCHEME = typer.Option(
    AUTO, "--scheme", help="Tag scheme: auto, IO, IOB1, IOB2, BIOES, BILOU, BMES, BMEWO or BARE"
)
TOKEN_COLUMN = typer.Option(
    None,
    "--token-column",
    help="Column of tokens: number (0 is the first, -1 the last) or name; [default: 0, tokens]",
)
TAG_COLUMN = typer.Option(
    None, "--tag-column", help="Column of tags, or key of MISC in CoNLL-U [default: -1, ner_tags]"
)
SEPARATOR = typer.Option(AUTO, "--separator", help="What is between columns: auto, tab, space or characters")
NO_SPACES = typer.Option(
    False, "--no-spaces", help="Join the tokens of columns without spaces, as in Chinese"
)
UTF16 = typer.Option(
    False, "--utf16", help="Offsets count units of UTF-16 (emoji are two) instead of characters"
)
TEXT_KEY = typer.Option(None, "--text-key", help="Which of the data of Label Studio's tasks is the text")
ANNOTATION = typer.Option(1, "--annotation", min=1, help="Which annotation of Label Studio's tasks is read")
LABEL_CONFIG = typer.Option(
    None,
    "--label-config",
    exists=True,
    dir_okay=False,
    help="doccano's export of the labels, if they are numbers [default: label_config.json beside the file]",
)
HUB_SPLIT = typer.Option(None, "--hub-split", help="Which split of a data set is read [default: all of them]")
MISALIGNED = typer.Option(
    "warn", "--on-misaligned", help="Mentions that cut tokens: error, warn (not written), expand or contract"
)
SPANS_KEY = typer.Option(
    None, "--spans-key", help="Put all mentions, nested ones too, in doc.spans under this key"
)
LABEL_MAP = typer.Option([], "--label-map", help="old=new, or old= to leave a label out; may be repeated")
REPORT = typer.Option(
    None, "--report", "-r", dir_okay=False, help="Table of all that was not written as it stands"
)


def convert_files(
    input_paths: list[Path] = typer.Argument(..., exists=True, help="Files or folders with annotated texts"),
    output: Path = typer.Option(..., "--output", "-o", help="Folder, or a file that ends with .spacy"),
    file_format: str = FORMAT,
    lang: str = typer.Option(
        "en", "--lang", "-l", help="Language whose tokenizer divides texts without tokens"
    ),
    scheme: str = SCHEME,
    token_column: str | None = TOKEN_COLUMN,
    tag_column: str | None = TAG_COLUMN,
    separator: str = SEPARATOR,
    no_spaces: bool = NO_SPACES,
    utf16: bool = UTF16,
    text_key: str | None = TEXT_KEY,
    annotation: int = ANNOTATION,
    label_config: Path | None = LABEL_CONFIG,
    hub_split: str | None = HUB_SPLIT,
    split: str | None = typer.Option(
        None, "--split", help="Divide by documents: train/dev/test, as in 80/10/10"
    ),
    seed: int = typer.Option(0, "--seed", help="Of the split: another one divides otherwise"),
    n_sents: int = typer.Option(
        1, "--n-sents", "-n", help="Records of a document in one Doc; 0 for all of them"
    ),
    on_misaligned: str = MISALIGNED,
    spans_key: str | None = SPANS_KEY,
    label_map: list[str] = LABEL_MAP,
    report: Path | None = REPORT,
    json_path: Path | None = typer.Option(None, "--json", "-j", dir_okay=False, help="Save the counts"),
) -> None:
    """Convert annotated texts to .spacy files.

    `spacy train` reads these. Finds out format and tag scheme, aligns annotations with tokens, and lists all that
    cannot be written as it stands in a report: OUTPUT/convert-report.tsv by default. Files that are there are replaced.
    """
    from ..data.conversion import Settings
    from ..data.labels import parse_label_map
    from ..data.readers import ReaderOptions
    from ..data.splits import parse_shares

    between = None if separator == AUTO else SEPARATORS.get(separator, separator)
    tagging = None if scheme == AUTO else scheme
    texts = (no_spaces, utf16, text_key, annotation, label_config, hub_split)
    try:
        options = ReaderOptions(token_column, tag_column, between, tagging, *texts)
        changes, shares = parse_label_map(label_map), parse_shares(split) if split is not None else {}
        settings = Settings(lang, on_misaligned, spans_key, changes, shares, seed, n_sents)
        _convert(input_paths, output, file_format, options, settings, report, json_path)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)


def _convert(
    input_paths: list[Path],
    output: Path,
    file_format: str,
    options: ReaderOptions,
    settings: Settings,
    report_path: Path | None,
    json_path: Path | None,
) -> None:
    """Convert, and print.

    RAISES (SpacyCrfNerError): Files or settings that nothing can be made of.
    """
    from ..data.conversion import Source, convert
    from ..data.readers import find_inputs
    from ..data.targets import check_paths, name_report, name_targets
    from ..files import require_writable, write_json

    refuse_stdout(json_path)
    if file_format == AUTO:
        refuse_foreign(input_paths)
    inputs = find_inputs(input_paths, None if file_format == AUTO else file_format, options)
    targets = name_targets([found.name for found in inputs], output, settings.shares)
    report_path = report_path or name_report(output)
    read = [found.path for found in inputs] + ([options.label_config] if options.label_config else [])
    check_paths(read, targets, {"--report": report_path, "--json": json_path})
    for path in {path for target in targets for path in target.values()} | {
        report_path,
        json_path or report_path,
    }:
        require_writable(path)
    _print_inputs(inputs)
    sources = [Source(found.path, found.read) for found in inputs]
    tally = convert(sources, targets, settings, report_path, _progress)
    _print_tally(tally, settings, report_path)
    if json_path is not None:
        found = _as_dict(inputs, tally, report_path)
        write_json(json_path, found)
        msg.good(f"Saved the counts to {json_path}")


def _progress(records: Iterable[Record]) -> Iterable[Record]:
    from tqdm import tqdm

    bar: Iterable[Record] = tqdm(records, desc="Converting", unit="texts", delay=DELAY)
    return bar


def _print_inputs(inputs: Iterable[Input]) -> None:
    msg.divider("Files")
    rows = [(str(found.path), found.format, found.scheme or "-") for found in inputs]
    msg.table(rows, header=("File", "Format", "Scheme"), divider=True, max_col=MAX_COLUMN)


def _print_tally(tally: Tally, settings: Settings, report_path: Path) -> None:
    msg.divider("Annotations before and after")
    _print_labels(tally, with_spans=settings.spans_key is not None)
    found, entities, spans, lost = (
        counts.total() for counts in (tally.found, tally.entities, tally.spans, tally.lost)
    )
    only = f" + {spans} in doc.spans only" if settings.spans_key is not None else ""
    msg.info(f"{found} in the files = {entities} entities{only} + {lost} not written")
    for old, new in settings.label_map.items():
        done = f"written as {new}" if new else "left out"
        shown = msg.info if tally.changed[old] else msg.warn
        shown(f"Label {old}: {_number(tally.changed[old], 'mention')} {done}")
    if tally.missing:
        msg.info(f"{tally.missing} of {tally.tokens} tokens are left without annotation")
    if tally.missing == tally.tokens:
        msg.warn("No token is annotated. Check the format, and the column of tags.")
    if tally.repaired:
        msg.warn(
            f"{_number(tally.repaired, 'contradiction')}, such as invalid tags, resolved as the report says"
        )
    if tally.misaligned:
        msg.warn(
            f"Mentions that do not begin and end where tokens do: {tally.misaligned}, {DONE[settings.on_misaligned]}"
        )
    if settings.n_sents != 1 and not tally.has_documents:
        msg.warn("No text says which document it is part of: none were joined by --n-sents")
    if tally.listed:
        msg.warn(f"{_number(tally.listed, 'line')} in the report: {report_path}")
    else:
        msg.good(f"Nothing to report: {report_path}")
    for path, n_docs in tally.docs.items():
        msg.good(f"{_number(n_docs, 'Doc')}: {path}")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _print_labels(tally: Tally, *, with_spans: bool) -> None:
    header = ["Label", "In the files", "Entities", "In doc.spans only", "Not written"]
    columns: list[Counter[str]] = [tally.found, tally.entities, tally.spans, tally.lost]
    if not with_spans:
        del header[3], columns[2]
    if not tally.found:
        return
    rows = [(label, *(counts[label] for counts in columns)) for label in sorted(tally.found)]
    msg.table(rows, header=header, aligns=("l", *("r" for _ in columns)), divider=True, max_col=MAX_COLUMN)


def _as_dict(inputs: Iterable[Input], tally: Tally, report_path: Path) -> dict[str, Any]:
    labels = {
        label: {
            "found": tally.found[label],
            "entities": tally.entities[label],
            "in_spans_only": tally.spans[label],
            "not_written": tally.lost[label],
        }
        for label in sorted(tally.found)
    }
    return {
        "files": [
            {"path": str(found.path), "format": found.format, "scheme": found.scheme} for found in inputs
        ],
        "texts": tally.records,
        "docs": {str(path): n_docs for path, n_docs in tally.docs.items()},
        "labels": labels,
        "tokens": tally.tokens,
        "tokens_without_annotation": tally.missing,
        "misaligned": tally.misaligned,
        "invalid_tag_sequences": tally.repaired,
        "report": str(report_path),
        "report_lines": tally.listed,
    }
