"""The folder of a pretraining: what was asked for, what was measured, and how it becomes a finished encoder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...errors import Errors, TrainingError
from ...files import write_json
from .model import Measure
from .settings import PretrainingSettings

# Of an unfinished pretraining, below the output folder; it is deleted when the encoder is there.
WORK_FOLDER = "checkpoints"
RUN_FILE = "run.json"
REPORT_FILE = "pretraining.json"
NEW_FOLDER = "encoder"
# How often the loss of a checkpoint may be saved is another question than what is trained.
FREE_SETTINGS = ("checkpoint_steps",)


@dataclass
class PretrainingRun:
    """An output folder in which a pretraining is going on, or is finished.

    output (Path): The folder.
    question (dict[str, Any]): Settings and texts, by which it is recognised.
    measures (dict[str, Measure]): What was measured so far, by when: "before", "head trained", "after".
    report (dict[str, Any] | None): Of a finished one.
    """

    output: Path
    question: dict[str, Any]
    measures: dict[str, Measure] = field(default_factory=dict)
    report: dict[str, Any] | None = None

    @property
    def folder(self) -> Path:
        """Of checkpoints."""
        return self.output / WORK_FOLDER

    def remember(self, name: str, measure: Measure) -> None:
        """Keep a measure for a process that may have to go on in place of this one."""
        self.measures[name] = measure
        saved = {"question": self.question, "measures": {key: [*one] for key, one in self.measures.items()}}
        write_json(self.folder / RUN_FILE, saved)

    def finish(self, report: dict[str, Any]) -> None:
        """Move the new encoder to its place file by file, the report last, and delete the checkpoints."""
        for path in sorted((self.folder / NEW_FOLDER).iterdir()):
            path.replace(self.output / path.name)
        write_json(self.output / REPORT_FILE, {**report, "question": self.question})
        shutil.rmtree(self.folder)
        self.report = report


def open_run(
    output: Path, settings: PretrainingSettings, texts: Sequence[str], *, overwrite: bool
) -> PretrainingRun:
    """Begin a pretraining in a folder, go on with one, or find that it is finished.

    output (Path): The folder, which is made.
    settings (PretrainingSettings): Of the pretraining.
    texts (Sequence[str]): All texts.
    overwrite (bool): Forget what is in the folder of an earlier pretraining. Its other files stay.
    RETURNS (PretrainingRun): With a `report` if it is finished.
    RAISES (TrainingError): The folder holds something else, or a pretraining of other settings or texts.
    """
    question = _question(settings, texts)
    run = PretrainingRun(output, question)
    if overwrite:
        shutil.rmtree(run.folder, ignore_errors=True)
        (output / REPORT_FILE).unlink(missing_ok=True)
    elif (run.folder / RUN_FILE).is_file():
        saved = _read(run.folder / RUN_FILE)
        _compare(saved["question"], question, output)
        run.measures = {name: Measure(*one) for name, one in saved["measures"].items()}
    elif (output / REPORT_FILE).is_file():
        run.report = _read(output / REPORT_FILE)
        _compare(run.report.pop("question"), question, output)
    elif output.is_dir() and any(path.name != WORK_FOLDER for path in output.iterdir()):
        raise TrainingError(Errors.R308.format(output=output))
    if run.report is None:
        run.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(run.folder / NEW_FOLDER, ignore_errors=True)
        write_json(run.folder / RUN_FILE, {"question": question, "measures": run.measures})
    return run


def _question(settings: PretrainingSettings, texts: Sequence[str]) -> dict[str, Any]:
    digest = hashlib.sha256("\n".join(texts).encode("utf8", "surrogatepass")).hexdigest()
    asked = {name: value for name, value in asdict(settings).items() if name not in FREE_SETTINGS}
    return {**asked, "texts": f"{len(texts)} with SHA-256 {digest[:16]}"}


def _compare(old: dict[str, Any], new: dict[str, Any], output: Path) -> None:
    for name, value in new.items():
        if old.get(name) != value:
            raise TrainingError(Errors.R309.format(output=output, name=name, old=old.get(name), new=value))


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise TrainingError(Errors.R310.format(path=path)) from error
    return content
