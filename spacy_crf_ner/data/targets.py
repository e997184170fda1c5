"""Which .spacy files a conversion writes, and that none of them is in the way of another file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import DataError, Errors

DOCS = ".spacy"
REPORT = "convert-report.tsv"
# The part of a corpus that is not split.
WHOLE = ""


def name_targets(inputs: Sequence[Path], output: Path, parts: Iterable[str]) -> list[dict[str, Path]]:
    """The files that the Docs of each input go to.

    inputs (Sequence[Path]): Names of the inputs, as they are to be found below the output folder.
    output (Path): A file, if it ends with .spacy: all Docs go there. Otherwise a folder, with a file for each part of a
        split, or else for each input.
    parts (Iterable[str]): Parts of the split; none without a split.
    RETURNS (list[dict[str, Path]]): For each input the file of each part; without a split the one part is "".
    RAISES (DataError): A split into one file, or two inputs that would become the same file.
    """
    parts = list(parts)
    if output.suffix == DOCS:
        if parts:
            raise DataError(Errors.D206.format(path=output))
        return [{WHOLE: output} for _ in inputs]
    if parts:
        return [{part: output / f"{part}{DOCS}" for part in parts} for _ in inputs]
    return [{WHOLE: output / name} for name in _unique_names(inputs)]


def name_report(output: Path) -> Path:
    """Where the report is written by default.

    output (Path): File or folder of the Docs.
    RETURNS (Path): In the folder, or beside the file.
    """
    return output.with_name(f"{output.stem}-report.tsv") if output.suffix == DOCS else output / REPORT


def check_paths(
    inputs: Iterable[Path], targets: Iterable[dict[str, Path]], others: dict[str, Path | None]
) -> None:
    """Check that nothing that is written takes the place of an input or of something else that is written.

    inputs (Iterable[Path]): What is read.
    targets (Iterable[dict[str, Path]]): Files of Docs, from `name_targets`.
    others (dict[str, Path | None]): Other files that are written, by the options that name them.
    RAISES (DataError): Something would.
    """
    taken = {path.resolve() for path in inputs}
    outputs = {path for target in targets for path in target.values()}
    named = [("--output", path) for path in sorted(outputs)]
    named += [(name, path) for name, path in others.items() if path is not None]
    for name, path in named:
        if path.resolve() in taken:
            raise DataError(Errors.D211.format(name=name, path=path))
        taken.add(path.resolve())


def _unique_names(inputs: Sequence[Path]) -> list[Path]:
    """Names with .spacy for their last suffix, or behind it where they would be the same otherwise."""
    short = [path.with_suffix(DOCS) for path in inputs]
    counts = Counter(short)
    names = [
        path.with_name(f"{path.name}{DOCS}") if counts[name] > 1 else name
        for path, name in zip(inputs, short, strict=True)
    ]
    first: dict[Path, Path] = {}
    for path, name in zip(inputs, names, strict=True):
        if name in first:
            raise DataError(Errors.D209.format(first=first[name], second=path, path=name))
        first[name] = path
    return names
