"""The config of each strategy: one of the ready configs, and the few settings that make the strategy."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy.util import load_config
from thinc.api import Config
from transformers import AutoConfig

from .training import Protocol

READY = Path(__file__).parent.parent.parent / "configs"

# Stands in the settings for the folder that `pretrain-encoder` has written.
PRETRAINED = "PRETRAINED"
# Stand in the settings for the training part in spaCy's format, and for half of the encoder's layers.
TRAIN, HALF = "TRAIN", "HALF"
# What plain fine-tuning of MiniLM learns at, here as in accuracy.py.
RATE = 2e-4
# What adapters learn at: few parameters have to move far in few updates.
LORA_RATE, LORA_ALL_RATE, PREFIX_RATE = 5e-3, 2e-3, 1e-2
# Networks that start from nothing.
SCRATCH_RATE = 2e-3
# Transition scores learn at about this rate times a factor, whatever the rate of the rest.
CRF_RATE = 2e-2

Settings = dict[str, Any]


@dataclass(frozen=True)
class Strategy:
    """A ready config and what is changed of it.

    base (str): File in `configs` without its ending.
    rate (float): Peak of the learning rate.
    settings (dict[str, Any]): Values, or whole blocks, by dotted name. A new optimizer keeps the schedule of the rate.
    trained_as (str): The strategy that trains just so and only predicts otherwise; "" if there is none.
    """

    base: str = "crf_ner_trf"
    rate: float = RATE
    settings: Settings = field(default_factory=dict)
    trained_as: str = ""


def _layerwise(layer_decay: float = 0.9, head: float = 5.0) -> Settings:
    block = {"@optimizers": "spacy-crf-ner.LayerwiseAdam.v1", "layer_decay": layer_decay, "head": head}
    return {"training.optimizer": block}


def _freeze(layers: str) -> Settings:
    block = {"@callbacks": "spacy-crf-ner.freeze.v1", "embeddings": True, "layers": layers}
    return {"training.before_update": block}


def _unfreeze(steps_per_layer: int) -> Settings:
    block = {"@callbacks": "spacy-crf-ner.gradual_unfreezing.v1", "steps_per_layer": steps_per_layer}
    return {"training.before_update": block}


def _adapters(rate: float, **peft: Any) -> Settings:
    model = "components.transformer.model"
    return {
        f"{model}.@architectures": "spacy-crf-ner.PeftTransformerModel.v1",
        f"{model}.peft": peft,
        "components.ner.model.learn_rate_scale": CRF_RATE / rate,
    }


AUXILIARY = {
    "@losses": "spacy-crf-ner.auxiliary_cross_entropy.v1",
    "weight": {
        "@schedules": "warmup_linear.v1",
        "initial_rate": 1.0,
        "warmup_steps": 0,
        "total_steps": 400,
    },
}
AUGMENTERS = {
    "@augmenters": "spacy-crf-ner.combined.v1",
    "*": {
        "mentions": {"@augmenters": "spacy-crf-ner.mention_replacement.v1", "level": 0.5, "path": TRAIN},
        "case": {"@augmenters": "spacy-crf-ner.random_case.v1", "level": 0.2},
    },
}
FEATURES: Settings = {
    "components.ner.model.features": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 64,
        "attrs": ["PREFIX", "SUFFIX", "SHAPE"],
        "rows": [2000, 2500, 2500],
        "include_static_vectors": False,
    }
}
# For F1 the best threshold is half of the F1 that can be reached (Lipton et al. 2014, 1402.1892): less than 0.5 for a
# hard task. 0.3 is half of the recipe's F1 on WNUT17's dev part; it was fixed after its first seed.
POSTERIOR: Settings = {"components.ner.decoding": "posterior", "components.ner.threshold": 0.3}
# What the default config has more than plain fine-tuning is taken out of it: it is one of the strategies.
PLAIN: dict[str, Settings] = {
    "crf_ner_trf": {
        "components.ner.model.features": None,
        "training.optimizer": {"@optimizers": "Adam.v1", "L2": 0.01, "grad_clip": 1.0, "use_averages": False},
    }
}


def make_strategies() -> dict[str, Strategy]:
    """All strategies by name."""
    return {
        "full": Strategy(),
        "layerwise": Strategy(settings=_layerwise()),
        "frozen-half": Strategy(settings=_freeze(layers=HALF)),
        "unfreezing": Strategy(settings=_unfreeze(steps_per_layer=25)),
        "lora": Strategy(
            rate=LORA_RATE,
            settings=_adapters(LORA_RATE, **{"@misc": "spacy-crf-ner.lora.v1", "r": 8, "alpha": 16.0}),
        ),
        "lora-all": Strategy(
            rate=LORA_ALL_RATE,
            settings=_adapters(
                LORA_ALL_RATE,
                **{
                    "@misc": "spacy-crf-ner.lora.v1",
                    "r": 16,
                    "alpha": 32.0,
                    "target_modules": "all-linear",
                },
            ),
        ),
        "prefix": Strategy(
            rate=PREFIX_RATE,
            settings=_adapters(
                PREFIX_RATE, **{"@misc": "spacy-crf-ner.prefix_tuning.v1", "num_virtual_tokens": 20}
            ),
        ),
        "frozen-bilstm": Strategy("crf_ner_frozen_trf", SCRATCH_RATE),
        "bilstm": Strategy("crf_ner_bilstm", SCRATCH_RATE),
        "idcnn": Strategy("crf_ner_idcnn", SCRATCH_RATE),
        "softmax": Strategy(
            settings={"components.ner.loss": "cross_entropy", "components.ner.decoding": "argmax"}
        ),
        "bio": Strategy(settings={"components.ner.scheme": "BIO"}),
        "io": Strategy(settings={"components.ner.scheme": "IO"}),
        "auxiliary": Strategy(settings={"components.ner.loss": AUXILIARY}),
        "augmented": Strategy(settings={"corpora.train.augmenter": AUGMENTERS}),
        "pretrained": Strategy(settings={"paths.encoder": PRETRAINED}),
        "features": Strategy(settings=_layerwise(layer_decay=1.0) | FEATURES),
        "recipe": Strategy(settings=_layerwise() | FEATURES),
        "posterior": Strategy(settings=_layerwise() | FEATURES | POSTERIOR, trained_as="recipe"),
        "few-pretrained": Strategy(
            settings=_layerwise() | FEATURES | POSTERIOR | {"paths.encoder": PRETRAINED}
        ),
        "few-frozen": Strategy(settings=_layerwise() | FEATURES | POSTERIOR | _freeze(layers=HALF)),
        "few-augmented": Strategy(
            settings=_layerwise() | FEATURES | POSTERIOR | {"corpora.train.augmenter": AUGMENTERS}
        ),
        "cnn": Strategy("crf_ner_cnn", SCRATCH_RATE),
    }


def strategies_for(corpus: str, names: Iterable[str]) -> dict[str, Strategy]:
    """The strategies of these names on a corpus.

    corpus (str): One of `CORPORA`.
    names (Iterable[str]): Some of `STRATEGIES`.
    RETURNS (dict[str, Strategy]): In the order of the names.
    """
    known = make_strategies()
    return {name: known[name] for name in names}


def needs_pretraining(strategy: Strategy) -> bool:
    """Whether a strategy starts from an encoder that has read raw text."""
    return strategy.settings.get("paths.encoder") == PRETRAINED


def make_config(strategy: Strategy, protocol: Protocol, encoder: str, train: Path, seed: int) -> Config:
    """The whole config of a strategy.

    strategy (Strategy): What is changed.
    protocol (Protocol): What is the same for all.
    encoder (str): Folder or name of the transformer.
    train (Path): The training part in spaCy's format, for what reads it.
    seed (int): Seed of the training.
    RETURNS (Config): Without variables, ready for `load_model_from_config`.
    """
    config = load_config(READY / f"{strategy.base}.cfg", interpolate=False)
    schedule = {
        "@schedules": "warmup_linear.v1",
        "initial_rate": strategy.rate,
        "warmup_steps": int(protocol.steps * protocol.warmup_share),
        "total_steps": protocol.steps,
    }
    shared = {
        "system.seed": seed,
        "training.dropout": protocol.dropout,
        "training.accumulate_gradient": 1,
        "training.optimizer.learn_rate": schedule,
    }
    if "encoder" in config["paths"]:
        shared["paths.encoder"] = encoder
    n_layers = AutoConfig.from_pretrained(encoder).num_hidden_layers
    stand_ins = {PRETRAINED: encoder, TRAIN: str(train), HALF: n_layers // 2}
    for name, value in {**PLAIN.get(strategy.base, {}), **shared, **strategy.settings}.items():
        put(config, name, _filled(value, stand_ins))
    config["training"]["optimizer"].setdefault("learn_rate", schedule)
    return config.interpolate()


def _filled(value: Any, stand_ins: Settings) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, stand_ins) for key, one in value.items()}
    return stand_ins.get(value, value) if isinstance(value, str) else value


def put(config: Config, name: str, value: Any) -> None:
    """Set a value or a whole block.

    config (Config): Changed in place.
    name (str): Dotted name; sections that are not there yet are made.
    value (Any): The value; a copy of it is taken.
    """
    *sections, last = name.split(".")
    section = config
    for key in sections:
        section = section.setdefault(key, {})
    section[last] = copy.deepcopy(value)
