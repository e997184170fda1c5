"""What the config of a pipeline and the settings of its components say about it, for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .json_values import as_dict, as_number, as_strings

CRF = "crf_ner"
# Factories that encode for other components.
ENCODERS = ("transformer", "curated_transformer", "tok2vec")
ARCHITECTURE = "@architectures"
# Names of models at Hugging Face are `owner/name`; all else with slashes is a place on somebody's machine.
LOCAL_PATH = re.compile(r"^[/~.]|^[A-Za-z]:|\\|/.*/")


@dataclass(frozen=True)
class CrfFacts:
    """What describes a component with a linear-chain CRF.

    name (str): Its name in the pipeline.
    scheme (str): Its tag scheme.
    decoding (str): How it decides.
    loss (str): What it was trained with.
    segments (str): "doc", or "sents" if no entity crosses the boundary of a sentence.
    encoder (str): What it reads tokens with.
    probabilities (bool): Whether entities come with `ent._.crf_prob`.
    threshold (float | None): Probability below which entities are dropped.
    temperature (float): What calibration found, 1.0 without it.
    label_temperatures (dict[str, float]): The same for single labels.
    label_counts (dict[str, int]): Tokens of each label that it was trained on, where that was saved.
    """

    name: str
    scheme: str
    decoding: str
    loss: str
    segments: str
    encoder: str
    probabilities: bool
    threshold: float | None
    temperature: float
    label_temperatures: dict[str, float]
    label_counts: dict[str, int]

    @property
    def calibrated(self) -> bool:
        """Whether `crf-ner calibrate`, or a setting, changed the temperature."""
        return self.temperature != 1.0 or bool(self.label_temperatures)


@dataclass(frozen=True)
class Facts:
    """What describes a pipeline.

    components (dict[str, str]): The factory of each component, in the order of the pipeline.
    labels (dict[str, list[str]]): Labels of components that have some.
    crf (list[CrfFacts]): Components with a linear-chain CRF.
    windows (list[tuple[int, int]]): Tokens of a transformer's windows, and how many further the next one begins.
    training (dict[str, Any]): Settings of the training that say how long it was, and how fast it learned.
    max_length (int): Tokens of the longest text of training; 0 without a limit.
    needs (list[str]): What has to be installed, as pip takes it.
    """

    components: dict[str, str]
    labels: dict[str, list[str]]
    crf: list[CrfFacts] = field(default_factory=list)
    windows: list[tuple[int, int]] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)
    max_length: int = 0
    needs: list[str] = field(default_factory=list)


def find_facts(
    meta: Mapping[str, Any], config: Mapping[str, Any], saved: Mapping[str, Mapping[str, Any]]
) -> Facts:
    """Gather what describes a pipeline.

    meta (Mapping[str, Any]): meta.json.
    config (Mapping[str, Any]): config.cfg, with variables filled in.
    saved (Mapping[str, Mapping[str, Any]]): The settings that components saved: they go before those of the config.
    RETURNS (Facts): What was found. What is missing, or not of the kind that it should be, is left out.
    """
    sections = as_dict(config.get("components"))
    pipeline = as_strings(as_dict(config.get("nlp")).get("pipeline")) or list(sections)
    components = {name: str(as_dict(sections.get(name)).get("factory", "?")) for name in pipeline}
    labels = {
        name: as_strings(some) for name, some in as_dict(meta.get("labels")).items() if name in components
    }
    models = [as_dict(as_dict(section).get("model")) for section in sections.values()]
    return Facts(
        components=components,
        labels={name: some for name, some in labels.items() if some},
        crf=[
            _crf_facts(name, as_dict(sections[name]), saved.get(name, {}), components, sections)
            for name, factory in components.items()
            if factory == CRF
        ],
        windows=[window for model in models for window in _windows(model)],
        training=_training(as_dict(config.get("training"))),
        max_length=_max_length(config),
        needs=_needs(meta, components),
    )


def hide_local_path(name: str) -> str:
    """What may be published of the name of a file or a model.

    name (str): A name, or a path on some machine.
    RETURNS (str): Of a path its last part.
    """
    if not LOCAL_PATH.search(name):
        return name
    return next((part for part in reversed(re.split(r"[/\\]", name)) if part), name)


def find_local_paths(config: Mapping[str, Any]) -> dict[str, str]:
    """The settings that name a place on somebody's machine.

    config (Mapping[str, Any]): A config, with variables filled in.
    RETURNS (dict[str, str]): Values by the dotted names of their settings, each value once.
    """
    found = {value: name for name, value in reversed(list(_settings(config, ""))) if LOCAL_PATH.search(value)}
    return {name: value for value, name in reversed(found.items())}


def _settings(section: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{above}{key}.")
        elif isinstance(value, str):
            yield f"{above}{key}", value


def _crf_facts(
    name: str,
    section: Mapping[str, Any],
    saved: Mapping[str, Any],
    components: Mapping[str, str],
    sections: Mapping[str, Any],
) -> CrfFacts:
    settings = {**section, **saved}
    counts = as_dict(settings.get("label_counts"))
    temperature = as_number(settings.get("temperature"))
    own = {label: as_number(one) for label, one in as_dict(settings.get("label_temperatures")).items()}
    return CrfFacts(
        name=name,
        scheme=str(settings.get("scheme", "BILUO")),
        decoding=str(settings.get("decoding", "viterbi")),
        loss=_loss(section.get("loss")),
        segments=str(settings.get("segments", "doc")),
        encoder=_encoder_of(name, section, components, sections),
        probabilities=settings.get("probabilities") is not False,
        threshold=as_number(settings.get("threshold")),
        temperature=1.0 if temperature is None else temperature,
        label_temperatures={label: one for label, one in own.items() if one is not None},
        label_counts={label: n for label, n in counts.items() if label != "O" and isinstance(n, int)},
    )


def _loss(value: object) -> str:
    return str(as_dict(value).get("@losses", "?")) if isinstance(value, Mapping) else str(value or "nll")


def _encoder_of(
    name: str, section: Mapping[str, Any], components: Mapping[str, str], sections: Mapping[str, Any]
) -> str:
    """What a component reads tokens with: its own network, or that of the component that it listens to."""
    own = as_dict(as_dict(section.get("model")).get("tok2vec"))
    if "Listener" not in str(own.get(ARCHITECTURE)):
        return _network(own)
    before = list(components)[: list(components).index(name)]
    named = own.get("upstream")
    upstream = [
        one for one in before if one == named or (named in (None, "*") and components[one] in ENCODERS)
    ]
    return _network(as_dict(as_dict(sections[upstream[-1]]).get("model"))) if upstream else _network(own)


def _network(model: Mapping[str, Any]) -> str:
    """An encoder by its name, and by the architectures that it is made of."""
    inner = [as_dict(model.get(part)).get(ARCHITECTURE) for part in ("embed", "encode")]
    architectures = ", ".join(str(one) for one in (model.get(ARCHITECTURE), *inner) if one)
    pretrained = model.get("name")
    if isinstance(pretrained, str) and pretrained:
        return f"{hide_local_path(pretrained)} ({architectures})"
    return architectures or "?"


def _windows(model: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Of a transformer that is a component, or inside of another one."""
    found = []
    for network in (model, as_dict(model.get("tok2vec"))):
        spans = as_dict(network.get("get_spans"))
        window, stride = spans.get("window"), spans.get("stride")
        if isinstance(window, int) and isinstance(stride, int):
            found.append((window, stride))
    return found


