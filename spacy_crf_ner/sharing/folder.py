"""What is published, in a folder: written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ..errors import Errors, SharingError
from ..files import require_writable
from .model import CONFIG, DAMAGE, META, Model

CARD, PAGE = "README.md", "report.html"
# By these a folder is known that a push wrote before. One that is under version control is not replaced.
WRITTEN, CONTROLLED = (CARD, META, CONFIG), ".git"

Report = Callable[[str], None]


def write_files(folder: Path, model: Model, card: str, page: Path | None, report: Report) -> None:
    """Write all files, as they lie on the Hugging Face Hub.

    folder (Path): An empty folder.
    model (Model): The pipeline, of which all files come to the folder itself, and its wheel beside them.
    card (str): The text of README.md.
    page (Path | None): A page to be put beside it, as report.html.
    report (Callable[[str], None]): Called with the name of each file that was written.
    RAISES (SharingError): A damaged wheel, or names in it that lead elsewhere.
    RAISES (OSError): A file cannot be read or written.
    """
    try:
        for name, source in model.files():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with source.open("rb") as reader, target.open("wb") as writer:
                shutil.copyfileobj(reader, writer)
            report(name)
    except DAMAGE as error:
        raise SharingError(
            Errors.H001.format(path=model.path, reason=f"it cannot be read: {error}")
        ) from error
    beside = {model.wheel.name: model.wheel} if model.wheel is not None else {}
    if page is not None:
        beside[PAGE] = page
    for name, path in beside.items():
        shutil.copyfile(path, folder / name)
        report(name)
    (folder / CARD).write_text(card, encoding="utf8", newline="")
    report(CARD)


def check_page(page: Path | None) -> None:
    """Find out whether there is a page to be put beside the card.

    page (Path | None): The page, if there is to be one.
    RAISES (SharingError): There is none.
    """
    if page is not None and not page.is_file():
        raise SharingError(Errors.H004.format(path=page))


def check_folder(folder: Path, model: Model, *, force: bool) -> None:
    """Find out whether a folder may be written, before anything is.

    folder (Path): The folder.
    model (Model): What is to be written to it.
    force (bool): Whether it may replace what an earlier push wrote.
    RAISES (SharingError): It holds something else, or the pipeline itself.
    RAISES (DataError): It cannot be made.
    """
    found = folder.resolve()
    if not found.exists():
        require_writable(folder / CARD)
        return
    source = (model.wheel or model.path).resolve()
    if found == source or found in source.parents:
        raise _taken(folder, "holds the pipeline that is to be written", "outside of the pipeline")
    if not found.is_dir():
        raise _taken(folder, "is a file", "or remove it")
    if not any(found.iterdir()):
        return
    if (found / CONTROLLED).exists() or not all((found / name).is_file() for name in WRITTEN):
        raise _taken(folder, "holds something that no push wrote", "or remove it yourself")
    if not force:
        raise _taken(folder, "holds what an earlier push wrote", "or `--force` to replace it")


def write_folder(folder: Path, model: Model, card: str, page: Path | None, report: Report) -> None:
    """Write all files to a folder of their own, which is as it was if that fails.

    folder (Path): The folder, as `check_folder` allows it: what is there is replaced.
    model (Model): As for `write_files`.
    card (str): As for `write_files`.
    page (Path | None): As for `write_files`.
    report (Callable[[str], None]): As for `write_files`.
    RAISES (SharingError): As `write_files`.
    RAISES (OSError): As `write_files`.
    """
    found = folder.resolve()
    found.parent.mkdir(parents=True, exist_ok=True)
    staged, former = (found.with_name(f".{found.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    # A process that was killed may have had this number: in containers they are the same again and again.
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    try:
        write_files(staged, model, card, page, report)
        if found.exists():
            found.rename(former)
        staged.rename(found)
    finally:
        if former.exists() and not found.exists():
            former.rename(found)
        for leftover in (staged, former):
            shutil.rmtree(leftover, ignore_errors=True)


def _taken(folder: Path, reason: str, advice: str) -> SharingError:
    return SharingError(Errors.H008.format(path=folder, reason=reason, advice=advice))
