"""What is chosen when a config is made, and whether the choices go together."""

from dataclasses import dataclass
from pathlib import Path

from ...errors import Errors, TrainingError

NETWORKS = {"bilstm": "crf_ner_bilstm", "cnn": "crf_ner_cnn", "idcnn": "crf_ner_idcnn"}
TRANSFORMER = "crf_ner_trf"
ACCURACY, EFFICIENCY, FEW_LABELS = AIMS = ("accuracy", "efficiency", "few-labels")
SCHEMES = ("BILUO", "BIO", "IO")
LONGEST_NAME = 255


@dataclass(frozen=True)
class Choices:
    """What a config is to be made for. None leaves it to us, or to the preset.

    lang (str): spaCy's code of the language.
    encoder (str | None): Name or folder of a transformer of Hugging Face, or one of NETWORKS.
    optimize (str | None): One of AIMS.
    gpu (bool | None): Whether it is trained on a GPU.
    scheme (str | None): One of SCHEMES.
    train (str | None): The .spacy file to train on, or a folder of such files.
    dev (str | None): The same, to evaluate on.
    preset (str | None): Name of a ready config to take instead of the one that fits the encoder.
    RAISES (TrainingError): Unknown values, choices that contradict each other, or paths that hold something else.
    """

    lang: str = "en"
    encoder: str | None = None
    optimize: str | None = None
    gpu: bool | None = None
    scheme: str | None = None
    train: str | None = None
    dev: str | None = None
    preset: str | None = None

    def __post_init__(self) -> None:
        for option, value, known in (("--optimize", self.optimize, AIMS), ("--scheme", self.scheme, SCHEMES)):
            if value is not None and value not in known:
                raise TrainingError(Errors.I001.format(option=option, known=", ".join(known), got=value))
        for option, value in (("--encoder", self.encoder), ("--train", self.train), ("--dev", self.dev)):
            if value is not None and not _fits_into_config(value):
                raise TrainingError(Errors.I006.format(option=option, got=value))
        for option, value in (("--train", self.train), ("--dev", self.dev)):
            if value is not None:
                _check_corpus(option, Path(value))
        if self.preset is not None and self.optimize is not None:
            reason = "is a strategy of its own"
            raise TrainingError(
                Errors.I004.format(option="--optimize", got=self.optimize, preset=self.preset, reason=reason)
            )

    @property
    def network(self) -> str | None:
        """The one of NETWORKS that the encoder is, if it is one."""
        name = (self.encoder or "").lower()
        return name if name in NETWORKS else None

    @property
    def missing(self) -> list[str]:
        """The corpora that are named and are not there yet."""
        return [path for path in (self.train, self.dev) if path is not None and not Path(path).exists()]


def _fits_into_config(value: str) -> bool:
    # `$` begins a variable; longer names are none of any file.
    has_name = bool(value.strip()) and all(len(part) <= LONGEST_NAME for part in Path(value).parts)
    return has_name and value.isprintable() and "$" not in value


def _check_corpus(option: str, path: Path) -> None:
    """Refuse what is there and is no corpus; what is not there yet may become one."""
    reason = None
    if path.is_dir():
        if not any(path.rglob("*.spacy")):
            reason = "is a folder without any"
    elif path.suffix != ".spacy":
        reason = "has another ending"
    if reason is not None:
        raise TrainingError(Errors.I005.format(option=option, got=path, reason=reason))
