"""What all CRF components share: labels that grow with their weights, settings, and storage."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import srsly
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import ensure_path, load_config_from_str
from spacy.vocab import Vocab
from thinc.api import Model

from ..errors import ComponentError, Errors, TagError
from ..functional import Potentials
from ..tags import TagSet, extend
from .processes import use_one_thread_after_fork
from .storage import parse_settings, read_file, write_files

Scorer = Callable[..., dict[str, Any]]

CFG_FILE, MODEL_FILE = "cfg", "model"

# The encoder of a component that is added without a config: small, without listener, in the manner of spaCy's `ner`.
DEFAULT_CONFIG = """
[model]
@architectures = "spacy-crf-ner.CRFTagger.v1"

[model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true
"""
DEFAULT_MODEL = load_config_from_str(DEFAULT_CONFIG)["model"]


class CRFPipe(TrainablePipe):
    """A trainable component whose model scores the tags of a `TagSet`.

    Its `cfg` holds the settings that may change while it is in use; `labels` and `scheme` belong to the weights.
    `label_counts` has the tokens of each label, and of "O", in the examples that it was initialized with; None if they
    were not counted.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str,
        *,
        tagset: TagSet,
        settings: dict[str, Any],
        scorer: Scorer | None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.cfg = dict(settings)
        self._configured = dict(settings)
        self._tagset = tagset
        self.label_counts: dict[str, int] | None = None
        self._rehearsal_model: Model[list[Doc], Potentials] | None = None
        use_one_thread_after_fork()

    @property
    def tagset(self) -> TagSet:
        """The tags that the model scores."""
        return self._tagset

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of their tags."""
        return self._tagset.labels

    @property
    def label_data(self) -> tuple[str, ...]:
        """What `spacy init labels` writes, and `initialize(labels=...)` takes."""
        return self.labels

    def add_label(self, label: str) -> int:
        """Add a label. What the model has learned stays; the new label's tags begin with weights of 0.

        label (str): The label.
        RETURNS (int): 1, or 0 if the label is there.
        RAISES (TagError): A label that is empty or not a string.
        """
        if label in self.labels:
            return 0
        self._set_labels([*self.labels, label])
        self.vocab.strings.add(label)
        return 1

    @property
    def is_initialized(self) -> bool:
        """Whether the model has weights."""
        return bool(self.model.get_ref("crf").has_param("transitions"))

    def require_ready(self) -> None:
        """Raise unless there are labels, and a model with weights.

        RAISES (ComponentError): What is missing, and how to get it.
        """
        if not self.labels:
            raise ComponentError(Errors.C001.format(name=self.name))
        if not self.is_initialized:
            raise ComponentError(Errors.C009.format(name=self.name))

    def check_n_tags(self) -> None:
        """Raise if the config gives the model another number of tags than the labels make.

        RAISES (ComponentError): The two numbers.
        """
        expected = self._tagset.n_tags
        got = self.model.get_ref("output_layer").maybe_get_dim("nO")
        if got not in (None, expected):
            n_labels, scheme = len(self.labels), self._tagset.scheme
            message = Errors.C010.format(
                name=self.name, n_labels=n_labels, scheme=scheme, expected=expected, got=got
            )
            raise ComponentError(message)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Serialize labels, settings, vocabulary and weights.

        exclude (Iterable[str]): Any of "cfg", "vocab", "model".
        RETURNS (bytes): MessagePack.
        """
        parts = self._contents(exclude)
        if "vocab" not in exclude:
            parts["vocab"] = self.vocab.to_bytes(exclude=tuple(exclude))
        return bytes(srsly.msgpack_dumps(parts))

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "CRFPipe":
        """Restore what `to_bytes` wrote.

        bytes_data (bytes): MessagePack.
        exclude (Iterable[str]): Any of "cfg", "vocab", "model".
        RETURNS (CRFPipe): The component itself.
        RAISES (ComponentError): Damaged bytes, or another scheme than the config's.
        """
        try:
            parts = srsly.msgpack_loads(bytes_data)
        except ValueError as error:
            raise self._damaged("bytes", f"no valid MessagePack ({error})") from error
        if not isinstance(parts, dict):
            raise self._damaged("bytes", "no MessagePack map")
        if "vocab" in parts and "vocab" not in exclude:
            self.vocab.from_bytes(parts["vocab"], exclude=tuple(exclude))
        wanted = [field for field in (CFG_FILE, MODEL_FILE) if field not in exclude]
        for field in wanted:
            if field not in parts:
                raise self._damaged("bytes", f"`{field}` is missing")
        self._restore({field: parts[field] for field in wanted}, "bytes")
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write labels, settings, vocabulary and weights. A failed write leaves the old files as they were.

        path (str | Path): The directory.
        exclude (Iterable[str]): Any of "cfg", "vocab", "model".
        """
        directory = ensure_path(path)
        write_files(directory, self._contents(exclude))
        if "vocab" not in exclude:
            self.vocab.to_disk(directory / "vocab", exclude=tuple(exclude))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "CRFPipe":
        """Restore what `to_disk` wrote.

        path (str | Path): The directory.
        exclude (Iterable[str]): Any of "cfg", "vocab", "model".
        RETURNS (CRFPipe): The component itself.
        RAISES (ComponentError): Missing or damaged files, or another scheme than the config's.
        """
        directory = ensure_path(path)
        wanted = [field for field in (CFG_FILE, MODEL_FILE) if field not in exclude]
        contents = {field: read_file(self.name, directory / field) for field in wanted}
        if "vocab" not in exclude:
            self.vocab.from_disk(directory / "vocab", exclude=tuple(exclude))
        self._restore(contents, directory)
        return self

    def _set_labels(self, labels: list[str]) -> None:
        tagset = extend(self._tagset, labels)
        if self.is_initialized:
            self.model.attrs["resize_output"](self.model, tagset.n_tags)
        self._tagset = tagset

    def _contents(self, exclude: Iterable[str]) -> dict[str, bytes]:
        contents = {}
        if CFG_FILE not in exclude:
            saved = {"labels": list(self.labels), "scheme": self._tagset.scheme, **self.cfg}
            saved["configured"] = self._configured
            saved["label_counts"] = self.label_counts
            contents[CFG_FILE] = srsly.json_dumps(saved, indent=2).encode("utf8")
        if MODEL_FILE not in exclude:
            contents[MODEL_FILE] = self.model.to_bytes()
        return contents

    def _restore(self, contents: dict[str, bytes], origin: object) -> None:
        """Take everything in, or raise with labels and settings as they were."""
        tagset, settings, counts = self._tagset, self.cfg, self.label_counts
        if CFG_FILE in contents:
            saved = parse_settings(self.name, contents[CFG_FILE], origin)
            if saved["scheme"] != tagset.scheme:
                raise ComponentError(
                    Errors.C008.format(
                        name=self.name, setting="scheme", saved=saved["scheme"], configured=tagset.scheme
                    )
                )
            try:
                tagset, settings = TagSet(tagset.scheme, saved["labels"]), self._merged(saved)
                counts = saved.get("label_counts")
            except TagError as error:
                raise self._damaged(origin, f"the labels in `cfg` cannot be used ({error})") from error
        if MODEL_FILE in contents:
            try:
                self.model.from_bytes(contents[MODEL_FILE])
            except Exception as error:
                # Thinc raises whatever a broken message happens to cause: all of it means the same to the user.
                reason = f"`model` does not fit its configuration or is damaged ({error})"
                raise self._damaged(origin, reason) from error
        got = self.model.get_ref("crf").maybe_get_dim("nO")
        if self.is_initialized and got != tagset.n_tags:
            needed = f"the {len(tagset.labels)} labels in `cfg` need {tagset.n_tags}"
            raise self._damaged(origin, f"`model` has weights for {got} tags, but {needed}")
        self._tagset, self.cfg, self.label_counts = tagset, settings, counts
        for label in tagset.labels:
            self.vocab.strings.add(label)

    def _merged(self, saved: dict[str, Any]) -> dict[str, Any]:
        """Settings after loading: what was saved, except where the config has been changed since."""
        before = saved.get("configured", {})
        merged = dict(self.cfg)
        for key, configured in self._configured.items():
            if key in saved and before.get(key) == configured:
                merged[key] = saved[key]
        return merged

    def _damaged(self, origin: object, reason: str) -> ComponentError:
        return ComponentError(Errors.C007.format(name=self.name, path=origin, reason=reason))


def sample_docs(examples: Iterable[Example], size: int = 10) -> list[Doc]:
    """The first Docs of a corpus, from which a model infers its widths.

    examples (Iterable[Example]): The corpus.
    size (int): How many, at most.
    RETURNS (list[Doc]): Predicted Docs.
    """
    docs = []
    for example in examples:
        docs.append(example.predicted)
        if len(docs) == size:
            break
    return docs