def _training(section: Mapping[str, Any]) -> dict[str, Any]:
    optimizer = as_dict(section.get("optimizer"))
    rate = optimizer.get("learn_rate")
    settings = {
        name: section.get(name) for name in ("max_steps", "max_epochs", "patience", "dropout", "seed")
    }
    settings["optimizer"] = optimizer.get("@optimizers")
    settings["learn_rate"] = as_dict(rate).get("initial_rate") if isinstance(rate, Mapping) else rate
    return {name: value for name, value in settings.items() if isinstance(value, (int, float, str))}


def _max_length(config: Mapping[str, Any]) -> int:
    corpora = as_dict(config.get("corpora"))
    name = str(as_dict(config.get("training")).get("train_corpus", "")).removeprefix("corpora.")
    length = as_dict(corpora.get(name)).get("max_length")
    return length if isinstance(length, int) else 0


def _needs(meta: Mapping[str, Any], components: Mapping[str, str]) -> list[str]:
    """The package's requirements, or what can be told without them."""
    spacy = meta.get("spacy_version")
    needs = [f"spacy{spacy}" if isinstance(spacy, str) else "spacy"]
    required = as_strings(meta.get("requirements"))
    if required:
        # spaCy itself is among them, too.
        return list(dict.fromkeys([*needs, *required]))
    factories = set(components.values())
    return [*needs, *(["spacy-crf-ner"] if CRF in factories else []), *_encoder_packages(factories)]


def _encoder_packages(factories: set[str]) -> list[str]:
    packages = {"transformer": "spacy-transformers", "curated_transformer": "spacy-curated-transformers"}
    return [package for factory, package in packages.items() if factory in factories]
