"""Make a config for a language, an encoder, an aim and a machine of the ready config that fits."""

import copy
import re
import warnings
from dataclasses import dataclass, replace
from typing import Any

from spacy.cli.init_config import RECOMMENDATIONS
from spacy.language import Language
from spacy.util import get_lang_class, registry
from thinc.api import Config

from ...errors import Errors, TrainingError
from .choices import EFFICIENCY, FEW_LABELS, NETWORKS, TRANSFORMER, Choices
from .decisions import Decision, decide
from .encoder_shapes import read_encoder_shape
from .files import load_ready_config

# What the tokenizers of these languages ask for.
LANGUAGE_PACKAGES = {"ja": "'spacy[ja]'", "ko": "'spacy[ko]'", "th": "'spacy[th]'", "vi": "pyvi"}
CUDA = "'spacy[cuda12x]'  # or your version of CUDA"
PEFT = "spacy-crf-ner.PeftTransformerModel.v1"


@dataclass(frozen=True)
class MadeConfig:
    """A config, and how it came about.

    config (Config): Complete, with its variables as they stand.
    base (str): Name of the ready config that it is made of.
    decisions (tuple[Decision, ...]): What was changed of that and why, each setting once.
    packages (tuple[str, ...]): What pip has to install besides, quoted for a shell.
    gpu (bool): Whether it is for a GPU.
    """

    config: Config
    base: str
    decisions: tuple[Decision, ...]
    packages: tuple[str, ...]
    gpu: bool


def make_config(choices: Choices) -> MadeConfig:
    """Make a config.

    choices (Choices): What it is to be for. Without an encoder it is a transformer where there is a GPU or little data,
        or else a small network.
    RETURNS (MadeConfig): The config.
    RAISES (TrainingError): Unknown language or preset; a folder without encoder; an encoder that does not fit the
        preset.
    """
    language = _find_language(choices.lang)
    lang = language.lang or choices.lang
    choices, why = _choose_encoder(choices, lang)
    base = choices.preset or NETWORKS.get(choices.network or "", TRANSFORMER)
    config = load_ready_config(base)
    has_transformer = "encoder" in config["paths"]
    if choices.preset is not None and choices.encoder is not None:
        _check_preset(choices, has_transformer)
    shape = None
    if has_transformer and choices.encoder is not None:
        shape = read_encoder_shape(choices.encoder)
    decisions = _without_repetition([why, *decide(choices, config, language, shape)], config)
    for decision in decisions:
        for name, value in decision.settings.items():
            _put(config, name, value)
    gpu = config["system"]["gpu_allocator"] is not None
    return MadeConfig(config, base, tuple(decisions), tuple(_packages(config, lang, gpu)), gpu)


def _find_language(code: str) -> type[Language]:
    # Other modules of `spacy.lang` would be taken for languages.
    if code not in registry.languages and not re.fullmatch("[a-z]{2,3}", code):
        raise TrainingError(Errors.I002.format(got=code))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return get_lang_class(code)
    except ImportError as error:
        raise TrainingError(Errors.I002.format(got=code)) from error


def _choose_encoder(choices: Choices, lang: str) -> tuple[Choices, Decision]:
    """The encoder, if none is named, and why it is that one."""
    if choices.preset is not None:
        return choices, Decision(f"The ready config {choices.preset}, as you asked", {})
    if choices.encoder is not None:
        network = choices.network
        kind = f"the network {network}" if network else "a transformer"
        return choices, Decision(f"{kind.capitalize()}, as you asked", {})
    if not choices.gpu and choices.optimize != FEW_LABELS:
        reason = "A small network: a transformer is slow without a GPU (--gpu or --encoder takes one)"
        return replace(choices, encoder="cnn"), Decision(reason, {})
    recommended = RECOMMENDATIONS.get(lang, RECOMMENDATIONS["__default__"])["transformer"]
    kind = EFFICIENCY if choices.optimize == EFFICIENCY else "accuracy"
    reason = f"A transformer, the one that spaCy recommends for {lang}"
    if choices.optimize == FEW_LABELS:
        reason += ": with few annotated texts, what it knows already counts most"
    # Who names neither an encoder nor a GPU has none.
    return replace(choices, encoder=recommended[kind]["name"], gpu=bool(choices.gpu)), Decision(reason, {})


def _check_preset(choices: Choices, has_transformer: bool) -> None:
    if not has_transformer:
        reason = "has no transformer"
    elif choices.network is not None:
        reason = "has a transformer, which is no small network"
    else:
        return
    raise TrainingError(
        Errors.I004.format(option="--encoder", got=choices.encoder, preset=choices.preset, reason=reason)
    )


def _without_repetition(decisions: list[Decision], config: Config) -> list[Decision]:
    """Leave out of each decision what a later one changes again, and what the config has already."""
    last = {name: index for index, decision in enumerate(decisions) for name in decision.settings}
    kept = []
    for index, decision in enumerate(decisions):
        settings = {
            name: value
            for name, value in decision.settings.items()
            if last[name] == index and value != _get(config, name)
        }
        kept.append(Decision(decision.reason, settings))
    return kept


def _packages(config: Config, lang: str, gpu: bool) -> list[str]:
    packages = [LANGUAGE_PACKAGES[lang]] if lang in LANGUAGE_PACKAGES else []
    if config["components"].get("transformer", {}).get("model", {}).get("@architectures") == PEFT:
        packages.append("'spacy-crf-ner[peft]'")
    if gpu:
        packages.append(CUDA)
    return packages


def _get(config: Config, name: str) -> Any:
    value: Any = config
    for key in name.split("."):
        value = value[key]
    return value


def _put(config: Config, name: str, value: Any) -> None:
    *sections, last = name.split(".")
    section: Any = config
    for key in sections:
        section = section[key]
    section[last] = copy.deepcopy(value)
