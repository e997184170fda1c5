"""Where the ready configs are, and what each is for.

The repository has them once, in its folder `configs`; a wheel has them inside of the package (setup.py).
"""

import re
from pathlib import Path

from spacy.util import load_config
from thinc.api import Config

from ...errors import Errors, TrainingError

PACKAGE = Path(__file__).resolve().parents[2]
# In a wheel, then in a checkout.
FOLDERS = (PACKAGE / "configs", PACKAGE.parent / "configs")
PATTERN = "crf_ner_*.cfg"
# The comment at the head of a config begins with what it is for.
SUMMARY = re.compile(r"(.+?)[.:](?:\s|$)", re.S)


def find_ready_configs() -> dict[str, str]:
    """The ready configs.

    RETURNS (dict[str, str]): What each is for, in a line, by name, sorted.
    RAISES (TrainingError): There are none.
    """
    return {path.stem: _summary(path) for path in sorted(_folder().glob(PATTERN))}


def load_ready_config(name: str) -> Config:
    """Read a ready config.

    name (str): One that `find_ready_configs` has.
    RETURNS (Config): The config, with its variables as they stand.
    RAISES (TrainingError): There is none of that name.
    """
    known = find_ready_configs()
    if name not in known:
        raise TrainingError(Errors.I001.format(option="--preset", known=", ".join(known), got=name))
    return load_config(_folder() / f"{name}.cfg", interpolate=False)


def _folder() -> Path:
    for folder in FOLDERS:
        if any(folder.glob(PATTERN)):
            return folder
    raise TrainingError(Errors.I007.format(folder=FOLDERS[0]))


def _summary(path: Path) -> str:
    head = []
    for line in path.read_text(encoding="utf8").splitlines():
        if not line.startswith("# "):
            break
        head.append(line.removeprefix("# "))
    text = " ".join(head)
    match = SUMMARY.match(text)
    return match[1] if match else text
